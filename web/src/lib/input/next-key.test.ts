import { beforeEach, expect, test } from 'vitest';
import { type KeyVerdict, nextKey } from './next-key';

class Key extends Event {
  readonly ctrlKey = false;
  readonly altKey = false;
  readonly metaKey = false;
  readonly key: string;
  readonly repeat: boolean;

  constructor(key: string, repeat: boolean) {
    super('keydown', { cancelable: true });
    this.key = key;
    this.repeat = repeat;
  }
}

let target: EventTarget;
let learned: (string | null)[];
let end: () => void;
const judge = (key: string): KeyVerdict =>
  key === 'Escape' ? 'cancel' : key === 'Tab' ? 'pass' : 'take';
const press = (key: string, repeat = false): Key => {
  const event = new Key(key, repeat);
  target.dispatchEvent(event);
  return event;
};

beforeEach(() => {
  target = new EventTarget();
  learned = [];
  end = nextKey(target, judge, (key) => learned.push(key));
});

test('the next key is learned, once, and presses nothing', () => {
  const learnt = press('F7');
  expect([learnt.defaultPrevented, learnt.cancelBubble]).toEqual([true, true]);
  expect(press('F8').defaultPrevented).toBe(false);
  expect(learned).toEqual(['F7']);
});

test('keys with a meaning of their own keep it, and one that repeats itself is not pressed', () => {
  const tab = press('Tab');
  expect([tab.defaultPrevented, tab.cancelBubble]).toEqual([false, false]);
  press(' ', true);
  expect(learned).toEqual([]);
  expect(press('Escape').defaultPrevented).toBe(false);
  expect(learned).toEqual([null]);
});

test('it can be ended', () => {
  end();
  press('F7');
  expect(learned).toEqual([]);
});
