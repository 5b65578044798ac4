// While an operator drives, the whole picture, every direction, STOP, the e-stop and the dock are on the screen at once, on every screen;
// and no sheet lies over the picture.
import { expect, test } from '../lib/driven.mjs'
import { closeSheet, LANGUAGES, openSheet, SHEETS } from '../lib/states.mjs'

const SIZES = [
  [320, 568], [360, 640], [390, 844], [412, 915], [568, 320], [667, 375], [844, 390], [932, 430], [600, 700], [768, 1024], [1024, 768],
  [1024, 600], [1280, 720], [1366, 768], [1920, 1080], [2560, 1440], [3840, 2160],
]
const KEYS = ['go-forward', 'go-left', 'go-right', 'go-back', 'drive-stop', 'drive-estop']
const ALL = [...KEYS, 'drive-by-step', 'drive-by-latch', 'drive-by-hold', 'step-cm', 'step-deg', 'sound', 'talk', 'phrases', 'camera', 'hang-up', 'menu']

/** Boxes of what is pressed, of the picture inside its element and of the strip, and whether each can be pressed and read. */
const look = (page, ids) => page.evaluate((wanted) => {
  const box = (one) => {
    const { left, top, right, bottom } = one.getBoundingClientRect()
    return { left, top, right, bottom, width: right - left, height: bottom - top }
  }
  const video = document.querySelector('#robot-video')
  const { left, top, width, height } = video.getBoundingClientRect()
  const scale = Math.min(width / video.videoWidth, height / video.videoHeight)
  const [wide, high] = [video.videoWidth * scale, video.videoHeight * scale]
  const picture = { left: left + (width - wide) / 2, top: top + (height - high) / 2, width: wide, height: high }
  Object.assign(picture, { right: picture.left + wide, bottom: picture.top + high })
  const parts = {}
  for (const id of wanted) {
    const button = document.getElementById(id)
    if (button === null) {
      parts[id] = null
      continue
    }
    const at = box(button)
    const over = document.elementFromPoint((at.left + at.right) / 2, (at.top + at.bottom) / 2)
    // What is read but not seen has no place.
    const words = [...button.querySelectorAll('span, svg')].filter((one) => !one.closest('.unseen') && getComputedStyle(one).clipPath === 'none')
    const cut = words.some((one) => {
      const range = document.createRange()
      range.selectNodeContents(one)
      return [...range.getClientRects()].some((text) => text.left < at.left - 0.5 || text.right > at.right + 0.5 || text.top < at.top - 0.5 || text.bottom > at.bottom + 0.5)
    })
    parts[id] = { ...at, pressed: button.contains(over), cut }
  }
  const scrolls = [document.scrollingElement, ...document.querySelectorAll('.cluster, .dock')]
    .filter((one) => one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth + 1)
    .map((one) => one.className || one.tagName)
  const strip = box(document.querySelector('.strip'))
  return { picture, parts, strip, scrolls, window: { width: innerWidth, height: innerHeight } }
}, ids)

const apart = (a, b) => a.right <= b.left + 0.5 || b.right <= a.left + 0.5 || a.bottom <= b.top + 0.5 || b.bottom <= a.top + 0.5

function faults({ picture, parts, strip, scrolls, window }, least) {
  const found = scrolls.map((one) => `${one} scrolls`)
  const inside = (name, { left, top, right, bottom }) => {
    if (left < -0.5 || top < -0.5 || right > window.width + 0.5 || bottom > window.height + 0.5) found.push(`${name} is not whole`)
  }
  inside('the picture', picture)
  inside('the strip', strip)
  const share = (picture.width * picture.height) / (window.width * window.height)
  if (share < 0.1) found.push(`the picture has ${Math.round(share * 100)} % of the screen`)
  const known = Object.entries(parts)
  for (const [id, part] of known) {
    if (part === null) {
      found.push(`${id} is not there`)
      continue
    }
    inside(id, part)
    if (!part.pressed) found.push(`something lies over ${id}`)
    if (part.cut) found.push(`${id} is larger inside than outside`)
    if (!apart(part, picture)) found.push(`${id} lies over the picture`)
    if (!apart(part, strip)) found.push(`${id} lies over the strip`)
    const size = Math.min(part.width, part.height)
    const wanted = KEYS.includes(id) ? least : 36
    if (size < wanted - 0.5) found.push(`${id} has ${Math.round(size)} px`)
  }
  for (const [n, [id, part]] of known.entries()) {
    for (const [other, second] of known.slice(n + 1)) {
      if (part !== null && second !== null && !apart(part, second)) found.push(`${id} and ${other} overlap`)
    }
  }
  return found
}

/** The looks that a person can choose, put on as the page does it. */
const wear = (page, { large, hand, text }) => page.evaluate((looks) => {
  document.documentElement.dataset.size = looks.large ? 'large' : 'normal'
  document.body.dataset.hand = looks.hand
  document.documentElement.style.fontSize = looks.text
}, { large, hand, text })

for (const [language, locale] of Object.entries(LANGUAGES)) {
  test.describe(language, () => {
    test.use({ locale })

    test(`everything that drives or stops and the whole picture are on every screen at once, in ${language}`, async ({ page, drive }) => {
      test.setTimeout(180_000)
      await drive({ driveBy: 'step' })
      const found = []
      for (const [width, height] of SIZES) {
        await page.setViewportSize({ width, height })
        for (const large of [false, true]) {
          for (const hand of ['right', 'left']) {
            for (const text of ['', '200%']) {
              await wear(page, { large, hand, text })
              const name = `${width}x${height}${large ? ' large' : ''} ${hand} ${text}`
              found.push(...faults(await look(page, ALL), 56).map((one) => `${name}: ${one}`))
            }
          }
        }
      }
      expect(found).toEqual([])
    })
  })
}

test('no sheet lies over the picture or STOP, on any screen', async ({ page, drive }) => {
  test.setTimeout(180_000)
  await drive()
  const found = []
  for (const sheet of SHEETS) {
    await wear(page, { large: false, hand: 'right', text: '' })
    await page.setViewportSize({ width: 1280, height: 720 })
    await openSheet(page, sheet)
    for (const [width, height] of SIZES) {
      await page.setViewportSize({ width, height })
      for (const hand of ['right', 'left']) {
        await wear(page, { large: false, hand, text: '' })
        const { picture, parts } = await look(page, [`${sheet}-sheet`, 'drive-stop', 'drive-estop'])
        const name = `${sheet} at ${width}x${height}, ${hand}`
        const { [`${sheet}-sheet`]: lies, ...stops } = parts
        if (!apart(lies, picture)) found.push(`${name} lies over the picture`)
        for (const [id, part] of Object.entries(stops)) {
          if (!part.pressed || !apart(lies, part)) found.push(`${name} lies over ${id}`)
        }
        if (lies.height < 150 || lies.width < 260) found.push(`${name} has ${Math.round(lies.width)}x${Math.round(lies.height)} px`)
        if (picture.width * picture.height < 0.1 * width * height) found.push(`${name}: the picture is too small`)
      }
    }
    await page.setViewportSize({ width: 1280, height: 720 })
    await closeSheet(page, sheet)
  }
  expect(found).toEqual([])
})
