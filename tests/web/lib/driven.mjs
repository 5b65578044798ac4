// A driven robot with a video and no loudspeaker, for stories that need the drive screen alone.
import { startDriven } from '../../bench/lib/driven.mjs'
import { expect, expectLive, test as base } from '../fixtures.mjs'
import { settle } from './hands.mjs'
import { reset } from './motion.mjs'
import { take } from './states.mjs'

const launch = async () => {
  const driven = await startDriven({ camera: { source: 'test', size: '320x240', fps: 20 }, microphone: { source: 'test' } })
  await driven.daemon.ready()
  return driven
}
const end = async ({ daemon, robot }) => {
  await daemon.end()
  await robot.end()
}

export const test = base.extend({
  /** The daemon and robot that all tests of a worker share, unless they break it. */
  workerRobot: [
    async ({}, use) => {
      const driven = await launch()
      await use(driven)
      await end(driven)
    },
    { scope: 'worker', timeout: 60_000 },
  ],

  /** The same, reset. */
  driven: async ({ workerRobot }, use) => {
    await reset(workerRobot)
    await use(workerRobot)
  },

  /** `await open(settings)`: the page of an operator who has set it so before, signed in, with a live picture. */
  open: async ({ page, context, driven }, use) => {
    await use(async (settings = {}) => {
      await settle(context, settings)
      await page.goto(await driven.daemon.newLink())
      await expectLive(page)
    })
  },

  /** The same, and has the robot. */
  drive: async ({ page, open }, use) => {
    await use(async (settings = {}) => {
      await open(settings)
      await take(page)
      await expect(page.locator('body')).toHaveAttribute('data-lock', 'false', { timeout: 20_000 })
    })
  },
})

/** For tests that break their daemon or end it: one of their own. */
export const ownDaemon = {
  driven: async ({}, use) => {
    const driven = await launch()
    await use(driven)
    await end(driven)
  },
}

export { expect }
