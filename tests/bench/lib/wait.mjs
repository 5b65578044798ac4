// Waiting for conditions. Nothing here sleeps in the hope that something has happened by then.
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Asks `probe` every `everyMs` until it gives something truthy, and returns that. A probe that throws counts as
 * "not yet"; its last words are in the error when `timeoutMs` have passed.
 */
export async function until(what, probe, { timeoutMs = 15_000, everyMs = 20 } = {}) {
  const end = performance.now() + timeoutMs
  let last
  for (;;) {
    try {
      const value = await probe()
      if (value) return value
      last = undefined
    } catch (error) {
      last = error
    }
    if (performance.now() > end) {
      throw new Error(`${what}: not within ${timeoutMs} ms${last ? ` (${last.message})` : ''}`)
    }
    await delay(everyMs)
  }
}

/** A moment between 0 and `ms`, drawn anew in each round: it spreads the phase between clocks that tick alike. */
export const randomPhase = (ms) => delay(Math.random() * ms)

export { delay }
