// Hanging up: stop first, then camera and microphone off within a second, and shown to be off only once they are.
import { until } from '../../bench/lib/wait.mjs'
import { expectLive } from '../fixtures.mjs'
import { expectStillSince, monotonic, movesHeld, sessions } from '../lib/motion.mjs'
import { expect, test } from '../lib/room.mjs'
import { take } from '../lib/states.mjs'

const WITHIN_MS = 1000

/** For a context, before its pages: every track of a microphone, and when the last of each kind was off after a press. */
const watchEnds = (context) => context.addInitScript(() => {
  const tracks = []
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
  navigator.mediaDevices.getUserMedia = async (...args) => {
    const stream = await ask(...args)
    tracks.push(...stream.getTracks())
    return stream
  }
  window.ends = {}
  window.addEventListener('click', ({ target }) => {
    if (target.closest('#hang-up') === null) return
    const pressed = performance.now()
    const off = {
      microphone: () => tracks.length > 0 && tracks.every(({ readyState }) => readyState === 'ended'),
      sessions: () => window.havatarEyes.peers.every(({ peer }) => peer.connectionState === 'closed'),
      shown: () => document.querySelectorAll('#hung-up li[data-off="true"]').length === 4,
    }
    const look = () => {
      for (const [what, is] of Object.entries(off)) {
        if (window.ends[what] === undefined && is()) window.ends[what] = performance.now() - pressed
      }
      if (Object.keys(window.ends).length < 3) setTimeout(look, 5)
    }
    look()
  }, { capture: true })
})

test('hanging up while driving and talking: the robot stops, and within a second nothing is seen or heard any more', async ({ room, visit }) => {
  const { daemon } = room
  const page = await visit({ prepare: watchEnds })
  await page.goto(await daemon.newLink())
  await expectLive(page)
  await expect(page.locator('#talk')).toHaveAttribute('data-talk', 'ready', { timeout: 30_000 })
  await page.locator('#talk').click()
  await until('the daemon knows that somebody talks', async () => (await daemon.status()).voice.talker?.talking)
  await take(page)
  await expect(page.locator('body')).toHaveAttribute('data-lock', 'false', { timeout: 20_000 })
  await movesHeld(page, room, 'ArrowLeft')
  expect(await sessions(daemon), 'picture, sound and talk').toBe(3)

  const pressed = monotonic()
  await page.locator('#hang-up').evaluate((button) => button.click())
  await until('nobody watches, listens or talks', async () => (await sessions(daemon)) === 0, { everyMs: 20 })
  const gone = Number(monotonic() - pressed) / 1e6
  await expectStillSince(room, pressed)
  const ends = await until('all is off', async () => {
    const all = await page.evaluate(() => window.ends)
    return Object.keys(all).length === 3 && all
  })
  const words = `ms after the press: ${JSON.stringify({ ...ends, gone })}`
  for (const ms of [ends.microphone, ends.sessions, ends.shown, gone]) expect(ms, words).toBeLessThan(WITHIN_MS)
  expect(ends.shown, `shown to be off once it is: ${words}`).toBeGreaterThanOrEqual(Math.max(ends.microphone, ends.sessions) - 10)
  // The daemon counts MediaMTX's readers once a second.
  await until('the daemon says that nobody is there', async () => {
    const { voice, presence } = await daemon.status()
    return voice.talker === null && presence.watchers === 0
  }, { timeoutMs: 3000 })
})

test('what cannot be closed is not shown to be off', async ({ room, visit }) => {
  const page = await visit({ prepare: (context) => context.addInitScript(() => {
    // A track that its end does not end.
    MediaStreamTrack.prototype.stop = () => undefined
  }) })
  await page.goto(await room.daemon.newLink())
  await expectLive(page)
  await expect(page.locator('#talk')).toHaveAttribute('data-talk', 'ready', { timeout: 30_000 })
  await page.locator('#hang-up').click()
  await expect(page.locator('#hung-up li[data-off="true"]')).toHaveCount(3)
  await expect(page.locator('#hung-up li[data-off="false"]')).toHaveText('Se oprește…')
})

test('the microphone is pulled out while somebody talks: it is told in words, and a press talks again once it is back', async ({ room, visit }) => {
  const { daemon, sound } = room
  const page = await visit()
  await page.goto(await daemon.newLink())
  const talk = page.locator('#talk')
  await expect(talk).toHaveAttribute('data-talk', 'ready', { timeout: 30_000 })
  await talk.click()
  await expect(talk).toHaveAttribute('data-talk', 'talking')
  await until('the daemon knows that somebody talks', async () => (await daemon.status()).voice.talker?.talking)

  await sound.unplugMicrophone()
  // This browser is told of devices by a service that is not there in a test, so the track gets the event that it would get.
  await page.evaluate(() => {
    for (const { peer } of window.havatarEyes.peers) for (const { track } of peer.getSenders()) track?.dispatchEvent(new Event('ended'))
  })
  await expect(page.locator('#talk-why')).toContainText('Microfonul a fost deconectat')
  await expect(talk).toHaveAttribute('data-talk', 'unavailable')
  await until('nobody talks any more', async () => !(await daemon.status()).voice.talker?.talking)

  await sound.plugMicrophone()
  await until('a press talks again', async () => {
    await talk.click()
    return until('it is on', async () => (await talk.getAttribute('data-talk')) === 'talking', { timeoutMs: 4000 })
  }, { timeoutMs: 20_000 })
})
