import { expect, test } from 'vitest';
import type { Doing } from './intent';
import { renewalOffer } from './latch-renewal';

const latch = (forMs: number): Doing => ({
  mode: 'latch',
  press: 1,
  forMs,
  until: 10_000,
  linear: 1,
  angular: 0,
});

test('renewal is offered towards the end of a latch, for as long as somebody needs', () => {
  expect(renewalOffer(latch(8000), 1200)).toEqual({ shownAt: 8400, countsAt: 8800 });
  expect(renewalOffer(latch(8000), 3000)).toEqual({ shownAt: 6600, countsAt: 7000 });
});

test('half of every latch is for stopping alone, and a short one is so for all its time', () => {
  expect(renewalOffer(latch(3000), 5000)).toEqual({ shownAt: 8500, countsAt: 8900 });
  expect(renewalOffer(latch(1000), 1200)).toBeNull();
});

test('nothing else goes on', () => {
  expect(renewalOffer(null, 1200)).toBeNull();
  expect(renewalOffer({ mode: 'hold', linear: 1, angular: 0 }, 1200)).toBeNull();
  expect(renewalOffer({ mode: 'step', press: 1, move: { cm: 20 }, until: 9 }, 1200)).toBeNull();
});
