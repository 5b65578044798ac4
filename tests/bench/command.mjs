// From a driver's message to bytes at the motor controller, beside what robots of this kind are usually driven with.
// usage: scripts/bench command [--quick] [--rounds N] [--messages N]
//
// One machine, one clock (CLOCK_MONOTONIC): a time begins just before the message is handed to the client's socket, and
// ends when the simulated controller has read its bytes from the pty. Each message asks for a speed that none of the
// messages around it asks for, so that bytes are matched with the message that caused them, not with a repetition.
//
// The baseline is Flask with pyserial, read by the same simulator. Flask's server closes the connection after each answer,
// so a browser opens one for each command ("Flask"); "Flask, connected ahead" leaves that out of the measured time, and it is
// this better one that the ratio is taken with. In each round the sides run one after the other, in an order that turns. "Loaded" is the same with a busy
// loop for every core. The e-stop is a POST and, apart, a message on the drive socket.
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { releaseEstop, startDriven } from './lib/driven.mjs'
import { monotonic, ms, openDriver } from './lib/drive.mjs'
import { lastLine, max, median, percentile, table } from './lib/figures.mjs'
import { startFlask } from './lib/flask.mjs'
import { openHttp } from './lib/http.mjs'
import { own, run } from './lib/own.mjs'
import { startRobot } from './lib/robot.mjs'
import { delay, until } from './lib/wait.mjs'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    messages: { type: 'string' },
  },
})
const rounds = Number(options.rounds ?? (options.quick ? 2 : 6))
const messages = Number(options.messages ?? (options.quick ? 100 : 300))
const estops = options.quick ? 20 : 200
const names = { havatard: 'WebSocket', ahead: 'Flask, connected ahead', flask: 'Flask' }
/** mm/s; the fastest that a config may allow, so that there are many different speeds. */
const FASTEST = 500
const SLOWEST = 150

await run(async () => {
  const flask = await startFlaskRobot()
  const sides = { havatard: await havatardSide(), ahead: flaskSide(flask, true), flask: flaskSide(flask, false) }
  const idle = await compare(sides)
  const stops = await estopTimes(sides.havatard)
  const hogs = cpus().map(() => own('sh', ['-c', 'while :; do :; done']))
  const loaded = await compare(sides)
  const loadedStops = await estopTimes(sides.havatard)
  for (const hog of hogs) await hog.end()

  const all = (results, name) => results[name].flatMap((one) => one.times)
  const rows = [['what', 'machine', 'n', 'lost', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms']]
  const row = (what, machine, times, lost = 0) => rows.push([
    what, machine, times.length, lost, ...[50, 95, 99].map((p) => percentile(times, p).toFixed(3)), max(times).toFixed(3),
  ])
  for (const [machine, results, stop] of [['idle', idle, stops], ['loaded', loaded, loadedStops]]) {
    for (const name of Object.keys(sides)) {
      row(names[name], machine, all(results, name), results[name].reduce((sum, one) => sum + one.lost, 0))
    }
    row('e-stop, POST', machine, stop.post)
    row('e-stop, WebSocket', machine, stop.socket)
  }
  console.log('From the call to the bytes at the controller')
  table(rows)

  const p = (results, name, share) => percentile(all(results, name), share)
  lastLine('command', {
    ws_p50_ms: p(idle, 'havatard', 50),
    ws_p99_ms: p(idle, 'havatard', 99),
    ws_loaded_p50_ms: p(loaded, 'havatard', 50),
    ws_loaded_p99_ms: p(loaded, 'havatard', 99),
    estop_p50_ms: percentile(stops.post, 50),
    estop_p99_ms: percentile(stops.post, 99),
    estop_ws_p99_ms: percentile(stops.socket, 99),
    estop_loaded_p99_ms: percentile(loadedStops.post, 99),
  }, {
    flask_ahead_p50_ms: p(idle, 'ahead', 50),
    flask_ahead_p99_ms: p(idle, 'ahead', 99),
    flask_p50_ms: p(idle, 'flask', 50),
    flask_p99_ms: p(idle, 'flask', 99),
    flask_ahead_loaded_p50_ms: p(loaded, 'ahead', 50),
    flask_ahead_loaded_p99_ms: p(loaded, 'ahead', 99),
  }, {
    ws_p50: ratio(idle),
    ws_loaded_p50: ratio(loaded),
  })
})

/** Median of the rounds' own ratios. */
function ratio(results) {
  return median(results.havatard.map((one, index) => percentile(one.times, 50) / percentile(results.ahead[index].times, 50)))
}

async function compare(sides) {
  const results = Object.fromEntries(Object.keys(sides).map((name) => [name, []]))
  for (let index = 0; index < rounds; index += 1) {
    const names = Object.keys(sides)
    for (const name of index % 2 === 0 ? names : names.toReversed()) results[name].push(await oneRound(sides[name]))
  }
  return results
}

/** A round of one side: about twenty messages a second, at moments that have nothing to do with anybody's tick. */
async function oneRound(side) {
  await side.begin()
  const sent = []
  for (let index = 0; index < messages; index += 1) {
    const speed = SLOWEST + ((index * 139) % (FASTEST - SLOWEST))
    sent.push({ speed, at: await side.send(speed) })
    await delay(30 + Math.random() * 40)
  }
  await side.rest()
  const received = side.received()
  const times = sent.map(({ speed, at }) => {
    const came = received.find((one) => one.at >= at && one.speed === speed)
    return came && ms(came.at - at)
  })
  side.forget()
  const there = times.filter((time) => time !== undefined)
  return { times: there, lost: times.length - there.length }
}

async function havatardSide() {
  const { daemon, robot } = await startDriven({ settings: { max_speed: FASTEST / 1000 } })
  let driver
  return {
    daemon,
    robot,
    begin: async () => {
      driver = await openDriver(daemon)
      driver.neutral()
      await until('the robot may be driven', () => driver.state().motion.refusal === null && !driver.state().motion.neutral_first)
      driver.silent()
    },
    send: async (speed) => driver.once(speed / FASTEST),
    rest: async () => {
      driver.neutral()
      await until('the robot rests', () => driver.state().motion.mode === null)
      driver.end()
    },
    received: () => robot.timeline.received().filter((one) => one.type === 'DRIVE').map(({ t, linear }) => ({ at: t, speed: linear })),
    forget: () => robot.timeline.forget(),
  }
}

async function startFlaskRobot() {
  const robot = await startRobot({ flags: ['--text'] })
  return { robot, server: await startFlask(robot.link) }
}

function flaskSide({ robot, server }, ahead) {
  return {
    begin: () => server.drive(0, 0, ahead),
    send: (speed) => server.drive(speed, speed, ahead),
    rest: () => server.drive(0, 0, ahead),
    received: () => robot.timeline.received().flatMap(({ t, line }) => {
      const speed = Number(/^M (-?\d+) /.exec(line ?? '')?.[1])
      return Number.isNaN(speed) ? [] : [{ at: t, speed }]
    }),
    forget: () => robot.timeline.forget(),
  }
}

/** E-stops of a robot that is being driven, released in two steps each time. */
async function estopTimes({ daemon, robot }) {
  const driver = await openDriver(daemon)
  const http = await openHttp(Number(new URL(daemon.origin).port), { authorization: `Bearer ${daemon.token()}` })
  const times = { post: [], socket: [] }
  for (let index = 0; index < estops; index += 1) {
    driver.neutral()
    await until('the robot may be driven', () => driver.state().motion.refusal === null && !driver.state().motion.neutral_first)
    driver.hold(0.5)
    await until('the robot moves', () => robot.timeline.movingAt(monotonic()))
    await delay(Math.random() * 50)
    const way = index % 2 === 0 ? 'post' : 'socket'
    const at = monotonic()
    if (way === 'post') await http.post('/api/v1/robot/estop', {})
    else driver.estop()
    const came = await until('the controller is told', () => robot.timeline.received().find((one) => one.type === 'ESTOP' && one.t >= at))
    times[way].push(ms(came.t - at))
    driver.alive()
    await until('the e-stop is latched', () => driver.state().estop.latched && driver.state().estop.confirmed)
    await releaseEstop(daemon)
    await until('the e-stop is released', () => !driver.state().estop.latched)
    robot.timeline.forget()
  }
  http.end()
  driver.end()
  return times
}
