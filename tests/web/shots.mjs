// Screenshots of every state of the drive screen, at every size that it is made for, and a contact sheet of each size.
// usage: node tests/web/shots.mjs [--into target/shots] [--languages ro,en] [--themes dark,light,contrast] [--sizes 390x844,1280x720]
//
// A daemon with a simulated robot is started for each language and ended; scripts/shots builds what this needs.
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openBrowser } from '../bench/lib/browser.mjs'
import { startDriven } from '../bench/lib/driven.mjs'
import { watchContext } from '../bench/lib/eyes.mjs'
import { run } from '../bench/lib/own.mjs'
import { root, useProfile } from '../bench/lib/programs.mjs'
import { canHoldPicture, LANGUAGES, THEMES, walk } from './lib/states.mjs'

const { values: options } = parseArgs({
  options: {
    into: { type: 'string', default: join(root, 'target/shots') },
    languages: { type: 'string', default: Object.keys(LANGUAGES).join(',') },
    themes: { type: 'string', default: Object.keys(THEMES).join(',') },
    sizes: { type: 'string', default: '1280x720,320x568,360x640,390x844,568x320,667x375,844x390,768x1024,2560x1440' },
  },
})
const sizes = options.sizes.split(',').map((size) => {
  const [width, height] = size.split('x').map(Number)
  if (!(width >= 100 && height >= 100)) throw new Error(`--sizes: ${size} is no size, like 390x844`)
  return { width, height, name: size }
})
const themes = options.themes.split(',')
/** Of a picture on a contact sheet, px. */
const THUMB = 320

const file = (state, ...rest) => join(options.into, `${[state, ...rest].join('-')}.png`)

/** Every state at one size, on one sheet. */
async function contactSheet(browser, states, language, theme, size) {
  const page = await browser.newPage({ viewport: { width: 5 * (THUMB + 12) + 12, height: 800 } })
  const cells = states.map((state) => {
    const data = readFileSync(file(state, language, theme, size.name)).toString('base64')
    return `<figure><img src="data:image/png;base64,${data}"><figcaption>${state}</figcaption></figure>`
  })
  await page.setContent(`<style>
    body { margin: 0; padding: 12px; display: flex; flex-wrap: wrap; gap: 12px; background: #777; font: 14px sans-serif; color: #fff }
    figure { margin: 0; width: ${THUMB}px } img { width: 100%; display: block }
  </style><h1 style="width: 100%; margin: 0">${size.name}, ${theme}, ${language}</h1>${cells.join('')}`)
  await page.screenshot({ path: file('contact', language, theme, size.name), fullPage: true })
  await page.close()
}

useProfile('debug')
await run(async () => {
  mkdirSync(options.into, { recursive: true })
  let count = 0
  for (const language of options.languages.split(',')) {
    const driven = await startDriven({ camera: { source: 'test', size: '1280x720' }, microphone: { source: 'test' } })
    await driven.daemon.ready()
    const { browser, end } = await openBrowser()
    const context = await browser.newContext({ locale: LANGUAGES[language] })
    await canHoldPicture(context)
    await watchContext(context)
    const page = await context.newPage()
    const states = []
    await page.setViewportSize(sizes[0])
    await walk(page, driven, async (state, again = () => undefined) => {
      states.push(state)
      for (const size of sizes) {
        await page.setViewportSize(size)
        for (const theme of themes) {
          await page.emulateMedia(THEMES[theme])
          await again()
          await page.screenshot({ path: file(state, language, theme, size.name) })
          count += 1
        }
      }
      await page.setViewportSize(sizes[0])
    })
    for (const theme of themes) for (const size of sizes) await contactSheet(browser, states, language, theme, size)
    await end()
    await driven.daemon.end()
    await driven.robot.end()
  }
  console.log(`${count} screenshots and their contact sheets are in ${options.into}`)
})
