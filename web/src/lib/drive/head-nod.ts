// Head nod: one press tilts the head down and returns it to where it was.

import type { Clock } from '../core/clock';

const DOWN_DEG = 20;
/** The lowest that a head is told to look, degrees. */
const LOWEST_DEG = -45;
/** What a head of hobby servos needs for that way, ms. */
const WAY_MS = 400;

export class HeadNod {
  readonly #turn: (pan: number, tilt: number) => Promise<void>;
  readonly #clock: Clock;
  #under = false;

  constructor(turn: (pan: number, tilt: number) => Promise<void>, clock: Clock) {
    this.#turn = turn;
    this.#clock = clock;
  }

  /** One that is pressed while one is made is none: it would begin from half way. */
  async make({ pan, tilt }: { pan: number; tilt: number }): Promise<void> {
    if (this.#under) return;
    this.#under = true;
    // A head that looks down already nods upwards.
    const there = tilt - DOWN_DEG < LOWEST_DEG ? tilt + DOWN_DEG : tilt - DOWN_DEG;
    await this.#turn(pan, there);
    await new Promise<void>((resolve) => {
      this.#clock.after(WAY_MS, resolve);
    });
    await this.#turn(pan, tilt);
    this.#under = false;
  }
}
