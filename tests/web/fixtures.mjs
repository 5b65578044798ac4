// What the stories share: a daemon, a page with eyes, and ways to look at them.
import { test as base, expect } from '@playwright/test'
import { launchHavatard, signIn } from '../bench/lib/daemon.mjs'
import { watchContext } from '../bench/lib/eyes.mjs'
import { endAll } from '../bench/lib/own.mjs'
import { useProfile } from '../bench/lib/programs.mjs'

useProfile('debug')

export { expect }

/** Small, because each test has a video encoder at work, and a browser that decodes beside it. */
const SMALL = { source: 'test', size: '320x180', fps: 20 }
const small = (options = {}) => launchHavatard({ ...options, camera: { ...SMALL, ...options.camera } })

export const test = base.extend({
  /** Starts a daemon of the test's own: `await launch({ camera: {...} })`. It ends with the test. */
  launch: async ({}, use) => {
    const daemons = []
    await use(async (options) => {
      const daemon = await small(options)
      daemons.push(daemon)
      return daemon
    })
    for (const daemon of daemons) await daemon.end()
  },

  /** A daemon with test picture and test sound, shared by the tests that do it no harm. */
  shared: [
    async ({}, use) => {
      const daemon = await small()
      await daemon.ready()
      await use(daemon)
      await endAll()
    },
    { scope: 'worker', timeout: 60_000 },
  ],

  context: async ({ context }, use) => {
    await watchContext(context)
    await use(context)
    await leave(context)
  },

  /** Faults that the page itself reports; a test that ends with one has failed. */
  page: async ({ page }, use) => {
    const faults = []
    page.on('pageerror', (error) => faults.push(String(error)))
    page.on('console', (message) => {
      // A request or a socket that fails is reported by the browser as an error, whatever the page makes of it.
      const network = /^(Failed to load resource|WebSocket connection to)/.test(message.text())
      if (message.type() === 'error' && !network) faults.push(message.text())
    })
    await use(page)
    expect(faults).toEqual([])
  },
})

/**
 * Leaves every page as people do, so that each closes its sessions; a context that is closed takes them away without a word. To
 * another address of the same origin: what a test injects into each page finds neither storage nor devices on a blank one.
 */
export async function leave(context) {
  for (const page of context.pages()) {
    if (page.url().startsWith('http')) await page.goto(new URL('/healthz', page.url()).href, { timeout: 5000 }).catch(() => undefined)
  }
}

/** Signs in to the shared daemon, as often as wanted, with its token; `signIn` is for the link that is good once. */
export async function enter(page, daemon) {
  await page.goto(daemon.origin)
  await page.locator('#token').fill(daemon.token())
  await page.locator('#sign-in-submit').click()
  await expect(page.locator('body')).toHaveAttribute('data-view', 'watch')
}

export { signIn }

/** The picture is the camera's, and it is live. */
export async function expectLive(page) {
  await expect(page.locator('body')).toHaveAttribute('data-link', 'live', { timeout: 30_000 })
  await expect.poll(() => ageOnCanvas(page), { timeout: 20_000 }).toBeLessThan(1000)
}

/** Age in ms of the newest frame as the page's own canvas reads it; infinite if no frame carries a stamp. */
export const ageOnCanvas = (page) => page.evaluate(() => {
  const [, stamp] = window.havatarEyes.frames.findLast(([, one]) => one >= 0) ?? []
  return stamp === undefined ? Number.POSITIVE_INFINITY : (Date.now() - stamp) | 0
})

/** The stamp that can be seen on a screenshot of the page, or -1. */
export async function stampOnScreen(page) {
  const png = await page.screenshot()
  return page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
    const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
    const video = document.querySelector('#robot-video')
    const box = video.getBoundingClientRect()
    const scale = Math.min(box.width / video.videoWidth, box.height / video.videoHeight)
    const width = video.videoWidth * scale
    const left = box.left + (box.width - width) / 2
    const top = box.top + (box.height - video.videoHeight * scale) / 2
    const pixels = image.width / window.innerWidth
    return window.havatarEyes.readFrom(image, width * pixels, left * pixels, top * pixels)
  }, png.toString('base64'))
}

/** Figures of the connection that carries a kind of media. */
export const inbound = (page, kind) => page.evaluate(async (wanted) => {
  for (const { peer } of window.havatarEyes.peers.toReversed()) {
    if (peer.connectionState === 'closed') continue
    for (const report of (await peer.getStats()).values()) {
      if (report.type === 'inbound-rtp' && report.kind === wanted) return report
    }
  }
  return null
}, kind)
