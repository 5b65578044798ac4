// The page as it is loaded, joined, cut off, and left open.
// usage: scripts/bench panel [--quick] [--joins 20] [--cuts 20] [--out 1,8] [--minutes 10] [--only weight,joins,cuts,hours]
//
// weight: scripts and styles that are loaded until the form for the access key is there, in each language, each compressed as a
//         server would at its best.
// joins:  from the press on a page that is loaded and signed in to the first decoded frame of the camera.
// cuts:   nothing passes between browser and robot, for --out seconds (between the two), then everything again: how soon the page
//         says that the link is lost, and how soon after the link's return a picture is shown that was taken after it. Beyond
//         25 s the media server has given up, and the browser's own connections wait long before they try again.
// hours:  what minutes of watching cost: heap after a collection, and the age of the picture.
import { gzipSync } from 'node:zlib'
import { parseArgs } from 'node:util'
import { openBrowser, openPage } from './lib/browser.mjs'
import { joinAgain, launchHavatard, signIn, startHavatard } from './lib/daemon.mjs'
import { firstFrame, frameTakenAfter, glass } from './lib/eyes.mjs'
import { lastLine, max, median, percentile, round, table } from './lib/figures.mjs'
import { layNetwork } from './lib/network.mjs'
import { run } from './lib/own.mjs'
import { delay, until } from './lib/wait.mjs'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    joins: { type: 'string' },
    cuts: { type: 'string' },
    out: { type: 'string', default: '1,8' },
    minutes: { type: 'string' },
    only: { type: 'string' },
  },
})
const joins = Number(options.joins ?? (options.quick ? 5 : 20))
const cuts = Number(options.cuts ?? (options.quick ? 4 : 20))
const minutes = Number(options.minutes ?? (options.quick ? 1 : 10))
const KIB = 1024
const MIB = KIB * KIB
/** Who reads the page. */
const LOCALES = { Romanian: 'ro-RO', English: 'en-GB' }
/** Frames of which the picture's age is told. */
const LOOKED_AT = 150
/** The shortest and the longest time that the link is out, ms. */
const OUT = options.out.split(',').map((seconds) => Number(seconds) * 1000)
if (OUT.length !== 2 || !(OUT[0] <= OUT[1])) throw new Error('--out takes two numbers of seconds, the smaller one first')

const figures = {}
const rows = [['what', 'n', 'p50', 'p95', 'max']]
const parts = { weight, joins: firstFrames, cuts: lostAndBack, hours: leftOpen }

await run(async () => {
  const only = options.only?.split(',') ?? Object.keys(parts)
  for (const name of only) {
    if (!parts[name]) throw new Error(`no part is called ${name}`)
    await parts[name]()
  }
  console.log('The page')
  table(rows)
  lastLine('panel', figures)
})

function row(what, values) {
  rows.push([what, values.length, round(median(values)), round(percentile(values, 95)), round(max(values))])
}

async function weight() {
  const daemon = await startHavatard()
  const { browser, end } = await openBrowser()
  for (const [language, locale] of Object.entries(LOCALES)) {
    const { page, close } = await openPage(browser, { locale })
    await page.goto(daemon.origin)
    await page.locator('#sign-in').waitFor()
    const spoken = await page.evaluate(() => document.documentElement.lang)
    if (!locale.startsWith(spoken)) throw new Error(`a browser that reads ${language} is spoken to in ${spoken}`)
    const names = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name))
    for (const kind of ['js', 'css']) {
      const files = new Set(names.filter((one) => new URL(one).pathname.endsWith(`.${kind}`)))
      let bytes = 0
      for (const name of files) {
        const answer = await page.request.get(name)
        if (!answer.ok()) throw new Error(`${name}: ${answer.status()}`)
        bytes += gzipSync(await answer.body(), { level: 9 }).length
      }
      if (bytes === 0) throw new Error(`the page loads no ${kind}`)
      figures[`${kind}_gzip_kb`] = Math.max(figures[`${kind}_gzip_kb`] ?? 0, bytes / KIB)
      rows.push([`${kind} of the first route in ${language}, KiB gzipped`, files.size, round(bytes / KIB), null, null])
    }
    await close()
  }
  await end()
  await daemon.end()
}

async function firstFrames() {
  const daemon = await startHavatard()
  const { browser, end } = await openBrowser()
  const { page } = await openPage(browser)
  await signIn(page, daemon)
  await firstFrame(page)
  const press = []
  while (press.length < joins) press.push(await joinAgain(page))
  row('press to first frame, ms', press)
  figures.first_frame_p50_ms = median(press)
  figures.first_frame_p95_ms = percentile(press, 95)
  await end()
  await daemon.end()
}

async function lostAndBack() {
  figures.lost_shown_ms = undefined
  figures.back_p95_ms = undefined
  let cable
  try {
    cable = layNetwork()
  } catch (error) {
    console.log(`NOT SHOWN: a lost link: ${error.message}`)
    return
  }
  const daemon = await launchHavatard({ network: cable })
  await daemon.ready()
  const { browser, end } = await openBrowser({ trusted: daemon.origin })
  const { page } = await openPage(browser)
  // The printed link leads to the robot's own side of the cable.
  await page.goto(daemon.origin)
  await page.locator('#token').fill(daemon.token())
  await page.locator('#sign-in-submit').click()
  await firstFrame(page)
  await noteLink(page)
  const shown = []
  const back = []
  while (back.length < cuts) {
    await until('the page is live', () => page.evaluate(() => document.body.dataset.link === 'live'))
    await delay(500 + Math.random() * 1000)
    const pulled = Date.now()
    cable.pull()
    const said = await until('the page says that the link is lost', () => page.evaluate((at) => window.linkNotes.find((one) => one.at > at && !['live', 'late'].includes(one.link)), pulled))
    shown.push(said.at - pulled)
    await delay(OUT[0] + Math.random() * (OUT[1] - OUT[0]))
    const plugged = Date.now()
    cable.plug()
    back.push((await frameTakenAfter(page, plugged, 60_000)) - plugged)
  }
  row('lost link shown, ms', shown)
  row('picture back after the link is, ms', back)
  figures.lost_shown_ms = max(shown)
  figures.lost_shown_p50_ms = median(shown)
  figures.back_p50_ms = median(back)
  figures.back_p95_ms = percentile(back, 95)
  await end()
  await daemon.end()
  await cable.end()
}

/** Writes down each word that the page has for its link, and when it had it. */
function noteLink(page) {
  return page.evaluate(() => {
    window.linkNotes = []
    const note = () => window.linkNotes.push({ at: Date.now(), link: document.body.dataset.link })
    new MutationObserver(note).observe(document.body, { attributeFilter: ['data-link'] })
    note()
  })
}

async function leftOpen() {
  const daemon = await startHavatard()
  const { browser, end } = await openBrowser()
  const { page } = await openPage(browser)
  await signIn(page, daemon)
  await firstFrame(page)
  const client = await page.context().newCDPSession(page)
  const heap = async () => {
    await client.send('HeapProfiler.collectGarbage')
    return (await client.send('Runtime.getHeapUsage')).usedSize / MIB
  }
  // What is fetched once the page is idle belongs to the beginning.
  await page.waitForLoadState('networkidle').catch(() => undefined)
  await glass(page, LOOKED_AT)
  const before = { heap: await heap(), ages: (await glass(page, LOOKED_AT)).ages }
  await delay(minutes * 60_000)
  const after = { ages: (await glass(page, LOOKED_AT)).ages, heap: await heap() }
  row('age of the picture at first, ms', before.ages)
  row(`age of the picture after ${minutes} min, ms`, after.ages)
  rows.push(['heap at first, MiB', 1, round(before.heap, 2), null, null])
  rows.push([`heap after ${minutes} min, MiB`, 1, round(after.heap, 2), null, null])
  figures.heap_mib = after.heap
  figures.heap_growth_percent = (after.heap / before.heap - 1) * 100
  figures.lag_p50_ms = median(after.ages)
  figures.lag_growth_ms = median(after.ages) - median(before.ages)
  await end()
  await daemon.end()
}
