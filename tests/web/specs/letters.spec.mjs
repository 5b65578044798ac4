// What is on no phrase board is written with one switch, and said.
import { expectLive } from '../fixtures.mjs'
import { now } from '../../bench/lib/sound.mjs'
import { until } from '../../bench/lib/wait.mjs'
import { SCAN, scanTo, settle } from '../lib/hands.mjs'
import { expect, test } from '../lib/room.mjs'

const HUSH_MS = 700
const letter = (one) => `letter-${one.codePointAt(0)}`

test('by one switch a sentence is written letter by letter, put right, and said by the robot', async ({ room, visit }) => {
  test.setTimeout(180_000)
  const { daemon, sound } = room
  const page = await visit({ prepare: (context) => settle(context, { input: 'scan', scan: SCAN }) })
  const press = (id) => scanTo(page, id, () => page.keyboard.press('Space'))
  const speaker = await sound.record('robot_speaker')
  await page.goto(await daemon.newLink())
  await expectLive(page)

  await press('phrases')
  await press('free-letters')
  await expect(page.locator('#letters-sheet')).toBeVisible()
  for (const one of 'și ei') await press(letter(one))
  await press('letters-delete')
  await press(letter('a'))
  await expect(page.locator('#letters-text')).toHaveText('și ea')

  await speaker.awaitSilence(HUSH_MS)
  const before = now()
  await press('letters-say')
  const said = until('the robot says it', async () => (await daemon.status()).voice.speech.speaking?.text === 'și ea', { everyMs: 20 })
  await speaker.awaitSound(before, { timeoutMs: 20_000 })
  await said
  await expect(page.locator('#letters-text')).toHaveText('Nu ai scris nimic încă.')
  await press('letters-back')
  await expect(page.locator('#phrases-sheet')).toBeVisible()
  await speaker.end()
})
