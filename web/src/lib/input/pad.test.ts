import { beforeEach, describe, expect, test } from 'vitest';
import { FakePad } from '../../testing/fake-pad';
import { curve } from './curve';
import { type PadAction, PadCore } from './pad';
import { PAD_DEFAULTS, type PadSettings } from './pad-bindings';

const STOP = 1;
const TALK = 0;

let pad: FakePad;
let core: PadCore;
let moving: boolean;

beforeEach(() => {
  make({ expo: 0 });
});

function make(change: Partial<PadSettings>): void {
  pad = new FakePad();
  core = new PadCore({ ...PAD_DEFAULTS, ...change });
  moving = false;
  look();
  look();
}

const look = (): readonly PadAction[] => core.look([null, pad], moving);
const kinds = (actions: readonly PadAction[]) => actions.map((action) => action.do);

describe('the stick', () => {
  test('gives shares past its dead zone, without a jump, up to the whole', () => {
    expect(look()).toEqual([]);
    pad.stick(0.15);
    expect(look()).toEqual([]);
    pad.stick(0.16);
    const [first] = look();
    expect(first).toMatchObject({ do: 'hold', angular: 0 });
    expect(first?.do === 'hold' && first.linear).toBeCloseTo(0.01 / 0.85);
    pad.stick(1, -1);
    expect(look()).toEqual([{ do: 'hold', linear: 1, angular: -1 }]);
    pad.stick(-1, 1);
    expect(look()).toEqual([{ do: 'hold', linear: -1, angular: 1 }]);
  });

  test('lets go once, at its centre', () => {
    pad.stick(1);
    look();
    pad.stick(0);
    expect(look()).toEqual([{ do: 'let-go' }]);
    expect(look()).toEqual([]);
  });

  test('expo makes the middle finer and leaves both ends', () => {
    expect(curve(0.575, 0.15, 0)).toBeCloseTo(0.5);
    expect(curve(0.575, 0.15, 1)).toBeCloseTo(0.125);
    expect(curve(-1, 0.15, 1)).toBe(-1);
    expect(curve(Number.NaN, 0.15, 1)).toBe(0);
    expect(curve(7, 0.15, 0.4)).toBe(1);
  });

  test('an axis that is no number drives nothing', () => {
    pad.axes[1] = Number.NaN;
    expect(look()).toEqual([]);
  });
});

describe('the centre comes first', () => {
  test('on a pad that is plugged in with its stick pushed', () => {
    core = new PadCore(PAD_DEFAULTS);
    pad.stick(1);
    expect([...look(), ...look()]).toEqual([]);
    expect(core.state).toMatchObject({ pad: 'pad', centred: false });
    pad.stick(0);
    look();
    expect(core.state.centred).toBe(true);
    pad.stick(1);
    expect(kinds(look())).toEqual(['hold']);
  });

  test('after any stop, whoever caused it', () => {
    pad.stick(1);
    look();
    expect(core.stopped()).toEqual([{ do: 'let-go' }]);
    expect(look()).toEqual([]);
    pad.stick(0.4, 0.9);
    expect(look()).toEqual([]);
    pad.stick(0);
    look();
    pad.stick(1);
    expect(kinds(look())).toEqual(['hold']);
  });

  test('forward and back at once add up to nothing, and are no centre', () => {
    make({
      bindings: {
        forward: { kind: 'button', index: 12 },
        back: { kind: 'button', index: 13 },
      },
    });
    core.stopped();
    pad.button(12, true).button(13, true);
    expect(look()).toEqual([]);
    expect(core.state.centred).toBe(false);
  });

  test('new settings ask for it as well: what is held may mean something else now', () => {
    pad.stick(1);
    look();
    expect(core.configure(PAD_DEFAULTS)).toEqual([{ do: 'let-go' }]);
    expect(look()).toEqual([]);
  });
});

describe('a pad that goes', () => {
  test.each([
    ['is no longer listed', () => core.look([null, null], true)],
    ['says so itself', () => core.look([Object.assign(pad, { connected: false })], true)],
    ['leaves an empty list', () => core.look([], true)],
  ])('stops at once when it %s', (_, gone) => {
    pad.stick(1);
    look();
    expect(gone()).toEqual([{ do: 'let-go' }, { do: 'stop' }]);
    expect(core.state).toEqual({ pad: null, centred: false, learning: null });
  });

  test('stops a step or a latch that runs without anything held', () => {
    moving = true;
    expect(core.look([], moving)).toEqual([{ do: 'stop' }]);
  });

  test('stops nobody while nothing moves', () => {
    expect(core.look([], false)).toEqual([]);
    expect(core.look([], true)).toEqual([]);
  });

  test('is not quietly replaced by another that is plugged in', () => {
    const other = Object.assign(new FakePad().stick(1), { index: 3, id: 'other' });
    pad.stick(1);
    look();
    expect(kinds(core.look([other], true))).toEqual(['let-go', 'stop']);
    expect(core.look([other], false)).toEqual([]);
    expect(core.state).toMatchObject({ pad: 'other', centred: false });
    // Nor while it is a step that runs.
    expect(core.look([new FakePad()], true)).toEqual([{ do: 'stop' }]);
  });

  test('of two, the one that somebody touches is theirs', () => {
    const other = Object.assign(new FakePad(), { index: 3, id: 'other' });
    core = new PadCore(PAD_DEFAULTS);
    core.look([pad, other], false);
    expect(core.state.pad).toBeNull();
    other.button(TALK, true);
    core.look([pad, other], false);
    expect(core.state.pad).toBe('other');
  });

  test('comes back with the stick held, and asks for the centre', () => {
    pad.stick(1);
    look();
    core.look([], true);
    expect([...look(), ...look()]).toEqual([]);
    expect(core.state.centred).toBe(false);
  });
});

describe('buttons', () => {
  test('are pressed once for each press', () => {
    pad.button(TALK, true);
    expect(look()).toEqual([{ do: 'press', deed: 'talk' }]);
    expect([...look(), ...look()]).toEqual([]);
    pad.button(TALK, false);
    look();
    pad.button(TALK, true);
    expect(look()).toEqual([{ do: 'press', deed: 'talk' }]);
  });

  test('are told when they are up again, and when the pad is gone', () => {
    pad.button(TALK, true);
    look();
    pad.button(TALK, false);
    expect(look()).toEqual([{ do: 'release', deed: 'talk' }]);
    pad.button(TALK, true);
    look();
    expect(core.look([], false)).toEqual([{ do: 'release', deed: 'talk' }]);
  });

  test('that were down as the pad came press nothing', () => {
    core = new PadCore(PAD_DEFAULTS);
    pad.button(TALK, true);
    expect([...look(), ...look()]).toEqual([]);
  });

  test('a trigger counts from half way', () => {
    make({ bindings: { talk: { kind: 'button', index: 7 } } });
    pad.button(7, false, 0.4);
    expect(look()).toEqual([]);
    pad.button(7, false, 0.6);
    expect(look()).toEqual([{ do: 'press', deed: 'talk' }]);
  });

  test('STOP stops while standing as well', () => {
    pad.button(STOP, true);
    expect(look()).toEqual([{ do: 'stop' }]);
  });

  test('every direction may be a button', () => {
    make({ bindings: { left: { kind: 'button', index: 4 } } });
    pad.button(4, true);
    expect(look()).toEqual([{ do: 'hold', linear: 0, angular: 1 }]);
  });

  test('while the robot moves any button is a stop, and not what it is bound to', () => {
    moving = true;
    for (const index of [TALK, STOP, 5, 16]) {
      pad.stick(1);
      look();
      pad.button(index, true);
      expect(look().at(-1)).toEqual({ do: 'stop' });
      expect(look()).toEqual([]);
      pad.button(index, false).stick(0);
      look();
    }
  });

  test('but the e-stop is one, and a switch is told as such: it stops, or knows what it is for', () => {
    const { bindings } = PAD_DEFAULTS;
    make({ bindings: { ...bindings, scan_select: { kind: 'button', index: 5 } } });
    moving = true;
    for (const [index, deed] of [
      [bindings.estop?.kind === 'button' ? bindings.estop.index : -1, 'estop'],
      [5, 'scan_select'],
    ] as const) {
      pad.button(index, true);
      expect(look()).toEqual([{ do: 'press', deed }]);
      pad.button(index, false);
      look();
      pad.button(index, true).button(STOP, true);
      expect(look()).toEqual([deed === 'estop' ? { do: 'press', deed } : { do: 'stop' }]);
      pad.button(index, false).button(STOP, false);
      look();
    }
  });

  test('a button that drives is none of those', () => {
    make({ expo: 0, bindings: { ...PAD_DEFAULTS.bindings, left: { kind: 'button', index: 5 } } });
    pad.stick(1);
    look();
    moving = true;
    pad.button(5, true);
    expect(look()).toEqual([{ do: 'hold', linear: 1, angular: 1 }]);
  });

  test('unless so set, but then STOP has a button', () => {
    make({ anyButtonStops: false });
    moving = true;
    pad.button(TALK, true);
    expect(look()).toEqual([{ do: 'press', deed: 'talk' }]);
    pad.button(STOP, true);
    expect(look()).toEqual([{ do: 'stop' }]);
    make({ anyButtonStops: false, bindings: { talk: { kind: 'button', index: TALK } } });
    moving = true;
    pad.button(TALK, true);
    expect(look()).toEqual([{ do: 'stop' }]);
  });
});

describe('learning a button', () => {
  test('binds the next one that is pressed, and does nothing else by it', () => {
    core.learn('phrases');
    expect(look()).toEqual([]);
    pad.button(10, true);
    const [learned] = look();
    expect(learned).toMatchObject({ do: 'learned', deed: 'phrases', taken: null });
    expect(learned?.do === 'learned' && learned.bindings.phrases).toEqual({
      kind: 'button',
      index: 10,
    });
    expect(core.state.learning).toBeNull();
    expect(look()).toEqual([]);
    pad.button(10, false);
    look();
    pad.button(10, true);
    expect(look()).toEqual([{ do: 'press', deed: 'phrases' }]);
  });

  test('the press that began it is not the answer', () => {
    pad.button(TALK, true);
    look();
    core.learn('light');
    expect([...look(), ...look()]).toEqual([]);
    pad.button(TALK, false);
    look();
    pad.button(TALK, true);
    expect(look()).toMatchObject([{ do: 'learned', deed: 'light', taken: 'talk' }]);
  });

  test('a button has one meaning: what had it before is told, and has none', () => {
    core.learn('attention');
    look();
    pad.button(STOP, true);
    const [learned] = look();
    expect(learned).toMatchObject({ do: 'learned', taken: 'stop' });
    expect(learned?.do === 'learned' && learned.bindings).not.toHaveProperty('stop');
    // And now any button stops, even if it should not.
  });

  test('a direction may be learned from an axis that is moved for good', () => {
    core.learn('forward');
    look();
    pad.axes[3] = -0.5;
    expect(look()).toEqual([]);
    pad.axes[3] = -0.9;
    const [learned] = look();
    expect(learned?.do === 'learned' && learned.bindings.forward).toEqual({
      kind: 'axis',
      index: 3,
      sign: -1,
    });
    expect(look()).toEqual([]);
  });

  test('drives nothing meanwhile, and still stops', () => {
    core.learn('light');
    pad.stick(0.6);
    expect(look()).toEqual([]);
    moving = true;
    pad.button(TALK, true);
    expect(look()).toEqual([{ do: 'stop' }]);
    expect(core.state.learning).toBe('light');
  });

  test('can be ended with nothing changed', () => {
    core.learn('light');
    look();
    core.learn(null);
    pad.button(TALK, true);
    expect(look()).toEqual([{ do: 'press', deed: 'talk' }]);
  });

  test('ends with the pad', () => {
    core.learn('light');
    core.look([], false);
    expect(core.state.learning).toBeNull();
  });
});
