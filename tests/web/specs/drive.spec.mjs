// The drive check page drives the firmware that ships: where the robot went is read from the daemon, and whether its motors
// were driven from the simulator's own record.
import AxeBuilder from '@axe-core/playwright'
import { startDriven } from '../../bench/lib/driven.mjs'
import { monotonic } from '../../bench/lib/drive.mjs'
import { drivePage } from '../../bench/lib/drive_page.mjs'
import { until } from '../../bench/lib/wait.mjs'
import { expect, test as base } from '../fixtures.mjs'

/**
 * What a person gets right by looking, m and degrees: by hand, and by steps that measure themselves. Aside is where the
 * metre back leads that is begun so many degrees off.
 */
const BY_HAND = { metres: 0.1, degrees: 10, aside: 0.2 }
const BY_STEPS = { metres: 0.05, degrees: 5, aside: 0.1 }
/** Longer than the firmware's watchdog, the daemon's deadman and the oldest age together, ms. */
const WATCHED_MS = 800

const test = base.extend({
  /** A daemon of the test's own, with a robot that stands where its odometry begins. */
  driven: async ({}, use) => {
    const driven = await startDriven({ camera: { source: 'test', size: '320x240' } })
    await use(driven)
    await driven.daemon.end()
    await driven.robot.end()
  },

  /** The page, signed in, with a picture, before anybody has taken the robot. */
  check: async ({ page, driven }, use) => {
    await page.goto(`${driven.daemon.origin}/drive.html`)
    await page.locator('#token').fill(driven.daemon.token())
    await page.locator('#sign-in-submit').click()
    await expect(page.locator('body')).toHaveAttribute('data-link', 'live', { timeout: 30_000 })
    await use(page)
  },

  /** The page that has the robot. */
  driver: async ({ check }, use) => {
    await take(check)
    await use(check)
  },
})

async function take(page) {
  await page.locator('#drive-acquire').click()
  await expect(page.locator('body')).toHaveAttribute('data-drive', 'ready')
}

const robotOf = ({ daemon }) => daemon.api('/api/v1/robot/state')
const wayOf = async (driven) => (await robotOf(driven)).telemetry.odometry

/** Where the robot is once its motors have been off for two reports in a row. */
async function settled(driven) {
  let last
  return until('the robot stands', async () => {
    const { motion, telemetry } = await robotOf(driven)
    const { odometry: now, linear, angular } = telemetry
    const before = last
    last = now
    const stands = motion.mode === null && linear === 0 && angular === 0
    return stands && before && JSON.stringify(before) === JSON.stringify(now) && now
  }, { everyMs: 100 })
}

async function expectAt(driven, { x, heading }, { metres, degrees, aside }) {
  const at = await settled(driven)
  expect(Math.abs(at.x_m - x), `metres from ${x}: ${JSON.stringify(at)}`).toBeLessThan(metres)
  expect(Math.abs(at.y_m), `metres aside: ${JSON.stringify(at)}`).toBeLessThan(aside)
  expect(Math.abs(at.heading_deg - heading), `degrees from ${heading}: ${JSON.stringify(at)}`).toBeLessThan(degrees)
}

/**
 * Begins with `press` and ends with `stop` as soon as the robot says that it is there, as a person does who watches it.
 * Should the robot stop before, for a picture that came late or a latch that ended, that person presses again.
 */
async function go(page, driven, { press, stop, again }, isThere) {
  await press()
  await until('the robot is there', async () => {
    if (isThere(await wayOf(driven))) return true
    if ((await page.locator('body').getAttribute('data-doing')) === 'nothing') await again()
    return false
  }, { timeoutMs: 40_000 })
  await stop()
}

/** How much sooner than its goal a person lets go, because the robot rolls on for a moment, m and degrees. */
const SOONER = { metres: 0.06, degrees: 10 }
const legs = [
  { way: 'forward', key: 'ArrowUp', isThere: (at) => at.x_m > 1 - SOONER.metres, to: { x: 1, heading: 0 } },
  { way: 'left', key: 'ArrowLeft', isThere: (at) => at.heading_deg > 90 - SOONER.degrees, to: { x: 1, heading: 90 } },
  { way: 'right', key: 'ArrowRight', isThere: (at) => at.heading_deg < SOONER.degrees, to: { x: 1, heading: 0 } },
  { way: 'back', key: 'ArrowDown', isThere: (at) => at.x_m < SOONER.metres, to: { x: 0, heading: 0 } },
]

test('by hold: a metre ahead, a quarter turn and back again, by keys and by buttons', async ({ driver, driven }) => {
  for (const [index, { way, key, isThere, to }] of legs.entries()) {
    const button = await driver.locator(`#hold-${way}`).boundingBox()
    const byKey = { press: () => driver.keyboard.down(key), stop: () => driver.keyboard.up(key) }
    const byButton = {
      press: async () => {
        await driver.mouse.move(button.x + button.width / 2, button.y + button.height / 2)
        await driver.mouse.down()
      },
      stop: () => driver.mouse.up(),
    }
    const hand = index % 2 === 0 ? byKey : byButton
    const again = async () => { await hand.stop(); await hand.press() }
    await go(driver, driven, { ...hand, again }, isThere)
    await expectAt(driven, to, BY_HAND)
  }
  await expect(driver.locator('#drive-state')).toHaveText('Stă: ai lăsat comenzile.')
})

test('by latch: a metre ahead, a quarter turn and back again, each by a press that any press stops', async ({ driver, driven }) => {
  // A latch ends by itself after a metre, so each metre is made of two, and the press that ends one finds it going.
  const half = { forward: (at) => at.x_m > 0.5 - SOONER.metres, back: (at) => at.x_m < 0.5 + SOONER.metres }
  const halves = legs.flatMap((leg) => (half[leg.way] ? [{ ...leg, isThere: half[leg.way], to: { ...leg.to, x: 0.5 } }, leg] : [leg]))
  for (const { way, isThere, to } of halves) {
    const press = () => driver.locator(`#latch-${way}`).click()
    await go(driver, driven, { press, stop: () => driver.keyboard.press('Enter'), again: press }, isThere)
    await expectAt(driven, to, BY_HAND)
    expect((await robotOf(driven)).motion.stopped).toBe('stop')
  }
})

test('by steps: a metre ahead, a quarter turn and back again, each ending by itself', async ({ driver, driven }) => {
  const steps = [['forward-20', 5, { x: 1, heading: 0 }], ['left-90', 1, { x: 1, heading: 90 }], ['right-90', 1, { x: 1, heading: 0 }], ['back-20', 5, { x: 0, heading: 0 }]]
  for (const [step, times, to] of steps) {
    for (let n = 0; n < times; n += 1) {
      await driver.locator(`#step-${step}`).click()
      await expect(driver.locator('body')).toHaveAttribute('data-doing', 'step')
      await expect(driver.locator('body')).toHaveAttribute('data-doing', 'nothing')
      expect((await robotOf(driven)).motion.stopped).toBe('ended')
    }
    await expectAt(driven, to, BY_STEPS)
  }
  await expect(driver.locator('#odometry-x')).toHaveText(/^-?0,0\d m$/)
  await expect(driver.locator('#odometry-heading')).toHaveText(/^-?\d°$/)
})

test('STOP stops whatever moves, and a key that is still down drives no more', async ({ driver, driven }) => {
  for (const begin of ['ArrowUp', '#latch-forward', '#step-left-90']) {
    await (begin.startsWith('#') ? driver.locator(begin).click() : driver.keyboard.down(begin))
    await moves(driven)
    const pressed = monotonic()
    await driver.locator('#drive-stop').click()
    await expectStillSince(driven, pressed)
    expect((await robotOf(driven)).motion.stopped).toBe('stop')
  }
  await driver.keyboard.up('ArrowUp')
  await driver.keyboard.down('ArrowUp')
  await moves(driven)
  const pressed = monotonic()
  await driver.keyboard.press('Space')
  await expectStillSince(driven, pressed)
  await expect(driver.locator('#drive-state')).toHaveText('Lasă toate comenzile, apoi apasă din nou.')
})

test('the e-stop is latched, told, and released in two steps that move nothing', async ({ driver, driven }) => {
  await driver.keyboard.down('ArrowUp')
  await moves(driven)
  const pressed = monotonic()
  await driver.locator('#drive-estop').click()
  await expectStillSince(driven, pressed)
  await expect.poll(async () => (await robotOf(driven)).estop).toMatchObject({ latched: true, confirmed: true, source: 'person', saved: true })
  await expect(driver.locator('#drive-state')).toContainText('Oprirea de urgență este activă.')

  const released = monotonic()
  await driver.locator('#drive-estop-release').click()
  await driver.locator('#drive-estop-confirm').click()
  await expect.poll(async () => (await robotOf(driven)).estop.latched).toBe(false)
  await expectStillSince(driven, released)
  await driver.keyboard.up('ArrowUp')
  await driver.keyboard.down('ArrowUp')
  await moves(driven)
  await driver.keyboard.up('ArrowUp')
})

test('closing the page stops the robot and gives it back', async ({ driver, driven, context }) => {
  await driver.keyboard.down('ArrowUp')
  await moves(driven)
  const left = monotonic()
  await driver.close()
  await expectStillSince(driven, left)
  expect((await robotOf(driven)).driver).toBeNull()
  expect(context.pages()).toEqual([])
})

test('a second page of the same person takes the robot through a stop, and the first is told', async ({ driver, driven, context }) => {
  await driver.keyboard.down('ArrowUp')
  await moves(driven)
  const second = await context.newPage()
  await second.goto(`${driven.daemon.origin}/drive.html`)
  await expect(second.locator('body')).toHaveAttribute('data-link', 'live', { timeout: 30_000 })
  const taken = monotonic()
  await take(second)
  await expectStillSince(driven, taken)
  await expect(driver.locator('body')).toHaveAttribute('data-drive', 'idle')
  await expect(driver.locator('#drive-state')).toContainText(/Robotul (nu mai este al tău|este acum la)/)
})

for (const fault of ['hidden', 'blur', 'freeze', 'browser_kill', 'stop']) {
  test(`a browser that drives, then: ${fault}. The robot stops, and stays`, async ({ driven }) => {
    const driving = await drivePage(driven.daemon)
    await driving.hold()
    await moves(driven)
    const at = await driving[fault]()
    await expectStillSince(driven, at)
    await driving.end()
  })
}

test('the page is put into words in both languages, and axe finds nothing, in either theme, on a desk and on a phone', async ({ driver }, info) => {
  for (const language of ['ro', 'en']) {
    await expect(driver.locator('html')).toHaveAttribute('lang', language)
    for (const colorScheme of ['dark', 'light']) {
      await driver.emulateMedia({ colorScheme })
      for (const [width, height] of [[1280, 720], [390, 844]]) {
        await driver.setViewportSize({ width, height })
        await driver.screenshot({ path: info.outputPath(`drive-${language}-${colorScheme}-${width}.png`), fullPage: width === 390 })
        const { violations } = await new AxeBuilder({ page: driver }).analyze()
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
        await expect(driver.locator('#drive-stop')).toBeInViewport({ ratio: 1 })
        const stop = await driver.locator('#drive-stop').boundingBox()
        expect(stop.height).toBeGreaterThanOrEqual(88)
      }
    }
    await driver.locator('#language').click()
  }
})

async function moves({ robot }) {
  await until('the motors turn', () => robot.timeline.movingAt(monotonic()), { everyMs: 5 })
}

/** The motors were off for good soon after, and the robot stayed so for longer than any rule of time. */
async function expectStillSince({ robot }, moment) {
  const watched = moment + BigInt(WATCHED_MS) * 1_000_000n
  await until('the watch is over', () => monotonic() > watched)
  const off = robot.timeline.zeroAfter(moment)
  expect(off, 'the motors are off').toBeDefined()
  expect(Number(off - moment) / 1e6, 'ms until they were').toBeLessThan(WATCHED_MS / 2)
}
