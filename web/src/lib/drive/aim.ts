// What is set by presses that each change it a little, at a robot that takes its time: the head, the lamp, the volume. Presses add up on
// what was wanted last, not on what the robot reports, which is half way there or has not heard of it. Once the robot has arrived, or has
// come to rest anywhere else, it is followed again: then it is where it is, by whomever.

import type { Clock } from '../core/clock';
import { Observable } from '../core/observable';

export interface AimDeps {
  clock: Clock;
  /** Asks the robot for it. Settles when it is answered, well or not. */
  send: (values: readonly number[]) => Promise<unknown>;
  /** So far from what was wanted it counts as there. */
  near: number;
}

/** What is reported stays the same for so long, with nothing on its way: it comes no nearer, in ms. */
const RESTS_MS = 1500;

export class Aim {
  /** Where it is, or goes to; null while nothing is known, or there is nothing to set. */
  readonly state = new Observable<{ at: readonly number[] | null }>({ at: null });
  readonly #deps: AimDeps;
  #reported: readonly number[] | null = null;
  #wanted: readonly number[] | null = null;
  #sending = false;
  #cancelRest: (() => void) | null = null;

  constructor(deps: AimDeps) {
    this.#deps = deps;
  }

  /** The robot's newest word. */
  reports(values: readonly number[] | null): void {
    const before = this.#reported;
    if (same(before, values, 0)) return;
    this.#reported = values;
    if (values === null) this.#wanted = null;
    else if (!this.#sending && same(this.#wanted, values, this.#deps.near)) this.#wanted = null;
    this.#show();
  }

  /** A press: `change` makes of where it is, or goes to, what is wanted now. */
  press(change: (at: readonly number[]) => readonly number[]): void {
    const { at } = this.state.value;
    if (at === null) return;
    this.#wanted = change(at);
    this.#show();
    void this.#send();
  }

  /** One request at a time, and the newest next: two on their way could arrive in any order. */
  async #send(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    let sent: readonly number[] | null = null;
    while (this.#wanted !== null && this.#wanted !== sent) {
      sent = this.#wanted;
      await this.#deps.send(sent).catch(() => undefined);
    }
    this.#sending = false;
    if (same(this.#wanted, this.#reported, this.#deps.near)) this.#wanted = null;
    this.#show();
  }

  #show(): void {
    this.#cancelRest?.();
    this.#cancelRest =
      this.#wanted === null
        ? null
        : this.#deps.clock.after(RESTS_MS, () => {
            if (this.#sending) return;
            this.#wanted = null;
            this.#show();
          });
    const at = this.#wanted ?? this.#reported;
    if (!same(at, this.state.value.at, 0)) this.state.set({ at });
  }
}

function same(a: readonly number[] | null, b: readonly number[] | null, near: number): boolean {
  if (a === null || b === null) return a === b;
  return a.every((one, n) => Math.abs(one - (b[n] ?? Number.NaN)) <= near);
}
