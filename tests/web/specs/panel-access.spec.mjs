// What everybody must be able to see, reach and understand on the drive screen, in each of its states, themes, languages and widths.
import { expectLive } from '../fixtures.mjs'
import { violations } from '../lib/axe.mjs'
import { expect, ownDaemon, test as base } from '../lib/driven.mjs'
import { SCAN, scanTo } from '../lib/hands.mjs'
import { canHoldPicture, closeSheet, LANGUAGES, openSheet, SHEETS, THEMES, walk, WIDTHS } from '../lib/states.mjs'

const TARGET = 44
const LARGE = 88
const DIRECTIONS = ['go-forward', 'go-left', 'go-right', 'go-back']
/** In these nothing can move, and there is nobody to stop it. */
const WITHOUT_STOP = ['signed-out']

const test = base.extend({
  context: async ({ context }, use) => {
    await canHoldPicture(context)
    await use(context)
  },
})
/** A walk through all states ends its daemon. */
const own = test.extend(ownDaemon)

for (const [language, locale] of Object.entries(LANGUAGES)) {
  own.describe(() => {
    own.use({ locale })
    // A language changes words and their lengths, no colour: themes are checked in the first language alone.
    const themes = language === 'ro' ? Object.keys(THEMES) : ['dark']
    own(`in ${language}: every state, ${themes.length === 1 ? 'in one theme' : 'in three themes'}, on a desk and on a phone`, async ({ page, driven }) => {
      own.setTimeout(420_000)
      await walk(page, driven, async (state, again = () => undefined) => {
        await own.step(state, async () => {
          await expect(page.locator('html')).toHaveAttribute('lang', language)
          for (const [width, height] of WIDTHS) {
            await page.setViewportSize({ width, height })
            for (const theme of themes) {
              await page.emulateMedia(THEMES[theme])
              await again()
              expect(await violations(page, { coloursAlone: theme !== 'dark' }), `${state}, ${theme}, ${width} px`).toEqual([])
            }
            await expectLargeEnough(page, `${state}, ${width} px`)
            if (!WITHOUT_STOP.includes(state)) await expectStopAtHand(page, `${state}, ${width} px`)
            expect(await overflow(page), `${state}, ${width} px: px beside the screen`).toBeLessThanOrEqual(0)
          }
          await page.setViewportSize({ width: WIDTHS[0][0], height: WIDTHS[0][1] })
          expect(await doubled(page), `${state}: names that two controls share`).toEqual([])
          if (state === 'driving') return
          // A late frame locks the controls for a moment, in whatever state the page is.
          await expect(async () => expect(await tree(page)).toMatchSnapshot(`${state}-${language}.yml`)).toPass({ timeout: 20_000 })
        })
      })
    })
  })
}

for (const input of ['scan', 'dwell']) {
  test(`for ${input} every sheet is as good as for hands, with what it has for that alone`, async ({ page, open }) => {
    test.setTimeout(150_000)
    await open({ input, driveBy: 'latch' })
    await page.locator('#drive-acquire').click()
    await expect(page.locator('body')).toHaveAttribute('data-drive', 'ready')
    for (const sheet of SHEETS) {
      await test.step(sheet, async () => {
        await openSheet(page, sheet)
        for (const [width, height] of WIDTHS) {
          await page.setViewportSize({ width, height })
          for (const [theme, media] of Object.entries(THEMES)) {
            await page.emulateMedia(media)
            expect(await violations(page, { coloursAlone: theme !== 'dark' }), `${sheet}, ${theme}, ${width} px`).toEqual([])
          }
          await expectLargeEnough(page, `${sheet}, ${width} px`)
          await expectStopAtHand(page, `${sheet}, ${width} px`)
          expect(await overflow(page), `${sheet}, ${width} px: px beside the screen`).toBeLessThanOrEqual(0)
        }
        expect(await doubled(page), `${sheet}: names that two controls share`).toEqual([])
        await page.setViewportSize({ width: WIDTHS[0][0], height: WIDTHS[0][1] })
        await closeSheet(page, sheet)
      })
    }
  })
}

/** What a screen reader has to go by. Sentences come and go, and what they say is told by other tests; numbers change. */
async function tree(page) {
  const text = await page.locator('body').ariaSnapshot()
  const lines = text.split('\n').filter((line) => !/^ *- (status|alert|paragraph|listitem)\b/.test(line))
  return `${lines.join('\n').replaceAll(/(- group "(?:Conexiune|Connection)"): .*/g, '$1').replaceAll(/\d+/g, '#')}\n`
}

const overflow = (page) => page.evaluate(() => document.scrollingElement.scrollWidth - window.innerWidth)

/** What can be pressed, as it is shown now: its id or words, its box, and what lies on top at its middle. */
const controls = (page) => page.evaluate(() => {
  const all = [...document.querySelectorAll('button, a[href], textarea, input:not([type=checkbox]), label:has(input[type=checkbox])')]
  return all.filter((one) => one.getClientRects().length > 0 && !one.closest('[inert]')).map((one) => {
    const { width, height } = one.getBoundingClientRect()
    return { id: one.id, words: one.innerText, width, height }
  })
})

async function expectLargeEnough(page, where) {
  const all = await controls(page)
  expect(all.length, where).toBeGreaterThan(0)
  const small = all.filter(({ id, width, height }) => Math.min(width, height) < (DIRECTIONS.includes(id) ? LARGE : TARGET))
  expect(small, `${where}: controls that are too small`).toEqual([])
}

/** In sight, large, above everything else and in use, STOP and the e-stop; and STOP the first that Tab finds. */
async function expectStopAtHand(page, where) {
  const stops = await page.evaluate(() => ['#drive-stop', '#drive-estop'].map((id) => {
    const button = document.querySelector(id)
    const { left, top, right, bottom, width, height } = button.getBoundingClientRect()
    const there = [[0.5, 0.5], [0.1, 0.1], [0.9, 0.9]].every(([x, y]) => button.contains(document.elementFromPoint(left + x * width, top + y * height)))
    const first = [...document.querySelectorAll('button, a[href], input, textarea, [tabindex="0"]')].find((one) => !one.closest('[inert]') && one.getClientRects().length > 0)
    return {
      inSight: left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight,
      large: Math.min(width, height) >= 88,
      onTop: there,
      inUse: !button.disabled && button.getAttribute('aria-disabled') !== 'true' && button.closest('[inert], [aria-hidden="true"]') === null,
      first: first === button,
    }
  }))
  const atHand = { inSight: true, large: true, onTop: true, inUse: true }
  expect(stops, `${where}: STOP and the e-stop`).toEqual([{ ...atHand, first: true }, { ...atHand, first: false }])
}

/** Voice control presses what is said, so no two may be called the same. */
const doubled = (page) => page.evaluate(() => {
  const names = [...document.querySelectorAll('button')]
    .filter((one) => one.getClientRects().length > 0 && !one.closest('[inert]'))
    .map((one) => (one.getAttribute('aria-label') ?? one.textContent).replace(/\s+/g, ' ').trim())
  return names.filter((name, index) => names.indexOf(name) !== index)
})

for (const [width, height] of WIDTHS) {
  test(`at ${width} px Tab goes over everything once, STOP first, and whatever has the focus shows it`, async ({ page, driven }) => {
    await page.setViewportSize({ width, height })
    await page.goto(driven.daemon.origin)
    await page.locator('#token').fill(driven.daemon.token())
    await page.locator('#sign-in-submit').click()
    await page.locator('#drive-acquire').click()
    await expect(page.locator('body')).toHaveAttribute('data-drive', 'ready')
    await expect(page.locator('body')).toHaveAttribute('data-lock', 'false', { timeout: 30_000 })
    await expect(page.locator('#hang-up')).toBeVisible()
    if (width >= 1280) await expect(page.locator('#quick-0')).toBeVisible()
    const expected = (await controls(page)).map(({ id }) => id)
    const order = []
    await page.locator('#drive-stop').focus()
    // Backwards out of the page, so that the first Tab comes into it.
    await page.keyboard.press('Shift+Tab')
    for (let presses = 0; presses < expected.length; presses += 1) {
      await page.keyboard.press('Tab')
      const now = await page.evaluate(() => {
        const one = document.activeElement
        const { left, top, width: wide, height: high } = one.getBoundingClientRect()
        const style = getComputedStyle(one)
        return {
          id: one.id,
          ring: style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) >= 3,
          seen: one.contains(document.elementFromPoint(left + wide / 2, top + high / 2)),
        }
      })
      order.push(now.id)
      expect(now, `${now.id} shows the focus, and nothing covers it`).toMatchObject({ ring: true, seen: true })
    }
    expect(order[0]).toBe('drive-stop')
    expect(order.toSorted(), 'each control once').toEqual(expected.toSorted())
  })
}

test('a switch of one’s own is chosen by pressing it, and works the page from then on', async ({ page, open }) => {
  await open({ input: 'scan', scan: SCAN })
  await openSheet(page, 'settings')
  const learn = page.locator('#learn-switch-select')
  await expect(page.locator('#switch-select')).toHaveText('Spațiu')
  await learn.click()
  await expect(learn).toHaveAttribute('aria-pressed', 'true')
  await page.keyboard.press('Shift')
  await expect(learn).toHaveAttribute('aria-pressed', 'true')
  // The switch that there is already is one to learn, and presses nothing meanwhile.
  await page.keyboard.press('Space')
  await expect(learn).toHaveAttribute('aria-pressed', 'false')
  await expect(page.locator('#settings-sheet')).toBeVisible()
  await learn.click()
  await page.keyboard.press('F7')
  await expect(page.locator('#switch-select')).toHaveText('F7')
  await expect(learn).toHaveAttribute('aria-pressed', 'false')
  await closeSheet(page, 'settings')
  await page.reload()
  await expectLive(page)
  await scanTo(page, 'phrases', () => page.keyboard.press('F7'))
  await expect(page.locator('#phrases-sheet')).toBeVisible()
})

test('a way of pressing that somebody chose by mistake goes back by itself, and one that works is kept', async ({ page, open }) => {
  await open({ input: 'scan', scan: SCAN })
  const input = page.locator('body')
  const press = (id) => scanTo(page, id, () => page.keyboard.press('Space'))
  await press('menu')
  await press('menu-settings')
  await press('input-dwell')
  await expect(input).toHaveAttribute('data-input', 'dwell')
  await expect(page.locator('#input-trial')).toHaveText('Dacă nu confirmi în 20 s, revine la: Comutator (scanare).')
  await expect(input, 'Space presses nothing any more').toHaveAttribute('data-input', 'scan', { timeout: 25_000 })
  await expect(page.locator('#input-trial')).toBeHidden()

  await press('input-direct')
  await expect(input).toHaveAttribute('data-input', 'direct')
  await page.locator('#input-keep').click()
  await expect(page.locator('#input-trial')).toBeHidden()
  await page.reload()
  await expect(input).toHaveAttribute('data-input', 'direct')
})

test('with text at 200 % and at 320 px nothing is lost', async ({ page, driven }) => {
  await page.goto(driven.daemon.origin)
  await page.locator('#token').fill(driven.daemon.token())
  await page.locator('#sign-in-submit').click()
  await page.locator('#drive-acquire').click()
  await expect(page.locator('body')).toHaveAttribute('data-drive', 'ready')
  for (const [width, height, size] of [[320, 640, '100%'], [1280, 720, '200%'], [390, 844, '200%']]) {
    await page.setViewportSize({ width, height })
    await page.evaluate((text) => { document.documentElement.style.fontSize = text }, size)
    await expect.poll(() => overflow(page), { message: `${width} px, text at ${size}` }).toBeLessThanOrEqual(0)
    for (const id of ['go-forward', 'talk', 'hang-up', 'menu']) {
      const control = page.locator(`#${id}`)
      await control.scrollIntoViewIfNeeded()
      await expect(control, `${id} at ${width} px, text at ${size}`).toBeInViewport()
      await control.click({ trial: true })
    }
    await expectStopAtHand(page, `${width} px, text at ${size}`)
  }
})
