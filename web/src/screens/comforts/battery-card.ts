// When a low battery is told on the picture. What was read once is put away, until it is worse; and a charge at the limit, which is low
// and well by turns, is not told again each time.

import type { RobotState } from '../../api/types';

type Battery = NonNullable<NonNullable<RobotState['telemetry']>['battery']>;
export type BatteryLevel = 'low' | 'critical';

/** Once it has been well for so long, the next low is news, ms. */
export const WELL_MS = 60_000;

const RANKS: readonly (BatteryLevel | null)[] = [null, 'low', 'critical'];

export class BatteryCard {
  #level: BatteryLevel | null = null;
  #read: BatteryLevel | null = null;
  #wellSince: number | null = null;

  /** What there is to tell, and whether a person has put it away. */
  get told(): { level: BatteryLevel | null; open: boolean } {
    const open = RANKS.indexOf(this.#level) > RANKS.indexOf(this.#read);
    return { level: this.#level, open };
  }

  /** The battery as the robot tells it; null while nobody can tell: then what was said stays. */
  look(battery: Pick<Battery, 'low' | 'critical'> | null, now: number): void {
    if (battery === null) return;
    const seen = battery.critical ? 'critical' : battery.low ? 'low' : null;
    const worse = RANKS.indexOf(seen) > RANKS.indexOf(this.#level);
    if (seen !== null) this.#wellSince = null;
    else this.#wellSince ??= now;
    const well = this.#wellSince !== null && now - this.#wellSince >= WELL_MS;
    // Under load the charge seems to be less; better is said once it is well.
    if (worse || well) this.#level = seen;
    if (well) this.#read = null;
  }

  /** A person has read it. */
  putAway(): void {
    this.#read = this.#level;
  }

  /** Another call: it is told again. */
  forget(): void {
    this.#read = null;
  }
}
