// Looks for motion that no fresh command explains.
import { ms } from './drive.mjs'

/** No motion from any command older than this. */
const OLDEST_MS = 300
/** What the pty, the timeline and the scheduler add on a machine that does other things too. */
const SLACK_MS = 15
/** mm/s and mrad/s of a full share: the config's defaults. */
const FULL = { linear: 250, angular: 785 }

/**
 * `sent` are the commands of `driver.wander`: `{ at, angular }`, each with a turn of its own, so that a set-point tells
 * which command it was made from, whatever scaled it. Counts set-points and motions that none of them explains.
 */
export function staleMotions(timeline, sent) {
  let oldest = 0
  let stale = 0
  for (const { t, type, linear, angular, gap_ns: gap } of timeline.received()) {
    if (type !== 'DRIVE' || linear === 0) continue
    const turn = angular / FULL.angular / (linear / FULL.linear)
    const cause = sent.findLast((one) => one.at <= t && Math.abs(one.angular - turn) < 0.01)
    const age = cause ? ms(t - cause.at) : Number.POSITIVE_INFINITY
    if (age > OLDEST_MS + SLACK_MS + gap / 1e6) stale += 1
    if (Number.isFinite(age)) oldest = Math.max(oldest, age)
  }
  const motions = timeline.motions()
  for (const { end, gap } of motions) {
    const newest = sent.findLast((one) => one.at <= end)
    if (!newest || ms(end - newest.at) > OLDEST_MS + SLACK_MS + gap / 1e6) stale += 1
  }
  return { motions: motions.length, stale, oldest }
}
