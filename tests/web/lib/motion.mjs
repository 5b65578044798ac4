// What the robot does, read from the daemon and from the simulator's own record, and the reset of a daemon that tests share.
import { existsSync, readFileSync } from 'node:fs'
import { linkUp, releaseEstop } from '../../bench/lib/driven.mjs'
import { monotonic } from '../../bench/lib/drive.mjs'
import { until } from '../../bench/lib/wait.mjs'
import { expect } from '../fixtures.mjs'

export { monotonic }

/** Longer than the firmware's watchdog, the daemon's deadman and the oldest age together, ms. */
const WATCHED_MS = 800

export const robotOf = ({ daemon }) => daemon.api('/api/v1/robot/state')
export const wayOf = async (room) => (await robotOf(room)).telemetry.odometry

/** The way from one pose to another: metres ahead and aside as seen from the first, degrees turned. */
export function way(from, to) {
  const [x, y] = [to.x_m - from.x_m, to.y_m - from.y_m]
  const angle = (from.heading_deg * Math.PI) / 180
  const turned = ((to.heading_deg - from.heading_deg + 540) % 360) - 180
  return { ahead: x * Math.cos(angle) + y * Math.sin(angle), aside: y * Math.cos(angle) - x * Math.sin(angle), turned }
}

/** Where the robot is once its motors have been off for two reports in a row. */
export async function settled(room) {
  let last
  return until('the robot stands', async () => {
    const { motion, telemetry } = await robotOf(room)
    const { odometry: now, linear, angular } = telemetry
    const before = last
    last = now
    const stands = motion.mode === null && linear === 0 && angular === 0
    return stands && before && JSON.stringify(before) === JSON.stringify(now) && now
  }, { everyMs: 100 })
}

export async function moves({ robot }, limits) {
  await until('the motors turn', () => robot.timeline.movingAt(monotonic()), { everyMs: 5, ...limits })
}

/**
 * Begins, until the motors turn: a press at a moment in which the picture was late, as on a machine that has much to do, is refused, and a
 * person presses again.
 */
export async function movesBy(room, begin, end = () => undefined) {
  for (let tries = 1; ; tries += 1) {
    await begin()
    try {
      await moves(room, { timeoutMs: 4000 })
      return
    } catch (error) {
      if (tries === 8) throw error
      await end()
    }
  }
}

/** The same for a key that is held, and stays held. */
export const movesHeld = (page, room, key) => movesBy(room, () => page.keyboard.down(key), () => page.keyboard.up(key))

/** Why a robot stops by itself where a machine has much to do: commands, pictures or their answers come late. */
export const CUT_SHORT = ['link_lost', 'silent', 'picture_stale', 'lag_too_long']

/**
 * A story in which somebody else or a press has to end the drive. Where the robot says that it had stopped by itself, because the machine is
 * busy, the story did not happen, and is told anew; a story that fails for any other reason has failed.
 */
export async function told(room, story, end = () => undefined) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await story()
    } catch (error) {
      const { stopped } = (await robotOf(room)).motion
      if (tries === 3 || !CUT_SHORT.includes(stopped)) throw error
      await end()
      await settled(room)
    }
  }
}

/** How much longer a goal of time may take than on a free machine: up to four times, where something always waits for a processor. */
function slack() {
  const pressure = '/proc/pressure/cpu'
  const waiting = existsSync(pressure) ? readFileSync(pressure, 'utf8').match(/^some avg10=([\d.]+)/m)?.[1] ?? 0 : 0
  return 1 + (3 * Number(waiting)) / 100
}

/** The motors were off for good soon after, and the robot stayed so for longer than any rule of time. */
export async function expectStillSince({ robot }, moment, goalMs = WATCHED_MS / 2) {
  const withinMs = Math.round(goalMs * slack())
  const watched = moment + BigInt(WATCHED_MS / 2 + withinMs) * 1_000_000n
  await until('the watch is over', () => monotonic() > watched)
  const off = robot.timeline.zeroAfter(moment)
  expect(off, 'the motors are off').toBeDefined()
  expect(Number(off - moment) / 1e6, 'ms until they were').toBeLessThan(withinMs)
}

/** WebRTC sessions at the media server itself. */
export const sessions = async (daemon) => (await daemon.api('/api/mediamtx/v3/webrtc/sessions/list')).itemCount

/**
 * Brings a daemon and its robot back to their first state: ready, standing, without driver, talker or speech, the e-stop released, and
 * if they are to be `alone`, without viewers. What the test before has closed may take a moment to be gone; a latch is undone.
 */
export async function reset({ daemon, robot }, { alone = false } = {}) {
  await linkUp(daemon)
  await daemon.ready()
  // Given back at once, and reserved for nobody, whatever became of the page that drove.
  const { token } = await daemon.api('/api/v1/robot/lease', { method: 'POST', body: { if_held: 'take' } })
  await daemon.api('/api/v1/robot/lease', { method: 'DELETE', body: { token } })
  await until('nobody drives and the robot stands', async () => {
    const { driver, motion } = await robotOf({ daemon })
    return driver === null && motion.mode === null
  })
  if ((await robotOf({ daemon })).estop.latched) await releaseEstop(daemon)
  await until('the e-stop is released', async () => !(await robotOf({ daemon })).estop.latched)
  await until('nobody talks or is spoken for', async () => {
    const { voice } = await daemon.status()
    return voice.talker === null && voice.speech.speaking === null
  })
  // A browser that did not close its session is given up by MediaMTX after half a minute.
  if (alone) await until('nobody watches', async () => {
    const { presence } = await daemon.status()
    return presence.watchers === 0 && (await sessions(daemon)) === 0
  }, { timeoutMs: 45_000 })
  robot.timeline.forget()
}
