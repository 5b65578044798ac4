// Dwelling: a pointer (head mouse, eye gaze) that stays on a target presses it. A pure machine, with no timers, no page and
// no clock of its own.
//
// A target that has been pressed is pressed again only after the pointer has left it. A pointer that trembles over the edge
// has not left. Time during which nobody looked (a hidden page, a halted timer) does not count. While the robot moves, any
// dwell is a stop, and on STOP itself a short one is enough; but for targets that keep their own deed then.

import type { DwellSettings } from './dwell-settings';

/** Where the pointer may rest: nothing there is ever pressed. Anything that is no target does as well. */
export const REST = 'rest';

export type DwellAction = { do: 'activate'; id: string } | { do: 'stop' };

export interface DwellState {
  /** What is being dwelt on; null while nothing is. */
  target: string | null;
  /** 0 to 1, for the ring. */
  progress: number;
}

const NONE: readonly DwellAction[] = [];
/** No look at the clock counts for more than this, ms. */
const LOOK_MS = 100;

export class Dwell {
  readonly #settings: DwellSettings;
  readonly #stopId: string;
  readonly #keeps: (id: string) => boolean;
  /** What the pointer is on, whether that counts or not. */
  #over: string | null = null;
  /** What is dwelt on; kept while the pointer trembles. */
  #target: string | null = null;
  #ms = 0;
  /** Since when the pointer has been away from the target; null while it is on it. */
  #awayAt: number | null = null;
  /** Pressed, or made void: nothing more comes of it until the pointer leaves. */
  #spent = false;
  #lookedAt = 0;
  #moving = false;
  #paused = false;

  /** `stopId` is the target that stops the robot; one that `keeps` its deed has it while the robot moves as well. */
  constructor(settings: DwellSettings, stopId: string, keeps: (id: string) => boolean) {
    this.#settings = settings;
    this.#stopId = stopId;
    this.#keeps = keeps;
  }

  get state(): DwellState {
    if (this.#target === null || this.#spent) return { target: null, progress: 0 };
    return { target: this.#target, progress: Math.min(1, this.#ms / this.#needed()) };
  }

  /** Something has begun that `tick` is needed for, about twenty times a second or oftener. */
  get running(): boolean {
    return !this.#paused && this.#target !== null && (!this.#spent || this.#awayAt !== null);
  }

  /** The pointer is over target `id` now; null or `REST` while it is over none. */
  over(id: string | null, now: number): readonly DwellAction[] {
    const actions = this.tick(now);
    const on = id === REST ? null : id;
    this.#over = on;
    if (this.#paused) return actions;
    if (id === REST) {
      // Going to rest is meant: there is nothing to wait for.
      this.#aim(null);
    } else if (on !== null && on === this.#target) {
      this.#awayAt = null;
    } else if (this.#target === null) {
      this.#aim(on);
    } else {
      this.#awayAt ??= now;
      if (this.#settings.jitterMs === 0) this.#aim(on);
    }
    return actions;
  }

  /** Whether the robot moves, or is asked to. */
  moves(moving: boolean, now: number): readonly DwellAction[] {
    const actions = this.tick(now);
    if (moving === this.#moving) return actions;
    this.#moving = moving;
    // What was begun as a stop must not end as a command.
    if (!moving) this.#spent = true;
    return actions;
  }

  /** The page is hidden or halted: nothing counts, and what the pointer is on now must be left first. */
  pause(): void {
    this.#paused = true;
    this.#awayAt = null;
    this.#ms = 0;
    this.#spent = this.#target !== null;
  }

  resume(now: number): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#lookedAt = now;
  }

  tick(now: number): readonly DwellAction[] {
    const passed = Math.min(LOOK_MS, Math.max(0, now - this.#lookedAt));
    this.#lookedAt = now;
    if (this.#paused || this.#target === null) return NONE;
    if (this.#awayAt !== null) {
      const away = now - this.#awayAt;
      if (away < this.#settings.jitterMs) return NONE;
      // It has been on the other one, if there is another, since it came there.
      this.#aim(this.#over);
      if (this.#target !== null) this.#ms = Math.min(away, LOOK_MS);
      return NONE;
    }
    if (this.#spent) return NONE;
    this.#ms += passed;
    if (this.#ms < this.#needed()) return NONE;
    this.#spent = true;
    const stops = this.#target === this.#stopId || (this.#moving && !this.#keeps(this.#target));
    return stops ? [{ do: 'stop' }] : [{ do: 'activate', id: this.#target }];
  }

  #aim(target: string | null): void {
    this.#target = target;
    this.#ms = 0;
    this.#awayAt = null;
    this.#spent = false;
  }

  #needed(): number {
    const { dwellMs, stopMs } = this.#settings;
    return this.#moving && this.#target === this.#stopId ? Math.min(stopMs, dwellMs) : dwellMs;
  }
}
