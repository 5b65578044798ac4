// Two presses for one deed. There is no time by which the second must come: a switch may need long to get there.

import type { Clock } from '../lib/core/clock';

/** A second press that comes sooner is a double click, or a hand that trembles, ms. */
export const DELIBERATE_MS = 600;

export interface TwoSteps {
  readonly asked: boolean;
  press(): void;
  takeBack(): void;
}

export function twoSteps(clock: Pick<Clock, 'now'>, deed: () => void): TwoSteps {
  let askedAt = $state<number | null>(null);
  return {
    get asked() {
      return askedAt !== null;
    },
    press: () => {
      const now = clock.now();
      if (askedAt === null) askedAt = now;
      else if (now - askedAt >= DELIBERATE_MS) {
        askedAt = null;
        deed();
      }
    },
    takeBack: () => {
      askedAt = null;
    },
  };
}
