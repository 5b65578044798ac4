// A sound card that is not there: a PulseAudio server of our own whose sinks play to nobody, and are recorded.
//
// robot_mic and robot_speaker are the robot's, browser_out and browser_mic the browser's. What is played into a microphone's
// sink is what that microphone hears. All times are ms of CLOCK_MONOTONIC.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { findClick, findClicks, CLICK_MS, loud, RATE, SEARCH_RATE } from './clicks.mjs'
import { own, ownFolder } from './own.mjs'
import { delay, until } from './wait.mjs'

export const now = () => Number(process.hrtime.bigint()) / 1e6
/** That of a wall clock's time, as pages take it. */
export const fromWall = (wall) => now() - (Date.now() - wall)

const SINKS = ['robot_mic', 'robot_speaker', 'browser_out', 'browser_mic']
/** A source of its own, since browsers leave out what is only the echo of a sink. */
const BROWSER_SOURCE = 'browser_ear'
/** What recorders and players ask of the server: it then works in blocks as small as a sound card's. */
const BLOCK_MS = 5
/** A recorder's memory. */
const KEPT_MS = 120_000
const AVERAGED = RATE / SEARCH_RATE

/** Starts the server. */
export async function startSound() {
  const folder = ownFolder()
  const socket = join(folder, 'native')
  const alsa = join(folder, 'asound.conf')
  writeFileSync(alsa, `
</usr/share/alsa/alsa.conf>
pcm.robot_mic { type pulse server "unix:${socket}" device "robot_mic.monitor" }
pcm.robot_speaker { type pulse server "unix:${socket}" device "robot_speaker" }
`)
  /** The environment of a program that is to have this sound card and no other. */
  const env = {
    PULSE_SERVER: `unix:${socket}`,
    PULSE_RUNTIME_PATH: folder,
    XDG_RUNTIME_DIR: folder,
    PULSE_COOKIE: join(folder, 'cookie'),
    ALSA_CONFIG_PATH: alsa,
  }
  const load = (module) => `--load=${module}`
  const form = `format=s16le rate=${RATE} channels=1`
  const server = own('pulseaudio', [
    '-n', '--daemonize=no', '--use-pid-file=no', '--exit-idle-time=-1', '--disable-shm=yes', '--log-target=stderr', '--log-level=error',
    load(`module-native-protocol-unix socket=${socket} auth-anonymous=1`),
    ...SINKS.map((sink) => load(`module-null-sink sink_name=${sink} ${form}`)),
    load(`module-remap-source source_name=${BROWSER_SOURCE} master=browser_mic.monitor ${form}`),
  ], { env: { ...env, HOME: folder } })
  const pactl = async (...args) => {
    const said = []
    const { exited } = own('pactl', args, { env, onLine: (line) => said.push(line) })
    const { code } = await exited
    if (code !== 0) throw new Error(`pactl ${args.join(' ')}: ${said.join('\n')}`)
    return said
  }
  await until('PulseAudio answers', () => {
    if (!server.running()) throw new Error(`PulseAudio ended: ${server.lines.join('\n')}`)
    return pactl('info')
  })
  // A browser's default microphone is the server's, whatever its environment says.
  await pactl('set-default-sink', 'browser_out')
  await pactl('set-default-source', BROWSER_SOURCE)

  return {
    ...server,
    /** Environment of the robot's programs: its microphone and loudspeaker are their default ones. */
    env: { ...env, PULSE_SINK: 'robot_speaker', PULSE_SOURCE: 'robot_mic.monitor' },
    pactl,
    /** Options of a browser's launch: its sound is heard on browser_out, its microphone hears browser_mic. */
    forBrowser: () => ({
      env: { ...process.env, ...env, PULSE_SINK: 'browser_out', PULSE_SOURCE: BROWSER_SOURCE },
      ignoreDefaultArgs: ['--mute-audio'],
    }),
    play: (sink, samples) => play(env, sink, samples),
    /** What players have handed in for a sink and it has not played yet, ms. */
    waiting: async (sink) => {
      const index = (await pactl('list', 'short', 'sinks')).map((line) => line.split('\t')).find(([, name]) => name === sink)[0]
      const players = (await pactl('list', 'sink-inputs')).join('\n').split('Sink Input #')
      const ours = players.filter((one) => one.includes(`Sink: ${index}\n`))
      return Math.max(0, ...ours.map((one) => Number(/Buffer Latency: (\d+) usec/.exec(one)[1]) / 1000))
    },
    record: (sink) => record(env, sink),
    /** The browser's microphone is pulled out, and is there again. */
    unplugMicrophone: async () => {
      const line = (await pactl('list', 'short', 'modules')).find((one) => one.includes(`source_name=${BROWSER_SOURCE}`))
      await pactl('unload-module', line.split('\t')[0])
    },
    plugMicrophone: () => pactl('load-module', 'module-remap-source', `source_name=${BROWSER_SOURCE}`, 'master=browser_mic.monitor', ...form.split(' ')),
  }
}

/** Plays what a generator gives (lib/clicks.mjs) into a sink until `end()`. */
function play(env, sink, samples) {
  const player = own('pacat', ['--playback', '--raw', `--device=${sink}`, '--format=s16le', `--rate=${RATE}`, '--channels=1', `--latency-msec=${4 * BLOCK_MS}`], {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const source = Readable.from(samples, { objectMode: false, highWaterMark: RATE / 10 })
  // The pipe breaks when the player is ended, which is how it ends.
  player.child.stdin.on('error', () => source.destroy())
  source.pipe(player.child.stdin)
  return player
}

/** Records what a sink plays, from now on. Resolves once sound comes. */
async function record(env, sink) {
  /** Averaged samples since `first`, an index that only goes up. */
  let samples = new Float32Array(SEARCH_RATE * 8)
  let first = 0
  let count = 0
  let odd = Buffer.alloc(0)
  /** When sample 0 would have come, at the soonest, by each second's quickest block. The server's clock is ours, so it stays. */
  const anchors = []
  const recorder = own('parec', ['--record', '--raw', `--device=${sink}.monitor`, '--format=s16le', `--rate=${RATE}`, '--channels=1', `--latency-msec=${BLOCK_MS}`], {
    env,
    onBytes: (bytes) => {
      const at = now()
      const all = odd.length > 0 ? Buffer.concat([odd, bytes]) : bytes
      const whole = Math.floor(all.length / (2 * AVERAGED))
      odd = Buffer.from(all.subarray(whole * 2 * AVERAGED))
      make(whole)
      for (let index = 0; index < whole; index += 1) {
        let sum = 0
        for (let one = 0; one < AVERAGED; one += 1) sum += all.readInt16LE((index * AVERAGED + one) * 2)
        samples[count - first + index] = sum / AVERAGED / 32_768
      }
      count += whole
      const zero = at - (count * 1000) / SEARCH_RATE
      const second = Math.floor(at / 1000)
      const newest = anchors.at(-1)
      if (newest?.second === second) newest.zero = Math.min(newest.zero, zero)
      else anchors.push({ second, zero })
      if (anchors.length > KEPT_MS / 1000) anchors.shift()
    },
  })
  /** Room for more; what is too old is forgotten when there is none. */
  function make(more) {
    if (count - first + more <= samples.length) return
    const keep = Math.min(count - first, (KEPT_MS * SEARCH_RATE) / 1000)
    const kept = samples.subarray(count - first - keep, count - first)
    samples = new Float32Array(Math.max(samples.length, 2 * (keep + more)))
    samples.set(kept)
    first = count - keep
  }
  /** From the seconds around a moment: should the recorder ever lose something, it is right again soon. */
  const zeroAt = (at) => Math.min(...anchors.filter(({ second }) => Math.abs(second - at / 1000) <= 5).map(({ zero }) => zero))
  await until(`${sink} is recorded`, () => {
    if (!recorder.running()) throw new Error(`parec ended: ${recorder.lines.join('\n')}`)
    return count > SEARCH_RATE / 10
  })
  const until_ = () => (anchors.at(-1)?.zero ?? 0) + (count * 1000) / SEARCH_RATE
  /** What was heard from one moment to another, once it has been. `at` turns ms in it into a moment. */
  const between = async (from, to) => {
    await until(`${sink} has been heard up to the moment`, () => until_() >= to, { timeoutMs: 5000 + Math.max(0, to - now()) })
    const zero = zeroAt(to)
    const index = (at) => Math.min(count, Math.max(first, Math.round(((at - zero) * SEARCH_RATE) / 1000))) - first
    const begin = index(from)
    return { samples: samples.slice(begin, index(to)), at: (ms) => zero + ((begin + first) * 1000) / SEARCH_RATE + ms }
  }
  return {
    ...recorder,
    between,
    /** Clicks that begin between two moments: code, moment, fit. */
    clicks: async (from, to) => {
      const heard = await between(from, to + CLICK_MS)
      return findClicks(heard.samples).map(({ code, ms, fit }) => ({ code, fit, at: heard.at(ms) }))
    },
    /** When a click is heard that was made at `at`, and not later than `withinMs`. */
    click: async (code, at, withinMs) => {
      // Both clocks are right within a few ms, and nothing is heard before it is made.
      const heard = await between(at - 2 * BLOCK_MS, at + withinMs + CLICK_MS)
      const found = findClick(heard.samples, code)
      return found && heard.at(found.ms)
    },
    /** The first moment from `from` on at which there is sound, up to now; or `undefined`. */
    soundSince: async (from, level) => {
      const heard = await between(from, Math.max(from, Math.min(until_(), now())))
      const { value: ms } = loud(heard.samples, level).next()
      return ms === undefined ? undefined : heard.at(ms)
    },
    /** How many ms from one moment to another were loud. */
    loudMs: async (from, to, level) => [...loud((await between(from, to)).samples, level)].length,
    /** Waits for sound after `from`, and tells when it began. */
    awaitSound(from, { level, timeoutMs = 10_000 } = {}) {
      return until(`sound on ${sink}`, () => this.soundSince(from, level), { timeoutMs, everyMs: 20 })
    },
    /** Waits until nothing has been heard for `ms`. */
    async awaitSilence(ms, { level, timeoutMs = 20_000 } = {}) {
      await until(`silence on ${sink}`, async () => (await this.soundSince(until_() - ms, level)) === undefined, { timeoutMs, everyMs: 50 })
    },
  }
}

/**
 * How late what `from` plays is heard on `to`, click by click over `ms` from now: `{ at, ms }` for each that arrived, and how
 * many did not.
 */
export async function listen({ from, to, ms, withinMs = 3000 }) {
  const begin = now()
  await delay(ms)
  const made = await from.clicks(begin, begin + ms - CLICK_MS)
  const heard = []
  for (const { code, at } of made) {
    const when = await to.click(code, at, withinMs)
    if (when !== undefined) heard.push({ at, ms: when - at })
  }
  return { heard, made: made.length, lost: made.length - heard.length }
}
