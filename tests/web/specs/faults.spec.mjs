import { frameTakenAfter } from '../../bench/lib/eyes.mjs'
import { expect, expectLive, signIn, test } from '../fixtures.mjs'

const LIMIT_MS = 3000

for (const [name, victim] of [
  ['MediaMTX', async (daemon) => (await daemon.processNamed('mediamtx')).pid],
  ['the camera’s ffmpeg', (daemon) => daemon.cameraEncoder()],
]) {
  test(`the picture moves again by itself after a kill -9 of ${name}`, async ({ page, launch }) => {
    const daemon = await launch()
    await daemon.ready()
    await signIn(page, daemon)
    await expectLive(page)
    await page.evaluate(() => { window.sameDocument = true })

    const pid = await victim(daemon)
    const at = Date.now()
    process.kill(pid, 'SIGKILL')
    const shownAt = await frameTakenAfter(page, at)

    expect(shownAt - at).toBeLessThan(LIMIT_MS)
    expect(await page.evaluate(() => window.sameDocument), 'no reload').toBe(true)
    await expectLive(page)
  })
}

test('a camera that is not there is told in words, in both languages', async ({ page, launch }) => {
  const daemon = await launch({ camera: { source: 'v4l2', device: '/dev/video-none' } })
  await signIn(page, daemon)
  const why = page.locator('#why')
  await expect(page.locator('body')).toHaveAttribute('data-link', 'camera-away', { timeout: 20_000 })
  await expect(page.locator('#link-words')).toHaveText('Fără cameră')
  await expect(why).toContainText('Camera robotului este deconectată')
  await expect(page.locator('#fact-camera')).toContainText('deconectată')

  await page.locator('#menu').click()
  await page.locator('#menu-language').click()
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  await expect(page.locator('#link-words')).toHaveText('No camera')
  await expect(why).toContainText('The robot’s camera is unplugged')
})

test('a stream that somebody stops is told in words, and returns when it is started', async ({ page, launch }) => {
  const daemon = await launch()
  await daemon.ready()
  await signIn(page, daemon)
  await expectLive(page)
  await daemon.api('/api/v1/stream/stop', { method: 'POST' })
  await expect(page.locator('body')).toHaveAttribute('data-link', 'stopped')
  await expect(page.locator('#why')).toContainText('Cineva a oprit transmisia')
  const at = Date.now()
  await daemon.api('/api/v1/stream/start', { method: 'POST' })
  await frameTakenAfter(page, at)
  await expectLive(page)
})

test('a daemon that is gone is told in words, and the picture returns with it', async ({ page, launch }) => {
  const daemon = await launch()
  await daemon.ready()
  await signIn(page, daemon)
  await expectLive(page)
  await daemon.end()
  await expect(page.locator('body')).toHaveAttribute('data-link', 'unreachable')
  await expect(page.locator('#why')).toContainText('robotul nu răspunde')
  const at = Date.now()
  await launch({ place: daemon.place })
  await frameTakenAfter(page, at, 40_000)
  await expectLive(page)
})
