// When a press renews a latch. While the robot moves, any press stops it, and a user of one switch or of the keyboard alone has
// no other press. So renewal is offered towards a latch's end: a press on the offer renews, every other press stops. A press in the
// first moments of the offer stops as well: it was meant for the state before the offer appeared.

import type { Doing } from './intent';

/** Times on the page's clock. */
export interface RenewalOffer {
  /** It is shown from here on, until the latch ends. */
  shownAt: number;
  /** A press takes it from here on. */
  countsAt: number;
}

const TOO_SOON_MS = 400;
/** In a shorter latch there is no time to see an offer and to take it, ms. */
const SHORTEST_MS = 2000;

/** `paceMs`: so long a person needs to see a highlight and to press. Half of a latch at least is for stopping alone. */
export function renewalOffer(doing: Doing | null, paceMs: number): RenewalOffer | null {
  if (doing?.mode !== 'latch' || doing.forMs < SHORTEST_MS) return null;
  const shownAt = doing.until - Math.min(paceMs + TOO_SOON_MS, doing.forMs / 2);
  return { shownAt, countsAt: shownAt + TOO_SOON_MS };
}
