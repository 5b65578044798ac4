// Screenshots of every state of the drive screen, on a desk and on a phone, in three themes and both languages.
// usage: node tests/web/shots.mjs [--into target/shots] [--languages ro,en] [--themes dark,light,contrast]
//
// A daemon with a simulated robot is started for each language and ended; scripts/shots builds what this needs.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openBrowser } from '../bench/lib/browser.mjs'
import { startDriven } from '../bench/lib/driven.mjs'
import { watchContext } from '../bench/lib/eyes.mjs'
import { run } from '../bench/lib/own.mjs'
import { root, useProfile } from '../bench/lib/programs.mjs'
import { canHoldPicture, LANGUAGES, THEMES, walk, WIDTHS } from './lib/states.mjs'

const { values: options } = parseArgs({
  options: {
    into: { type: 'string', default: join(root, 'target/shots') },
    languages: { type: 'string', default: Object.keys(LANGUAGES).join(',') },
    themes: { type: 'string', default: Object.keys(THEMES).join(',') },
  },
})

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
    await page.setViewportSize({ width: WIDTHS[0][0], height: WIDTHS[0][1] })
    await walk(page, driven, async (state, again = () => undefined) => {
      for (const [width, height] of WIDTHS) {
        await page.setViewportSize({ width, height })
        for (const theme of options.themes.split(',')) {
          await page.emulateMedia(THEMES[theme])
          await again()
          await page.screenshot({ path: join(options.into, `${state}-${language}-${theme}-${width}.png`) })
          count += 1
        }
      }
      await page.setViewportSize({ width: WIDTHS[0][0], height: WIDTHS[0][1] })
    })
    await end()
    await driven.daemon.end()
    await driven.robot.end()
  }
  console.log(`${count} screenshots are in ${options.into}`)
})
