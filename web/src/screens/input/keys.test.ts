import { beforeEach, expect, test, vi } from 'vitest';
import { DEFAULTS, type Settings } from '../../data/settings';
import { DriveBench } from '../../testing/fake-drive';
import { FakeKeys } from '../../testing/fake-keys';
import { driveByPanelKeys, KEEPS, type KeyModel } from './keys';

/** What a key can be meant for. */
class FakeControl {
  readonly kind: string;
  clicks = 0;

  constructor(kind: string) {
    this.kind = kind;
  }

  closest(selector: string): FakeControl | null {
    const fits =
      selector === 'button' ||
      (selector === 'button:not(.key)' && this.kind !== 'direction') ||
      (selector === '[role=tab]' && this.kind === 'tab') ||
      (selector === '.key' && this.kind === 'direction') ||
      (selector === KEEPS && this.kind === 'keeps');
    return fits ? this : null;
  }

  click(): void {
    this.clicks += 1;
  }
}

let bench: DriveBench;
let keys: FakeKeys;
let settings: Settings;
let sheet: KeyModel['nav']['sheet'];
let field: boolean;
let tried: string[];
let closed: number;
let went: string[];
let renews: boolean;
let trying: boolean;

beforeEach(async () => {
  vi.stubGlobal('Element', FakeControl);
  bench = new DriveBench();
  keys = new FakeKeys();
  settings = { ...DEFAULTS, driveBy: 'hold' };
  sheet = null;
  field = false;
  tried = [];
  closed = 0;
  went = [];
  renews = false;
  trying = true;
  const model = {
    drive: bench.drive,
    get settings() {
      return settings;
    },
    nav: {
      get sheet() {
        return sheet;
      },
    },
    driving: {
      get moving() {
        return bench.state.doing !== null;
      },
      robot: null,
      go: (way: string) => {
        went.push(way);
        bench.drive.step({ cm: 20 });
      },
      mayRenew: () => renews,
      hold: (control: string) => bench.drive.hold(control, { linear: 1, angular: 0 }),
    },
    get trying() {
      return trying ? (what: string) => tried.push(what) : null;
    },
    close: () => {
      closed += 1;
    },
  } as unknown as KeyModel;
  driveByPanelKeys(model, keys, () => field);
  await bench.acquire();
  bench.socket.deeds();
});

function down(key: string, change: Partial<KeyboardEvent> = {}) {
  let defaultPrevented = false;
  keys.down(key, {
    preventDefault: () => {
      defaultPrevented = true;
    },
    stopPropagation: () => undefined,
    ...change,
  });
  return { defaultPrevented };
}

const doing = () => bench.state.doing?.mode ?? null;

test('an arrow holds while it is down, and is the same key whatever it means when it comes up', () => {
  down('ArrowUp', { code: 'Numpad8' });
  expect(doing()).toBe('hold');
  keys.up('8', { code: 'Numpad8' });
  expect(doing()).toBeNull();
});

test.each(['step', 'latch'] as const)(
  'by %s an arrow is one press, and its repeats are none',
  (driveBy) => {
    settings = { ...settings, driveBy };
    down('ArrowUp');
    down('ArrowUp', { repeat: true });
    expect(went).toEqual(['forward']);
    expect(doing()).toBe('step');
  },
);

test('an Enter that stays down on a button presses it once, also after the step it made has been stopped by somebody else', () => {
  const target = new FakeControl('direction') as unknown as EventTarget;
  for (const driveBy of ['step', 'latch', 'hold'] as const) {
    settings = { ...settings, driveBy };
    expect(doing()).toBeNull();
    expect(down('Enter', { target, repeat: true }).defaultPrevented).toBe(true);
    expect(down('Enter', { target }).defaultPrevented).toBe(false);
  }
});

test.each(['q', 'Tab', ' ', 'ArrowLeft', 'Enter', 'Escape'])(
  'while a step is made %s stops it',
  (key) => {
    bench.drive.step({ cm: 20 });
    const event = down(key);
    expect(doing()).toBeNull();
    expect(bench.socket.types()).toContain('stop');
    expect(event.defaultPrevented).toBe(true);
  },
);

test('Enter renews a latch while that is offered; its repeats, and every other key, stop it', () => {
  bench.drive.latch({ linear: 1, angular: 0 });
  bench.socket.deeds();
  renews = true;
  expect(down('Enter').defaultPrevented).toBe(true);
  expect(bench.state.doing).toMatchObject({ mode: 'latch', press: 2 });
  expect(down('Enter', { repeat: true }).defaultPrevented).toBe(true);
  expect(bench.state.doing).toMatchObject({ press: 2 });
  renews = false;
  down('Enter');
  expect(doing()).toBeNull();
  for (const key of ['q', ' ', 'ArrowUp', 'Tab']) {
    bench.drive.latch({ linear: 1, angular: 0 });
    renews = true;
    down(key);
    expect(doing()).toBeNull();
  }
});

test.each(['Enter', ' '])(
  'on the e-stop, or on latch renewal, %s is for that, however the robot moves',
  (key) => {
    const control = new FakeControl('keeps');
    const target = control as unknown as EventTarget;
    for (const begin of [
      () => bench.drive.step({ cm: 20 }),
      () => bench.drive.latch({ linear: 1, angular: 0 }),
      () => down('ArrowUp'),
    ]) {
      begin();
      bench.socket.deeds();
      // Enter presses as it goes down by itself; Space, which would wait for its coming up, is made to.
      control.clicks = 0;
      expect(down(key, { target }).defaultPrevented).toBe(key === ' ');
      expect(down(key, { target, repeat: true }).defaultPrevented).toBe(true);
      expect(control.clicks).toBe(key === ' ' ? 1 : 0);
      expect(doing()).not.toBeNull();
      down('Escape', { target });
      keys.up('ArrowUp');
    }
  },
);

test.each(['q', 'Tab', ' ', 'Escape'])('while an arrow is held %s stops as well', (key) => {
  down('ArrowUp');
  down(key);
  expect(doing()).toBeNull();
});

test('a key that goes into a field stops what is being done, with another key or without', () => {
  for (const other of [{}, { ctrlKey: true }]) {
    field = false;
    bench.drive.step({ cm: 20 });
    field = true;
    down('a', other);
    expect(doing()).toBeNull();
  }
});

test('a key that goes into a field while nothing moves is left alone', () => {
  field = true;
  const event = down('ArrowUp');
  expect(doing()).toBeNull();
  expect(event.defaultPrevented).toBe(false);
});

test('Space stops, but presses the button that has the focus', () => {
  expect(down(' ').defaultPrevented).toBe(true);
  expect(bench.socket.types()).toContain('stop');
  const on = new FakeControl('button') as unknown as EventTarget;
  expect(down(' ', { target: on }).defaultPrevented).toBe(false);
});

test('Space on a direction that has the focus stops, and drives nothing', () => {
  const target = new FakeControl('direction');
  expect(down(' ', { target: target as unknown as EventTarget }).defaultPrevented).toBe(true);
  expect(bench.socket.types()).toContain('stop');
  expect([doing(), went, target.clicks]).toEqual([null, [], 0]);
});

test('the arrows of a tab that has the focus are tried nowhere', () => {
  sheet = 'settings';
  const target = new FakeControl('tab') as unknown as EventTarget;
  expect(down('ArrowRight', { target }).defaultPrevented).toBe(false);
  expect(tried).toEqual([]);
  down('ArrowRight');
  expect(tried).toContain('right');
});

test('without shortcuts neither arrows nor Space do anything, and while moving every key stops', () => {
  settings = { ...settings, shortcuts: false };
  down('ArrowUp');
  expect(doing()).toBeNull();
  expect(down(' ').defaultPrevented).toBe(false);
  bench.drive.step({ cm: 20 });
  down('ArrowUp');
  expect(doing()).toBeNull();
});

test('over an open sheet arrows drive nothing but the place to try, and Escape closes it', () => {
  sheet = 'settings';
  down('ArrowLeft');
  expect(doing()).toBeNull();
  expect(tried).toEqual(['still', 'left']);
  down('Escape');
  expect(closed).toBe(1);
  expect(bench.socket.types()).not.toContain('stop');
});

test('Escape stops rather than closes while the robot moves', () => {
  bench.drive.step({ cm: 20 });
  sheet = 'phrases';
  down('Escape');
  expect(closed).toBe(0);
  expect(doing()).toBeNull();
});

test('a scanner has its own keys: arrows drive nothing then, and Escape stops', () => {
  settings = { ...settings, input: 'scan' };
  down('ArrowUp');
  expect(doing()).toBeNull();
  bench.drive.step({ cm: 20 });
  down('Escape');
  expect(doing()).toBeNull();
});

test('an arrow before the robot is taken is answered, and moves nothing', async () => {
  trying = false;
  await bench.drive.release();
  down('ArrowUp');
  expect(bench.state.refusal).toBe('no_lease');
  expect(went).toEqual(['forward']);
  settings = { ...settings, shortcuts: false };
  down('ArrowLeft');
  expect(went).toEqual(['forward']);
  settings = { ...settings, shortcuts: true };
  sheet = 'phrases';
  down('ArrowLeft');
  expect(went).toEqual(['forward']);
});
