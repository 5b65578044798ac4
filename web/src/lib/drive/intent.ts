// Drive intent: what the driver asks for by the controls, and whether it counts. A pure machine, with no socket, no timers and no clock of its own.
//
// A control that is down counts only if it went down while the robot listened and nothing else moved it. Whatever ends
// a motion spends the controls that are down: they count again only once every one of them has been let go. So nothing
// that was held before a stop, a lost socket or a hidden page ever drives after it.

import type { DriveMessage, Refusal, RobotState, Stamp, StepMove } from '../../api/types';

/** Shares of the allowed speed and turn, -1 to 1; forward and left are positive. */
export interface Shares {
  linear: number;
  angular: number;
}

/** What this driver asks of the robot just now. */
export type Doing =
  | ({ mode: 'hold' } & Shares)
  | ({ mode: 'latch'; press: number; forMs: number; until: number } & Shares)
  | { mode: 'step'; press: number; move: StepMove; until: number };

type Unstamped<T> = T extends { at: Stamp } ? Omit<T, 'at'> : never;
/** A message that still lacks its stamp. */
export type Say = Unstamped<DriveMessage>;

/** What a press leads to: words for the robot, or a stop, because any press stops a step or a latch. */
export type Outcome = readonly Say[] | 'stop';

/** A step ends on the robot, within 8 s, and it says so; should nobody hear that, it is over here after this. */
const STEP_MS = 9000;
const LATCH_MS = [1000, 8000] as const;
/** A latch that could not be said for so long is a press of the past, in ms. */
const UNSAID_MS = 300;

export class DriveIntent {
  readonly #controls = new Map<string, Shares>();
  #doing: Doing | null = null;
  #spent = false;
  /** The robot has said that it is under way. */
  #seen = false;
  /** The first message that asked for what is being done. */
  #since: number | null = null;
  #pressedAt = 0;
  #press = 0;

  get doing(): Doing | null {
    return this.#doing;
  }

  /** Controls are down that do not count until all have been let go. */
  get spent(): boolean {
    return this.#spent;
  }

  /** A new lease counts presses anew. */
  newLease(): void {
    this.#press = 0;
  }

  /** A control is down, or is moved while it is down. `ready`: the robot listens. */
  hold(control: string, shares: Shares, ready: boolean): Outcome {
    const fresh = !this.#controls.has(control);
    if (this.#controls.size === 0) this.#spent = false;
    this.#controls.set(control, { linear: share(shares.linear), angular: share(shares.angular) });
    if (this.#spent) return [];
    const before = this.#doing;
    if (before !== null && before.mode !== 'hold') {
      if (!fresh) return [];
      this.stop();
      return 'stop';
    }
    if (!ready) {
      this.stop();
      return before === null ? [] : 'stop';
    }
    this.#doing = { mode: 'hold', ...this.#sum() };
    if (before !== null) return [this.message(unlatched)];
    this.#begin();
    // True at this moment: until this press every control was up.
    return [{ type: 'neutral' }, this.message(unlatched)];
  }

  /** A control is up. */
  letGo(control: string): readonly Say[] {
    if (!this.#controls.delete(control)) return [];
    if (this.#controls.size > 0) {
      if (this.#spent || this.#doing?.mode !== 'hold') return [];
      this.#doing = { mode: 'hold', ...this.#sum() };
      return [this.message(unlatched)];
    }
    this.#spent = false;
    if (this.#doing !== null && this.#doing.mode !== 'hold') return [];
    this.#doing = null;
    return [{ type: 'neutral' }];
  }

  /** A press that goes on by itself for `forMs`, 1000 to 8000. */
  latch(shares: Shares, forMs: number, now: number, ready: boolean): Outcome {
    if (this.#isBusy()) return 'stop';
    if (!ready) return [];
    const bounded = Math.round(Math.min(LATCH_MS[1], Math.max(LATCH_MS[0], forMs)));
    const linear = share(shares.linear);
    const angular = share(shares.angular);
    const press = this.#nextPress();
    this.#doing = { mode: 'latch', press, forMs: bounded, until: now + bounded, linear, angular };
    this.#pressedAt = now;
    this.#begin();
    return [];
  }

  /** A press that renews a latch for as long again. */
  renew(now: number): void {
    if (this.#doing?.mode !== 'latch') return;
    const press = this.#nextPress();
    this.#doing = { ...this.#doing, press, until: now + this.#doing.forMs };
  }

  /** A press for one bounded move. */
  step(move: StepMove, now: number, ready: boolean): Outcome {
    if (this.#isBusy()) return 'stop';
    if (!ready) return [];
    const press = this.#nextPress();
    this.#doing = { mode: 'step', press, move, until: now + STEP_MS };
    this.#begin();
    return [{ type: 'step', press, move }];
  }

  /** Nothing is asked any more, and what is down counts no more. */
  stop(): void {
    this.#doing = null;
    this.#spent = this.#controls.size > 0;
  }

  /** Nobody can tell any more which controls are down: a key that went up while the page was away said so to nobody. */
  forget(): void {
    this.#controls.clear();
    this.stop();
  }

  /** Ends a latch or step whose time is over, and a latch of which the robot could not be told in time. */
  tick(now: number): void {
    const doing = this.#doing;
    if (doing === null || doing.mode === 'hold') return;
    const unsaid = doing.mode === 'latch' && this.#since === null;
    if (now >= doing.until || (unsaid && now - this.#pressedAt > UNSAID_MS)) this.stop();
  }

  /** What is to be said again and again. `stopReachable`, asked for a latch alone: the stop is on the screen and works. */
  message(stopReachable: () => boolean): Say {
    const doing = this.#doing;
    if (doing === null || doing.mode === 'step') return { type: 'alive' };
    const { linear, angular } = doing;
    if (doing.mode === 'hold') return { type: 'hold', linear, angular };
    const { press, forMs } = doing;
    const stop_reachable = stopReachable();
    return { type: 'latch', press, linear, angular, for_ms: forMs, stop_reachable };
  }

  /** A message was sent under this number. */
  said(seq: number): void {
    if (this.#doing !== null) this.#since ??= seq;
  }

  /** The robot has refused message `seq`. True if that ended what was being done. */
  refused(seq: number | null, code: Refusal): boolean {
    const doing = this.#doing;
    if (doing === null || seq === null || this.#since === null || seq < this.#since) return false;
    // A step has no next message. Of a hold, and of a latch that goes, one that was late on its way says nothing of the
    // next; but a latch whose first was late would set off late.
    const another = doing.mode === 'hold' || (doing.mode === 'latch' && this.#seen);
    if (doing.mode === 'step' ? seq !== this.#since : another && code === 'command_late')
      return false;
    this.stop();
    return true;
  }

  /** The robot as it is. True if it has ended what was being done. */
  robot({ motion }: RobotState): boolean {
    const doing = this.#doing;
    if (doing === null) return false;
    if (motion.mode === doing.mode) {
      this.#seen = true;
      return false;
    }
    if (!this.#seen) return false;
    // Between two quick presses it stands as well, by the driver's own neutral.
    if (doing.mode === 'hold' && !motion.neutral_first) return false;
    this.stop();
    return true;
  }

  #isBusy(): boolean {
    if (this.#doing === null) return false;
    this.stop();
    return true;
  }

  #begin(): void {
    this.#seen = false;
    this.#since = null;
  }

  #nextPress(): number {
    this.#press += 1;
    return this.#press;
  }

  #sum(): Shares {
    const all = [...this.#controls.values()];
    return {
      linear: share(all.reduce((sum, one) => sum + one.linear, 0)),
      angular: share(all.reduce((sum, one) => sum + one.angular, 0)),
    };
  }
}

/** For messages of a held control, which nobody asks about the stop. */
const unlatched = (): boolean => false;

/** What is no number asks for nothing. */
function share(value: number): number {
  return Number.isFinite(value) ? Math.min(1, Math.max(-1, value)) : 0;
}
