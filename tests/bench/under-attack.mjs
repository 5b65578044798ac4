// How long a stop takes while strangers and one signed-in vandal do what they can.
// usage: scripts/bench under-attack [--quick] [--rounds N] [--strangers N] [--only connections,...] [--ways ...] [--tls]
//   --rounds     stops by each way under each attack: 12 when quick, 60 otherwise
//   --strangers  of the attacks by strangers, each from an address of its own: 2000 when quick, 10000 otherwise
//   --ways       request,events,drive: the ways of a stop that are measured
//   --tls        the daemon speaks TLS, so that strangers can ask for handshakes
//
// Three ways: a request by a new connection, a message on the socket of events, a message on the drive socket. In each round
// the robot drives; a time begins before the connection is opened or the message is handed to its socket, and ends when the
// firmware tells its motors zero. An e-stop ends when its frame is at the controller. Both clocks are CLOCK_MONOTONIC.
//
// The attacks come from a process of their own with the lowest priority, because attackers have machines of their own: what
// they cost the daemon counts, what they cost this machine not. "Idle" is taken before, between and after, in the same run.
import { parseArgs } from 'node:util'
import { attacks, startAttack } from './lib/attack.mjs'
import { monotonic, ms, openDriver } from './lib/drive.mjs'
import { startDriven } from './lib/driven.mjs'
import { lastLine, max, percentile, table } from './lib/figures.mjs'
import { run } from './lib/own.mjs'
import { descriptors, memory } from './lib/proc.mjs'
import { openWays } from './lib/stop_ways.mjs'
import { delay, until } from './lib/wait.mjs'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    strangers: { type: 'string' },
    only: { type: 'string', default: Object.keys(attacks).join(',') },
    ways: { type: 'string', default: 'request,events,drive' },
    tls: { type: 'boolean', default: false },
  },
})
const rounds = Number(options.rounds ?? (options.quick ? 12 : 60))
const strangers = Number(options.strangers ?? (options.quick ? 2000 : 10_000))
const measured = options.ways.split(',')
const chosen = options.only.split(',').filter((name) => options.tls || !attacks[name]?.tls)

await run(async () => {
  const { daemon, robot } = await startDriven({ tls: options.tls })
  const ways = await openWays(daemon)
  const restarts = async () => (await daemon.status()).processes.reduce((sum, one) => sum + one.restarts, 0)
  const restartsBefore = await restarts()
  const rows = [['attack', 'way', 'n', 'stop p50 ms', 'p99', 'max', 'e-stop p50 ms', 'p99', 'max', 'failed', 'RSS MiB', 'descriptors']]
  const figures = {}
  const worst = { stop: [], estop: [] }
  const idle = { stop: [], estop: [] }

  const measure = async (name) => {
    const results = await oneAttack({ daemon, robot, ways })
    const { resident } = memory(daemon.pid)
    const open = descriptors(daemon.pid)
    for (const [way, times] of Object.entries(results)) {
      const cells = (kind) => [50, 99].map((p) => percentile(times[kind], p)?.toFixed(1)).concat(max(times[kind])?.toFixed(1))
      rows.push([name, way, times.stop.length, ...cells('stop'), ...cells('estop'), times.failed, resident.toFixed(1), open])
      for (const kind of ['stop', 'estop']) {
        ;(name === 'idle' ? idle : worst)[kind].push(...times[kind])
        if (name !== 'idle') figures[`${kind}_${name}_${way}_p99_ms`] = percentile(times[kind], 99)
      }
      figures.failed = (figures.failed ?? 0) + times.failed
    }
    figures[`rss_${name}_mib`] = resident
    figures[`descriptors_${name}`] = open
  }

  await measure('idle')
  for (const name of chosen) {
    const attack = await startAttack(name, { daemon, strangers, tls: options.tls })
    await attack.begun()
    await measure(name)
    const done = await attack.end()
    console.error(`${name}: ${done}`)
    await until('the daemon is rid of it', () => descriptors(daemon.pid) < figures.descriptors_idle + 50, { timeoutMs: 60_000 })
    await measure('idle')
  }
  figures.rss_after_mib = memory(daemon.pid).resident
  figures.descriptors_after = descriptors(daemon.pid)
  figures.mediamtx_restarts = (await daemon.processNamed('mediamtx')).restarts
  figures.false_kills = (await restarts()) - restartsBefore
  if (figures.false_kills > 0) await tellOfRestarts(daemon)
  figures.stop_p50_ms = percentile(worst.stop, 50)
  figures.stop_p99_ms = percentile(worst.stop, 99)
  figures.estop_p50_ms = percentile(worst.estop, 50)
  figures.estop_p99_ms = percentile(worst.estop, 99)
  ways.end()
  await daemon.end()
  await robot.end()
  table(rows)
  const baseline = {
    stop_idle_p50_ms: percentile(idle.stop, 50),
    stop_idle_p99_ms: percentile(idle.stop, 99),
    estop_idle_p50_ms: percentile(idle.estop, 50),
    estop_idle_p99_ms: percentile(idle.estop, 99),
  }
  lastLine('under-attack', figures, baseline, {
    stop_p99: figures.stop_p99_ms / baseline.stop_idle_p99_ms,
    estop_p99: figures.estop_p99_ms / baseline.estop_idle_p99_ms,
  })
})

/** What the supervisor has written about processes that were started anew. */
async function tellOfRestarts(daemon) {
  for (const { name, restarts } of (await daemon.status()).processes.filter((one) => one.restarts > 0)) {
    const { lines } = await daemon.api(`/api/v1/processes/${name}/logs`)
    console.error(`${name} was started anew ${restarts} times:`)
    for (const { at, text } of lines.filter(({ source }) => source === 'supervisor')) console.error(`  ${at} ${text}`)
  }
}

/** All ways in turn, each round from a robot that drives. */
async function oneAttack({ daemon, robot, ways }) {
  const results = Object.fromEntries(measured.map((way) => [way, { stop: [], estop: [], failed: 0 }]))
  let driver
  for (let round = 0; round < rounds; round += 1) {
    for (const way of measured) {
      const kind = round % 2 === 0 ? 'stop' : 'estop'
      if (!driver || driver.ended()) driver = await until('the driver is let in', () => openDriver(daemon), { timeoutMs: 60_000 })
      await drives(driver, robot)
      await delay(Math.random() * 50)
      const at = monotonic()
      try {
        await ways.send(way, kind, driver)
        const end = kind === 'stop' ? await motorsOff(robot, at) : await told(robot, at)
        results[way][kind].push(ms(end - at))
      } catch (error) {
        console.error(`${kind} by ${way}: ${error.message}`)
        results[way].failed += 1
      }
      driver.alive()
      if (kind === 'estop') await release(daemon, driver)
      robot.timeline.forget()
    }
  }
  driver.end()
  return results
}

/** Presses until the motors turn: under attack a message may be too old when it arrives. */
async function drives(driver, robot) {
  await until('the robot drives', async () => {
    if (driver.ended()) throw new Error(`the drive socket ended: ${driver.ended()}`)
    driver.neutral()
    await until('the robot may be driven', () => driver.state().motion.refusal === null && !driver.state().motion.neutral_first, { timeoutMs: 1000 })
    driver.hold(0.5)
    await until('the motors turn', () => robot.timeline.movingAt(monotonic()), { timeoutMs: 500, everyMs: 5 })
    return true
  }, { timeoutMs: 60_000 })
}

async function motorsOff(robot, at) {
  await until('the motors are off', () => !robot.timeline.movingAt(monotonic()), { timeoutMs: 10_000, everyMs: 2 })
  return robot.timeline.zeroAfter(at)
}

async function told(robot, at) {
  const arrived = () => robot.timeline.received().find((one) => one.type === 'ESTOP' && one.t >= at)
  return (await until('the controller is told', arrived, { timeoutMs: 10_000, everyMs: 2 })).t
}

async function release(daemon, driver) {
  await until('the e-stop is released', async () => {
    const { confirm } = await daemon.api('/api/v1/robot/estop/release', { method: 'POST', body: {} })
    await daemon.api('/api/v1/robot/estop/release', { method: 'POST', body: { confirm } })
    return true
  }, { timeoutMs: 60_000 })
  await until('the driver knows', () => driver.ended() || !driver.state().estop.latched, { timeoutMs: 60_000 })
}
