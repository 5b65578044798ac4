import { beforeEach, describe, expect, test } from 'vitest';
import { DEFAULTS, parseSettings, RANGES, SettingsStore, settingsOf } from './settings';

class FakeStorage {
  readonly kept = new Map<string, string>();
  full = false;

  getItem(key: string): string | null {
    return this.kept.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    if (this.full) throw new DOMException('full', 'QuotaExceededError');
    this.kept.set(key, value);
  }

  removeItem(key: string): void {
    this.kept.delete(key);
  }
}

let storage: FakeStorage;
const open = () => new SettingsStore(storage as unknown as Storage);

beforeEach(() => {
  storage = new FakeStorage();
});

describe('settings', () => {
  test('are as they were at first where nothing is remembered, or nothing can be', () => {
    expect(open().state.value).toEqual(DEFAULTS);
    expect(new SettingsStore(null).state.value).toEqual(DEFAULTS);
    storage.full = true;
    const store = open();
    store.set({ large: true });
    expect(store.state.value.large).toBe(true);
  });

  test('are remembered, with each change in its place', () => {
    const store = open();
    store.set({ input: 'scan', theme: 'contrast' });
    store.set({ scan: { ...store.state.value.scan, stepMs: 2500 } });
    const again = open().state.value;
    expect(again).toEqual({
      ...DEFAULTS,
      input: 'scan',
      theme: 'contrast',
      scan: { ...DEFAULTS.scan, stepMs: 2500 },
    });
  });

  test('out of range are brought into it', () => {
    const store = open();
    store.set({
      latchMs: 99_999,
      dwell: { dwellMs: 1, stopMs: 1e9, jitterMs: -5 },
      jitterMs: Number.NaN,
    });
    expect(store.state.value).toMatchObject({
      latchMs: 8000,
      dwell: { dwellMs: 300, stopMs: 1000, jitterMs: 0 },
      jitterMs: 0,
    });
  });

  test('can all be set back', () => {
    const store = open();
    store.set({ hand: 'left' });
    store.reset();
    expect(store.state.value).toEqual(DEFAULTS);
    expect(storage.kept.size).toBe(0);
  });
});

describe('what was remembered', () => {
  test.each(['', 'null', '[]', '7', '"x"', '{"scan":', 'undefined', '{"scan":null,"pad":7}'])(
    'as %s is as at first',
    (text) => {
      expect(parseSettings(text)).toEqual(DEFAULTS);
    },
  );

  test('a value that makes no sense loses itself alone', () => {
    const good = {
      input: 'dwell',
      hand: 'left',
      large: true,
      latchMs: 5000,
      language: 'en',
      scan: { stepMs: 700, rounds: 5 },
      switchKeys: { select: 'F1', step: 'F2' },
      pad: { bindings: { stop: { kind: 'button', index: 7 } }, expo: 1 },
    };
    const wanted = settingsOf(good);
    expect(wanted).toMatchObject({ input: 'dwell', hand: 'left', latchMs: 5000, language: 'en' });
    const bad = {
      ...good,
      theme: 'purple',
      driveBy: 3,
      stepCm: 21,
      jitterMs: '80',
      shortcuts: 'no',
      dwell: 'slow',
      scan: { ...good.scan, holdMs: null, tremorMs: {}, switches: 'three' },
      pad: { ...good.pad, deadzone: 'x' },
      newer: { than: 'this page' },
    };
    expect(settingsOf(bad)).toEqual(wanted);
  });

  test('bindings that cannot be are dropped, one by one', () => {
    const { pad } = settingsOf({
      pad: {
        bindings: {
          stop: { kind: 'button', index: 3 },
          talk: { kind: 'button', index: -1 },
          left: { kind: 'axis', index: 2, sign: 1 },
          right: { kind: 'axis', index: 2, sign: 7 },
          forward: null,
          fly: { kind: 'button', index: 4 },
        },
      },
    });
    expect(pad.bindings).toEqual({
      stop: { kind: 'button', index: 3 },
      left: { kind: 'axis', index: 2, sign: 1 },
    });
    expect(settingsOf({ pad: { bindings: {} } }).pad.bindings).toEqual({});
    expect(settingsOf({ pad: { bindings: 'x' } }).pad.bindings).toEqual(DEFAULTS.pad.bindings);
  });

  test('switches keep apart from each other and from the keys that must keep their meaning', () => {
    for (const switchKeys of [
      { select: 'Escape', step: ' ' },
      { select: 'Enter', step: 'Tab' },
      { select: 'x', step: 'x' },
      { select: '', step: 'x' },
      { select: 'x' },
    ]) {
      expect(settingsOf({ switchKeys }).switchKeys).toEqual(DEFAULTS.switchKeys);
    }
  });

  test('every default is inside its range', () => {
    expect(settingsOf(DEFAULTS)).toEqual(DEFAULTS);
    for (const [least, most] of Object.values(RANGES)) expect(least).toBeLessThan(most);
  });
});
