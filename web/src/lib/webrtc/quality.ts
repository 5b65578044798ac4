// How good the connection is, in one of three words, out of what the player counts anyway: packets lost since the look before, the
// newest round trip, and how long frames have waited in the jitter buffer since then. Worse is said after two looks, better after
// five: one lost packet is no news, and nobody reads what changes at each look.

import type { Figures } from './player';

export const QUALITIES = ['good', 'fair', 'poor'] as const;
export type Quality = (typeof QUALITIES)[number];

/** Up to these it is good, and up to these fair: percent, and ms. Half a round trip is part of what slows driving down. */
const LIMITS = {
  lostPercent: [1, 5],
  roundTripMs: [150, 350],
  jitterMs: [80, 200],
} as const;

/** Two looks closer together than this tell nothing, ms. */
const APART_MS = 1000;
const WORSE_LOOKS = 2;
const BETTER_LOOKS = 5;

export class QualityMeter {
  #before: { at: number; figures: Figures } | null = null;
  /** Ranks of the newest looks. */
  #seen: number[] = [];
  #shown: number | null = null;

  /** `bufferMs`: so long the buffer is to wait by the person's own wish. Null while nothing is known. */
  look(figures: Figures | null, bufferMs: number, now: number): Quality | null {
    const before = this.#before;
    if (figures === null) {
      this.#before = null;
      this.#seen = [];
      this.#shown = null;
    } else if (before === null || figures.packetsReceived < before.figures.packetsReceived) {
      // Another session counts from nothing; what was said stays until it can be told.
      this.#before = { at: now, figures };
    } else if (now - before.at >= APART_MS) {
      this.#before = { at: now, figures };
      this.#judge(rankOf(before.figures, figures, bufferMs));
    }
    return this.#shown === null ? null : (QUALITIES[this.#shown] ?? null);
  }

  /** Nobody looked for a while: the counters of that time say nothing of now. */
  skip(): void {
    this.#before = null;
  }

  #judge(rank: number): void {
    this.#seen = [...this.#seen, rank].slice(-BETTER_LOOKS);
    this.#shown ??= rank;
    const recent = this.#seen.slice(-WORSE_LOOKS);
    if (recent.length === WORSE_LOOKS) this.#shown = Math.max(this.#shown, Math.min(...recent));
    if (this.#seen.length === BETTER_LOOKS)
      this.#shown = Math.min(this.#shown, Math.max(...this.#seen));
  }
}

function rankOf(before: Figures, after: Figures, bufferMs: number): number {
  const received = after.packetsReceived - before.packetsReceived;
  const lost = Math.max(0, after.packetsLost - before.packetsLost);
  // Nothing came at all.
  if (received === 0) return QUALITIES.length - 1;
  const jitter = Math.max(0, recentWait(before, after) - bufferMs);
  return Math.max(
    rank((lost / (received + lost)) * 100, LIMITS.lostPercent),
    rank(after.roundTripMs ?? 0, LIMITS.roundTripMs),
    rank(jitter, LIMITS.jitterMs),
  );
}

/** The counter is a mean over the whole session, of as many frames as were decoded; this is that of the newest ones, ms. */
function recentWait(before: Figures, after: Figures): number {
  const frames = after.framesDecoded - before.framesDecoded;
  if (frames <= 0) return after.jitterBufferMs ?? 0;
  const all = (figures: Figures) => (figures.jitterBufferMs ?? 0) * figures.framesDecoded;
  return Math.max(0, (all(after) - all(before)) / frames);
}

function rank(value: number, [good, fair]: readonly [number, number]): number {
  if (value <= good) return 0;
  return value <= fair ? 1 : 2;
}
