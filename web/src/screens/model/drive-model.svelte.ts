// Driving as the components see it: the robot, what locks the directions, what a press on one does, and the sentence that says how
// driving stands.

import type { RobotState, StepMove } from '../../api/types';
import type { MediaLinkState } from '../../data/media-link';
import type { Settings } from '../../data/settings';
import { isEstopped, type Situation, situationOf } from '../../data/situation';
import type { StatusState } from '../../data/status';
import type { Clock } from '../../lib/core/clock';
import type { Drive } from '../../lib/drive/drive';
import type { Shares } from '../../lib/drive/intent';
import { type RenewalOffer, renewalOffer } from '../../lib/drive/latch-renewal';
import type { DriveState } from '../../lib/drive/state';
import { isCameraPicture } from '../../lib/webrtc/link';
import { problemSentence, sayLine } from '../../ui/drive-view';
import { Followed } from '../../ui/follow.svelte';
import type { Locale } from './locale.svelte';
import type { Navigation } from './navigation.svelte';

export const WAYS = ['forward', 'back', 'left', 'right'] as const;
export type Way = (typeof WAYS)[number];

const SHARES: Record<Way, Shares> = {
  forward: { linear: 1, angular: 0 },
  back: { linear: -1, angular: 0 },
  left: { linear: 0, angular: 1 },
  right: { linear: 0, angular: -1 },
};

/** Over this age the directions are locked, ms (docs/driving.md). */
const LOCKED_MS = 400;

export interface DriveModelDeps {
  drive: Drive;
  clock: Clock;
  locale: Locale;
  nav: Navigation;
  media: Readonly<MediaLinkState>;
  status: Readonly<StatusState>;
  settings: Readonly<Settings>;
  /** The newest lease of another page of this browser. */
  elsewhere: () => number | null;
}

export class DriveModel {
  readonly #deps: DriveModelDeps;
  /** The drive core's state, field by field. */
  readonly state: Readonly<DriveState>;
  /** The newest lease of this page, and the newest by which it has asked for motion. */
  #own = $state<number | null>(null);
  #drove = $state<number | null>(null);

  /** The robot as the drive socket publishes it, else as the events do. */
  readonly robot: RobotState | null = $derived.by(() => {
    const { status } = this.#deps;
    return this.state.robot ?? (status.events === 'open' && status.known ? status.robot : null);
  });

  readonly estopped: boolean = $derived.by(() => isEstopped(this.robot));

  /** The robot moves for this driver, or is asked to. */
  readonly moving: boolean = $derived.by(() => {
    const { doing, lease } = this.state;
    return doing !== null || (lease !== null && this.robot?.motion.mode != null);
  });

  /** Age of the camera's picture as the page shows it, ms; null if there is none. */
  readonly pictureMs: number | null = $derived.by(() => {
    const { link } = this.#deps.media;
    if (!isCameraPicture(link.kind)) return null;
    return link.kind === 'late' || link.kind === 'lost' ? link.ms : 0;
  });

  /** A picture that cannot be trusted drives nothing. */
  readonly locked: boolean = $derived.by(() => {
    const { kind } = this.#deps.media.link;
    // The page's figure is rounded to ten: at the limit it may be over it.
    return this.pictureMs === null || kind === 'lost' || this.pictureMs >= LOCKED_MS;
  });

  readonly ready: boolean = $derived.by(() => this.state.phase === 'ready' && this.#isFree());

  /** Whether a press on a direction counts: no open sheet hides the picture. */
  readonly mayDrive: boolean = $derived.by(() => this.#isFree() && this.#deps.nav.sheet === null);

  /** When a press renews the latch instead of stopping it. */
  readonly offer: RenewalOffer | null = $derived.by(() =>
    renewalOffer(this.state.doing, this.#deps.settings.scan.stepMs),
  );

  /** What a press on a direction does. Scanning and dwelling cannot hold. */
  readonly driveBy: Settings['driveBy'] = $derived.by(() => {
    const { driveBy, input } = this.#deps.settings;
    return driveBy === 'hold' && input !== 'direct' ? 'step' : driveBy;
  });

  /** What the screen says of the link, of the robot and of who drives it. */
  readonly situation: Situation = $derived.by(() => {
    const { state: drive, robot, locked } = this;
    const drove = drive.lease !== null && this.#drove === drive.lease;
    const { link } = this.#deps.media;
    // Asked for anew at each of the robot's words: another page says nothing to this one.
    const elsewhere = drive.lease === null ? this.#deps.elsewhere() : null;
    return situationOf({ link, robot, drive, own: this.#own, elsewhere, drove, locked });
  });

  /** How driving stands, in one sentence. */
  readonly sentence: string = $derived.by(() => {
    const { locale } = this.#deps;
    return sayLine(this.situation.line, locale, locale.explained);
  });

  /** Why the newest request about driving was refused; empty while none was. */
  readonly problem: string = $derived.by(() => {
    const { problem } = this.state;
    const { locale } = this.#deps;
    return problem === null
      ? ''
      : problemSentence(problem, this.robot !== null, locale, locale.explained);
  });

  constructor(deps: DriveModelDeps) {
    this.#deps = deps;
    this.state = new Followed(deps.drive.state).value;
    deps.drive.state.watchFields(['doing', 'lease'], ({ doing, lease }) => {
      if (lease !== null) this.#own = lease;
      if (doing !== null) this.#drove = lease;
    });
  }

  /** The offer to renew counts now. */
  mayRenew(): boolean {
    const { offer } = this;
    return offer !== null && this.#deps.clock.now() >= offer.countsAt;
  }

  /** A direction that the robot is asked to go: it is held, or goes by itself. */
  asked(way: Way): 'held' | 'latched' | null {
    const { doing } = this.state;
    if (doing === null) return null;
    const { linear, angular } = SHARES[way];
    const { cm = 0, deg = 0 }: { cm?: number; deg?: number } =
      doing.mode === 'step' ? doing.move : { cm: doing.linear, deg: doing.angular };
    if (linear * cm + angular * deg <= 0) return null;
    return doing.mode === 'hold' ? 'held' : 'latched';
  }

  /** One press on a direction, in the chosen mode. What cannot be held by a press makes a step. */
  go(way: Way): void {
    if (this.driveBy === 'latch') {
      this.#deps.drive.latch(SHARES[way], this.#deps.settings.latchMs);
    } else this.step(way);
  }

  step(way: Way): void {
    this.#deps.drive.step(this.move(way));
  }

  hold(control: string, way: Way): void {
    this.#deps.drive.hold(control, SHARES[way]);
  }

  move(way: Way): StepMove {
    const { stepCm, stepDeg } = this.#deps.settings;
    const sign = way === 'forward' || way === 'left' ? 1 : -1;
    return way === 'forward' || way === 'back'
      ? ({ cm: sign * stepCm } as StepMove)
      : ({ deg: sign * stepDeg } as StepMove);
  }

  /** Neither the robot nor its picture keeps a driver from setting off. */
  #isFree(): boolean {
    return !this.locked && !this.estopped;
  }
}
