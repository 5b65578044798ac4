// How long the wheels go on turning after something dies, and whether anything old ever moves them.
// usage: scripts/bench safety [--quick] [--rounds N] [--only sigkill,sigstop,network,page,relay,estop,latched,cable,rules,frames]
//   --rounds   of each fault: 5 when quick, 50 otherwise
//
// The simulated robot runs the firmware that ships. A time begins before the fault is made, and ends when the firmware
// last told its motors anything but zero; both on CLOCK_MONOTONIC. Each round meets the robot while it drives, at a
// random moment, in turn by a held control, a latch and a step (a page holds a key). Afterwards the robot is watched
// for longer than any rule of time, and a motor that comes on again counts as one that never went off.
//
// The last two parts are tests of the suite, built for release and asked for more: the rules alone under old, repeated and
// shuffled commands and tokens, and damaged frames through the decoder.
//
// Network faults take namespaces, so root; page faults take Chromium. What cannot be shown on a machine is said, and its
// figure is null.
import { parseArgs } from 'node:util'
import { linkUp, releaseEstop, startDriven } from './lib/driven.mjs'
import { monotonic, ms, openDriver } from './lib/drive.mjs'
import { drivePage } from './lib/drive_page.mjs'
import { lastLine, max, percentile, table } from './lib/figures.mjs'
import { layNetwork } from './lib/network.mjs'
import { own, run } from './lib/own.mjs'
import { freePort } from './lib/ports.mjs'
import { havatarSim } from './lib/programs.mjs'
import { staleMotions } from './lib/stale.mjs'
import { suite } from './lib/suite.mjs'
import { delay, randomPhase, until } from './lib/wait.mjs'

const parts = { sigkill, sigstop, network, page, relay, estop, latched, cable, rules, frames }
const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string', default: Object.keys(parts).join(',') },
  },
})
const rounds = Number(options.rounds ?? (options.quick ? 5 : 50))
const chosen = options.only.split(',')
const estops = options.quick ? 40 : 400
const relaySeconds = options.quick ? 40 : 600
const schedules = options.quick ? 20_000 : 1_000_000
const damaged = options.quick ? 1_000_000 : 100_000_000
/** Longer than the firmware's watchdog, the daemon's deadman and the oldest age together. */
const WATCHED_MS = 800

/** Times to zero by fault, in ms; `null` for one that could not be made. */
const zero = {}
const figures = {}

await run(async () => {
  for (const name of chosen) await parts[name]()
  const rows = [['the motors were off, ms after', 'n', 'p50', 'p95', 'max']]
  for (const [fault, times] of Object.entries(zero)) {
    const known = times ?? []
    rows.push([fault, known.length, ...[50, 95].map((p) => percentile(known, p)?.toFixed(0)), max(known)?.toFixed(0)])
    figures[`zero_after_${fault}_ms_p50`] = percentile(known, 50)
    figures[`zero_after_${fault}_ms_max`] = max(known)
    figures[`zero_after_${fault}_rounds`] = known.length
  }
  table(rows)
  table([['figure', 'value'], ...Object.entries(figures).filter(([name]) => !name.startsWith('zero_')).map(([name, value]) => [name, value === undefined ? null : Number(value.toFixed(3))])])
  lastLine('safety', figures)
})

/** Drives in the round's mode until the motors turn, and on to a random moment. */
async function begin(robot, driver, round) {
  driver.neutral()
  await until('the robot may be driven', () => driver.state().motion.refusal === null && !driver.state().motion.neutral_first)
  const begun = monotonic()
  ;[() => driver.hold(1), () => driver.latch(1), () => driver.step({ cm: 50 })][round % 3]()
  await moves(robot, begun)
}

async function moves(robot, begun) {
  await until('the motors turn', () => robot.timeline.movingAt(monotonic()), { everyMs: 5 })
  await randomPhase(400)
  // A step of half a metre takes longer than that, so it still moves.
  if (!robot.timeline.movingAt(monotonic())) throw new Error(`the robot stopped by itself ${ms(monotonic() - begun)} ms after the command`)
}

/** From `fault` until the motors were off for good. */
async function stands(robot, fault) {
  await delay(WATCHED_MS)
  const off = robot.timeline.zeroAfter(fault)
  if (off === undefined) throw new Error('the motors were still on when the watch ended')
  const took = ms(off - fault)
  robot.timeline.forget()
  return took
}

async function sigkill() {
  zero.sigkill = []
  let { daemon, robot } = await startDriven()
  for (let round = 0; round < rounds; round += 1) {
    const driver = await openDriver(daemon)
    await begin(robot, driver, round)
    const fault = monotonic()
    process.kill(daemon.pid, 'SIGKILL')
    zero.sigkill.push(await stands(robot, fault))
    driver.cut()
    await daemon.exited
    ;({ daemon } = await startDriven({ robot, place: daemon.place }))
  }
  await daemon.end()
  await robot.end()
}

async function sigstop() {
  zero.sigstop = []
  figures.moved_after_sigcont = 0
  const { daemon, robot } = await startDriven()
  for (let round = 0; round < rounds; round += 1) {
    const driver = await openDriver(daemon)
    await begin(robot, driver, round)
    const fault = monotonic()
    process.kill(daemon.pid, 'SIGSTOP')
    zero.sigstop.push(await stands(robot, fault))
    // The driver has gone on all the while. What piled up must not move it, nor what is still being held.
    process.kill(daemon.pid, 'SIGCONT')
    const back = monotonic()
    await delay(WATCHED_MS)
    if (robot.timeline.movingSince(back)) figures.moved_after_sigcont += 1
    driver.end()
    await linkUp(daemon)
  }
  await daemon.end()
  await robot.end()
}

async function network() {
  zero.network = null
  figures.moved_after_network_is_back = undefined
  let cable
  try {
    cable = layNetwork()
  } catch (error) {
    console.log(`NOT SHOWN: a dead network: ${error.message}`)
    return
  }
  zero.network = []
  figures.moved_after_network_is_back = 0
  const { daemon, robot } = await startDriven({ network: cable })
  for (let round = 0; round < rounds; round += 1) {
    const driver = await openDriver(daemon)
    await begin(robot, driver, round)
    const fault = monotonic()
    cable.pull()
    zero.network.push(await stands(robot, fault))
    cable.plug()
    const back = monotonic()
    // TCP waits longer and longer before it tries again; the first try after 0.8 s of silence comes within this.
    await delay(2 * WATCHED_MS)
    if (robot.timeline.movingSince(back)) figures.moved_after_network_is_back += 1
    driver.end()
    await linkUp(daemon)
  }
  await daemon.end()
  await robot.end()
  await cable.end()
}

async function page() {
  const faults = ['browser_kill', 'freeze', 'stop', 'hidden', 'blur']
  const { daemon, robot } = await startDriven({ camera: { source: 'test' } })
  await daemon.whileRunning('the picture is ready', async () => (await fetch(`${daemon.origin}/readyz`)).ok, { timeoutMs: 30_000 })
  for (const fault of faults) {
    const name = fault === 'stop' ? 'browser_stop' : fault
    zero[name] = []
    for (let round = 0; round < rounds; round += 1) {
      const driving = await drivePage(daemon)
      const begun = monotonic()
      await driving.hold()
      await moves(robot, begun)
      const at = await driving[fault]()
      zero[name].push(await stands(robot, at))
      await driving.end()
    }
  }
  await daemon.end()
  await robot.end()
}

/** Drives for a long time through a network that delays, stalls, repeats and shuffles, and looks for what is old. */
async function relay() {
  const { daemon, robot } = await startDriven()
  const counts = { commands: 0, motions: 0, stale: 0, oldest: 0 }
  const manners = [
    ['--delay', '60', '--jitter', '120', '--loss', '0.02'],
    ['--replay', '0.2', '--shuffle', '0.1', '--double', '0.1', '--late', '0.1'],
    ['--delay', '30', '--jitter', '200', '--loss', '0.02', '--replay', '0.1', '--shuffle', '0.1', '--late', '0.1'],
  ]
  for (const [index, manner] of manners.entries()) {
    const port = await freePort()
    const bad = own(havatarSim(), ['relay', '--listen', `127.0.0.1:${port}`, '--to', new URL(daemon.origin).host, '--seed', String(index + 1), ...manner], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const end = performance.now() + (relaySeconds * 1000) / manners.length
    const sent = []
    let driver
    const open = () => until('the driver is let in', () => openDriver(daemon, { via: { host: '127.0.0.1', port } }))
    while (performance.now() < end) {
      if (!driver || driver.ended()) driver = await open()
      driver.neutral()
      await randomPhase(300)
      driver.wander(sent)
      await randomPhase(1500)
      driver.silent()
      // So long that the next neutral finds the robot at rest: to slow down for a neutral is no stale motion.
      await delay(350)
      await randomPhase(500)
    }
    driver?.end()
    await delay(WATCHED_MS)
    const found = staleMotions(robot.timeline, sent)
    counts.commands += sent.length
    counts.motions += found.motions
    counts.stale += found.stale
    counts.oldest = Math.max(counts.oldest, found.oldest)
    robot.timeline.forget()
    await bad.end()
  }
  await daemon.end()
  await robot.end()
  if (counts.motions === 0) throw new Error('nothing moved through the relay, so nothing was shown')
  figures.relay_commands = counts.commands
  figures.relay_motions = counts.motions
  figures.oldest_command_in_force_ms = counts.oldest
  figures.stale_motions = counts.stale
}

/** From the API to bytes at the controller, with the robot at rest or driving in turn. */
async function estop() {
  const { daemon, robot } = await startDriven()
  const driver = await openDriver(daemon)
  const times = []
  for (let round = 0; round < estops; round += 1) {
    driver.neutral()
    await until('the robot may be driven', () => driver.state().motion.refusal === null && !driver.state().motion.neutral_first)
    if (round % 2 === 1) {
      driver.hold(0.5)
      await until('the motors turn', () => robot.timeline.movingAt(monotonic()))
    }
    await randomPhase(50)
    const pressed = monotonic()
    await daemon.api('/api/v1/robot/estop', { method: 'POST' })
    const told = await until('the controller is told', () => robot.timeline.received().find((one) => one.type === 'ESTOP' && one.t >= pressed))
    times.push(ms(told.t - pressed))
    driver.alive()
    await until('the e-stop is latched', () => driver.state().estop.latched && driver.state().estop.confirmed)
    await releaseEstop(daemon)
    await until('the e-stop is released', () => !driver.state().estop.latched)
    robot.timeline.forget()
  }
  driver.end()
  await daemon.end()
  await robot.end()
  figures.estop_ms_p50 = percentile(times, 50)
  figures.estop_ms_p99 = percentile(times, 99)
  figures.estop_ms_max = max(times)
  figures.estops = times.length
}

/** The daemon is killed at any moment around an e-stop: once the controller was told, nothing moves until it is released. */
async function latched() {
  let { daemon, robot } = await startDriven()
  const counts = { kills: 0, told: 0, moved: 0, free: 0 }
  for (let round = 0; round < rounds; round += 1) {
    const driver = await openDriver(daemon)
    await begin(robot, driver, round)
    const pressed = monotonic()
    const asking = daemon.api('/api/v1/robot/estop', { method: 'POST' }).catch(() => undefined)
    // The controller is told within some 2 ms, the disk within some 10.
    await delay(Math.random() * 12)
    process.kill(daemon.pid, 'SIGKILL')
    const answered = await asking
    driver.cut()
    await daemon.exited
    await delay(WATCHED_MS)
    const told = robot.timeline.received().some((one) => one.type === 'ESTOP' && one.t >= pressed)
    const back = monotonic()
    ;({ daemon } = await startDriven({ robot, place: daemon.place }))
    const state = await daemon.api('/api/v1/robot/state')
    counts.kills += 1
    counts.told += told ? 1 : 0
    if ((told || answered) && !state.estop.latched) counts.free += 1
    const again = await openDriver(daemon)
    again.neutral()
    again.hold(1)
    await delay(300)
    if (state.estop.latched && robot.timeline.movingSince(back)) counts.moved += 1
    again.end()
    if (state.estop.latched) await releaseEstop(daemon)
    await linkUp(daemon)
    robot.timeline.forget()
  }
  await daemon.end()
  await robot.end()
  figures.estop_kills = counts.kills
  figures.estop_kills_after_the_controller_was_told = counts.told
  figures.estops_lost_by_a_kill = counts.free
  figures.motions_in_spite_of_an_estop = counts.moved
}

/** The cable is pulled while it drives, and put back: told, stopped, found again, and not driven without a new press. */
async function cable() {
  zero.unplug = []
  const { daemon, robot } = await startDriven()
  const told = []
  const back = []
  let moved = 0
  for (let round = 0; round < rounds; round += 1) {
    const driver = await openDriver(daemon)
    await begin(robot, driver, round)
    const pulled = monotonic()
    robot.tell('unplug')
    await until('the driver is told', () => driver.state().link.state !== 'up', { everyMs: 1 })
    told.push(ms(monotonic() - pulled))
    zero.unplug.push(await stands(robot, pulled))
    const plugged = monotonic()
    robot.tell(round % 2 === 0 ? 'plug' : 'plug reboot')
    await until('the controller is back', () => driver.state().link.state === 'up', { everyMs: 1 })
    back.push(ms(monotonic() - plugged))
    await delay(300)
    if (robot.timeline.movingSince(plugged)) moved += 1
    driver.end()
    await linkUp(daemon)
  }
  await daemon.end()
  await robot.end()
  figures.unplug_told_ms_max = max(told)
  figures.plugged_to_up_ms_max = max(back)
  figures.moved_after_plugging_in = moved
}

function rules() {
  suite('havatard', 'test(no_motion_from_an_old) | test(exactly_one_drives)', schedules)
  figures.schedules = schedules
  figures.interleavings = schedules
}

function frames() {
  suite('havatar-link', 'test(no_damaged_frame_is_taken_for_a_whole_one)', damaged)
  figures.damaged_frames = damaged
  figures.damaged_frames_accepted = 0
}
