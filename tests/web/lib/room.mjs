// The robot in its room: daemon, MediaMTX, ffmpeg, the firmware that ships, sound cards; and somebody at a browser who is heard.
import { openBrowser } from '../../bench/lib/browser.mjs'
import { startDriven } from '../../bench/lib/driven.mjs'
import { monotonic } from '../../bench/lib/drive.mjs'
import { watchContext } from '../../bench/lib/eyes.mjs'
import { startSound } from '../../bench/lib/sound.mjs'
import { until } from '../../bench/lib/wait.mjs'
import { expect, test as base } from '../fixtures.mjs'

/** Longer than the firmware's watchdog, the daemon's deadman and the oldest age together, ms. */
const WATCHED_MS = 800

export const test = base.extend({
  /** One set of sound cards and one browser that plays to them, for all tests of a worker. */
  sound: [async ({}, use) => {
    const sound = await startSound()
    await use(sound)
    await sound.end()
  }, { scope: 'worker' }],

  heard: [async ({ sound }, use) => {
    const { browser, end } = await openBrowser({ sound })
    await use(browser)
    await end()
  }, { scope: 'worker' }],

  /** A daemon of the test's own whose sound cards are those, and a robot that stands where its odometry begins. */
  room: async ({ sound }, use) => {
    const driven = await startDriven({
      sound,
      camera: { source: 'test', size: '320x240', fps: 20 },
      microphone: { source: 'pulse' },
      speaker: { output: 'pulse' },
    })
    await driven.daemon.ready()
    await use({ ...driven, sound })
    await driven.daemon.end()
    await driven.robot.end()
  },

  /** Opens a profile of its own, with a microphone: `await visit({ locale, before })` gives its page. */
  visit: async ({ heard, room }, use) => {
    const contexts = []
    const faults = []
    await use(async ({ locale = 'ro-RO', viewport = { width: 1280, height: 720 }, prepare } = {}) => {
      const context = await heard.newContext({ locale, viewport })
      contexts.push(context)
      await context.grantPermissions(['microphone'], { origin: room.daemon.origin })
      await watchContext(context)
      await prepare?.(context)
      const page = await context.newPage()
      page.on('pageerror', (error) => faults.push(String(error)))
      return page
    })
    for (const context of contexts) await context.close()
    expect(faults).toEqual([])
  },
})

export { expect }

export const robotOf = ({ daemon }) => daemon.api('/api/v1/robot/state')
export const wayOf = async (room) => (await robotOf(room)).telemetry.odometry

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

export async function moves({ robot }) {
  await until('the motors turn', () => robot.timeline.movingAt(monotonic()), { everyMs: 5 })
}

/** The motors were off for good soon after, and the robot stayed so for longer than any rule of time. */
export async function expectStillSince({ robot }, moment, withinMs = WATCHED_MS / 2) {
  const watched = moment + BigInt(WATCHED_MS / 2 + withinMs) * 1_000_000n
  await until('the watch is over', () => monotonic() > watched)
  const off = robot.timeline.zeroAfter(moment)
  expect(off, 'the motors are off').toBeDefined()
  expect(Number(off - moment) / 1e6, 'ms until they were').toBeLessThan(withinMs)
}

export { monotonic }
