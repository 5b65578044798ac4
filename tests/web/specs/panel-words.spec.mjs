// What the drive screen says when something is refused, what it does not offer to those who may not, and where the focus goes when a
// control has done its work and is gone.
import { expect, test } from '../lib/driven.mjs'
import { signInByKey, take } from '../lib/states.mjs'
import { expectLive } from '../fixtures.mjs'

// A worker's requests pass by the routes of a page.
test.use({ serviceWorkers: 'block' })

const problem = (status, code) => ({
  status,
  contentType: 'application/problem+json',
  body: JSON.stringify({ type: 'about:blank', title: '', status, code, detail: '' }),
})

/** A microphone that hums, for a browser on a machine without any. */
const pretendMicrophone = async (context, { daemon }) => {
  await context.grantPermissions(['microphone'], { origin: daemon.origin })
  await context.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = async () => {
      const sound = new AudioContext()
      const hum = sound.createOscillator()
      const out = sound.createMediaStreamDestination()
      hum.connect(out)
      hum.start()
      return out.stream
    }
  })
}

test('what cannot be fetched is told in words, takes nothing away, and comes with another press', async ({ page, open }) => {
  const part = /\/assets\/CameraSheet-[^/]*\.js$/
  await page.route(part, (route) => route.abort())
  await open()
  await page.locator('#camera').click()
  await expect(page.locator('#sheet-failed')).toBeVisible()
  await expect(page.locator('.layout')).not.toHaveAttribute('inert')
  await page.unroute(part)
  await expect(async () => {
    await page.locator('#camera').click({ timeout: 1000 })
    await expect(page.locator('#camera-sheet')).toBeVisible({ timeout: 1000 })
  }).toPass({ timeout: 10_000 })
})

test('a nod is one press: the head goes down, and comes back to where it was', async ({ page, drive, driven }) => {
  await drive()
  const head = async () => (await driven.daemon.api('/api/v1/robot/state')).telemetry.head
  const before = await head()
  await page.locator('#phrases').click()
  await page.locator('#nod').click()
  await expect.poll(async () => (await head()).tilt).toBeLessThan(before.tilt - 5)
  await expect.poll(head).toEqual(before)
})

const noTalk = (page) => page.route('**/api/mediamtx/webrtc/whip', (route) => route.fulfill(problem(404, 'stream_offline')))

test('nobody is said to hear while the loudspeaker is away', async ({ page, context, driven, open }) => {
  await pretendMicrophone(context, driven)
  await open()
  await page.locator('#talk').click()
  await expect(page.locator('#talk')).toHaveAttribute('data-talk', 'talking')
  await expect(page.locator('#talk')).toContainText('Oprește microfonul')
  await expect(page.locator('#talk-state')).toHaveText(/difuzorul robotului nu funcționează: nu te aude nimeni/)
})

test('a robot without a loudspeaker refuses a talker, who is told so, and what to do', async ({ page, context, driven, open }) => {
  await pretendMicrophone(context, driven)
  await noTalk(page)
  await open()
  await page.locator('#talk').click()
  await expect(page.locator('#talk-why')).toHaveText(/Robotul nu are difuzor.*Cere cuiva/)
  await page.locator('#talk-dismiss').click()
  await expect(page.locator('#talk-why')).toBeHidden()
})

test('why an e-stop cannot be released is told beside its release', async ({ page, open }) => {
  await open()
  await page.locator('#drive-estop').click()
  await expect(page.locator('#drive-estop-release')).toBeVisible()
  await page.route('**/api/v1/robot/estop/release', (route) => route.fulfill(problem(409, 'estop_button')))
  await page.locator('#drive-estop-release').click()
  await expect(page.locator('#estop-problem')).toHaveText(/Cere cuiva să îl deblocheze/)
  await page.unroute('**/api/v1/robot/estop/release')
  await page.route('**/api/v1/robot/estop/release', (route) => route.fulfill(problem(503, 'shutting_down')))
  await page.locator('#drive-estop-release').click()
  await expect(page.locator('#estop-problem')).toHaveText(/Programul robotului se închide\./, { timeout: 15_000 })
  await page.unroute('**/api/v1/robot/estop/release')
  await page.locator('#drive-estop-release').click()
  await expect(page.locator('#estop-problem')).toBeHidden()
  await page.locator('#drive-estop-confirm').click()
  await expect(page.locator('body')).toHaveAttribute('data-estop', 'false')
})

test('taking the robot over is offered to those alone who may', async ({ page, browser, driven, open }) => {
  const other = await browser.newContext({ locale: 'ro-RO' })
  const second = await other.newPage()
  await second.goto(driven.daemon.origin)
  await signInByKey(second, driven.daemon)
  await take(second)
  await open()
  await expect(page.locator('#drive-ask')).toBeVisible()
  await expect(page.locator('#drive-take')).toBeVisible()
  await page.route('**/api/v1/me', (route) => route.fulfill({ json: { name: 'Ana', role: 'drive' } }))
  await page.reload()
  await expectLive(page)
  await expect(page.locator('#drive-ask')).toBeVisible()
  await expect(page.locator('#drive-take')).toBeHidden()
  await other.close()
})

test('the focus stays where a control was that went away with its press', async ({ page, open, context, driven }) => {
  await pretendMicrophone(context, driven)
  await noTalk(page)
  await open()
  const focus = () => page.evaluate(() => {
    const { activeElement: one } = document
    return one === document.body ? 'nowhere' : (one.id || one.className.split(' ')[0])
  })
  // What keeps it comes a moment after the picture.
  await page.waitForFunction(() => performance.getEntriesByType('resource').some(({ name, responseEnd }) => /\/assets\/focus-/.test(name) && responseEnd > 0))
  await page.locator('#talk').focus()
  await page.keyboard.press('Enter')
  await expect(page.locator('#talk-dismiss')).toBeVisible()
  await page.locator('#talk-dismiss').focus()
  await page.keyboard.press('Enter')
  await expect(page.locator('#talk-dismiss')).toBeHidden()
  await expect.poll(focus).toBe('carried')

  await page.locator('#drive-acquire').focus()
  await page.keyboard.press('Enter')
  await expect(page.locator('body')).toHaveAttribute('data-drive', 'ready')
  // Not at once: a second press would drive.
  await expect.poll(focus).toBe('go-forward')
  await page.keyboard.press('Tab')
  expect(await page.evaluate(() => document.activeElement.closest('.cluster') !== null), 'the next Tab goes on there').toBe(true)

  await page.locator('#drive-estop').focus()
  await page.keyboard.press('Enter')
  for (const id of ['drive-estop-release', 'drive-estop-confirm']) {
    // A second step that comes with the first is none.
    await expect(page.locator(`#${id}`)).toBeEnabled()
    await page.locator(`#${id}`).focus()
    await page.keyboard.press('Enter')
    await expect(page.locator(`#${id}`)).toBeHidden()
    await expect.poll(focus).toBe(id === 'drive-estop-confirm' ? 'go-forward' : 'cluster')
  }
})
