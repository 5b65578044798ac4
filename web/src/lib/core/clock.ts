/** Time and chance, passed in so that tests can drive both. */
export interface Clock {
  /** Milliseconds on a clock that never jumps; the zero is arbitrary. */
  now(): number;
  /** Runs `work` once after `ms`; the result cancels it. */
  after(ms: number, work: () => void): () => void;
  /** Uniform in [0, 1). */
  random(): number;
}

/** The browser's own clock: `performance.now()`, as used by video frame metadata. */
export const browserClock: Clock = {
  now: () => performance.now(),
  after: (ms, work) => {
    const id = setTimeout(work, ms);
    return () => clearTimeout(id);
  },
  random: () => Math.random(),
};

/**
 * Delay before try number `n` (from 0): doubles from `first` to `last` milliseconds, drawn from its upper half so
 * that many viewers of one robot do not return in step, and never below `first`.
 */
export function backoff(n: number, first: number, last: number, random: number): number {
  const top = Math.min(last, first * 2 ** Math.min(n, 30));
  return Math.max(first, top * (0.5 + random / 2));
}
