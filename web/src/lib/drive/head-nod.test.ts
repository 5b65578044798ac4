import { expect, test } from 'vitest';
import { FakeClock, settle } from '../../testing/fake-clock';
import { HeadNod } from './head-nod';

function bench() {
  const clock = new FakeClock();
  const turns: [number, number][] = [];
  const nod = new HeadNod(async (pan, tilt) => {
    turns.push([pan, tilt]);
  }, clock);
  return { clock, turns, nod };
}

test('a nod goes down, and back to where the head was', async () => {
  const { clock, turns, nod } = bench();
  void nod.make({ pan: 10, tilt: 5 });
  await settle();
  expect(turns).toEqual([[10, -15]]);
  await clock.advance(400);
  expect(turns).toEqual([
    [10, -15],
    [10, 5],
  ]);
});

test('a head that looks down already nods upwards', async () => {
  const { clock, turns, nod } = bench();
  void nod.make({ pan: 0, tilt: -40 });
  await settle();
  await clock.advance(400);
  expect(turns).toEqual([
    [0, -20],
    [0, -40],
  ]);
});

test('pressed again while it nods, it nods once; and again after that', async () => {
  const { clock, turns, nod } = bench();
  for (let press = 0; press < 3; press += 1) void nod.make({ pan: 0, tilt: 0 });
  await settle();
  await clock.advance(400);
  expect(turns.length).toBe(2);
  void nod.make({ pan: 0, tilt: 0 });
  await settle();
  await clock.advance(400);
  expect(turns.length).toBe(4);
});
