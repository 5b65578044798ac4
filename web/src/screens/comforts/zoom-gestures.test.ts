import { expect, test } from 'vitest';
import { WHOLE } from './zoom';
import { wheeled, ZoomGestures } from './zoom-gestures';

const twice = { scale: 2, x: 0.5, y: 0.5 };

test('a wheel that goes up makes larger what is under it, and down smaller again', () => {
  const nearer = wheeled(WHOLE, -100, [0.5, 0.5]);
  expect(nearer.scale).toBeGreaterThan(1.2);
  expect(wheeled(nearer, 100, [0.5, 0.5])).toEqual(WHOLE);
  expect(wheeled(WHOLE, 100, [0, 0])).toEqual(WHOLE);
});

test('one pointer drags what is enlarged, and nothing else', () => {
  const gestures = new ZoomGestures();
  gestures.down(1, [0.5, 0.5]);
  expect(gestures.move(twice, 1, [0.6, 0.5]).x).toBeCloseTo(0.45);
  expect(gestures.move(WHOLE, 1, [0.9, 0.9])).toEqual(WHOLE);
  expect(gestures.move(twice, 7, [0, 0])).toBe(twice);
  gestures.up(1);
  expect(gestures.move(twice, 1, [0, 0])).toBe(twice);
});

test('two fingers that part make larger what is between them, and a third is not counted', () => {
  const gestures = new ZoomGestures();
  gestures.down(1, [0.4, 0.5]);
  gestures.down(2, [0.6, 0.5]);
  gestures.down(3, [0.1, 0.1]);
  const wider = gestures.move(gestures.move(WHOLE, 1, [0.3, 0.5]), 2, [0.7, 0.5]);
  expect(wider.scale).toBeCloseTo(2);
  expect(wider.x).toBeCloseTo(0.5);
  expect(gestures.move(wider, 3, [0.9, 0.9])).toBe(wider);
});

test('fingers that part slowly do so as well', () => {
  const gestures = new ZoomGestures();
  gestures.down(1, [0.4, 0.5]);
  gestures.down(2, [0.6, 0.5]);
  let view = WHOLE;
  for (let x = 0.601; x <= 0.8001; x += 0.001) view = gestures.move(view, 2, [x, 0.5]);
  expect(view.scale).toBeCloseTo(2, 1);
});

test('two fingers in one place are not divided by', () => {
  const gestures = new ZoomGestures();
  gestures.down(1, [0.5, 0.5]);
  gestures.down(2, [0.5, 0.5]);
  expect(gestures.move(twice, 1, [0.7, 0.5])).toBe(twice);
});
