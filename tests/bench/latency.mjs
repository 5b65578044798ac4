// Latency from glass to glass, and the time to join, through havatard and straight to a bare MediaMTX.
// usage: scripts/bench latency [--quick] [--gop 10] [--rounds 5] [--joins 20] [--side bare]
//
// In each round both sides run one after the other, in an order that turns, each started at a random moment: the
// phase between camera and display ticks alone makes 15 ms between rounds. The bare side is given the daemon's own
// ffmpeg line, taken from the running process, so that only what stands around it differs. Its viewer is as small as
// a page can be and asks, like havatard's page, for no jitter buffer.
//
// A join ends with the first decoded frame of the camera; a stand-in picture does not count. It begins with the press on
// a page that is loaded and signed in and, apart, with navigation; the bare side navigates to MediaMTX's own page.
import { parseArgs } from 'node:util'
import { joinBare, navigateBare, openBarePage, startBare } from './lib/bare.mjs'
import { openBrowser, openPage } from './lib/browser.mjs'
import { joinAgain, signIn, startHavatard } from './lib/daemon.mjs'
import { firstFrame, glass, join } from './lib/eyes.mjs'
import { lastLine, max, median, percentile, table } from './lib/figures.mjs'
import { run } from './lib/own.mjs'
import { commandLine } from './lib/proc.mjs'
import { randomPhase } from './lib/wait.mjs'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    gop: { type: 'string', default: '10' },
    rounds: { type: 'string' },
    joins: { type: 'string' },
    side: { type: 'string', default: 'both' },
  },
})
const gop = Number(options.gop)
const rounds = Number(options.rounds ?? (options.quick ? 2 : 5))
const joins = Number(options.joins ?? (options.quick ? 5 : 20))
const frames = options.quick ? 120 : 300
const SEED_GOP = 30
/** Frames in which the browser's jitter buffer comes to rest. */
const SETTLE = 60

/** The daemon's ffmpeg line without its address, once a daemon has run. */
let line

await run(async () => {
  const sides = options.side === 'bare' ? { bare: bareRound } : { havatard: havatardRound, bare: bareRound }
  const results = Object.fromEntries(Object.keys(sides).map((name) => [name, []]))
  const rows = [['round', 'side', 'frames', 'unread', 'fps', 'glass p50', 'p95', 'max', 'buffer', 'dropped', 'kbit/s', 'press p50', 'max', 'navigation p50', 'max']]
  for (let index = 0; index < rounds; index += 1) {
    const names = Object.keys(sides)
    // The daemon goes first in the first round, because the bare side borrows its line.
    for (const name of index % 2 === 0 ? names : names.toReversed()) {
      const share = Math.ceil((joins * (index + 1)) / rounds) - Math.ceil((joins * index) / rounds)
      const result = await sides[name](share)
      results[name].push(result)
      const { press, navigation } = result
      rows.push([
        index + 1, name, result.ages.length, result.unreadable, result.fps.toFixed(1), percentile(result.ages, 50),
        percentile(result.ages, 95), max(result.ages), result.jitterMs.toFixed(1), result.dropped, result.kbps.toFixed(0),
        median(press), max(press), Math.round(median(navigation)), Math.round(max(navigation)),
      ])
    }
  }
  const seed = await seedJoins()

  console.log(`Glass to glass in ms, ${gop} frames from key frame to key frame`)
  table(rows)
  console.log(`\nJoins in ms`)
  const joinRow = (what, values) => [what, values.length, Math.round(median(values)), Math.round(percentile(values, 95)), Math.round(max(values))]
  const all = (name, key) => results[name].flatMap((result) => result[key])
  table([
    ['from', 'n', 'p50', 'p95', 'max'],
    ...Object.keys(sides).flatMap((name) => [
      joinRow(`${name}, press`, all(name, 'press')),
      joinRow(`${name}, navigation`, all(name, 'navigation')),
    ]),
    joinRow(`bare, press, key frames ${SEED_GOP} apart`, seed),
  ])

  const figures = (name) => results[name] && {
    glass_p50_ms: median(results[name].map((result) => percentile(result.ages, 50))),
    glass_p95_ms: percentile(all(name, 'ages'), 95),
    join_p50_ms: median(all(name, 'press')),
    join_p95_ms: percentile(all(name, 'press'), 95),
    navigation_p50_ms: median(all(name, 'navigation')),
    navigation_p95_ms: percentile(all(name, 'navigation'), 95),
    bitrate_kbps: median(results[name].map((result) => result.kbps)),
  }
  const baseline = { ...figures('bare'), seed_join_p50_ms: median(seed), seed_join_p95_ms: percentile(seed, 95) }
  if (!results.havatard) return lastLine('latency', {}, baseline)
  const ratio = (value) => median(results.havatard.map((result, index) => value(result) / value(results.bare[index])))
  lastLine('latency', figures('havatard'), baseline, {
    glass_p50: ratio((result) => percentile(result.ages, 50)),
    join_p50: figures('havatard').join_p50_ms / baseline.join_p50_ms,
  })
})

async function havatardRound(share) {
  await randomPhase(1000)
  const daemon = await startHavatard({ camera: { gop } })
  line ??= commandLine(daemon.cameraEncoder()).slice(1, -1)
  const { browser, end } = await openBrowser()
  const { page } = await openPage(browser)
  await signIn(page, daemon)
  await settle(page)
  const result = { ...(await glass(page, frames)), press: [], navigation: [] }
  const context = page.context()
  await page.close()
  while (result.press.length < share) {
    const visit = await context.newPage()
    await randomPhase(1000)
    await visit.goto(daemon.origin, { waitUntil: 'commit' })
    result.navigation.push((await join(visit)).navigation)
    result.press.push(await joinAgain(visit))
    await visit.close()
  }
  await end()
  await daemon.end()
  return result
}

async function bareRound(share) {
  await randomPhase(1000)
  const bare = await startBare({ gop, line })
  const { browser, end } = await openBrowser()
  const { page, close } = await openPage(browser)
  await openBarePage(page, bare)
  await page.evaluate(() => window.press())
  await settle(page)
  const result = { ...(await glass(page, frames)), press: [], navigation: [] }
  await close()
  while (result.press.length < share) {
    result.press.push((await joinBare(browser, bare)).press)
    result.navigation.push((await navigateBare(browser, bare)).navigation)
  }
  await end()
  await bare.end()
  return result
}

/** Joins with the distance of key frames that the project was asked for. */
async function seedJoins() {
  const bare = await startBare({ gop: SEED_GOP })
  const { browser, end } = await openBrowser()
  const press = []
  while (press.length < joins) press.push((await joinBare(browser, bare)).press)
  await end()
  await bare.end()
  return press
}

async function settle(page) {
  await firstFrame(page)
  await page.waitForFunction((count) => window.havatarEyes.seen >= count, SETTLE)
}
