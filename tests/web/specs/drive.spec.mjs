// Driving from the panel with the firmware that ships: where the robot went is read from the daemon, and whether its motors
// were driven from the simulator's own record.
import { until } from '../../bench/lib/wait.mjs'
import { expectLive } from '../fixtures.mjs'
import { expect, test } from '../lib/driven.mjs'
import { CUT_SHORT, expectStillSince, monotonic, movesBy, movesHeld, robotOf, settled, told, way, wayOf } from '../lib/motion.mjs'

/**
 * What a person gets right by looking, m and degrees: by hand, and by steps that measure themselves. Aside is where the
 * metre back leads that is begun so many degrees off.
 */
const BY_HAND = { metres: 0.1, degrees: 10, aside: 0.2 }
const BY_STEPS = { metres: 0.05, degrees: 5, aside: 0.1 }
/** How much sooner than its goal a person lets go, because the robot rolls on for a moment, m and degrees. */
const SOONER = { metres: 0.06, degrees: 10 }

const body = (page) => page.locator('body')
const sentence = (page) => page.locator('#drive-state')

/** The robot stands at `to` as seen from `start`. */
async function expectAt(driven, start, to, { metres, degrees, aside }) {
  const at = way(start, await settled(driven))
  expect(Math.abs(at.ahead - to.ahead), `metres from ${to.ahead}: ${JSON.stringify(at)}`).toBeLessThan(metres)
  expect(Math.abs(at.aside), `metres aside: ${JSON.stringify(at)}`).toBeLessThan(aside)
  expect(Math.abs(at.turned - to.turned), `degrees from ${to.turned}: ${JSON.stringify(at)}`).toBeLessThan(degrees)
}

/**
 * Begins with `press` and ends with `stop` as soon as the robot reports that it is there, as a person does who watches it.
 * Should the robot stop before, for a late frame or an expired latch, that person presses again.
 */
async function go(page, driven, start, { press, stop, again }, isThere) {
  await press()
  await until('the robot is there', async () => {
    if (isThere(way(start, await wayOf(driven)))) return true
    if ((await body(page).getAttribute('data-doing')) === 'nothing') await again()
    return false
  }, { timeoutMs: 40_000 })
  await stop()
}

const legs = [
  { id: 'go-forward', key: 'ArrowUp', isThere: (at) => at.ahead > 1 - SOONER.metres, to: { ahead: 1, turned: 0 } },
  { id: 'go-left', key: 'ArrowLeft', isThere: (at) => at.turned > 90 - SOONER.degrees, to: { ahead: 1, turned: 90 } },
  { id: 'go-right', key: 'ArrowRight', isThere: (at) => at.turned < SOONER.degrees, to: { ahead: 1, turned: 0 } },
  { id: 'go-back', key: 'ArrowDown', isThere: (at) => at.ahead < SOONER.metres, to: { ahead: 0, turned: 0 } },
]

test('by hold: a metre ahead, a quarter turn and back again, by keys and by buttons', async ({ page, drive, driven }) => {
  await drive({ driveBy: 'hold' })
  const start = await settled(driven)
  for (const [index, { id, key, isThere, to }] of legs.entries()) {
    const button = await page.locator(`#${id}`).boundingBox()
    const byKey = { press: () => page.keyboard.down(key), stop: () => page.keyboard.up(key) }
    const byButton = {
      press: async () => {
        await page.mouse.move(button.x + button.width / 2, button.y + button.height / 2)
        await page.mouse.down()
      },
      stop: () => page.mouse.up(),
    }
    const hand = index % 2 === 0 ? byKey : byButton
    const again = async () => { await hand.stop(); await hand.press() }
    await go(page, driven, start, { ...hand, again }, isThere)
    await expectAt(driven, start, to, BY_HAND)
  }
  await expect(sentence(page)).toHaveText('Oprit: ai eliberat comenzile.')
})

test('by latch: a metre ahead, a quarter turn and back again, each by a press that any press stops', async ({ page, drive, driven }) => {
  await drive({ driveBy: 'latch', latchMs: 5000 })
  const start = await settled(driven)
  // A latch expires after a metre, so each metre is made of two, and the press that ends one finds it going.
  const half = { 'go-forward': (at) => at.ahead > 0.5 - SOONER.metres, 'go-back': (at) => at.ahead < 0.5 + SOONER.metres }
  const halves = legs.flatMap((leg) => (half[leg.id] ? [{ ...leg, isThere: half[leg.id], to: { ...leg.to, ahead: 0.5 } }, leg] : [leg]))
  for (const { id, isThere, to } of halves) {
    const press = () => page.locator(`#${id}`).click()
    // A latch that offers to go on, as it does late in its time, would take Enter for that. STOP it is then.
    const renewal = page.locator('#latch-renew')
    const offers = async () => (await renewal.isVisible()) && (await renewal.textContent({ timeout: 500 }).catch(() => 'Enter')).includes('Enter')
    const stop = async () => page.keyboard.press(id === 'go-back' || (await offers()) ? 'Escape' : 'Enter')
    await go(page, driven, start, { press, stop, again: press }, isThere)
    await expectAt(driven, start, to, BY_HAND)
    // Or by itself a moment before, on a machine that has much to do: what each press stops is asserted one by one below.
    expect(['stop', 'ended', ...CUT_SHORT]).toContain((await robotOf(driven)).motion.stopped)
  }
})

test('by steps: a metre ahead, a quarter turn and back again, each ending by itself', async ({ page, drive, driven }) => {
  await drive({ driveBy: 'step', stepCm: 20, stepDeg: 90 })
  const start = await settled(driven)
  const steps = [['forward', 5, { ahead: 1, turned: 0 }], ['left', 1, { ahead: 1, turned: 90 }], ['right', 1, { ahead: 1, turned: 0 }], ['back', 5, { ahead: 0, turned: 0 }]]
  for (const [step, times, to] of steps) {
    for (let n = 0; n < times; n += 1) {
      await page.locator(`#go-${step}`).click()
      await expect(body(page)).toHaveAttribute('data-doing', 'step')
      await expect(body(page)).toHaveAttribute('data-doing', 'nothing')
      expect((await robotOf(driven)).motion.stopped).toBe('ended')
    }
    await expectAt(driven, start, to, BY_STEPS)
  }
})

for (const [driveBy, begin] of [
  ['hold', (page) => page.keyboard.down('ArrowUp')],
  ['latch', (page) => page.locator('#go-forward').click()],
  ['step', (page) => page.locator('#go-left').click()],
]) {
  test(`STOP stops a ${driveBy}`, async ({ page, drive, driven }) => {
    await drive({ driveBy, latchMs: 5000, stepDeg: 90 })
    const release = () => page.keyboard.up('ArrowUp')
    await told(driven, async () => {
      await movesBy(driven, () => begin(page), release)
      const pressed = monotonic()
      await page.locator('#drive-stop').click()
      await expectStillSince(driven, pressed)
      expect((await robotOf(driven)).motion.stopped).toBe('stop')
    }, release)
  })
}

test('Space stops, and a key that is still down drives no more', async ({ page, drive, driven }) => {
  await drive({ driveBy: 'hold' })
  for (const stop of [() => page.locator('#drive-stop').click(), () => page.keyboard.press('Space')]) {
    await movesHeld(page, driven, 'ArrowUp')
    const pressed = monotonic()
    await stop()
    await expectStillSince(driven, pressed)
    await expect(sentence(page)).toContainText('Eliberează comenzile, apoi apasă din nou.')
    await page.keyboard.up('ArrowUp')
  }
})

test('the e-stop is latched, told, and released in two steps that move nothing', async ({ page, drive, driven }) => {
  await drive({ driveBy: 'hold' })
  await movesHeld(page, driven, 'ArrowUp')
  const pressed = monotonic()
  await page.locator('#drive-estop').click()
  await expectStillSince(driven, pressed)
  await expect.poll(async () => (await robotOf(driven)).estop).toMatchObject({ latched: true, confirmed: true, source: 'person', saved: true })
  await expect(sentence(page)).toContainText('Oprirea de urgență este activă.')

  const released = monotonic()
  await page.locator('#drive-estop-release').click()
  await page.locator('#drive-estop-confirm').click()
  await expect.poll(async () => (await robotOf(driven)).estop.latched).toBe(false)
  await expectStillSince(driven, released)
  await page.keyboard.up('ArrowUp')
  await expect(body(page)).toHaveAttribute('data-lock', 'false')
  await movesHeld(page, driven, 'ArrowUp')
  await page.keyboard.up('ArrowUp')
})

test('closing the page stops the robot, which is free for the same person and kept from others for a moment', async ({ page, drive, driven, context, browser }) => {
  await drive({ driveBy: 'hold' })
  await movesHeld(page, driven, 'ArrowUp')
  const left = monotonic()
  await page.close()
  await expectStillSince(driven, left)
  await until('the lease has expired', async () => (await robotOf(driven)).driver === null)
  expect((await robotOf(driven)).reserved).toMatchObject({ who: 'admin' })
  const others = await browser.newContext({ locale: 'ro-RO' })
  const other = await others.newPage()
  await other.goto(await driven.daemon.newLink())
  await expect(other.locator('#lease-words')).toHaveText('Robotul așteaptă câteva secunde ca admin să revină.')
  await others.close()
  const again = await context.newPage()
  await again.goto(driven.daemon.origin)
  await expectLive(again)
  await again.locator('#drive-acquire').click()
  await expect(body(again)).toHaveAttribute('data-drive', 'ready')
})

test('a reload in the middle of a drive stops the robot, and the page has it again by itself', async ({ page, drive, driven }) => {
  await drive({ driveBy: 'hold' })
  await movesHeld(page, driven, 'ArrowUp')
  const left = monotonic()
  await page.reload()
  await expectLive(page)
  await expect(body(page)).toHaveAttribute('data-drive', 'ready')
  await expect(body(page)).toHaveAttribute('data-lock', 'false', { timeout: 20_000 })
  await expectStillSince(driven, left)
  const again = monotonic()
  await page.keyboard.up('ArrowUp')
  await movesHeld(page, driven, 'ArrowUp')
  await page.keyboard.up('ArrowUp')
  await expectStillSince(driven, monotonic())
  expect(driven.robot.timeline.movingAt(again), 'nothing moved before it was pressed anew').toBe(false)
})

test('a second page of the same person takes the robot through a stop, and the first is told', async ({ page, drive, driven, context }) => {
  await drive({ driveBy: 'hold' })
  await movesHeld(page, driven, 'ArrowUp')
  const second = await context.newPage()
  await second.goto(driven.daemon.origin)
  await expectLive(second)
  const taken = monotonic()
  // By whom the robot is driven in another window of this browser, it can be driven here at once.
  await second.locator('#drive-acquire').click()
  await expect(body(second)).toHaveAttribute('data-drive', 'ready')
  await expectStillSince(driven, taken)
  await expect(body(page)).toHaveAttribute('data-drive', 'idle')
  await expect(sentence(page)).toHaveText('Conduci din altă fereastră.')
})
