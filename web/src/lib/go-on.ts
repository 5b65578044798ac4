// When a press lets a latch go on. While the robot moves any press stops it, and whoever has one switch or the keyboard alone has
// no press but those. So towards a latch's end going on is offered, and the press that takes is for that; every other press stops,
// and so does one that comes as the offer does: it was meant for what was there before.

import type { Doing } from './drive-hand';

/** Times on the page's clock. */
export interface Offer {
  /** It is shown from here on, until the latch ends. */
  shownAt: number;
  /** A press takes it from here on. */
  countsAt: number;
}

const TOO_SOON_MS = 400;
/** In a shorter latch there is no time to see an offer and to take it, ms. */
const SHORTEST_MS = 2000;

/** `paceMs`: so long somebody needs to see a highlight and to press. Half of a latch at least is for stopping alone. */
export function offerOf(doing: Doing | null, paceMs: number): Offer | null {
  if (doing?.mode !== 'latch' || doing.forMs < SHORTEST_MS) return null;
  const shownAt = doing.until - Math.min(paceMs + TOO_SOON_MS, doing.forMs / 2);
  return { shownAt, countsAt: shownAt + TOO_SOON_MS };
}
