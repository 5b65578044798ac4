import { expect, test } from 'vitest';
import { Arrivals, AWAY_MS, LASTS_MS, OWN_MS } from './arrivals';

/** A page that has been there for long enough, with `n` people who watch. */
function settled(n: number) {
  const arrivals = new Arrivals();
  arrivals.look(n, 1, 0);
  arrivals.look(n, 1, OWN_MS.first);
  return arrivals;
}
const T = 100_000;

test('whoever comes is told once, after a moment', () => {
  const arrivals = settled(1);
  expect(arrivals.look(2, 1, T)).toBeNull();
  expect(arrivals.dueAt).toBe(T + LASTS_MS);
  expect(arrivals.look(2, 1, T + LASTS_MS)).toBe(2);
  expect(arrivals.dueAt).toBeNull();
  expect(arrivals.look(2, 1, T + 2 * LASTS_MS)).toBeNull();
});

test('two who come together are told together, and one after the other each', () => {
  const arrivals = settled(1);
  arrivals.look(2, 1, T);
  arrivals.look(3, 1, T + 1000);
  expect(arrivals.look(3, 1, T + LASTS_MS)).toBe(3);
  arrivals.look(4, 1, T + 60_000);
  expect(arrivals.look(4, 1, T + 60_000 + LASTS_MS)).toBe(4);
});

test('this page itself is nobody who arrives, at first or with a new session', () => {
  const arrivals = new Arrivals();
  arrivals.look(null, 0, 0);
  arrivals.look(0, 1, 1000);
  arrivals.look(1, 1, 2000);
  arrivals.look(1, 1, T);
  expect(arrivals.dueAt).toBeNull();
  // The old session is counted beside the new one until it is gone.
  arrivals.look(2, 2, T + 1000);
  arrivals.look(2, 2, T + 10_000);
  expect(arrivals.dueAt).toBeNull();
  arrivals.look(1, 2, T + 15_000);
  expect(arrivals.look(1, 2, T + 60_000)).toBeNull();
});

test('what is counted for a moment, or comes back soon, is no arrival', () => {
  const arrivals = settled(2);
  arrivals.look(3, 1, T);
  arrivals.look(2, 1, T + 1000);
  expect(arrivals.dueAt).toBeNull();
  arrivals.look(1, 1, T + 2000);
  arrivals.look(2, 1, T + 12_000);
  expect(arrivals.look(2, 1, T + 12_000 + LASTS_MS)).toBeNull();
});

test('whoever was away for long arrives again', () => {
  const arrivals = settled(2);
  arrivals.look(1, 1, T);
  expect(arrivals.dueAt).toBe(T + AWAY_MS);
  arrivals.look(1, 1, T + AWAY_MS);
  arrivals.look(2, 1, T + AWAY_MS + 5000);
  expect(arrivals.look(2, 1, T + AWAY_MS + 5000 + LASTS_MS)).toBe(2);
});

test('while nobody can tell, nothing is told', () => {
  const arrivals = settled(1);
  arrivals.look(2, 1, T);
  arrivals.look(null, 1, T + 1000);
  expect([arrivals.dueAt, arrivals.look(1, 1, T + 2000)]).toEqual([null, null]);
});
