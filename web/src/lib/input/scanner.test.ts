import { beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../../testing/fake-clock';
import { FakeKeys } from '../../testing/fake-keys';
import type { Gone } from '../core/attention';
import { SCAN_DEFAULTS } from './scan-settings';
import { Scanner } from './scanner';

let clock: FakeClock;
let keys: FakeKeys;
let did: string[];
let typing: boolean;
let gone: (why: Gone) => void;
let scanner: Scanner;

beforeEach(() => {
  clock = new FakeClock();
  keys = new FakeKeys();
  did = [];
  typing = false;
  scanner = new Scanner(SCAN_DEFAULTS, [{ id: 'go', children: [{ id: 'a' }, { id: 'b' }] }], {
    clock,
    attention: {
      hidden: () => false,
      watch: (told) => {
        gone = told;
        return () => undefined;
      },
    },
    target: keys as unknown as Window,
    keys: { select: ' ', step: 'Enter' },
    typing: () => typing,
    onActivate: (id) => did.push(id),
    onStop: () => did.push('STOP'),
  });
});

const at = () => scanner.state.value.highlight?.path.join('/') ?? 'resting';

async function press(key = ' '): Promise<void> {
  keys.down(key);
  await clock.advance(50);
  keys.up(key);
}

test('Space alone reaches an item, by time and two presses', async () => {
  await press();
  expect(at()).toBe('stop');
  await clock.advance(1600);
  expect(at()).toBe('go');
  await press();
  expect(at()).toBe('go/a');
  await clock.advance(1600);
  await press();
  expect(did).toEqual(['b']);
  // Neither scrolls the page nor presses what has the focus.
  expect(keys.prevented.every((key) => key === ' ')).toBe(true);
  expect(keys.prevented.length).toBe(6);
});

test('a key that repeats itself is one press', async () => {
  keys.down(' ');
  for (let n = 0; n < 30; n += 1) {
    await clock.advance(33);
    keys.down(' ', { repeat: true });
  }
  expect(did).toEqual([]);
  expect(at()).toBe('stop');
});

test('while the robot moves every key is STOP, and other keys are left alone while it stands', async () => {
  keys.down('x');
  expect(did).toEqual([]);
  expect(keys.prevented).toEqual([]);
  scanner.moves(true);
  keys.down('x');
  keys.down(' ');
  keys.down('Enter');
  keys.down('Escape');
  expect(did).toEqual(['STOP', 'STOP', 'STOP', 'STOP']);
});

test('Escape is STOP always, in a field as well', () => {
  typing = true;
  keys.down('Escape');
  expect(did).toEqual(['STOP']);
});

test('keys that are typed into a field are no switches', () => {
  typing = true;
  keys.down(' ');
  keys.up(' ');
  expect(at()).toBe('resting');
  expect(keys.prevented).toEqual([]);
});

test('shortcuts of the browser stay its own', () => {
  keys.down(' ', { ctrlKey: true });
  expect(at()).toBe('resting');
});

test('a switch need not be a key', async () => {
  scanner.down('pad', 'select');
  scanner.up('pad');
  expect(at()).toBe('stop');
  scanner.moves(true);
  scanner.down('pad', 'step');
  expect(did).toEqual(['STOP']);
});

test('a page that nobody looks at rests, with no timer left', async () => {
  await press();
  gone('hidden');
  expect(at()).toBe('resting');
  expect(clock.pending).toBe(0);
});

test('it watches are told of each highlight once', async () => {
  const seen: string[] = [];
  scanner.state.watch(() => seen.push(at()));
  await press();
  await clock.advance(1700);
  scanner.show([{ id: 'go', children: [{ id: 'a' }, { id: 'c' }] }]);
  expect(seen).toEqual(['resting', 'stop', 'go']);
});

test('the end listens to nothing more', async () => {
  await press();
  scanner.dispose();
  expect(keys.listening).toBe(0);
  expect(clock.pending).toBe(0);
});
