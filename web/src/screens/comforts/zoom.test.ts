import { expect, test } from 'vitest';
import {
  bound,
  canPan,
  drag,
  PANS,
  pan,
  SCALES,
  settled,
  step,
  transformOf,
  WHOLE,
  zoomAt,
} from './zoom';

/** Where a place of the picture is seen, of the element. */
const seenAt = (view: typeof WHOLE, at: number) => 0.5 + (at - view.x) * view.scale;

test('presses go through the steps, there and back, and end at the whole', () => {
  const up = [WHOLE];
  for (let press = 0; press < 6; press += 1) up.push(step(up.at(-1) ?? WHOLE, 1));
  expect(up.map(({ scale }) => scale)).toEqual([...SCALES, 4, 4]);
  let view = up.at(-1) ?? WHOLE;
  for (let press = 0; press < 6; press += 1) view = step(view, -1);
  expect(view).toEqual(WHOLE);
  // From wherever a wheel has left it.
  expect(step({ ...WHOLE, scale: 2.4 }, 1).scale).toBe(3);
  expect(step({ ...WHOLE, scale: 2.4 }, -1).scale).toBe(2);
});

test('what a pointer is on stays under it', () => {
  const view = zoomAt(WHOLE, 2, [0.75, 0.5]);
  expect(seenAt(view, 0.75)).toBeCloseTo(0.75);
  const nearer = zoomAt(view, 3, [0.25, 0.5]);
  const there = view.x + (0.25 - 0.5) / view.scale;
  expect(seenAt(nearer, there)).toBeCloseTo(0.25);
});

test('nothing outside of the picture is seen, whatever is asked', () => {
  for (const view of [
    zoomAt(WHOLE, 9, [1, 0]),
    drag({ scale: 2, x: 0.5, y: 0.5 }, 5, -5),
    bound({ scale: 3, x: -2, y: 7 }),
  ]) {
    const half = 0.5 / view.scale;
    for (const at of [view.x, view.y]) {
      expect(at).toBeGreaterThanOrEqual(half - 1e-9);
      expect(at).toBeLessThanOrEqual(1 - half + 1e-9);
    }
    expect(view.scale).toBeLessThanOrEqual(4);
  }
  for (const scale of [Number.NaN, 0, -1, 1]) expect(bound({ ...WHOLE, scale })).toEqual(WHOLE);
  expect(bound({ scale: 2, x: Number.NaN, y: 0.5 })).toEqual(WHOLE);
  expect(settled(bound({ ...WHOLE, scale: 1.04 }))).toEqual(WHOLE);
  expect(settled(bound({ ...WHOLE, scale: 1.1 })).scale).toBe(1.1);
});

test('each side can be looked at until its end', () => {
  expect(PANS.some((way) => canPan(WHOLE, way))).toBe(false);
  for (const way of PANS) {
    let view = step(step(WHOLE, 1), 1);
    for (let press = 0; press < 10 && canPan(view, way); press += 1) view = pan(view, way);
    expect([way, canPan(view, way)]).toEqual([way, false]);
    expect(PANS.filter((other) => canPan(view, other)).length).toBe(3);
  }
  expect(pan({ scale: 2, x: 0.5, y: 0.5 }, 'left').x).toBeCloseTo(0.375);
  expect(pan({ scale: 2, x: 0.5, y: 0.5 }, 'up').y).toBeCloseTo(0.375);
});

test('the whole needs no style, and a part of it is moved to the middle', () => {
  expect(transformOf(WHOLE)).toBe('');
  expect(transformOf({ scale: 2, x: 0.5, y: 0.25 })).toBe('translate(0.00%, 50.00%) scale(2.000)');
});
