import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { ownFolder } from '../../bench/lib/own.mjs'
import { ageOnCanvas, enter, expect, expectLive, inbound, signIn, stampOnScreen, test } from '../fixtures.mjs'

test('the printed link signs in, and the picture is there and moves', async ({ page, launch }) => {
  const daemon = await launch()
  await signIn(page, daemon)
  expect(page.url()).toBe(`${daemon.origin}/`)
  await expectLive(page)
  await expect(page.locator('#link-words')).toHaveText('În direct')

  const count = () => page.evaluate(() => new Set(window.havatarEyes.frames.map(([, stamp]) => stamp)).size)
  await expect.poll(count, { message: 'different pictures, read from the video' }).toBeGreaterThan(30)
  expect(await ageOnCanvas(page)).toBeLessThan(1000)
})

test('a screenshot of the page shows the time of now, and then a later one', async ({ page, launch }) => {
  // As large as the page shows it: what is read is the screen, not the video.
  const daemon = await launch({ camera: { size: '1280x720', fps: 30 } })
  await signIn(page, daemon)
  await expectLive(page)
  let first = -1
  await expect.poll(async () => { first = await stampOnScreen(page); return first }).toBeGreaterThan(-1)
  // A screenshot takes its time here; it must still show a picture of the last seconds and no older one.
  expect((Date.now() - first) | 0).toBeLessThan(5000)
  await expect.poll(async () => {
    const stamp = await stampOnScreen(page)
    return stamp === -1 ? 0 : (stamp - first) | 0
  }, { message: 'ms from the first screenshot to the next' }).toBeGreaterThan(0)
})

test('the page asks for nothing but the daemon', async ({ page, shared }) => {
  const origins = new Set()
  page.on('request', (request) => origins.add(new URL(request.url()).origin))
  await enter(page, shared)
  await expectLive(page)
  expect([...origins]).toEqual([shared.origin])
})

test('sound is silent until it is asked for, then it plays', async ({ page, shared }) => {
  await enter(page, shared)
  await expectLive(page)
  const audio = page.locator('#robot-audio')
  await expect(audio).toHaveJSProperty('muted', true)

  await page.getByRole('button', { name: 'Pornește sunetul' }).click()
  await expect(page.getByRole('button', { name: 'Oprește sunetul' })).toBeVisible()
  await expect(audio).toHaveJSProperty('muted', false)
  await expect(audio).toHaveJSProperty('paused', false)
  await expect.poll(async () => (await inbound(page, 'audio'))?.audioLevel ?? 0).toBeGreaterThan(0.01)
  const before = await inbound(page, 'audio')
  await expect.poll(async () => {
    const now = await inbound(page, 'audio')
    return now.bytesReceived > before.bytesReceived && now.totalAudioEnergy > before.totalAudioEnergy
  }).toBe(true)
  const clock = await audio.evaluate((element) => element.currentTime)
  await expect.poll(() => audio.evaluate((element) => element.currentTime)).toBeGreaterThan(clock)

  await page.getByRole('button', { name: 'Oprește sunetul' }).click()
  await expect(audio).toHaveJSProperty('muted', true)
})

test('a film of H.264 and AAC in a loop is as good a camera as any', async ({ page, launch }) => {
  const film = join(ownFolder(), 'film.mp4')
  // A fractal that is dived into, with a red bar on its left that tells the film from any stand-in picture.
  execFileSync('ffmpeg', [
    '-v', 'error', '-y',
    '-f', 'lavfi', '-i', 'mandelbrot=size=640x360:rate=25,drawbox=x=0:y=0:w=160:h=360:color=red:t=fill',
    '-f', 'lavfi', '-i', 'sine=frequency=330:sample_rate=44100',
    '-t', '4', '-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-b:a', '96k', film,
  ])
  const daemon = await launch({ camera: { source: 'file', file: film, size: '640x360', fps: 25 } })
  await signIn(page, daemon)
  await expect(page.locator('body')).toHaveAttribute('data-link', 'live', { timeout: 20_000 })

  const look = () => page.evaluate(() => {
    const video = document.querySelector('#robot-video')
    if (video.videoWidth === 0) return { red: false, picture: '' }
    const canvas = new OffscreenCanvas(64, 36)
    const context = canvas.getContext('2d')
    context.drawImage(video, 0, 0, 64, 36)
    const pixels = context.getImageData(0, 0, 64, 36).data
    const [red, green, blue] = pixels.subarray((18 * 64 + 8) * 4)
    return { red: red > 180 && green < 70 && blue < 70, picture: pixels.join() }
  })
  await expect.poll(async () => (await look()).red).toBe(true)
  const first = await look()
  await expect.poll(async () => {
    const now = await look()
    return now.red && now.picture !== first.picture
  }).toBe(true)
  // Past the end of the film, the next round comes by itself.
  const frames = () => page.evaluate(() => window.havatarEyes.seen)
  const seen = await frames()
  await expect.poll(frames, { timeout: 20_000 }).toBeGreaterThan(seen + 6 * 25)
  expect((await look()).red).toBe(true)
})

test('one press records, the next one ends it', async ({ page, launch }) => {
  const daemon = await launch()
  await daemon.ready()
  await signIn(page, daemon)
  await expectLive(page)
  const fact = page.locator('#fact-recording')
  await expect(page.locator('#record')).toBeEnabled()
  await expect(fact, 'the top bar tells of a recording only').toHaveCount(0)
  await page.getByRole('button', { name: 'Înregistrează' }).click()
  await expect(fact).toContainText('în curs')
  await page.getByRole('button', { name: 'Oprește înregistrarea' }).click()
  await expect(fact).toHaveCount(0)
  const { items } = await daemon.api('/api/v1/recordings')
  expect(items).toHaveLength(1)
  expect(items[0].size_bytes).toBeGreaterThan(10_000)
})
