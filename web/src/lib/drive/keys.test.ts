import { beforeEach, expect, test } from 'vitest';
import { DriveBench } from '../../testing/fake-drive';
import { browserAttention, type PageDocument, type PageWindow } from '../core/attention';
import { driveByKeys, type KeyTarget } from './keys';

let bench: DriveBench;
let target: EventTarget;
let typing: boolean;
let end: () => void;

/** A key event as the browser makes one; true if the page kept it from the browser. */
function key(type: 'keydown' | 'keyup', name: string, more: Partial<KeyboardEvent> = {}): boolean {
  const event = new Event(type, { cancelable: true });
  Object.assign(event, { key: name, repeat: false, ...more });
  return !target.dispatchEvent(event);
}

beforeEach(async () => {
  bench = new DriveBench();
  target = new EventTarget();
  typing = false;
  end = driveByKeys(bench.drive, target as unknown as KeyTarget, () => typing);
  await bench.acquire();
  bench.socket.deeds();
});

test('an arrow holds while it is down; its repetitions say nothing', () => {
  expect(key('keydown', 'ArrowUp')).toBe(true);
  for (let n = 0; n < 30; n += 1) expect(key('keydown', 'ArrowUp', { repeat: true })).toBe(true);
  expect(bench.socket.types()).toEqual(['neutral', 'hold']);
  key('keyup', 'ArrowUp');
  expect(bench.socket.types()).toEqual(['neutral']);
});

test('two arrows add up', () => {
  key('keydown', 'ArrowUp');
  key('keydown', 'ArrowRight');
  expect(bench.state.doing).toEqual({ mode: 'hold', linear: 1, angular: -1 });
  key('keyup', 'ArrowUp');
  expect(bench.state.doing).toEqual({ mode: 'hold', linear: 0, angular: -1 });
});

test('a key that is still down when the page comes back in front repeats itself and does nothing', async () => {
  key('keydown', 'ArrowUp');
  await bench.loses('blur');
  bench.socket.deeds();
  for (let n = 0; n < 5; n += 1) key('keydown', 'ArrowUp', { repeat: true });
  await bench.goesBy(300);
  expect(bench.socket.types().filter((type) => type !== 'stop')).toEqual([]);
  key('keyup', 'ArrowUp');
  key('keydown', 'ArrowUp');
  expect(bench.state.doing).not.toBeNull();
});

test.each([' ', 'Escape'])('%j stops, driving or not, and presses no button', (name) => {
  expect(key('keydown', name)).toBe(true);
  if (name === ' ') expect(key('keyup', name)).toBe(true);
  key('keydown', 'ArrowUp');
  key('keydown', name);
  expect(bench.socket.types()).toEqual(['stop', 'neutral', 'hold', 'stop']);
  expect(bench.state.letGoFirst).toBe(true);
});

test('while the robot is being driven every key stops; else the others are the browser’s', () => {
  expect(key('keydown', 'Tab')).toBe(false);
  bench.drive.step({ cm: 50 });
  bench.socket.deeds();
  expect(key('keydown', 'Tab')).toBe(true);
  expect(bench.socket.types()).toEqual(['stop']);
});

test('Alt with an arrow is the way back, no driving', () => {
  expect(key('keydown', 'ArrowLeft', { altKey: true })).toBe(false);
  expect(bench.state.doing).toBeNull();
});

test('keys that are typed into a field, or without a lease, are none of its business', async () => {
  typing = true;
  expect(key('keydown', ' ')).toBe(false);
  typing = false;
  await bench.drive.release();
  bench.socket.deeds();
  expect(key('keydown', ' ')).toBe(false);
  expect(key('keydown', 'ArrowUp')).toBe(false);
  expect(bench.socket.types()).toEqual([]);
});

test('a key that means something else when it comes up has come up', () => {
  key('keydown', 'ArrowUp', { code: 'Numpad8' });
  expect(bench.state.doing).not.toBeNull();
  key('keyup', '8', { code: 'Numpad8' });
  expect(bench.state.doing).toBeNull();
});

test.each(['Escape', 'a', 'ArrowUp'])(
  '%j in a field stops what moves, and is typed at rest',
  (name) => {
    bench.drive.latch({ linear: 1, angular: 0 });
    bench.socket.deeds();
    typing = true;
    expect(key('keydown', name)).toBe(true);
    expect(bench.socket.types()).toEqual(['stop']);
    expect(bench.state.doing).toBeNull();
    expect(key('keydown', name)).toBe(false);
  },
);

test('ended, it hears nothing', () => {
  end();
  expect(key('keydown', 'ArrowUp')).toBe(false);
  expect(bench.state.doing).toBeNull();
});

test('attention is lost by hiding, blur, freezing and leaving, and comes back with none of them', () => {
  const page = Object.assign(new EventTarget(), { hidden: false });
  const window = new EventTarget();
  const seen: string[] = [];
  const attention = browserAttention(page as PageDocument, window as unknown as PageWindow);
  const unwatch = attention.watch((why) => seen.push(why));
  const all = () => {
    page.dispatchEvent(new Event('visibilitychange'));
    page.dispatchEvent(new Event('freeze'));
    window.dispatchEvent(new Event('blur'));
    window.dispatchEvent(new Event('pagehide'));
  };
  page.hidden = true;
  all();
  expect(seen).toEqual(['hidden', 'freeze', 'blur', 'pagehide']);
  page.hidden = false;
  expect(attention.hidden()).toBe(false);
  page.dispatchEvent(new Event('visibilitychange'));
  expect(seen.length).toBe(4);
  unwatch();
  all();
  expect(seen.length).toBe(4);
});
