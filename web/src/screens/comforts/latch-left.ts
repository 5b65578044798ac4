import type { Doing } from '../../lib/drive/intent';

/** How much is left of a latch, 1 for all of it; null where nothing goes by itself for a set time. */
export function latchLeft(doing: Doing | null, now: number): number | null {
  if (doing?.mode !== 'latch') return null;
  return Math.min(1, Math.max(0, (doing.until - now) / doing.forMs));
}
