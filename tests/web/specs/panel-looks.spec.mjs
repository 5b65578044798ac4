// How the drive screen looks for those who have set it so: large, for the left hand, in forced colours, without motion, and where the
// focus is.
import { expect, test } from '../lib/driven.mjs'
import { THEMES, WIDTHS } from '../lib/states.mjs'

const DRIVES_OR_STOPS = ['go-forward', 'go-left', 'go-right', 'go-back', 'drive-stop', 'drive-estop']
const boxOf = (page, id) => page.locator(`#${id}`).boundingBox()
const body = (page) => page.locator('body')

test('large, whatever drives or stops is at least 120 px each way where the window has room for that, and nothing is lost by it', async ({ page, drive }) => {
  await drive({ large: true })
  for (const [width, height] of [...WIDTHS, [844, 390], [360, 780]]) {
    await page.setViewportSize({ width, height })
    for (const id of DRIVES_OR_STOPS) {
      const box = await boxOf(page, id)
      // On a smaller one all of it at once goes before its size.
      const least = width === 1280 || width === 390 ? 120 : 88
      expect(Math.min(box.width, box.height), `${id} at ${width} px`).toBeGreaterThanOrEqual(least)
      // What does not fit would be cut off, and nobody could scroll to it.
      expect([box.x >= 0, box.x + box.width <= width], `${id} is whole at ${width} px`).toEqual([true, true])
    }
    for (const id of ['drive-stop', 'drive-estop']) await expect(page.locator(`#${id}`)).toBeInViewport({ ratio: 1 })
    const beside = await page.evaluate(() => document.scrollingElement.scrollWidth - window.innerWidth)
    expect(beside, `px beside the screen at ${width} px`).toBeLessThanOrEqual(0)
    for (const id of ['go-back', 'talk', 'hang-up', 'menu']) {
      await page.locator(`#${id}`).scrollIntoViewIfNeeded()
      await page.locator(`#${id}`).click({ trial: true })
    }
  }
})

test('for the left hand, what drives and stops is on the left; else on the right', async ({ page, drive }) => {
  await drive({ hand: 'left' })
  for (const [width, height] of [[1280, 720], [844, 390]]) {
    await page.setViewportSize({ width, height })
    for (const id of DRIVES_OR_STOPS) {
      const { x, width: wide } = await boxOf(page, id)
      expect(x + wide, `${id} at ${width} px`).toBeLessThan(width / 2)
    }
  }
  await page.evaluate(() => {
    const all = JSON.parse(localStorage.getItem('havatar.settings'))
    localStorage.setItem('havatar.settings', JSON.stringify({ ...all, hand: 'right' }))
  })
  await page.reload()
  await expect(body(page)).toHaveAttribute('data-hand', 'right')
  await page.setViewportSize({ width: 1280, height: 720 })
  for (const id of ['drive-stop', 'drive-estop']) expect((await boxOf(page, id)).x, id).toBeGreaterThan(640)
})

/** Contrast of two colours as WCAG reckons it; each a computed `rgb(...)`. */
function contrast(one, other) {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).slice(0, 3).map((part) => {
      const share = Number(part) / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const [dark, bright] = [light(one), light(other)].toSorted((a, b) => a - b)
  return (bright + 0.05) / (dark + 0.05)
}

/** Tab from control to control: what shows the focus on each, and what that lies on. */
async function rings(page, count) {
  await page.locator('#drive-stop').focus()
  await page.keyboard.press('Shift+Tab')
  const seen = []
  for (let n = 0; n < count; n += 1) {
    await page.keyboard.press('Tab')
    seen.push(await page.evaluate(() => {
      const style = getComputedStyle(document.activeElement)
      return {
        id: document.activeElement.id,
        style: style.outlineStyle,
        width: Number.parseFloat(style.outlineWidth),
        colour: style.outlineColor,
        // Around it on both sides, where colours are ours.
        beside: style.boxShadow.match(/^rgba?\([^)]*\)/)?.[0] ?? null,
        ground: getComputedStyle(document.body).backgroundColor,
      }
    }))
  }
  // Before the first control and after the last the focus is the browser's own for one press.
  const ours = seen.filter(({ id }) => id !== '')
  expect(ours.length).toBeGreaterThanOrEqual(count - 1)
  return ours
}

test('in every theme whatever has the focus is in a ring of 3 px that stands out by 3 to 1', async ({ page, drive }) => {
  await drive()
  for (const [theme, media] of Object.entries(THEMES)) {
    await page.emulateMedia(media)
    for (const ring of await rings(page, 12)) {
      expect(ring.style, `${ring.id}, ${theme}`).toBe('solid')
      expect(ring.width, `${ring.id}, ${theme}`).toBeGreaterThanOrEqual(3)
      expect(ring.beside, `${ring.id}, ${theme}: something of ours beside it`).not.toBeNull()
      expect(contrast(ring.colour, ring.beside), `${ring.id}, ${theme}`).toBeGreaterThanOrEqual(3)
    }
  }
})

for (const colorScheme of ['dark', 'light']) {
  test(`in forced colours, ${colorScheme}, STOP, every direction and the focus can be made out`, async ({ page, drive }) => {
    await drive()
    await page.emulateMedia({ forcedColors: 'active', colorScheme })
    expect(await page.evaluate(() => matchMedia('(forced-colors: active)').matches)).toBe(true)
    for (const id of DRIVES_OR_STOPS) {
      const edge = await page.locator(`#${id}`).evaluate((one) => {
        const { borderTopStyle: style, borderTopWidth: width, borderTopColor: colour } = getComputedStyle(one)
        return { style, width: Number.parseFloat(width), colour, ground: getComputedStyle(document.body).backgroundColor }
      })
      expect(edge.style, id).not.toBe('none')
      expect(edge.width, id).toBeGreaterThanOrEqual(2)
      expect(contrast(edge.colour, edge.ground), `${id}: its edge`).toBeGreaterThanOrEqual(3)
    }
    // By more than a colour: nothing else on the page has such an edge.
    await expect(page.locator('#drive-stop')).toHaveCSS('border-top-style', 'double')
    await expect(page.locator('#drive-stop')).toBeInViewport({ ratio: 1 })
    for (const ring of await rings(page, 8)) {
      expect(ring.style, ring.id).toBe('solid')
      expect(ring.width, ring.id).toBeGreaterThanOrEqual(3)
      expect(contrast(ring.colour, ring.ground), ring.id).toBeGreaterThanOrEqual(3)
    }
  })
}

test('with reduced motion nothing moves by itself, whatever a part of the page asks for', async ({ page, drive }) => {
  await drive()
  await page.emulateMedia({ reducedMotion: 'reduce' })
  const running = () => page.evaluate(() => {
    // A part that would move, as any rule of ours may make one.
    const one = document.createElement('p')
    document.body.append(one)
    one.style.transition = 'opacity 60s'
    one.style.opacity = '1'
    one.getBoundingClientRect()
    one.style.opacity = '0'
    one.getBoundingClientRect()
    const all = document.getAnimations().filter(({ playState }) => playState === 'running').length
    one.remove()
    return all
  })
  expect(await running()).toBe(0)
  await page.locator('#menu').click()
  await expect(page.locator('#menu-sheet')).toBeVisible()
  expect(await running()).toBe(0)
  await page.emulateMedia({ reducedMotion: 'no-preference' })
  expect(await running(), 'what is looked for can be seen').toBe(1)
})
