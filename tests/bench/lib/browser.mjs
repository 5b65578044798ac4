// A Chromium of our own for each call, with a fresh profile.
import { createRequire } from 'node:module'
import { onEnd } from './own.mjs'
import { chromium as program } from './programs.mjs'
import { watchContext } from './eyes.mjs'

// The browser's driver is installed once, beside the browser tests.
const { chromium } = createRequire(new URL('../../web/package.json', import.meta.url))('playwright-core')

export const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
]

/**
 * With a `sound` rig (lib/sound.mjs) it is heard, and has a microphone; without one it is mute, as browsers of tests are. An
 * origin that is `trusted` counts as secure although it speaks plain HTTP.
 */
export async function openBrowser({ sound, trusted } = {}) {
  const browser = await chromium.launch({
    executablePath: program,
    headless: true,
    args: [...flags, ...(trusted ? [`--unsafely-treat-insecure-origin-as-secure=${trusted}`] : [])],
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    ...sound?.forBrowser(),
  })
  const end = onEnd(() => browser.close())
  return { browser, end }
}

/** A page with eyes, in a profile of its own, in that language. Closing it ends the profile. */
export async function openPage(browser, { locale = 'ro-RO' } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, locale })
  await watchContext(context)
  const page = await context.newPage()
  return { page, close: () => context.close() }
}
