// Why the robot goes slowly, by steps alone, or not at all: codes and numbers, for which the page finds words.

import type { Refusal, RobotState } from '../../api/types';
import type { DriveState } from './state';

/** What the lag is made of for the most part. */
export type LagCause = 'link' | 'picture';

export type SpeedNotice =
  /** Everything goes, but slower: so many percent of the allowed speed. */
  | { code: 'slow'; percent: number; cause: LagCause; ms: number }
  | { code: 'steps_only'; cause: LagCause; ms: number }
  | { code: 'lag_too_long'; cause: LagCause; ms: number }
  /** Older than is driven by, or of an age that nobody can tell. */
  | { code: 'picture_stale'; ms: number }
  | { code: 'picture_unknown' }
  /** Slower than the lag asks for: what was lowered at once rises only after two seconds of better. */
  | { code: 'lifting' }
  /** The robot itself takes no command. */
  | { code: 'blocked'; why: Refusal }
  /** The way to the robot: being opened, silent, or being replaced. */
  | { code: 'link'; phase: 'opening' | 'quiet' | 'lost' };

/** Over this age nothing is driven by the picture, ms (docs/driving.md). */
const PICTURE_STALE_MS = 400;

/** Null while nothing limits the driver, and while there is no lease: then there is nobody to tell. */
export function speedNotice(
  state: Pick<DriveState, 'phase' | 'robot'>,
  pictureMs: number | null,
): SpeedNotice | null {
  const { phase, robot } = state;
  if (phase === 'idle' || phase === 'acquiring' || phase === 'asking') return null;
  if (phase !== 'ready') return { code: 'link', phase };
  // The page's own look is newer than what the robot has been told.
  if (pictureMs !== null && pictureMs > PICTURE_STALE_MS) {
    return { code: 'picture_stale', ms: pictureMs };
  }
  if (robot === null) return null;
  return limited(robot, pictureMs);
}

function limited(robot: RobotState, pictureMs: number | null): SpeedNotice | null {
  const { motion, link, estop } = robot;
  if (estop.button) return { code: 'blocked', why: 'estop_button' };
  if (estop.latched) return { code: 'blocked', why: 'estop_latched' };
  if (link.state !== 'up') return { code: 'blocked', why: motion.refusal ?? 'robot_away' };
  const { percent, steps_only, lag_ms, picture_ms, command_ms } = motion.limit;
  if (lag_ms === null || picture_ms === null) {
    return pictureMs === null ? { code: 'picture_unknown' } : null;
  }
  // Equal parts: the link is what the driver can do something about.
  const cause: LagCause = picture_ms > (command_ms ?? 0) ? 'picture' : 'link';
  const ms = cause === 'picture' ? picture_ms : (command_ms ?? lag_ms);
  // An operator who sees a fresh picture again is not to be told of an old one.
  const stale = picture_ms > PICTURE_STALE_MS;
  if (stale && pictureMs !== null) return { code: 'lifting' };
  if (stale) return { code: 'picture_stale', ms: picture_ms };
  const allowed = allowedPercent(lag_ms);
  if (percent < allowed || (percent === 0 && !steps_only && lag_ms <= STEPS_MS)) {
    return { code: 'lifting' };
  }
  if (steps_only) return { code: 'steps_only', cause, ms };
  if (percent === 0) return { code: 'lag_too_long', cause, ms };
  return percent < 100 ? { code: 'slow', percent, cause, ms } : null;
}

/** Up to this lag there are steps, ms (docs/driving.md). */
const STEPS_MS = 800;

/** How fast a lag lets the robot be driven. */
function allowedPercent(lagMs: number): number {
  if (lagMs <= 200) return 100;
  if (lagMs <= 300) return 60;
  return lagMs <= 500 ? 30 : 0;
}
