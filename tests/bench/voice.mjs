// Voice from mouth to ear, each way, through havatard and through the pipeline that one would first build.
// usage: scripts/bench voice [--quick] [--rounds 3] [--presses 10] [--minutes 10] [--side bare] [--output pulse] [--details]
//
// The robot's and the browser's sound cards are sinks of a PulseAudio server of our own, so real capture, real playback and
// a real browser's microphone are measured. Numbered clicks go in at one end and are looked for at the other; both
// ends are recorded in the same way and on one clock, so what the recording takes falls away.
//
// robot to browser: from the robot's microphone to the browser's loudspeaker. It has settled once it stays within 20 ms of
//   what it comes to in the end, counted from the making of the connection. What the browser's jitter buffer and its way
//   to the loudspeaker take of it is what the browser says; the rest is the robot, the network and both servers of sound.
// browser to speaker: from the browser's microphone to the robot's loudspeaker, and again after minutes of talk. What has been
//   handed to the robot's sound server and waits there is what that says; the rest is the browser, the network, MediaMTX and
//   the way through the robot's programs.
// press to audible: from the press on a page that is ready to talk to the first sound, while the browser's microphone
//   hears sound all the time.
// --details: each click, as seconds since the join and ms, and each press.
import { parseArgs } from 'node:util'
import { openBareVoicePage, startBareVoice } from './lib/bare_voice.mjs'
import { openBrowser, openPage } from './lib/browser.mjs'
import { babble, train } from './lib/clicks.mjs'
import { lastLine, median, percentile, round, table } from './lib/figures.mjs'
import { run } from './lib/own.mjs'
import { fromWall, listen, now, startSound } from './lib/sound.mjs'
import { startVoice, openVoicePage } from './lib/voice_page.mjs'
import { delay, randomPhase } from './lib/wait.mjs'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    presses: { type: 'string' },
    minutes: { type: 'string' },
    side: { type: 'string', default: 'both' },
    output: { type: 'string', default: 'pulse' },
    details: { type: 'boolean', default: false },
  },
})
const rounds = Number(options.rounds ?? (options.quick ? 1 : 3))
const presses = Number(options.presses ?? (options.quick ? 5 : 10))
const minutes = Number(options.minutes ?? (options.quick ? 1 : 10))
const joinMs = options.quick ? 15_000 : 20_000
const talkMs = options.quick ? 10_000 : 20_000
/** So often is a click made. */
const EVERY_MS = 250
const NEAR_MS = 20
/** So often, on average twice in it, is the robot's sound server asked. */
const LOOK_MS = 1000
/** Between two presses: long enough for everything that was said to have been heard. */
const HUSH_MS = 1000

/** Each side: `start`, a page that `join`s (to the moment when it began), is `ready` to talk, and talks by `press`. */
const sides = {
  havatard: async (sound) => {
    const robot = await startVoice({ sound, output: options.output })
    return { end: robot.end, open: (page) => openVoicePage(page, robot) }
  },
  bare: async (sound) => {
    const robot = await startBareVoice({ sound })
    return {
      end: robot.end,
      open: async (page) => {
        await openBareVoicePage(page, robot)
        return {
          join: async () => {
            await page.evaluate(() => window.listen())
            return page.evaluate(() => window.havatarEyes.peers[0].at)
          },
          ready: async () => {
            await page.evaluate(() => window.readyToTalk())
            await robot.play()
          },
          press: (on) => page.evaluate((open) => {
            const at = Date.now()
            window.talk(open)
            return at
          }, on),
        }
      },
    }
  },
}

await run(async () => {
  const sound = await startSound()
  const heard = {}
  for (const sink of ['robot_mic', 'robot_speaker', 'browser_out', 'browser_mic']) heard[sink] = await sound.record(sink)
  const names = Object.keys(sides).filter((name) => options.side === 'both' || options.side === name)
  const results = Object.fromEntries(names.map((name) => [name, []]))
  for (let index = 0; index < rounds; index += 1) {
    for (const name of index % 2 === 0 ? names : names.toReversed()) {
      const last = index === rounds - 1
      results[name].push(await oneRound(sound, heard, sides[name], last ? minutes : 0))
    }
  }
  show(results)
})

async function oneRound(sound, heard, start, long) {
  await randomPhase(1000)
  const robot = await start(sound)
  const { browser, end } = await openBrowser({ sound })
  const { page } = await openPage(browser)
  const operator = await robot.open(page)

  const clicks = sound.play('robot_mic', train(EVERY_MS))
  const joinedAt = fromWall(await operator.join())
  const ahead = now() - joinedAt
  const [joined, stages] = await Promise.all([
    listen({ from: heard.robot_mic, to: heard.browser_out, ms: joinMs - ahead }),
    stagesOf(page, ((joinMs - ahead) * 2) / 3, (joinMs - ahead) / 3),
  ])
  await clicks.end()

  await operator.ready()
  const audible = []
  const murmur = sound.play('browser_mic', babble())
  // A player takes a moment to start, and what does not sound yet cannot be heard.
  await heard.browser_mic.awaitSound(now())
  while (audible.length < presses) {
    await heard.robot_speaker.awaitSilence(HUSH_MS)
    await randomPhase(100)
    const at = fromWall(await operator.press(true))
    audible.push((await heard.robot_speaker.awaitSound(at)) - at)
    await operator.press(false)
  }
  await murmur.end()

  await heard.robot_speaker.awaitSilence(HUSH_MS)
  await operator.press(true)
  const talk = sound.play('browser_mic', train(EVERY_MS))
  const way = { from: heard.browser_mic, to: heard.robot_speaker, ms: talkMs }
  await delay(1000)
  const [first, waiting] = await Promise.all([listen(way), waitingAt(sound, talkMs)])
  await delay(long * 60_000)
  const later = long > 0 ? await listen(way) : undefined
  await talk.end()

  await end()
  await robot.end()
  if (options.details) {
    console.log(joined.heard.map(({ at, ms }) => `${round((at - joinedAt) / 1000)} s: ${round(ms, 0)}`).join(', '))
    console.log(`presses: ${audible.map((ms) => round(ms, 0)).join(', ')}`)
  }
  return { joined: settled(joined, joinedAt), stages, audible, waiting, first: summary(first), later: later && summary(later) }
}

/**
 * What the browser says that its jitter buffer, and its way to the loudspeaker, take of what it plays, ms, over the last third of the
 * time, when it has settled.
 */
async function stagesOf(page, waitMs, spanMs) {
  const look = () => page.evaluate(async () => {
    const sums = { buffered: 0, emitted: 0, played: 0, samples: 0 }
    for (const { peer } of window.havatarEyes.peers) {
      if (peer.connectionState === 'closed') continue
      for (const one of (await peer.getStats()).values()) {
        if (one.type === 'inbound-rtp' && one.kind === 'audio') {
          sums.buffered += one.jitterBufferDelay
          sums.emitted += one.jitterBufferEmittedCount
        } else if (one.type === 'media-playout') {
          sums.played += one.totalPlayoutDelay
          sums.samples += one.totalSamplesCount
        }
      }
    }
    return sums
  })
  await delay(waitMs)
  const before = await look()
  await delay(spanMs)
  const after = await look()
  const ms = (sum, count) => ((after[sum] - before[sum]) / (after[count] - before[count])) * 1000
  return { buffer: ms('buffered', 'emitted'), playout: ms('played', 'samples') }
}

/** What waits before the robot's loudspeaker over the given time, ms. */
async function waitingAt(sound, ms) {
  const end = now() + ms
  const seen = []
  while (now() < end) {
    await randomPhase(LOOK_MS)
    seen.push(await sound.waiting('robot_speaker'))
  }
  return median(seen)
}

function summary({ heard, made, lost }) {
  const took = heard.map(({ ms }) => ms)
  return { took, p50: percentile(took, 50), p95: percentile(took, 95), made, lost }
}

/** The last third is what it comes to; settled when three clicks in a row, in the middle, stay near that for good. */
function settled({ heard, made, lost }, since) {
  const end = heard.slice(-Math.floor(heard.length / 3))
  const rest = summary({ heard: end, made, lost })
  const middle = heard.map(({ at, ms }, index) => ({ at, ms: median(heard.slice(Math.max(0, index - 1), index + 2).map((one) => one.ms)) ?? ms }))
  const far = middle.findLastIndex(({ ms }) => Math.abs(ms - rest.p50) > NEAR_MS)
  return { ...rest, first: heard[0]?.ms, settle: middle[far + 1] && Math.max(0, middle[far + 1].at - since) }
}

function show(results) {
  const names = Object.keys(results)
  console.log('Voice, ms')
  table([
    ['round', 'side', 'robot to browser p50', 'p95', 'at first', 'settled after', 'lost', 'of it: to the browser', 'its buffer', 'its playing', 'press to audible p50', 'max', 'browser to speaker p50', 'p95', 'lost', 'of it: waiting at the speaker', `after ${minutes} min p50`, 'p95', 'lost'],
    ...names.flatMap((name) => results[name].map(({ joined, stages, audible, waiting, first, later }, index) => [
      index + 1, name, round(joined.p50), round(joined.p95), round(joined.first), round(joined.settle, 0), joined.lost,
      round(joined.p50 - stages.buffer - stages.playout), round(stages.buffer), round(stages.playout),
      round(median(audible)), round(percentile(audible, 100)), round(first.p50), round(first.p95), first.lost, round(waiting),
      round(later?.p50), round(later?.p95), later?.lost,
    ])),
  ])
  const figures = (name) => {
    const all = results[name]
    if (!all) return {}
    const later = all.at(-1).later
    return {
      robot_to_browser_p50_ms: median(all.map(({ joined }) => joined.p50)),
      robot_to_browser_p95_ms: percentile(all.flatMap(({ joined }) => joined.took), 95),
      robot_to_browser_settle_ms: median(all.map(({ joined }) => joined.settle)),
      robot_to_browser_buffer_ms: median(all.map(({ stages }) => stages.buffer)),
      robot_to_browser_playout_ms: median(all.map(({ stages }) => stages.playout)),
      browser_to_speaker_p50_ms: median(all.map(({ first }) => first.p50)),
      browser_to_speaker_p95_ms: percentile(all.flatMap(({ first }) => first.took), 95),
      browser_to_speaker_waiting_ms: median(all.map(({ waiting }) => waiting)),
      browser_to_speaker_later_p50_ms: later?.p50,
      browser_to_speaker_later_p95_ms: later?.p95,
      browser_to_speaker_growth_ms: later && later.p50 - all.at(-1).first.p50,
      press_to_audible_ms: median(all.flatMap(({ audible }) => audible)),
      press_to_audible_p95_ms: percentile(all.flatMap(({ audible }) => audible), 95),
      lost_clicks: all.reduce((sum, { joined, first, later: end }) => sum + joined.lost + first.lost + (end?.lost ?? 0), 0),
    }
  }
  const ours = figures('havatard')
  const theirs = figures('bare')
  const ratio = (name) => ours[name] / theirs[name]
  lastLine('voice', ours, theirs, names.length < 2 ? {} : {
    robot_to_browser_p50: ratio('robot_to_browser_p50_ms'),
    robot_to_browser_settle: ratio('robot_to_browser_settle_ms'),
    browser_to_speaker_p50: ratio('browser_to_speaker_p50_ms'),
    press_to_audible: ratio('press_to_audible_ms'),
  })
}
