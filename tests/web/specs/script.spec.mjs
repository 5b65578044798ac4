// One script, told four times: sign in, see the picture, drive a metre, turn, say a phrase, talk, stop, hang up. What the robot
// did is read from its odometry and its simulator, and what was heard from its loudspeaker: never from the page.
import { train } from '../../bench/lib/clicks.mjs'
import { listen, now } from '../../bench/lib/sound.mjs'
import { delay, until } from '../../bench/lib/wait.mjs'
import { expectLive } from '../fixtures.mjs'
import { actsOn, hands, settle } from '../lib/hands.mjs'
import { expectStillSince, monotonic, moves, movesBy, robotOf, settled, way, wayOf } from '../lib/motion.mjs'
import { expect, test } from '../lib/room.mjs'

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
    /** Seconds and presses from the sight of a screen to what was wanted on it. */
    const efforts = []
    const press = async (id) => {
      const [began, acts] = [performance.now(), (await actsOn(page)) ?? 0]
      await hand.press(page, id)
      efforts.push(`${id} ${((performance.now() - began) / 1000).toFixed(1)} s ${(await actsOn(page)) - acts}`)
    }
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
        await page.goto(await daemon.newLink())
      }
      await expect(page.locator('body')).toHaveAttribute('data-view', 'watch')
    })

    await test.step('see the picture', () => expectLive(page))

    await test.step('drive a metre, turn a quarter', async () => {
      await press('drive-acquire')
      await expect(page.locator('body')).toHaveAttribute('data-drive', 'ready')
      if (hand.holds) {
        const start = await settled(room)
        await hold(page, room, hand.holds.forward, (at) => way(start, at).ahead > 1 - SOONER.metres)
        expectWay(way(start, await settled(room)), { ahead: 1, turned: 0 }, BY_HAND)
        await hold(page, room, hand.holds.left, (at) => way(start, at).turned > 90 - SOONER.degrees)
        expectWay(way(start, await settled(room)), { ahead: 1, turned: 90 }, BY_HAND)
      } else {
        expectWay(await steps(room, 2, () => press('go-forward')), { ahead: 1, turned: 0 }, BY_STEPS)
        expectWay(await steps(room, 1, () => press('go-left')), { ahead: 0, turned: 90 }, BY_STEPS)
      }
    })

    await test.step('say a phrase', async () => {
      await speaker.awaitSilence(HUSH_MS)
      const before = now()
      await press('phrases')
      await expect(page.locator('#phrases-sheet')).toBeVisible()
      await press(await longestPhrase(page))
      const began = await speaker.awaitSound(before, { timeoutMs: 20_000 })
      // Words, and no click of a device that opens.
      expect(await speaker.loudMs(began, began + 1500), 'ms of sound').toBeGreaterThan(300)
      if (hand.name === 'a gamepad alone') await press('phrases')
      else await press('phrases-sheet-close')
      await expect(page.locator('#phrases-sheet')).toBeHidden()
      await speaker.awaitSilence(HUSH_MS)
    })

    await test.step('talk, and be heard; and not before, nor after', async () => {
      await expect(page.locator('#talk')).toHaveAttribute('data-talk', 'ready')
      const silent = await listen({ from: mouth, to: speaker, ms: 3000, withinMs: 1000 })
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
      const begin = () => (hand.holds ? hand.holds.forward.begin(page) : press('go-forward'))
      await movesBy(room, begin, () => hand.holds?.forward.end(page))
      const pressed = monotonic()
      await hand.stop(page)
      await expectStillSince(room, pressed, hand.stopWithinMs)
      // What is held is let go by the same press, a moment before; that it is still held drives nothing.
      expect(hand.holds ? ['stop', 'neutral'] : ['stop']).toContain((await robotOf(room)).motion.stopped)
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
    console.log(`by ${hand.name}, seconds and presses: ${efforts.join(', ')}`)
    await speaker.end()
    await mouth.end()
  })
}

/** The id of the phrase in sight that has most to say. */
const longestPhrase = (page) => page.locator('#phrase-list').evaluate((list) => {
  // What is in sight, and not behind the buttons that turn the pages of a sheet.
  const inSight = [...list.querySelectorAll('button')].filter((button) => {
    const { left, top, width, height } = button.getBoundingClientRect()
    return button.contains(document.elementFromPoint(left + width / 2, top + height / 2))
  })
  const longest = inSight.toSorted((a, b) => b.innerText.length - a.innerText.length)[0]
  longest.id ||= 'longest-phrase'
  return longest.id
})

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
  }, { timeoutMs: 60_000 })
  await control.end(page)
}

/**
 * The way of `count` presses in a row that each made the whole of their move. Where one was cut short because a picture came late, as on a
 * machine that has much to do, a person begins anew from where the robot stands.
 */
async function steps(room, count, press) {
  for (let tries = 0; tries < 5; tries += 1) {
    const from = await settled(room)
    let whole = 0
    while (whole < count) {
      const before = await settled(room)
      await press()
      await moves(room)
      const after = await settled(room)
      const { stopped } = (await robotOf(room)).motion
      if (stopped !== 'ended') {
        expect(['picture_stale', 'lag_too_long', 'silent'], 'what may cut a step short').toContain(stopped)
        break
      }
      expect(after).not.toEqual(before)
      whole += 1
    }
    if (whole === count) return way(from, await settled(room))
  }
  throw new Error(`never ${count} whole moves in a row`)
}

function expectWay(went, { ahead, turned }, { metres, degrees }) {
  const words = JSON.stringify(went)
  expect(Math.abs(went.ahead - ahead), `metres from ${ahead}: ${words}`).toBeLessThan(metres)
  expect(Math.abs(went.turned - turned), `degrees from ${turned}: ${words}`).toBeLessThan(degrees)
}
