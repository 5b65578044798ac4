// The settings in their tabs, by each hand; what a gamepad adds to them; the menu; the dark page while driving; and whether everything on
// the page has a name that reads well, an id of its own, and the focus where a person goes on.
import { expect, test as base } from '../lib/driven.mjs'
import { hands, pretendPad, SCAN, scanTo } from '../lib/hands.mjs'
import { canHoldPicture, closeSheet, openSheet, SHEETS, TABS, take } from '../lib/states.mjs'

const test = base.extend({
  context: async ({ context }, use) => {
    await canHoldPicture(context)
    await use(context)
  },
})

/** What each tab shows first. */
const FIRST = { input: 'input-direct', drive: 'drive-by-default-step', talk: 'auto-mute-less', look: 'theme-auto', other: 'jitter-more' }
const tab = (page, name) => page.locator(`#settings-tab-${name}`)

async function expectShown(page, name) {
  await expect(page.locator('[role="tab"][aria-selected="true"]')).toHaveId(`settings-tab-${name}`)
  await expect(page.getByRole('tabpanel')).toHaveAttribute('aria-labelledby', `settings-tab-${name}`)
  for (const [one, id] of Object.entries(FIRST)) await expect(page.locator(`#${id}`)).toHaveCount(one === name ? 1 : 0)
}

test('arrows, Home and End go from tab to tab, and Tab comes to each of them', async ({ page, open }) => {
  await open()
  await openSheet(page, 'settings')
  await expectShown(page, 'input')
  await tab(page, 'input').focus()
  for (const name of [...TABS.slice(1), 'input']) {
    await page.keyboard.press('ArrowRight')
    await expect(tab(page, name)).toBeFocused()
    await expectShown(page, name)
  }
  await page.keyboard.press('ArrowLeft')
  await expectShown(page, 'other')
  await page.keyboard.press('Home')
  await expectShown(page, 'input')
  await page.keyboard.press('End')
  await expectShown(page, 'other')
  // Whoever has Tab and Enter alone comes there as well.
  await page.keyboard.press('Shift+Tab')
  await expect(tab(page, 'look')).toBeFocused()
  await page.keyboard.press('Enter')
  await expectShown(page, 'look')
})

test('the settings open at the tab that was left', async ({ page, open }) => {
  await open()
  await openSheet(page, 'settings')
  await tab(page, 'talk').click()
  await closeSheet(page, 'settings')
  await openSheet(page, 'settings')
  await expectShown(page, 'talk')
})

for (const hand of hands) {
  test(`by ${hand.name} a setting behind a tab is changed`, async ({ page, context, open }) => {
    await hand.before?.(context)
    await open(hand.settings)
    await hand.press(page, 'menu')
    await hand.press(page, 'menu-settings')
    await hand.press(page, 'settings-tab-drive')
    await expectShown(page, 'drive')
    await hand.press(page, 'latch-ms-more')
    await expect(page.locator('#latch-ms')).toHaveText('4\u00a0s')
  })
}

test('arrows are tried in the place for that, and nowhere else', async ({ page, open }) => {
  await open()
  await openSheet(page, 'settings')
  // A click on a tab is followed by arrows for what it shows.
  await tab(page, 'input').click()
  await page.keyboard.press('ArrowLeft')
  await expect(page.locator('#try-state')).toHaveText('Ai apăsat: Test: stânga (1)')
  await expectShown(page, 'input')
  await tab(page, 'input').focus()
  await page.keyboard.press('ArrowLeft')
  await expectShown(page, 'other')
})

test('a new way of pressing can be kept from every tab', async ({ page, open }) => {
  await open({ input: 'scan', scan: SCAN })
  await openSheet(page, 'settings')
  await page.locator('#input-direct').click()
  await expect(page.locator('#input-trial')).toBeVisible()
  await tab(page, 'look').click()
  await page.locator('#input-keep').click()
  await expect(page.locator('#input-trial')).toBeHidden()
  await tab(page, 'input').click()
  await expect(page.locator('#input-direct')).toHaveAttribute('aria-pressed', 'true')
})

test('by one switch the tabs are a group of their own', async ({ page, open }) => {
  await open({ input: 'scan', scan: SCAN })
  await openSheet(page, 'settings')
  await scanTo(page, 'settings-tab-look', () => page.keyboard.press('Space'))
  await expectShown(page, 'look')
})

test('what a gamepad does can be set while there is one; else a sentence says how to connect it', async ({ page, context, open }) => {
  await context.addInitScript(pretendPad)
  await open()
  await openSheet(page, 'settings')
  await expect(page.locator('#pad-state')).toHaveText(/^Conectat: Test pad/, { timeout: 10_000 })
  await expect(page.locator('#learn-talk')).toBeVisible()
  await page.evaluate(() => window.pad.plugged(false))
  await expect(page.locator('#pad-state')).toHaveText('Niciun gamepad găsit. Conectează\u2011l și apasă un buton.')
  await expect(page.locator('#pad button')).toHaveCount(0)
  await page.evaluate(() => window.pad.plugged(true))
  await expect(page.locator('#learn-talk')).toBeVisible()
})

test('at 320 px no tab scrolls sideways, and an amount is on one line', async ({ page, open }) => {
  await open()
  await openSheet(page, 'settings')
  await page.setViewportSize({ width: 320, height: 640 })
  for (const name of TABS) {
    await tab(page, name).focus()
    await page.keyboard.press('Enter')
    const found = await page.locator('#settings-sheet').evaluate((sheet) => ({
      beside: sheet.scrollWidth - sheet.clientWidth,
      // What is less, the value and what is more, by their middles.
      lines: [...sheet.querySelectorAll('output')].map((value) => {
        const middles = [...value.parentElement.children].map((one) => {
          const { top, bottom } = one.getBoundingClientRect()
          return (top + bottom) / 2
        })
        return Math.max(...middles) - Math.min(...middles) < 2
      }),
    }))
    expect(found.beside, name).toBeLessThanOrEqual(0)
    expect(found.lines.every(Boolean), name).toBe(true)
  }
})

const ground = (page) => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
const [DARK, LIGHT, BLACK, WHITE] = ['rgb(16, 22, 26)', 'rgb(231, 236, 238)', 'rgb(0, 0, 0)', 'rgb(255, 255, 255)']

async function release(page) {
  await page.locator('#menu').click()
  await page.locator('#drive-release').click()
  await expect(page.locator('body')).toHaveAttribute('data-drive', 'idle')
}

test('on a light system the page is dark for as long as one has the robot', async ({ page, open }) => {
  await page.emulateMedia({ colorScheme: 'light' })
  await open()
  expect(await ground(page)).toBe(LIGHT)
  await take(page)
  expect(await ground(page)).toBe(DARK)
  await page.emulateMedia({ colorScheme: 'light', contrast: 'more' })
  expect(await ground(page), 'high contrast wins').toBe(WHITE)
  await page.emulateMedia({ colorScheme: 'dark', contrast: 'more' })
  expect(await ground(page)).toBe(BLACK)
  await page.emulateMedia({ colorScheme: 'light', contrast: null })
  await release(page)
  await expect.poll(() => ground(page)).toBe(LIGHT)
})

test('and is not where somebody has switched that off, or has chosen a theme', async ({ page, open }) => {
  await page.emulateMedia({ colorScheme: 'light' })
  await open({ darkDriving: false })
  await take(page)
  expect(await ground(page)).toBe(LIGHT)
  await openSheet(page, 'settings')
  await tab(page, 'look').click()
  await page.locator('#dark-driving').click()
  await expect.poll(() => ground(page)).toBe(DARK)
  await page.locator('#theme-light').click()
  await expect.poll(() => ground(page)).toBe(LIGHT)
  await expect(page.locator('#dark-driving')).toHaveCount(0)
})

/** Ids that two elements share. */
const sharedIds = (page) => page.evaluate(() => {
  const all = [...document.querySelectorAll('[id]')].map(({ id }) => id)
  return all.filter((id, index) => all.indexOf(id) !== index)
})
/** Names in which something stands between a word and its comma or full stop. */
const ragged = async (page) => {
  const names = (await page.locator('body').ariaSnapshot()).match(/"(?:[^"\\]|\\.)*"/g) ?? []
  return names.filter((name) => /\S [,.;]/.test(name))
}

async function expectTidy(page, where) {
  expect(await sharedIds(page), `${where}: ids that two elements share`).toEqual([])
  expect(await ragged(page), `${where}: names that read badly`).toEqual([])
}

test('every id is used once, and every name reads well, in each state and sheet', async ({ page, open }) => {
  await open({ driveBy: 'step' })
  await expectTidy(page, 'idle')
  await take(page)
  await expectTidy(page, 'ready')
  await expect(page.getByRole('button', { name: /^Înainte, 20\scm$/ })).toBeVisible()
  for (const sheet of SHEETS) {
    await openSheet(page, sheet)
    await expectTidy(page, sheet)
    if (sheet === 'settings') {
      for (const name of TABS) {
        await tab(page, name).click()
        await expectTidy(page, `${sheet}, ${name}`)
      }
    }
    await closeSheet(page, sheet)
  }
})

const focused = (page) => page.evaluate(() => document.activeElement.id)
/** What keeps the focus comes a moment after the picture. */
const focusIsKept = (page) =>
  page.waitForFunction(() => performance.getEntriesByType('resource').some(({ name, responseEnd }) => /\/assets\/focus-/.test(name) && responseEnd > 0))

test('whoever has taken the robot by the keyboard is on the forward key, after a moment in which a second press does nothing', async ({ page, open, driven }) => {
  await open({ driveBy: 'step' })
  await focusIsKept(page)
  await page.locator('#drive-acquire').focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Enter')
  await expect(page.locator('body')).toHaveAttribute('data-drive', 'ready')
  await expect.poll(() => focused(page)).toBe('go-forward')
  expect((await driven.daemon.api('/api/v1/robot/state')).motion.mode).toBeNull()
  await expect(page.locator('body')).toHaveAttribute('data-lock', 'false', { timeout: 20_000 })
  // With shortcuts Space stops, wherever the focus is.
  await page.keyboard.press('Space')
  await expect(page.locator('#say-stop')).not.toBeEmpty()
  await expect(page.locator('body')).toHaveAttribute('data-doing', 'nothing')
  await page.keyboard.press('Enter')
  await expect(page.locator('body')).toHaveAttribute('data-doing', 'step')
})

test('a sheet that lies open keeps the focus that it has', async ({ page, drive }) => {
  await drive()
  await focusIsKept(page)
  await openSheet(page, 'menu')
  await page.locator('#menu-settings').focus()
  await page.waitForTimeout(1000)
  expect(await focused(page)).toBe('menu-settings')
})

test('the menu says what is so before it offers anything', async ({ page, drive }) => {
  await drive()
  await page.locator('#menu').click()
  const order = await page.locator('#menu-sheet').evaluate((sheet) => [...sheet.querySelectorAll('#menu-facts, .inside button')].map(({ id }) => id))
  expect(order).toEqual(['menu-facts', 'drive-release', 'menu-settings', 'menu-record', 'menu-statistics', 'menu-language', 'menu-sign-out'])
  for (const id of order.slice(1)) await expect(page.locator(`#${id} svg`), id).toBeVisible()
})

test('the sign-in form names a user to password managers, and to nobody else', async ({ page, driven }) => {
  await page.goto(driven.daemon.origin)
  const user = page.locator('#sign-in [autocomplete="username"]')
  await expect(user).toHaveValue('havatar')
  await expect(user).toHaveCSS('opacity', '0')
  await expect(page.getByRole('textbox')).toHaveCount(1)
  await expect(page.locator('#token')).toBeFocused()
  await page.keyboard.press('Tab')
  await expect(page.locator('#token-show')).toBeFocused()
})
