// One script, told four times: sign in, see the picture, drive a metre, turn, say a phrase, talk, stop, hang up. What the robot
// did is read from its odometry and its simulator, and what was heard from its loudspeaker: never from the page.
import { train } from '../../bench/lib/clicks.mjs'
import { listen, now } from '../../bench/lib/sound.mjs'
import { delay, until } from '../../bench/lib/wait.mjs'
import { expectLive } from '../fixtures.mjs'
import { hands, settle } from '../lib/hands.mjs'
import { expect, expectStillSince, monotonic, moves, robotOf, settled, test, wayOf } from '../lib/room.mjs'

/** What a person gets right by looking, and a step by measuring, m and degrees. */
const BY_HAND = { metres: 0.12, degrees: 12 }
const BY_STEPS = { metres: 0.05, degrees: 5 }
/** How much sooner than its goal a person lets go, because the robot rolls on for a moment. */
const SOONER = { metres: 0.06, degrees: 10 }
const EVERY_MS = 250
const HUSH_MS = 700

for (const hand of hands) {
  test(`by ${hand.name}: see, drive, turn, speak, talk, stop, hang up`, async ({ room, visit }) => {
    test.setTimeout(180_000)
    const { daemon, sound } = room
    const page = await visit({
      prepare: async (context) => {
        await settle(context, hand.settings)
        await hand.before?.(context)
      },
    })
    const press = (id) => hand.press(page, id)
    const speaker = await sound.record('robot_speaker')
    const mouth = await sound.record('browser_mic')
    const murmur = sound.play('browser_mic', train(EVERY_MS))

    await test.step('sign in', async () => {
      if (hand.signsInByTyping) {
        await page.goto(daemon.origin)
        await expect(page.locator('#token')).toBeFocused()
        await hand.type(page, daemon.token())
        await press('sign-in-submit')
      } else {
        await page.goto(await daemon.link())
      }
      await expect(page.locator('body')).toHaveAttribute('data-view', 'watch')
    })

    await test.step('see the picture', () => expectLive(page))

    await test.step('drive a metre, turn a quarter', async () => {
      await press('drive-acquire')
      await expect(page.locator('body')).toHaveAttribute('data-drive', 'ready')
      const precise = hand.holds ? BY_HAND : BY_STEPS
      if (hand.holds) {
        await hold(page, room, hand.holds.forward, (at) => at.x_m > 1 - SOONER.metres)
        await expectAt(room, { x: 1, heading: 0 }, precise)
        await hold(page, room, hand.holds.left, (at) => at.heading_deg > 90 - SOONER.degrees)
      } else {
        for (let n = 1; n <= 2; n += 1) await step(room, () => press('go-forward'))
        await expectAt(room, { x: 1, heading: 0 }, precise)
        await step(room, () => press('go-left'))
      }
      await expectAt(room, { x: 1, heading: 90 }, precise)
    })

    await test.step('say a phrase', async () => {
      await speaker.awaitSilence(HUSH_MS)
      const before = now()
      await press('phrases')
      await expect(page.locator('#phrases-sheet')).toBeVisible()
      const phrase = page.locator('#phrase-list button').first()
      const id = await phrase.evaluate((button) => (button.id ||= 'first-phrase'))
      await press(id)
      const began = await speaker.awaitSound(before, { timeoutMs: 20_000 })
      // A word or two, and no click of a device that opens.
      await delay(500)
      expect(await speaker.loudMs(began, began + 1500), 'ms of sound').toBeGreaterThan(300)
      if (hand.name === 'a gamepad alone') await press('phrases')
      else await press('phrases-sheet-close')
      await expect(page.locator('#phrases-sheet')).toBeHidden()
      await speaker.awaitSilence(HUSH_MS)
    })

    await test.step('talk, and be heard; and not before, nor after', async () => {
      await expect(page.locator('#talk')).toHaveAttribute('data-talk', 'free')
      const silent = await listen({ from: mouth, to: speaker, ms: 1500, withinMs: 1000 })
      expect(silent.made, 'clicks at the browser’s microphone').toBeGreaterThan(3)
      expect(silent.heard, 'clicks heard before a press').toEqual([])

      await press('talk')
      await expect(page.locator('#talk')).toHaveAttribute('data-talk', 'talking')
      await delay(500)
      const open = await listen({ from: mouth, to: speaker, ms: 4000 })
      expect(open.heard.length, `of ${open.made} clicks`).toBeGreaterThan(open.made * 0.7)

      await press('talk')
      await expect(page.locator('#talk')).not.toHaveAttribute('data-talk', 'talking')
      await speaker.awaitSilence(HUSH_MS)
      const closed = await listen({ from: mouth, to: speaker, ms: 1500, withinMs: 1000 })
      expect(closed.heard, 'clicks heard after the microphone was closed').toEqual([])
    })
    await murmur.end()

    await test.step('stop', async () => {
      const before = await settled(room)
      if (hand.holds) await hand.holds.forward.begin(page)
      else await press('go-forward')
      await moves(room)
      const pressed = monotonic()
      await hand.stop(page)
      await expectStillSince(room, pressed, hand.stopWithinMs)
      const { motion } = await robotOf(room)
      expect(motion.stopped).toBe('stop')
      await hand.holds?.forward.end(page)
      const after = await settled(room)
      const went = Math.hypot(after.x_m - before.x_m, after.y_m - before.y_m)
      expect(went, 'metres, of the 0.5 that a step would be').toBeLessThan(0.4)
    })

    await test.step('hang up', async () => {
      await press('hang-up')
      await expect(page.locator('body')).toHaveAttribute('data-view', 'hung-up')
      await until('nobody drives', async () => (await robotOf(room)).driver === null)
      await until('nobody watches, listens or talks', async () => {
        const { voice, presence } = await daemon.status()
        return voice.talker === null && presence.watchers === 0
      }, { timeoutMs: 5000 })
      const left = monotonic()
      await expectStillSince(room, left)
    })
    await speaker.end()
    await mouth.end()
  })
}

/** Holds until the robot says that it is there. Should it stop before, for a picture that came late, it is held anew. */
async function hold(page, room, control, isThere) {
  await control.begin(page)
  await until('the robot is there', async () => {
    if (isThere(await wayOf(room))) return true
    if ((await page.locator('body').getAttribute('data-doing')) === 'nothing') {
      await control.end(page)
      await control.begin(page)
    }
    return false
  }, { timeoutMs: 40_000 })
  await control.end(page)
}

/** One press, and the whole of the move that it is for. */
async function step(room, press) {
  await settled(room)
  await press()
  await moves(room)
  await settled(room)
  expect((await robotOf(room)).motion.stopped).toBe('ended')
}

async function expectAt(room, { x, heading }, { metres, degrees }) {
  const at = await settled(room)
  expect(Math.abs(at.x_m - x), `metres from ${x}: ${JSON.stringify(at)}`).toBeLessThan(metres)
  expect(Math.abs(at.heading_deg - heading), `degrees from ${heading}: ${JSON.stringify(at)}`).toBeLessThan(degrees)
}
