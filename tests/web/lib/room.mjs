// The robot in its room: daemon, MediaMTX, ffmpeg, the firmware that ships, sound cards; and an operator at a browser, whose voice is measured.
import { openBrowser } from '../../bench/lib/browser.mjs'
import { startDriven } from '../../bench/lib/driven.mjs'
import { watchContext } from '../../bench/lib/eyes.mjs'
import { startSound } from '../../bench/lib/sound.mjs'
import { expect, leave, test as base } from '../fixtures.mjs'
import { reset } from './motion.mjs'

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

  /** The daemon whose sound cards are those, and its robot, for all tests of a worker. */
  workerRoom: [async ({ sound }, use) => {
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
  }, { scope: 'worker', timeout: 60_000 }],

  /** The same, reset. */
  room: async ({ workerRoom }, use) => {
    await reset(workerRoom, { alone: true })
    await use(workerRoom)
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
    for (const context of contexts) {
      await leave(context)
      await context.close()
    }
    expect(faults).toEqual([])
  },
})

export { expect }
