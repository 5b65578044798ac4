// What each hand alone must be able to do on the drive screen: stop in an emergency and end it, go on with what goes by itself,
// come by the robot, and all that soon enough.
import { until } from '../../bench/lib/wait.mjs'
import { expect, test } from '../lib/driven.mjs'
import { hands, pointAt, pretendPad, SCAN, scanTo, tapPad, tremble } from '../lib/hands.mjs'
import { expectStillSince, monotonic, movesBy, movesHeld, robotOf, told } from '../lib/motion.mjs'

const body = (page) => page.locator('body')
const estopped = (page) => expect(body(page)).toHaveAttribute('data-estop', 'true')
const released = (page) => expect(body(page)).toHaveAttribute('data-estop', 'false')

for (const hand of hands) {
  test(`by ${hand.name} the e-stop is latched, and released in two steps`, async ({ page, context, open, driven }) => {
    await hand.before?.(context)
    await open(hand.settings)
    await hand.press(page, 'drive-estop')
    await estopped(page)
    expect((await robotOf(driven)).estop).toMatchObject({ latched: true, source: 'person' })
    await hand.press(page, 'drive-estop-release')
    await expect(page.locator('#drive-estop-confirm')).toBeEnabled()
    await estopped(page)
    await hand.press(page, 'drive-estop-confirm')
    await released(page)
    expect((await robotOf(driven)).estop.latched).toBe(false)
  })
}

test('a gamepad without any switch takes the robot, stops in an emergency while it moves, ends that, and gives it back', async ({ page, context, open, driven }) => {
  const [stop, release, emergency, take, left] = [1, 4, 8, 9, 14]
  await context.addInitScript(pretendPad)
  await open({ stepDeg: 180 })
  // The page listens to pads a moment after the picture.
  await until('a press takes the robot', async () => {
    if ((await body(page).getAttribute('data-drive')) === 'idle') await tapPad(page, take)
    return (await body(page).getAttribute('data-drive')) === 'ready'
  }, { timeoutMs: 20_000, everyMs: 500 })
  await expect(body(page)).toHaveAttribute('data-lock', 'false', { timeout: 20_000 })
  await movesBy(driven, () => tapPad(page, left))
  const at = monotonic()
  await tapPad(page, emergency)
  await estopped(page)
  await expectStillSince(driven, at)
  expect((await robotOf(driven)).estop).toMatchObject({ latched: true, source: 'person' })

  await tapPad(page, release)
  await expect(page.locator('#drive-estop-confirm')).toBeEnabled()
  await estopped(page)
  await until('a second press releases it', async () => {
    if ((await body(page).getAttribute('data-estop')) === 'false') return true
    await tapPad(page, release)
    return false
  }, { everyMs: 300 })
  expect((await robotOf(driven)).motion.mode).toBeNull()

  await movesBy(driven, () => tapPad(page, left))
  const pressed = monotonic()
  await tapPad(page, stop)
  await expectStillSince(driven, pressed)
  await tapPad(page, take)
  await expect(body(page)).toHaveAttribute('data-drive', 'idle')
  expect((await robotOf(driven)).driver).toBeNull()
})

/** Turns on the spot, so that there is room for it; long enough for a page on a busy machine to show the offer in time. */
const LATCH = { driveBy: 'latch', latchMs: 5000, scan: { ...SCAN, stepMs: 2000 } }
const renew = (page) => page.locator('#latch-renew')

/** As long as it takes to see that something is offered, and to press: sooner, a press is not for it. */
const SEEN_MS = 600

async function offerCounts(page) {
  const since = await page.evaluate(() => performance.now())
  await page.waitForFunction(([from, ms]) => performance.now() - from > ms, [since, SEEN_MS])
}

test('by one switch a latch goes on by a press while that is highlighted, and any other press stops', async ({ page, drive, driven }) => {
  await drive({ ...LATCH, input: 'scan' })
  const press = () => page.keyboard.press('Space')
  const offered = () => expect(renew(page)).toHaveAttribute('data-here', '')
  await told(driven, async () => {
    await movesBy(driven, () => scanTo(page, 'go-left', press))
    await expect(page.locator('#drive-stop')).toHaveAttribute('data-here', '')
    await offered()
    await offerCounts(page)
    await press()
    await expect(page.locator('#drive-stop'), 'STOP is one press away again').toHaveAttribute('data-here', '')
    // The first latch would have ended before this.
    await offered()
    expect(driven.robot.timeline.movingAt(monotonic())).toBe(true)
    await offerCounts(page)
    await press()
    await expect(page.locator('#drive-stop')).toHaveAttribute('data-here', '')
    const pressed = monotonic()
    await press()
    await expectStillSince(driven, pressed)
    expect((await robotOf(driven)).motion.stopped).toBe('stop')
  })
})

test('by the keyboard a latch goes on by Enter while that is offered, and any other key stops', async ({ page, drive, driven }) => {
  await drive(LATCH)
  const offered = () => expect(renew(page)).toContainText('Enter')
  await told(driven, async () => {
    await movesBy(driven, () => page.keyboard.press('ArrowLeft'))
    await expect(renew(page)).not.toContainText('Enter')
    await offered()
    await offerCounts(page)
    await page.keyboard.press('Enter')
    await expect(renew(page)).not.toContainText('Enter')
    await offered()
    expect(driven.robot.timeline.movingAt(monotonic())).toBe(true)
    const pressed = monotonic()
    await page.keyboard.press('q')
    await expectStillSince(driven, pressed)
    expect((await robotOf(driven)).motion.stopped).toBe('stop')
  })
})

test('by dwelling a latch goes on by resting on that control, and resting on any other stops', async ({ page, drive, driven }) => {
  await drive({ ...LATCH, latchMs: 8000, input: 'dwell' })
  const dwellOn = async (id, done) => {
    await pointAt(page, id)
    await until(`dwelling on ${id} is done`, async () => {
      if (await done()) return true
      await tremble(page, id)
      return false
    }, { timeoutMs: 6000, everyMs: 100 })
  }
  const clicked = async (id) => (await page.evaluate((one) => window.clicked[one] ?? 0, id)) > 0
  await told(driven, async () => {
    await movesBy(driven, async () => {
      await page.evaluate(() => { window.clicked = {} })
      await dwellOn('go-left', () => clicked('go-left'))
    })
    await dwellOn('latch-renew', () => clicked('latch-renew'))
    await expect(body(page)).toHaveAttribute('data-doing', 'latch')
    expect(driven.robot.timeline.movingAt(monotonic())).toBe(true)
    await dwellOn('talk', async () => (await body(page).getAttribute('data-doing')) === 'nothing')
    expect(await clicked('talk'), 'it stops, and does nothing else').toBe(false)
    await expect.poll(async () => (await robotOf(driven)).motion.stopped).toBe('stop')
  })
})

test('a latch is refused where something lies over the e-stop', async ({ page, drive, driven }) => {
  await drive({ ...LATCH, driveBy: 'latch' })
  await page.evaluate(() => {
    const { left, top, width, height } = document.querySelector('#drive-estop').getBoundingClientRect()
    const cover = document.createElement('div')
    Object.assign(cover.style, { position: 'fixed', zIndex: 99, left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` })
    document.body.append(cover)
  })
  const begun = monotonic()
  await page.locator('#go-left').click()
  await expect(page.locator('#drive-state')).toHaveText('STOP și oprirea de urgență trebuie să fie vizibile în acest mod.')
  expect(driven.robot.timeline.movingSince(begun)).toBe(false)
})

test('by one switch, as it is set at first, every direction is two presses and at most 7 s away', async ({ page, drive, driven }) => {
  test.setTimeout(150_000)
  const { stepMs: _, firstExtraMs: __, ...rest } = SCAN
  await drive({ input: 'scan', driveBy: 'step', stepCm: 5, stepDeg: 5, scan: rest })
  const here = (selector) => page.waitForFunction((one) => document.querySelector(one)?.matches('[data-here=""]'), selector, { polling: 'raf', timeout: 60_000 })
  const press = () => page.keyboard.press('Space')
  await press()
  for (const way of ['forward', 'left', 'right', 'back']) {
    await here('#drive-stop')
    const began = await page.evaluate(() => window.hereSince)
    await here('.keys')
    await press()
    await here(`#go-${way}`)
    await press()
    await expect(body(page)).toHaveAttribute('data-doing', 'step')
    const took = await page.evaluate((since) => performance.now() - since, began)
    expect(took, `ms until ${way}`).toBeLessThan(7000)
    await expect(body(page)).toHaveAttribute('data-doing', 'nothing')
    await expect.poll(async () => (await robotOf(driven)).motion.mode).toBeNull()
  }
})

test('an Enter that stays down does not begin again what somebody else has stopped', async ({ page, drive, driven }) => {
  await drive({ driveBy: 'step', stepDeg: 180 })
  await page.locator('#go-left').focus()
  await movesHeld(page, driven, 'Enter')
  await driven.daemon.api('/api/v1/robot/stop', { method: 'POST' })
  await expect(body(page)).toHaveAttribute('data-doing', 'nothing')
  const stopped = monotonic()
  // As a keyboard repeats it while it is down.
  for (let repeat = 0; repeat < 20; repeat += 1) await page.keyboard.down('Enter')
  await expectStillSince(driven, stopped)
  await page.keyboard.up('Enter')
})

test('what is held ends when a menu would take the keyboard away', async ({ page, drive, driven }) => {
  await drive({ driveBy: 'hold' })
  const release = () => page.keyboard.up('ArrowLeft')
  await told(driven, async () => {
    await movesHeld(page, driven, 'ArrowLeft')
    const pressed = monotonic()
    await page.mouse.click(640, 200, { button: 'right' })
    await expectStillSince(driven, pressed)
    expect((await robotOf(driven)).motion.stopped).toBe('stop')
  }, release)
  await release()
})

test('a double click on the release of the e-stop is the first step alone', async ({ page, open, driven }) => {
  await open({})
  await page.locator('#drive-estop').click()
  await estopped(page)
  const { x, y, width, height } = await page.locator('#drive-estop-release').boundingBox()
  await page.mouse.click(x + width / 2, y + height / 2)
  await page.waitForSelector('#drive-estop-confirm')
  await page.locator('#drive-estop-confirm').click({ force: true })
  await expect(page.locator('#drive-estop-confirm')).toBeEnabled()
  expect((await robotOf(driven)).estop.latched).toBe(true)
  await page.locator('#drive-estop-confirm').click()
  await released(page)
})
