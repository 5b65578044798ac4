import { expect, test } from 'vitest';
import { secondsUntil, untilNextSecond, writtenTime } from './countdown';

test('the last second is told until it is over', () => {
  expect([30_000, 29_001, 29_000, 1, 0, -5].map((left) => secondsUntil(left, 0))).toEqual([
    30, 30, 29, 1, 0, 0,
  ]);
});

test('is looked at again when one second less is left', () => {
  for (const left of [30_000, 29_001, 29_000, 1500, 1, 0]) {
    const next = untilNextSecond(left, 0);
    expect(next).toBeGreaterThan(0);
    if (left > 0) expect(secondsUntil(left, next)).toBe(secondsUntil(left, 0) - 1);
  }
});

test('is written in minutes and seconds', () => {
  expect([0, 9, 60, 61, 900].map((s) => writtenTime(s).replaceAll('\u00a0', ' '))).toEqual([
    '0 s',
    '9 s',
    '1 min',
    '1 min 1 s',
    '15 min',
  ]);
});
