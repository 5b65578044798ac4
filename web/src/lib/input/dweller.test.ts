import { beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../../testing/fake-clock';
import type { Gone } from '../core/attention';
import { DWELL_DEFAULTS } from './dwell-settings';
import { Dweller } from './dweller';

let clock: FakeClock;
let listeners: Map<string, (event: PointerEvent) => void>;
let did: string[];
let hidden: boolean;
let gone: (why: Gone) => void;
let dweller: Dweller;

beforeEach(() => {
  clock = new FakeClock();
  listeners = new Map();
  did = [];
  hidden = false;
  dweller = new Dweller(DWELL_DEFAULTS, {
    clock,
    attention: {
      hidden: () => hidden,
      watch: (told) => {
        gone = told;
        return () => undefined;
      },
    },
    root: {
      addEventListener: (name: string, listener: unknown) =>
        listeners.set(name, listener as (event: PointerEvent) => void),
      removeEventListener: (name: string) => listeners.delete(name),
    } as unknown as HTMLElement,
    targetAt: (event) => (event as unknown as { on: string | null }).on,
    stopId: 'stop',
    keeps: () => false,
    onActivate: (id) => did.push(id),
    onStop: () => did.push('STOP'),
  });
});

function move(on: string | null, pointerType = 'mouse'): void {
  listeners.get('pointermove')?.({ on, pointerType } as unknown as PointerEvent);
}

test('a pointer that stays presses, with a ring that fills', async () => {
  move('talk');
  await clock.advance(500);
  expect(dweller.state.value.target).toBe('talk');
  expect(dweller.state.value.progress).toBeCloseTo(0.5, 1);
  await clock.advance(600);
  expect(did).toEqual(['talk']);
  await clock.advance(10_000);
  expect(did).toEqual(['talk']);
});

test('one that moves about on the target dwells as well', async () => {
  for (let n = 0; n < 11; n += 1) {
    move('talk');
    await clock.advance(100);
  }
  expect(did).toEqual(['talk']);
});

test('one that leaves the page cancels', async () => {
  move('talk');
  await clock.advance(900);
  listeners.get('pointerleave')?.({} as PointerEvent);
  await clock.advance(5000);
  expect(did).toEqual([]);
  expect(clock.pending).toBe(0);
});

test('a finger presses by itself', async () => {
  move('talk', 'touch');
  await clock.advance(5000);
  expect(did).toEqual([]);
});

test('STOP is quick while the robot moves', async () => {
  dweller.moves(true);
  move('stop');
  await clock.advance(300);
  expect(did).toEqual(['STOP']);
});

test('a page that nobody looks at presses nothing, nor when it is back', async () => {
  move('talk');
  await clock.advance(900);
  hidden = true;
  gone('hidden');
  await clock.advance(10_000);
  hidden = false;
  move('talk');
  await clock.advance(10_000);
  expect(did).toEqual([]);
  move(null);
  await clock.advance(200);
  move('talk');
  await clock.advance(1100);
  expect(did).toEqual(['talk']);
});

test('the end listens to nothing more', () => {
  move('talk');
  dweller.dispose();
  expect(listeners.size).toBe(0);
  expect(clock.pending).toBe(0);
});
