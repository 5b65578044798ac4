// What is so, said in one place: whose the robot is, whether it can be believed, and how driving stands, from the link, the robot's own
// word, and what this page drives by, all together. Whatever the screen says of these is read from here, so that no part of it
// contradicts another. A pure function; words are found for it elsewhere.

import type { RobotState } from '../api/types';
import type { DriveState } from '../lib/drive/state';
import type { Link } from '../lib/webrtc/link';

export interface Seen {
  /** As it is held (`link-hold.ts`). */
  link: Link;
  /** By the drive socket, else by the events; null while neither says anything. */
  robot: RobotState | null;
  drive: Pick<
    DriveState,
    'phase' | 'lease' | 'refusal' | 'letGoFirst' | 'ended' | 'problem' | 'stop' | 'doing'
  >;
  /** The newest lease of this page, which it may have given back; and the newest of another page of this browser. */
  own: number | null;
  elsewhere: number | null;
  /** This page has asked for motion by its lease. */
  drove: boolean;
  /** The picture cannot be driven by. */
  locked: boolean;
}

/** `other` without a name: who it is was not said. `off`: there is no robot to be had. */
export interface Holder {
  kind: 'unknown' | 'off' | 'free' | 'you' | 'elsewhere' | 'other';
  who: string | null;
  /** Nobody drives now: the robot is reserved for them. */
  away?: boolean;
}

/** A text, by its key; `who` fills its hole. `code`: that of a problem, for which there may be words of its own. */
export interface Said {
  key: string;
  who?: string | null;
  code?: string;
}

export interface Situation {
  link: Link;
  /** Null while nothing that is known of it can be believed. */
  robot: RobotState | null;
  holder: Holder;
  /** How driving stands, in one sentence or two. */
  line: readonly Said[];
}

export function situationOf(seen: Seen): Situation {
  const { drive } = seen;
  const hears = drive.phase === 'ready';
  // The control socket hears the robot: it answers, and this device has a network.
  const link: Link = hears && isAway(seen.link) ? { kind: 'connecting' } : seen.link;
  const silent = drive.phase === 'quiet' || drive.phase === 'lost';
  const doubted = silent || (!hears && (isAway(link) || link.kind === 'no-news'));
  // An e-stop that was heard of holds until its release is.
  const robot = doubted && !isEstopped(seen.robot) ? null : seen.robot;
  const holder = holderOf(seen, robot);
  return { link, robot, holder, line: lineOf(seen, robot, holder) };
}

/** The robot does not answer, or nobody could hear it. */
function isAway({ kind }: Link): boolean {
  return kind === 'unreachable' || kind === 'offline';
}

export function isEstopped(robot: RobotState | null): boolean {
  return robot?.estop.latched === true || robot?.estop.button === true;
}

function holderOf({ drive, own, elsewhere }: Seen, robot: RobotState | null): Holder {
  const by = (kind: Holder['kind'], who: string | null = null): Holder => ({ kind, who });
  if (drive.lease !== null) return by('you');
  if (robot === null) return by('unknown');
  const { driver, reserved } = robot;
  // What this page has just given back the robot may not have noticed yet.
  if (driver !== null && driver.lease !== own) {
    return driver.lease === elsewhere ? by('elsewhere') : by('other', driver.who);
  }
  if (robot.link.state === 'off') return by('off');
  const held = drive.problem?.code === 'lease_held';
  // For another tab of this browser it is free, unless that one belongs to another sign-in, which the robot says.
  if (reserved !== null && (held || (reserved.lease !== own && reserved.lease !== elsewhere))) {
    return { ...by('other', reserved.who), away: true };
  }
  return by(held ? 'other' : 'free');
}

function lineOf(seen: Seen, robot: RobotState | null, holder: Holder): readonly Said[] {
  const { drive } = seen;
  const { phase } = drive;
  if (robot !== null && isEstopped(robot)) {
    return [{ key: `refusal.estop_${robot.estop.button ? 'button' : 'latched'}` }];
  }
  const barrier = robot?.motion.refusal ?? null;
  // What is wrong with the robot. That nobody has it, which it gives as a reason as well, is no news to the page.
  const says = barrier?.startsWith('robot') ? { key: `refusal.${barrier}` } : null;
  if (phase === 'idle') return [says ?? idle(seen, robot, holder)];
  if (phase !== 'ready') return [{ key: `phase.${phase}`, who: holder.who }];
  const mode = robot?.motion.mode ?? null;
  // What locks it is said beside this.
  if (seen.locked && mode === null && drive.doing === null) return [{ key: 'drive.locked' }];
  if (says !== null) return [says];
  if (mode !== null) return [{ key: `moving.${mode}` }];
  // That a lease has ended is told by its end, which comes in a moment.
  const refusal = drive.refusal?.includes('lease') ? null : drive.refusal;
  // What was held as another client stopped the robot is refused by it a moment before or after it says who did.
  const letGo = drive.letGoFirst || refusal === 'neutral_first';
  if (refusal !== null && refusal !== 'neutral_first') return [{ key: `refusal.${refusal}` }];
  // What stopped the robot is told to the operator who drove it: to one who has just taken it, a stop before their time says nothing.
  const stopped = seen.drove ? (robot?.motion.stopped ?? null) : null;
  const why: Said[] = [];
  if (stopped === 'stop' && drive.stop !== 'idle') why.push({ key: 'stopped.you' });
  else if (stopped !== null) why.push({ key: `stopped.${stopped}` });
  // Another client's stop is news beside what is to be done about it; that one has let go is none.
  if (letGo) {
    return [...(stopped === 'neutral' ? [] : why), { key: 'refusal.neutral_first' }];
  }
  return why.length > 0 ? why : [{ key: 'phase.ready' }];
}

function idle({ drive }: Seen, robot: RobotState | null, holder: Holder): Said {
  const { ended, problem, refusal } = drive;
  const taken: Said | null =
    holder.kind !== 'other'
      ? null
      : holder.who === null
        ? { key: 'refusal.lease_held' }
        : { key: holder.away ? 'lease.away' : 'lease.other', who: holder.who };
  // A press of an operator who has not taken the robot.
  if (refusal === 'no_lease') return taken ?? whose(holder, 'refusal.no_lease');
  if (problem !== null && problem.code !== 'lease_held') {
    // A robot that is heard does answer.
    if (problem.status === 0) return { key: robot === null ? 'problem.network' : 'problem.other' };
    return { key: 'problem', code: problem.code };
  }
  if (ended === null) return taken ?? whose(holder, 'phase.idle');
  const { code, driver } = ended;
  if (code === 'released' || code === 'signed_out') return { key: `ended.${code}` };
  if (taken !== null) {
    return driver !== null && driver === holder.who ? { key: 'ended.to', who: driver } : taken;
  }
  if (robot === null && code === 'unreachable') return { key: 'ended.unreachable' };
  // Nobody took it, gave it back or signed out: the robot no longer heard this page. A driver who did take it may be gone again.
  return whose(holder, driver === null ? 'ended.stale' : 'phase.idle');
}

/** What is said to one who could take the robot, if they can. */
function whose({ kind }: Holder, free: string): Said {
  if (kind === 'elsewhere' || kind === 'unknown') return { key: `lease.${kind}` };
  return { key: kind === 'off' ? 'refusal.robot_off' : free };
}
