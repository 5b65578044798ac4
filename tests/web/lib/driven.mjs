// A driven robot with a picture and no sound, for stories that are told of the drive screen alone.
import { startDriven } from '../../bench/lib/driven.mjs'
import { expect, expectLive, test as base } from '../fixtures.mjs'
import { settle } from './hands.mjs'
import { take } from './states.mjs'

export const test = base.extend({
  driven: async ({}, use) => {
    const driven = await startDriven({ camera: { source: 'test', size: '320x240', fps: 20 }, microphone: { source: 'test' } })
    await driven.daemon.ready()
    await use(driven)
    await driven.daemon.end()
    await driven.robot.end()
  },

  /** `await open(settings)`: the page of somebody who has set it so before, signed in, with a live picture. */
  open: async ({ page, context, driven }, use) => {
    await use(async (settings = {}) => {
      await settle(context, settings)
      await page.goto(await driven.daemon.link())
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

export { expect }
