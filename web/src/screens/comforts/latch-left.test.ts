import { expect, test } from 'vitest';
import type { Doing } from '../../lib/drive/intent';
import { latchLeft } from './latch-left';

const latch: Doing = { mode: 'latch', press: 1, forMs: 4000, until: 9000, linear: 1, angular: 0 };

test('a latch shows what is left of it, from all of it to nothing, and never beyond', () => {
  expect([5000, 7000, 8000, 9000].map((now) => latchLeft(latch, now))).toEqual([1, 0.5, 0.25, 0]);
  expect([4000, 9500].map((now) => latchLeft(latch, now))).toEqual([1, 0]);
  // Renewed, it is as long as at first.
  expect(latchLeft({ ...latch, until: 12_000 }, 8000)).toBe(1);
});

test('what has no time of its own shows none', () => {
  expect(latchLeft(null, 0)).toBeNull();
  expect(latchLeft({ mode: 'hold', linear: 1, angular: 0 }, 0)).toBeNull();
  expect(
    latchLeft({ mode: 'step', press: 1, move: { cm: 20 }, until: 9000 } as Doing, 0),
  ).toBeNull();
});
