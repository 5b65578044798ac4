// What the supervisor costs, and how fast it heals: a viewer in Chromium reads the camera's frame clock while
// processes are killed and stopped under it.
// usage: scripts/bench supervisor [--quick] [--rounds N] [--only costs,heal,load,orphans,suite]
//   --rounds   rounds of the orphan count: 20 when quick, 1000 otherwise
//   suite      the suite's tests of orphans with 20 rounds, 200 when not quick; in the suite they have one
//
// Every fault gets a daemon of its own, so that the backoff of one round is not part of the next. All times are in ms
// from the signal. "Frame" is when the page showed the first picture that was taken after it. "Noticed" and "back" are
// the supervisor's own words in the process's log: its first remark after the signal, and that the new one is ready.
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { openBrowser, openPage } from './lib/browser.mjs'
import { launchHavatard, prepareHavatard, signIn, startHavatard } from './lib/daemon.mjs'
import { firstFrame, frameTakenAfter } from './lib/eyes.mjs'
import { lastLine, max, median, table } from './lib/figures.mjs'
import { own, run } from './lib/own.mjs'
import { alive, commandLine, cpuSeconds, descendants, identity, memory, mentions, pids, state, variable } from './lib/proc.mjs'
import { suite } from './lib/suite.mjs'
import { delay, randomPhase, until } from './lib/wait.mjs'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string', default: 'costs,heal,load,orphans,suite' },
  },
})
const parts = new Set(options.only.split(','))
const healRounds = options.quick ? 2 : 10
const startRounds = options.quick ? 2 : 5
const orphanRounds = Number(options.rounds ?? (options.quick ? 20 : 1000))
const costSeconds = 20
const loadSeconds = options.quick ? 20 : 60
/** How long after the daemon's death nothing of it may be left. */
const ORPHAN_GRACE_MS = 500

const figures = {}

await run(async () => {
  if (parts.has('costs')) {
    await costs()
    await starts()
  }
  if (parts.has('heal')) await heal()
  if (parts.has('load')) await load()
  if (parts.has('orphans')) await orphans()
  if (parts.has('suite')) suiteRounds()
  console.log()
  table([['figure', 'value'], ...Object.entries(figures).map(([name, value]) => [name, value?.toFixed?.(2) ?? '-'])])
  lastLine('supervisor', figures)
})

function suiteRounds() {
  const rounds = options.quick ? 20 : 200
  suite('havatar-supervisor', 'test(sigkill_leaves)', rounds)
  suite('havatar-tests', 'test(leaves_nothing_behind) & test(killed)', rounds)
  figures.suite_rounds = rounds
}

/** A daemon with one viewer who sees the picture. */
async function watched(settings) {
  const daemon = await startHavatard(settings)
  const { browser, end: endBrowser } = await openBrowser()
  const { page } = await openPage(browser)
  await signIn(page, daemon)
  await firstFrame(page)
  return {
    daemon,
    page,
    end: async () => {
      await endBrowser()
      await daemon.end()
    },
  }
}

async function costs() {
  const { daemon, end } = await watched()
  const before = cpuSeconds(daemon.pid)
  const began = performance.now()
  const resident = []
  while (performance.now() - began < costSeconds * 1000) {
    await delay(1000)
    resident.push(memory(daemon.pid).resident)
  }
  const seconds = (performance.now() - began) / 1000
  figures.cpu_percent = (100 * (cpuSeconds(daemon.pid) - before)) / seconds
  figures.rss_mib = max(resident)
  figures.rss_own_mib = memory(daemon.pid).own
  await end()
}

/** From the start of the process to the first frame in a browser that tries to load the page all the while. */
async function starts() {
  const place = prepareHavatard()
  const first = await startHavatard({ place })
  const { browser, end } = await openBrowser()
  const { page } = await openPage(browser)
  await signIn(page, first)
  await firstFrame(page)
  await page.close()
  await first.end()

  const ready = []
  const picture = []
  for (let round = 0; round < startRounds; round += 1) {
    const visit = await page.context().newPage()
    const daemon = await launchHavatard({ place })
    const isReady = daemon.ready().then(() => Date.now() - daemon.startedAt)
    await daemon.whileRunning('the page loads', async () => (await visit.goto(daemon.origin, { waitUntil: 'commit' })).ok())
    await visit.waitForSelector('body[data-view="watch"], body[data-view="sign-in"]')
    if (await visit.locator('body[data-view="sign-in"]').count()) {
      throw new Error('a restart of the daemon signed the browser out, so this start cannot be measured')
    }
    picture.push((await firstFrame(visit)) - daemon.startedAt)
    ready.push(await isReady)
    await visit.close()
    await daemon.end()
  }
  await end()
  figures.start_to_ready_ms = median(ready)
  figures.start_to_picture_ms = median(picture)
  figures.start_to_picture_max_ms = max(picture)
}

async function heal() {
  const faults = {
    mediamtx_kill: { signal: 'SIGKILL', pid: async (daemon) => (await daemon.processNamed('mediamtx')).pid, name: 'mediamtx' },
    mediamtx_hang: { signal: 'SIGSTOP', pid: async (daemon) => (await daemon.processNamed('mediamtx')).pid, name: 'mediamtx' },
    ffmpeg_kill: { signal: 'SIGKILL', pid: (daemon) => daemon.cameraEncoder(), name: 'camera' },
    ffmpeg_stall: { signal: 'SIGSTOP', pid: (daemon) => daemon.cameraEncoder(), name: 'camera' },
  }
  const rows = [['fault', 'rounds', 'noticed p50', 'max', 'back p50', 'max', 'frame p50', 'max']]
  for (const [fault, how] of Object.entries(faults)) {
    const results = []
    while (results.length < healRounds) results.push(await once(how))
    const all = (key) => results.map((result) => result[key])
    figures[`${fault}_noticed_ms`] = median(all('noticed'))
    figures[`${fault}_noticed_max_ms`] = max(all('noticed'))
    figures[`${fault}_to_back_ms`] = median(all('back'))
    figures[`${fault}_to_back_max_ms`] = max(all('back'))
    figures[`${fault}_to_frame_ms`] = median(all('frame'))
    figures[`${fault}_to_frame_max_ms`] = max(all('frame'))
    rows.push([
      fault, results.length, median(all('noticed')), max(all('noticed')),
      median(all('back')), max(all('back')), median(all('frame')), max(all('frame')),
    ])
  }
  table(rows)
}

/** One fault on a fresh daemon. */
async function once({ signal, pid, name }) {
  const { daemon, page, end } = await watched()
  const victim = await pid(daemon)
  await randomPhase(1000)
  const before = await daemon.processNamed(name)
  const at = Date.now()
  process.kill(victim, signal)
  const frame = (await frameTakenAfter(page, at, 30_000)) - at
  await daemon.whileRunning(`${name} is back`, async () => {
    const now = await daemon.processNamed(name)
    return now.state === 'running' && now.pid !== before.pid
  })
  const { lines } = await daemon.api(`/api/v1/processes/${name}/logs`)
  const remarks = lines
    .map((line) => ({ ...line, after: Date.parse(line.at) - at }))
    .filter((line) => line.source === 'supervisor' && line.after >= 0)
  await end()
  return { noticed: remarks[0].after, back: remarks.find((line) => line.text.startsWith('ready')).after, frame }
}

/** Nobody is killed for being slow while every core is taken. */
async function load() {
  const { daemon, end } = await watched()
  const restarts = async () => (await daemon.status()).processes.reduce((sum, one) => sum + one.restarts, 0)
  const before = await restarts()
  const hogs = cpus().map(() => own('sh', ['-c', 'while :; do :; done']))
  await delay(loadSeconds * 1000)
  figures.false_kills = (await restarts()) - before
  for (const hog of hogs) await hog.end()
  await end()
}

/**
 * Lets processes run for so long. Time in which this machine runs nobody, us neither, is not theirs: a beat of 5 ms that
 * comes late counts as at most 20. Resolves to what was left out.
 */
async function grace(ms) {
  const beat = 5
  const began = performance.now()
  let last = began
  for (let counted = 0; counted < ms;) {
    await delay(beat)
    const now = performance.now()
    counted += Math.min(now - last, 4 * beat)
    last = now
  }
  return performance.now() - began - ms
}

/** Who it is, and whether it goes by itself after all; if not, it is ended here. */
async function lateness(pid) {
  const who = `${pid} (${state(pid)}): ${commandLine(pid).join(' ')}`
  const began = performance.now()
  try {
    await until('it goes by itself', () => !alive(pid), { timeoutMs: 5000, everyMs: 5 })
    return `${who}, gone by itself ${Math.round(performance.now() - began)} ms later`
  } catch {
    process.kill(pid, 'SIGKILL')
    return `${who}, not gone in 5 s`
  }
}

/** The daemon is killed at a random moment of its life; after half a second nothing that it started is left. */
async function orphans() {
  const place = prepareHavatard()
  let left = 0
  for (let round = 0; round < orphanRounds; round += 1) {
    const daemon = await launchHavatard({ place })
    await until('the daemon has a child', () => descendants(daemon.pid).length > 0, { everyMs: 2 })
    await randomPhase(1500)
    const family = descendants(daemon.pid)
    const known = new Set(family.map(identity))
    const generations = new Set(family.map((pid) => variable(pid, 'HAVATAR_GENERATION')))
    generations.delete(undefined)
    process.kill(daemon.pid, 'SIGKILL')
    await daemon.exited
    const stood = await grace(ORPHAN_GRACE_MS)
    if (stood > 100) console.error(`round ${round + 1}: this machine stood still for ${Math.round(stood)} ms, which are not counted`)
    const ours = pids().filter((pid) => alive(pid)
      && (known.has(identity(pid)) || generations.has(variable(pid, 'HAVATAR_GENERATION')) || mentions(pid, place.folder)))
    for (const pid of ours) console.error(`round ${round + 1} left ${await lateness(pid)}`)
    left += ours.length
  }
  figures.orphans = left
  figures.orphan_rounds = orphanRounds
}
