// Every state of the drive screen, one after the other, in front of a real daemon with a driven robot. The caller gets
// each one in its turn: `walk(page, driven, each)` calls `await each(name, again)`; `again` brings back what ends by itself.
import { expect, expectLive } from '../fixtures.mjs'

export const THEMES = {
  dark: { colorScheme: 'dark', contrast: null },
  light: { colorScheme: 'light', contrast: null },
  contrast: { colorScheme: 'dark', contrast: 'more' },
}
export const WIDTHS = [[1280, 720], [390, 844]]
export const LANGUAGES = { ro: 'ro-RO', en: 'en-GB' }
/** The settings' tabs; they open at the first. */
export const TABS = ['input', 'drive', 'talk', 'look', 'other']
export const SHEETS = ['menu', 'phrases', 'letters', 'camera', 'settings']

/**
 * For a context, before its pages: `window.holdPicture(true)` keeps the page from seeing a new frame, as when no frame came, while all
 * else goes on. Before whatever else looks at frames.
 */
export const canHoldPicture = (context) => context.addInitScript(() => {
  const proto = HTMLVideoElement.prototype
  const ask = proto.requestVideoFrameCallback
  let held = false
  const waiting = []
  proto.requestVideoFrameCallback = function (callback) {
    return ask.call(this, (...args) => (held ? waiting.push([this, callback]) : callback(...args)))
  }
  window.holdPicture = (is) => {
    held = is
    if (!held) for (const [video, callback] of waiting.splice(0)) proto.requestVideoFrameCallback.call(video, callback)
  }
})

const body = (page) => page.locator('body')

export async function signInByKey(page, daemon) {
  await page.locator('#token').fill(daemon.token())
  await page.locator('#sign-in-submit').click()
  await expect(body(page)).toHaveAttribute('data-view', 'watch')
}

export async function take(page) {
  await page.locator('#drive-acquire').click()
  await expect(body(page)).toHaveAttribute('data-drive', 'ready')
}

/** Turns on the spot, by a key that stays down; the other hand may look at the page meanwhile. */
async function turn(page) {
  await page.keyboard.up('ArrowLeft')
  await expect(body(page)).toHaveAttribute('data-lock', 'false')
  await expect(async () => {
    await page.keyboard.up('ArrowLeft')
    await page.keyboard.down('ArrowLeft')
    await expect(body(page)).toHaveAttribute('data-doing', 'hold', { timeout: 1000 })
  }).toPass({ timeout: 20_000 })
}

/** What is pressed for a sheet, where that is more than the button of its name. On a phone the ways are as on a desk. */
const WAYS = { settings: ['menu', 'menu-settings'], letters: ['phrases', 'free-letters'] }

export async function openSheet(page, sheet) {
  for (const id of WAYS[sheet] ?? [sheet]) await page.locator(`#${id}`).click()
  await expect(page.locator(`#${sheet}-sheet`)).toBeVisible()
}

export async function closeSheet(page, sheet) {
  await page.locator(`#${sheet}-sheet-close`).click()
  await expect(page.locator(`#${sheet}-sheet`)).toBeHidden()
}

export async function walk(page, { daemon }, each) {
  await page.goto(daemon.origin)
  await expect(body(page)).toHaveAttribute('data-view', 'sign-in')
  await each('signed-out')

  await signInByKey(page, daemon)
  await expectLive(page)
  await each('idle')

  await take(page)
  await each('ready')
  await each('driving', () => turn(page))
  await page.keyboard.up('ArrowLeft')

  for (const sheet of SHEETS) {
    await openSheet(page, sheet)
    await each(`dialog-${sheet}`)
    for (const tab of sheet === 'settings' ? TABS.slice(1) : []) {
      await page.locator(`#settings-tab-${tab}`).click()
      await each(`dialog-settings-${tab}`)
    }
    await closeSheet(page, sheet)
  }

  await page.evaluate(() => window.holdPicture(true))
  await expect(body(page)).toHaveAttribute('data-lock', 'true')
  await each('stale')
  await page.evaluate(() => window.holdPicture(false))
  await expect(body(page)).toHaveAttribute('data-lock', 'false', { timeout: 20_000 })

  await page.locator('#drive-estop').click()
  await expect(body(page)).toHaveAttribute('data-estop', 'true')
  await expect(page.locator('#drive-estop-release')).toBeVisible()
  await each('estop')
  await page.locator('#drive-estop-release').click()
  await page.locator('#drive-estop-confirm').click()
  await expect(body(page)).toHaveAttribute('data-estop', 'false')

  await page.locator('#hang-up').click()
  await expect(body(page)).toHaveAttribute('data-view', 'hung-up')
  await expect(page.locator('#hung-up li[data-off="true"]')).toHaveCount(4)
  await each('hung-up')
  await page.locator('#come-back').click()
  await expectLive(page)

  await daemon.end()
  await expect(body(page)).toHaveAttribute('data-link', 'unreachable', { timeout: 20_000 })
  await each('lost-link')
}
