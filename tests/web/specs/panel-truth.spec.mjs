// What the drive screen says is so, and that it does not contradict itself: whose the robot is, who stopped it, what was pressed, and
// what is known while a way to the robot is gone.
import { startRelay } from '../../bench/lib/relay.mjs'
import { until } from '../../bench/lib/wait.mjs'
import { expectLive } from '../fixtures.mjs'
import { expect, test } from '../lib/driven.mjs'
import { movesHeld, robotOf, told } from '../lib/motion.mjs'
import { signInByKey, take } from '../lib/states.mjs'

const body = (page) => page.locator('body')
const words = (page) => page.locator('#drive-state')

/** Somebody else, by a sign-in of their own. */
async function another(browser, { daemon }) {
  const context = await browser.newContext({ locale: 'ro-RO' })
  const page = await context.newPage()
  await page.goto(daemon.origin)
  await signInByKey(page, daemon)
  return { page, end: () => context.close() }
}

test('presses on the head and the lamp add up, however quickly they come', async ({ page, drive, driven }) => {
  await drive()
  const telemetry = async () => (await robotOf(driven)).telemetry
  const { head } = await telemetry()
  await page.locator('#camera').click()
  await expect(page.locator('#head-up')).toBeVisible()
  await page.evaluate(() => {
    for (const way of ['up', 'up', 'left', 'left']) document.getElementById(`head-${way}`).click()
  })
  await expect.poll(async () => (await telemetry()).head).toEqual({ pan: head.pan + 30, tilt: head.tilt + 30 })
  await page.evaluate(() => {
    for (let press = 0; press < 4; press += 1) document.getElementById('lamp-more').click()
  })
  await expect.poll(async () => (await telemetry()).light).toBe(255)
  await expect(page.locator('#lamp')).toContainText('100')
  await page.locator('#head-centre').click()
  await expect.poll(async () => (await telemetry()).head).toEqual({ pan: 0, tilt: 0 })
  // The robot is followed again, whoever turns it.
  for (let press = 0; press < 4; press += 1) await page.locator('#lamp-less').click()
  await expect.poll(async () => (await telemetry()).light).toBe(0)
})

test('somebody asks for the robot while a sheet is open: it is seen there, and answered', async ({ page, browser, drive, driven }) => {
  await drive()
  await page.locator('#phrases').click()
  await expect(page.locator('#phrases-sheet')).toBeVisible()
  const other = await another(browser, driven)
  await other.page.locator('#drive-ask').click()
  const asked = page.locator('#phrases-sheet').getByRole('alert').filter({ hasText: 'admin' })
  await expect(asked).toBeInViewport()
  expect(await asked.evaluate((element) => element.closest('[inert]'))).toBeNull()
  await expect(page.locator('#drive-asked')).toHaveCount(1)
  await test.step('on a short screen the answers keep their words, and the way out of the sheet is its shape', async () => {
    const before = page.viewportSize()
    await page.setViewportSize({ width: 568, height: 320 })
    for (const id of ['hand-over', 'keep-it']) await expect(page.locator(`#${id}`)).toHaveText(/\S/, { useInnerText: true })
    await expect(page.locator('#phrases-sheet-close .words')).toBeHidden()
    await page.setViewportSize(before)
  })
  await page.locator('#keep-it').click()

  await test.step('the other one is told when to ask again, and can then', async () => {
    await expect(other.page.locator('#wait-ask')).toBeVisible()
    await expect(other.page.locator('#drive-ask')).toHaveAttribute('aria-disabled', 'true')
    await expect(other.page.locator('#drive-ask')).toBeEnabled({ timeout: 15_000 })
    await expect(other.page.locator('#wait-ask')).toBeHidden()
    await other.page.locator('#drive-ask').click()
    await expect(asked).toBeVisible()
  })
  await page.locator('#hand-over').click()
  await expect(body(other.page)).toHaveAttribute('data-drive', 'ready', { timeout: 15_000 })
  await other.end()
})

test('in a second tab nobody is offered to ask themselves, and in the first it is told where the robot went', async ({ page, context, drive }) => {
  await drive()
  await expect(page.locator('#fact-driver')).toContainText('Conduci tu')
  const second = await context.newPage()
  await second.goto(page.url())
  await expectLive(second)
  await expect(second.locator('#lease-words')).toHaveText('Conduci din altă fereastră.')
  await expect(second.locator('#drive-ask')).toBeHidden()
  await second.locator('#drive-acquire').click()
  await expect(body(second)).toHaveAttribute('data-drive', 'ready')
  await expect(words(page)).toHaveText('Conduci din altă fereastră.')
  await second.close()
})

test('another person’s stop is told as such, beside what is to be done about it', async ({ page, browser, drive, driven }) => {
  await drive({ driveBy: 'hold' })
  const other = await another(browser, driven)
  await page.bringToFront()
  const release = () => page.keyboard.up('ArrowLeft')
  await told(driven, async () => {
    await movesHeld(page, driven, 'ArrowLeft')
    await expect(page.locator('#go-left')).toHaveAttribute('data-held', 'true')
    await driven.daemon.api('/api/v1/robot/stop', { method: 'POST' })
    await expect(words(page)).toHaveText(/STOP.*[Cc]omenzi/)
    await expect(page.locator('#go-left')).not.toHaveAttribute('data-held')
  }, release)
  await release()
  await other.end()
})

test('an arrow before the robot is taken, and STOP while it stands, are answered', async ({ page, open }) => {
  await open()
  await expect(page.locator('#drive-acquire')).toBeEnabled()
  const before = await words(page).textContent()
  await page.keyboard.press('ArrowUp')
  await expect(words(page)).not.toHaveText(before)
  await expect(words(page)).toHaveText(/mai întâi/)
  await page.locator('#drive-stop').click()
  await expect(page.locator('#drive-stop .small')).toHaveText('oprit')
  await expect(page.locator('#say-stop')).toHaveText('oprit')
  await take(page)
  await page.locator('#drive-estop').click()
  await expect(page.locator('#drive-estop')).toHaveAttribute('data-latched', 'true')
})

test('a robot whose news are lost is not called live, though its picture flows', async ({ page, driven }) => {
  test.setTimeout(120_000)
  const relay = await startRelay(driven.daemon.place.ports.http)
  await page.goto(relay.origin)
  await signInByKey(page, driven.daemon)
  await expectLive(page)
  await relay.tell('block on')
  await expect(body(page)).toHaveAttribute('data-link', 'no-news', { timeout: 20_000 })
  await expect(page.locator('#lease-words')).not.toContainText('liber')
  await relay.tell('block off')
  await expect(body(page)).toHaveAttribute('data-link', 'live', { timeout: 30_000 })
  await relay.end()
})

test('a switch that nothing is highlighted for is told to be pressed', async ({ page, open }) => {
  await open({ input: 'scan' })
  await expect(page.locator('#scan-rest')).toBeVisible()
  await page.keyboard.press('Space')
  await expect(page.locator('#scan-rest')).toBeHidden()
})

test('a picture that goes back and forth at the limit is grey once, and not eight times in two seconds', async ({ page, drive }) => {
  await page.addInitScript(() => {
    // Frames that are held back for 450 ms, then come for 250 ms, again and again, from when this is set.
    const proto = HTMLVideoElement.prototype
    const { requestVideoFrameCallback: request } = proto
    proto.requestVideoFrameCallback = function (callback) {
      return request.call(this, (now, frame) => {
        const held = window.flicker && performance.now() % 700 < 450
        if (held) setTimeout(() => callback(performance.now(), { ...frame, presentationTime: performance.now() }), 450)
        else callback(now, frame)
      })
    }
  })
  await drive()
  await page.evaluate(() => {
    window.changes = 0
    // What is written once more is no change.
    new MutationObserver((all) => {
      window.changes += all.filter(({ oldValue }, n) => oldValue !== (all[n + 1]?.oldValue ?? document.body.dataset.lock)).length
    }).observe(document.body, { attributeFilter: ['data-lock'], attributeOldValue: true })
    window.flicker = true
  })
  await page.waitForTimeout(4000)
  expect(await page.evaluate(() => window.changes)).toBeLessThanOrEqual(3)
})
