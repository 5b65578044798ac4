// What a machine does that is far too busy: processes that are killed for being slow, and the picture's age and rate over time.
// usage: scripts/bench overload [--quick] [--hogs N] [--seconds T] [--calm T]
//   --hogs     busy processes beside the daemon: 20 a core
//   --seconds  how long the load lasts: 30 when quick, 300 otherwise
//   --calm     how long it is watched without load before: as long, at most 300
//
// First without load, then with it, on the same daemon. The picture is read over RTSP by an ffmpeg of our own, which goes
// before the load where that is permitted: what is measured is the robot, not its viewer. A false kill is a remark of the
// supervisor's that it killed a process which nobody had stopped.
import { cpus } from 'node:os'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startHavatard } from './lib/daemon.mjs'
import { lastLine, median, percentile, round, table } from './lib/figures.mjs'
import { own, run } from './lib/own.mjs'
import { delay } from './lib/wait.mjs'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    hogs: { type: 'string' },
    seconds: { type: 'string' },
    calm: { type: 'string' },
  },
})
const hogs = Number(options.hogs ?? 20 * cpus().length)
const seconds = Number(options.seconds ?? (options.quick ? 30 : 300))
const calm = Number(options.calm ?? Math.min(seconds, 300))

// The frame clock's row of the picture, in 160 x 4 grey pixels: a square is 4 of them (crates/havatar-sim/src/frame_clock.rs).
const WIDTH = 160
const HEIGHT = 4
const CLOCK = `crop=iw:iw/40:0:4*iw/40,scale=${WIDTH}:${HEIGHT}:flags=area,format=gray`

/** The Unix milliseconds that a picture carries, modulo 2^32; undefined if it carries none. */
function stampOf(pixels) {
  let stamp = 0
  for (let square = 0; square < 34; square += 1) {
    let sum = 0
    for (const [x, y] of [[1, 1], [2, 1], [1, 2], [2, 2]]) sum += pixels[y * WIDTH + (3 + square) * 4 + x]
    const light = sum / 4
    if (light > 90 && light < 165) return undefined
    const lit = light >= 165
    if (square === 0 ? !lit : square === 33 && lit) return undefined
    if (square > 0 && square < 33) stamp = ((stamp << 1) | (lit ? 1 : 0)) >>> 0
  }
  return stamp
}

/** Reads the picture for as long as the benchmark runs; `take()` gives the ages of the frames since the last call. */
function watch(daemon) {
  const password = readFileSync(join(daemon.place.state, 'watch-token'), 'utf8').trim()
  const url = `rtsp://viewer:${password}@127.0.0.1:${daemon.place.ports.rtsp}/havatar_camera`
  const args = ['-v', 'error', '-nostdin', '-fflags', 'nobuffer', '-flags', 'low_delay', '-rtsp_transport', 'tcp', '-i', url]
  let frames = []
  let rest = Buffer.alloc(0)
  let ended = false
  const look = (bytes) => {
    rest = Buffer.concat([rest, bytes])
    for (; rest.length >= WIDTH * HEIGHT; rest = rest.subarray(WIDTH * HEIGHT)) {
      const stamp = stampOf(rest.subarray(0, WIDTH * HEIGHT))
      if (stamp !== undefined) frames.push(((Date.now() % 2 ** 32) - stamp) | 0)
    }
  }
  const open = () => {
    rest = Buffer.alloc(0)
    const reader = own('nice', ['-n', '-15', 'ffmpeg', ...args, '-an', '-vf', CLOCK, '-fps_mode', 'passthrough', '-f', 'rawvideo', 'pipe:1'], { onBytes: look })
    reader.exited.then(() => { if (!ended) setTimeout(open, 500) })
    end = reader.end
  }
  let end
  open()
  return {
    take: () => frames.splice(0),
    end: async () => {
      ended = true
      await end()
    },
  }
}

/** The supervisor's remarks so far that it killed a process for being silent. */
async function kills(daemon, known) {
  for (const { name } of await daemon.api('/api/v1/processes')) {
    const { lines } = await daemon.api(`/api/v1/processes/${name}/logs`)
    for (const { at, source, text } of lines) {
      const killed = source === 'supervisor' && /^(stopped answering|not ready) for .* killed/.test(text)
      if (killed) known.add(`${at} ${name}: ${text}`)
    }
  }
  return known.size
}

async function half(daemon, viewer, label, lasts, known, rows) {
  const windowSeconds = Math.max(5, lasts / 10)
  const all = []
  const rates = []
  const before = await kills(daemon, known)
  viewer.take()
  for (let spent = 0; spent < lasts; spent += windowSeconds) {
    const began = performance.now()
    await delay(windowSeconds * 1000)
    const ages = viewer.take()
    const took = (performance.now() - began) / 1000
    all.push(...ages)
    rates.push(ages.length / took)
    // A daemon that does not answer in time is a figure too.
    const asked = performance.now()
    const status = await daemon.status().catch(() => undefined)
    const overload = status?.machine.overload
    rows.push([
      label, Math.round(spent + windowSeconds), round(rates.at(-1)), round(median(ages), 0) ?? '-', round(percentile(ages, 95), 0) ?? '-',
      Math.round(performance.now() - asked), (await kills(daemon, known).catch(() => known.size)) - before,
      overload ? (overload.picture ? `${overload.picture.width}x${overload.picture.height} at ${overload.picture.fps}` : 'short') : '',
    ])
  }
  return {
    false_kills: (await kills(daemon, known)) - before,
    fps: rates.reduce((sum, rate) => sum + rate, 0) / rates.length,
    fps_min: Math.min(...rates),
    age_p50_ms: median(all),
    age_p95_ms: percentile(all, 95),
  }
}

await run(async () => {
  const daemon = await startHavatard()
  const viewer = watch(daemon)
  const known = new Set()
  const rows = [['half', 's', 'fps', 'age p50', 'age p95', 'status ms', 'kills', 'overload']]
  const baseline = await half(daemon, viewer, 'calm', calm, known, rows)
  const load = Array.from({ length: hogs }, () => own('sh', ['-c', 'while :; do :; done']))
  const figures = await half(daemon, viewer, `${hogs} hogs`, seconds, known, rows)
  await Promise.all(load.map((hog) => hog.end()))
  const began = performance.now()
  // Alive again: frames come once a second at least, all through five seconds.
  for (let good = 0; good < 5 && performance.now() - began < 120_000;) {
    await delay(1000)
    good = viewer.take().length > 0 ? good + 1 : 0
    figures.recovered_s = (performance.now() - began) / 1000 - 5
  }
  table(rows)
  for (const line of known) console.log(line)
  await viewer.end()
  await daemon.end()
  lastLine('overload', { hogs, seconds, calm, ...figures }, baseline, { age_p50: figures.age_p50_ms / baseline.age_p50_ms, fps: figures.fps / baseline.fps })
})
