// What a page that drives knows of its driving. Reasons are stable codes; words are found for them elsewhere.

import type { Refusal, RobotState } from '../../api/types';
import type { RequestProblem } from '../core/problem';
import type { Doing } from './intent';
import type { StopProgress } from './reliable-stop';
import type { LeaseEnd, Welcome } from './socket';

/**
 * `idle` without a lease; `asking` while another person is asked for it; `opening` until the first socket is ready; `quiet`
 * while the robot says nothing; `lost` while the socket is being replaced. The robot can be driven in `ready` alone.
 */
export type DrivePhase = 'idle' | 'acquiring' | 'asking' | 'opening' | 'ready' | 'quiet' | 'lost';

/** Why there is no lease any more: the robot's word, or what the page saw itself. */
export type Ended =
  | LeaseEnd
  | { code: 'released' | 'signed_out' | 'unreachable'; driver: string | null };

export interface DriveState {
  phase: DrivePhase;
  /** The lease's number. */
  lease: number | null;
  /** What this page asks of the robot now. */
  doing: Doing | null;
  /** Controls are down that count only after all have been let go. */
  letGoFirst: boolean;
  /** The robot as the drive socket tells it; null while that says nothing. */
  robot: RobotState | null;
  /** The robot's own limits and times. */
  welcome: Welcome | null;
  /** Why the newest press had no effect, or the newest motion was ended by a refusal; null once one has begun. */
  refusal: Refusal | null;
  /** The lease is being given back: the robot has not confirmed it yet. */
  releasing: boolean;
  /** How the newest lease ended; null while there is one, and before the first. */
  ended: Ended | null;
  /** Until then, on the page's clock, another ask is answered like the last: the driver has said no. Null: one may ask. */
  askAgainAt: number | null;
  /** Who asks this driver for the robot. */
  askedBy: string | null;
  /** `idle` again as soon as this page drives. */
  stop: StopProgress;
  estop: StopProgress;
  /** The code that the second step of the e-stop's release needs; null before the first step. */
  releaseCode: string | null;
  /** The newest request that failed; null once one has succeeded. */
  problem: RequestProblem | null;
}

export const undriven: DriveState = {
  phase: 'idle',
  lease: null,
  doing: null,
  letGoFirst: false,
  robot: null,
  welcome: null,
  refusal: null,
  releasing: false,
  ended: null,
  askAgainAt: null,
  askedBy: null,
  stop: 'idle',
  estop: 'idle',
  releaseCode: null,
  problem: null,
};
