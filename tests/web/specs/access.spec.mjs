// What everybody must be able to see and reach where there is no robot to drive: sign-in, the picture, a camera that is away.
import { enter, expect, expectLive, test } from '../fixtures.mjs'
import { violations } from '../lib/axe.mjs'

const languages = ['ro', 'en']
const schemes = ['dark', 'light']
const widths = [[1280, 720], [390, 844]]

/** Each screen: how to get there on a page that nobody is signed in to, and what shows that it is there. */
const screens = {
  'sign-in': async (page, daemon) => {
    await page.goto(daemon.origin)
    await expect(page.locator('body')).toHaveAttribute('data-view', 'sign-in')
  },
  'sign-in-refused': async (page, daemon) => {
    await page.goto(daemon.origin)
    await page.locator('#sign-in-submit').click()
    await expect(page.locator('#sign-in-notice')).not.toBeEmpty()
  },
  live: async (page, daemon) => {
    await enter(page, daemon)
    await expectLive(page)
  },
}

for (const [name, open] of Object.entries(screens)) {
  for (const language of languages) {
    test.describe(() => {
      test.use({ locale: language === 'ro' ? 'ro-RO' : 'en-GB' })
      // A language changes words and their lengths, no colour: themes are checked in the first language alone.
      const themes = language === 'ro' ? schemes : ['dark']
      test(`${name} in ${language}: axe finds nothing, ${themes.length === 1 ? 'in one theme' : 'in either theme'}, on a desk and on a phone`, async ({ page, shared }) => {
        await open(page, shared)
        await expect(page.locator('html')).toHaveAttribute('lang', language)
        await checkLooks(page, themes)
      })
    })
  }
}

test('a camera that is away: axe finds nothing', async ({ page, launch }) => {
  const daemon = await launch({ camera: { source: 'v4l2', device: '/dev/video-none' } })
  await daemon.link()
  await enter(page, daemon)
  await expect(page.locator('#why')).toBeVisible({ timeout: 20_000 })
  await expect(page.locator('body')).toHaveAttribute('data-link', 'camera-away', { timeout: 20_000 })
  await checkLooks(page, schemes)
})

test('high contrast: axe finds nothing', async ({ page, shared }) => {
  await enter(page, shared)
  await expectLive(page)
  for (const colorScheme of schemes) {
    await page.emulateMedia({ colorScheme, contrast: 'more' })
    expect(await violations(page, { coloursAlone: colorScheme !== 'dark' })).toEqual([])
  }
})

test('every control is large enough for a hand that trembles', async ({ page, shared }) => {
  for (const open of Object.values(screens)) {
    await page.context().clearCookies()
    await open(page, shared)
    for (const [width, height] of widths) {
      await page.setViewportSize({ width, height })
      const controls = page.locator('button:visible, input:visible:not([type="checkbox"]), label.tick:visible, a:visible')
      await expect(controls).not.toHaveCount(0)
      for (const control of await controls.all()) {
        const box = await control.boundingBox()
        expect(Math.min(box.width, box.height), await control.innerText()).toBeGreaterThanOrEqual(44)
      }
    }
  }
})

test('nothing is lost at 320 px or with text at 200 %', async ({ page, shared }) => {
  await enter(page, shared)
  await expectLive(page)
  const overflow = () => page.evaluate(() => document.scrollingElement.scrollWidth - window.innerWidth)
  await page.setViewportSize({ width: 320, height: 640 })
  await expect.poll(overflow).toBeLessThanOrEqual(0)
  await page.setViewportSize({ width: 1280, height: 720 })
  await page.evaluate(() => { document.documentElement.style.fontSize = '200%' })
  await expect.poll(overflow).toBeLessThanOrEqual(0)
  for (const control of await page.locator('button:visible').all()) {
    await control.scrollIntoViewIfNeeded()
    // All of it, but for the part of a pixel by which an edge may be rounded.
    await expect(control).toBeInViewport({ ratio: 0.99 })
  }
})

test('by keyboard alone: sign in, hear, change the language, sign out', async ({ page, shared }) => {
  await page.goto(shared.origin)
  await expect(page.locator('#token')).toBeFocused()
  await page.keyboard.type(shared.token())
  await page.keyboard.press('Enter')
  await expectLive(page)

  await tabTo(page, '#sound')
  await page.keyboard.press('Enter')
  await expect(page.locator('#robot-audio')).toHaveJSProperty('muted', false)
  await tabTo(page, '#menu')
  await page.keyboard.press('Enter')
  await expect(page.locator('#menu-sheet')).toBeVisible()
  await tabTo(page, '#menu-language')
  await page.keyboard.press('Space')
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  await tabTo(page, '#menu-sign-out')
  await page.keyboard.press('Enter')
  // The button keeps the focus, and is not pressed twice by one press.
  await expect(page.locator('#menu-sign-out-sure')).toBeFocused()
  // It counts once it has been there for 600 ms.
  await expect(async () => {
    await page.keyboard.press('Enter')
    await expect(page.locator('body')).toHaveAttribute('data-view', 'sign-in', { timeout: 1000 })
  }).toPass()
})

async function checkLooks(page, themes) {
  for (const colorScheme of themes) {
    await page.emulateMedia({ colorScheme })
    for (const [width, height] of widths) {
      await page.setViewportSize({ width, height })
      expect(await violations(page, { coloursAlone: colorScheme !== 'dark' }), `${colorScheme}, ${width} px`).toEqual([])
    }
  }
}

async function tabTo(page, selector) {
  const target = page.locator(selector)
  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press('Tab')
    if (await target.evaluate((element) => element === document.activeElement)) return
  }
  throw new Error(`${selector} is not reached by Tab`)
}
