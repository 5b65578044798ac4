import { beforeEach, describe, expect, test } from 'vitest';
import { type Action, RECOVERY, Recovery } from './recovery';

/** Drives a recovery in steps of 50 ms against a described link. */
class Rig {
  now = 0;
  readonly recovery: Recovery;
  readonly log: { at: number; action: Action }[] = [];
  /** Sessions whose media flows; the others are silent. */
  readonly flowing = new Set<number>();
  /** Sessions that bring packets, but no frame. */
  readonly undecoded = new Set<number>();
  /** What becomes of a new session. */
  onConnect: (id: number) => void = () => undefined;
  fresh = true;

  constructor(chance = 0.5) {
    this.recovery = new Recovery(() => chance, 150);
  }

  take(actions: Action[]): void {
    for (const action of actions) {
      this.log.push({ at: this.now, action });
      if (action.do === 'close') this.flowing.delete(action.id);
      if (action.do === 'connect') this.onConnect(action.id);
    }
  }

  run(ms: number): void {
    const end = this.now + ms;
    while (this.now < end) {
      this.now += 50;
      this.take(this.recovery.tick(this.now));
      for (const id of [this.recovery.shownId, this.recovery.nextId]) {
        if (id === null) continue;
        const grew = this.flowing.has(id) || this.undecoded.has(id);
        this.recovery.packets(id, grew, this.now);
        if (this.flowing.has(id)) this.take(this.recovery.frame(id, this.now, this.fresh));
      }
    }
  }

  done(kind: Action['do']): { at: number; id: number }[] {
    return this.log.filter((l) => l.action.do === kind).map((l) => ({ at: l.at, id: l.action.id }));
  }
}

let rig: Rig;

/** A picture that has been moving for two seconds. */
function live(chance = 0.5): void {
  rig = new Rig(chance);
  rig.onConnect = (id) => rig.flowing.add(id);
  rig.take(rig.recovery.start(0));
  rig.run(2000);
  rig.onConnect = () => undefined;
  rig.log.length = 0;
}

describe('joining', () => {
  test('the first try starts at once, and its first frame is shown', () => {
    rig = new Rig();
    rig.onConnect = (id) => rig.flowing.add(id);
    rig.take(rig.recovery.start(0));
    expect(rig.done('connect')).toEqual([{ at: 0, id: 1 }]);
    rig.run(100);
    expect(rig.done('show')).toEqual([{ at: 50, id: 1 }]);
    expect(rig.done('close')).toEqual([]);
  });

  test('refusals are retried within 150-300 ms at first, then with back-off, for ever', () => {
    rig = new Rig(1);
    const queue: number[] = [];
    rig.onConnect = (id) => queue.push(id);
    rig.take(rig.recovery.start(0));
    for (let i = 0; i < 1200; i += 1) {
      const id = queue.shift();
      if (id !== undefined) rig.take(rig.recovery.failed(id, rig.now));
      rig.run(50);
    }
    const at = rig.done('connect').map((c) => c.at);
    const gaps = at.slice(1).map((t, i) => t - (at[i] ?? 0));
    expect(gaps.slice(0, RECOVERY.quickTries).every((g) => g >= 150 && g <= 350)).toBe(true);
    expect(gaps[RECOVERY.quickTries]).toBeGreaterThanOrEqual(500);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(4050);
    expect(gaps.at(-1)).toBeGreaterThanOrEqual(3900);
    expect(at.at(-1)).toBeGreaterThan(50_000);
  });

  test('a wait that the server names is kept', () => {
    rig = new Rig(0);
    rig.take(rig.recovery.start(0));
    rig.take(rig.recovery.failed(1, 0, 3000));
    rig.run(2950);
    expect(rig.done('connect')).toHaveLength(1);
    rig.run(100);
    expect(rig.done('connect')).toHaveLength(2);
  });

  test('a wait of one second, the least there is, does not slow the first tries', () => {
    rig = new Rig(0);
    rig.take(rig.recovery.start(0));
    for (let id = 1; id <= RECOVERY.quickTries; id += 1) {
      rig.take(rig.recovery.failed(id, rig.now, 1000));
      rig.run(200);
    }
    expect(rig.done('connect')).toHaveLength(1 + RECOVERY.quickTries);
    rig.take(rig.recovery.failed(1 + RECOVERY.quickTries, rig.now, 1000));
    rig.run(950);
    expect(rig.done('connect')).toHaveLength(1 + RECOVERY.quickTries);
  });

  test('a session that brings nothing is given up; one that brings packets is waited for longer', () => {
    rig = new Rig();
    rig.take(rig.recovery.start(0));
    rig.run(RECOVERY.emptyMs);
    expect(rig.done('close')).toEqual([{ at: RECOVERY.emptyMs, id: 1 }]);
    rig = new Rig();
    rig.take(rig.recovery.start(0));
    rig.undecoded.add(1);
    rig.run(RECOVERY.undecodedMs - 50);
    expect(rig.done('close')).toEqual([]);
    rig.run(50);
    expect(rig.done('close')).toHaveLength(1);
  });
});

describe('silence', () => {
  beforeEach(() => live());

  test('a new session beside the old one after 700 ms; the old one stays until the new one shows', () => {
    rig.flowing.clear();
    rig.run(650);
    expect(rig.done('connect')).toEqual([]);
    rig.run(100);
    expect(rig.done('connect')).toEqual([{ at: 2700, id: 2 }]);
    expect(rig.done('close')).toEqual([]);
    rig.flowing.add(2);
    rig.run(50);
    expect(rig.log.slice(-2).map((l) => l.action)).toEqual([
      { do: 'show', id: 2 },
      { do: 'close', id: 1 },
    ]);
  });

  test('ICE is restarted once, after 2 s, and never before', () => {
    rig.flowing.clear();
    rig.run(1950);
    expect(rig.done('restart-ice')).toEqual([]);
    rig.run(1500);
    expect(rig.done('restart-ice')).toEqual([{ at: 4000, id: 1 }]);
  });

  test('the old session coming back by itself drops the new one', () => {
    rig.flowing.clear();
    rig.run(800);
    expect(rig.recovery.nextId).toBe(2);
    rig.flowing.add(1);
    rig.run(50);
    expect(rig.done('close')).toEqual([{ at: rig.now, id: 2 }]);
    expect(rig.recovery.shownId).toBe(1);
  });

  test('coming back late does not: the new session takes over', () => {
    rig.flowing.clear();
    rig.run(800);
    rig.fresh = false;
    rig.flowing.add(1);
    rig.run(100);
    expect(rig.done('close')).toEqual([]);
    rig.flowing.add(2);
    rig.run(50);
    expect(rig.recovery.shownId).toBe(2);
  });

  test('one look that comes late proves nothing', () => {
    // The page itself stood still for two seconds; the first look after that finds no growth yet.
    rig.now += 2000;
    rig.recovery.packets(1, false, rig.now);
    rig.take(rig.recovery.tick(rig.now));
    expect(rig.done('connect')).toEqual([]);
  });

  test('a slow camera is not silent', () => {
    for (let i = 0; i < 40; i += 1) {
      rig.flowing.clear();
      rig.run(950);
      rig.flowing.add(1);
      rig.run(50);
    }
    rig.log.length = 0;
    rig.flowing.clear();
    rig.run(950);
    rig.flowing.add(1);
    rig.run(50);
    expect(rig.done('connect')).toEqual([]);
  });
});

test('packets without frames: no ICE restart, a new session after 3 s', () => {
  live();
  rig.flowing.clear();
  rig.undecoded.add(1);
  rig.run(2950);
  expect(rig.log).toEqual([]);
  rig.run(100);
  expect(rig.done('connect')).toEqual([{ at: 5000, id: 2 }]);
  expect(rig.done('restart-ice')).toEqual([]);
});

describe('a picture that moves but is late', () => {
  test('is replaced after 1.5 s, and rarely again while that does not help', () => {
    live();
    rig.onConnect = (id) => rig.flowing.add(id);
    rig.fresh = false;
    rig.run(60_000);
    const at = rig.done('connect').map((c) => c.at);
    expect(at[0]).toBe(3500);
    expect(at.length).toBeGreaterThan(1);
    expect(at.length).toBeLessThanOrEqual(4);
    const gaps = at.slice(1).map((t, i) => t - (at[i] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(10_000);
  });
});

describe('news from outside', () => {
  beforeEach(() => live());

  test('the media server lost: a new session at once, though packets may still be in flight', () => {
    rig.take(rig.recovery.serverLost(rig.now));
    expect(rig.done('connect')).toEqual([{ at: 2000, id: 2 }]);
    rig.run(100);
    expect(rig.done('close')).toEqual([]);
  });

  test('the media server back: the back-off is cut short', () => {
    rig.flowing.clear();
    rig.take(rig.recovery.serverLost(rig.now));
    for (let i = 0; i < 400; i += 1) {
      const id = rig.recovery.nextId;
      if (id !== null) rig.take(rig.recovery.failed(id, rig.now));
      rig.run(50);
    }
    rig.take(rig.recovery.failed(rig.recovery.nextId ?? 0, rig.now));
    rig.log.length = 0;
    rig.take(rig.recovery.nudge(rig.now));
    expect(rig.done('connect')).toHaveLength(1);
    expect(rig.log[0]?.at).toBe(rig.now);
  });

  test('the network back: a try that hangs in it is made anew, one that brings media is not', () => {
    rig.flowing.clear();
    rig.run(1000);
    const hangs = rig.recovery.nextId ?? 0;
    rig.log.length = 0;
    rig.take(rig.recovery.renew(rig.now));
    expect(rig.log).toEqual([]);
    rig.run(1000);
    rig.log.length = 0;
    rig.take(rig.recovery.renew(rig.now));
    expect(rig.done('close')).toEqual([{ at: rig.now, id: hangs }]);
    expect(rig.done('connect')).toEqual([{ at: rig.now, id: hangs + 1 }]);
    rig.undecoded.add(hangs + 1);
    rig.run(100);
    rig.log.length = 0;
    rig.take(rig.recovery.renew(rig.now));
    expect(rig.log).toEqual([]);
  });

  test('a nudge does nothing to a picture that is well', () => {
    rig.take(rig.recovery.nudge(rig.now));
    rig.run(500);
    expect(rig.log).toEqual([]);
  });

  test('a peer that failed is replaced at once', () => {
    rig.take(rig.recovery.gone(1, rig.now));
    expect(rig.done('connect')).toEqual([{ at: 2000, id: 2 }]);
  });

  test('while hidden nothing is judged; on return the old session has 300 ms to prove itself', () => {
    rig.take(rig.recovery.watch(false, rig.now));
    rig.flowing.clear();
    rig.run(20_000);
    expect(rig.log).toEqual([]);
    rig.take(rig.recovery.watch(true, rig.now));
    const back = rig.now;
    rig.run(1000);
    const at = rig.done('connect')[0]?.at ?? 0;
    expect(at - back).toBeGreaterThanOrEqual(300);
    expect(at - back).toBeLessThanOrEqual(400);
  });

  test('stop closes everything and nothing starts again', () => {
    rig.take(rig.recovery.serverLost(rig.now));
    rig.log.length = 0;
    rig.take(rig.recovery.stop());
    expect(rig.done('close').map((c) => c.id)).toEqual([2, 1]);
    rig.run(5000);
    rig.take(rig.recovery.nudge(rig.now));
    expect(rig.done('connect')).toEqual([]);
  });
});

describe('under strain', () => {
  /** Media that stands still for 1.2 s in every 3, as on a machine that has no time; a new session starts as slowly. */
  function starve(ms: number): void {
    const end = rig.now + ms;
    let begun: number[] = [];
    rig.onConnect = (id) => begun.push(id);
    while (rig.now < end) {
      const shown = rig.recovery.shownId;
      rig.flowing.clear();
      rig.run(1200);
      for (const id of [shown, ...begun]) if (id !== null) rig.flowing.add(id);
      begun = [];
      rig.run(1800);
    }
  }

  test('ten minutes of a picture that stutters bring a few sessions, not one for each stall', () => {
    live();
    starve(600_000);
    expect(rig.done('connect').length).toBeLessThanOrEqual(12);
    expect(rig.done('connect').length).toBeGreaterThan(0);
  });

  test('tries that bring nothing in their time are given more of it', () => {
    rig = new Rig();
    rig.take(rig.recovery.start(0));
    rig.run(120_000);
    const times = rig
      .done('close')
      .map(({ at, id }) => at - (rig.done('connect')[id - 1]?.at ?? 0));
    expect(times.slice(0, 5)).toEqual([4000, 8000, 16_000, 32_000, 32_000]);
  });

  test('a first stall is answered at once, and so is one after a calm time', () => {
    live();
    for (let stall = 0; stall < 4; stall += 1) {
      rig.log.length = 0;
      rig.flowing.clear();
      rig.onConnect = (id) => rig.flowing.add(id);
      const from = rig.now;
      rig.run(1000);
      expect(rig.done('connect').map(({ at }) => at - from)).toEqual([700]);
      rig.onConnect = () => undefined;
      rig.run(31_000);
    }
  });

  test('a picture that was just replaced is kept while something comes, and not when nothing does', () => {
    live();
    rig.onConnect = (id) => rig.flowing.add(id);
    for (let stall = 0; stall < 6; stall += 1) {
      rig.flowing.clear();
      rig.run(40_000);
    }
    rig.onConnect = () => undefined;
    rig.flowing.clear();
    rig.log.length = 0;
    const from = rig.now;
    rig.run(12_000);
    const [first] = rig.done('connect');
    expect((first?.at ?? 0) - from).toBeLessThanOrEqual(RECOVERY.nothingMs + 100);
  });

  test('a session that has ended is replaced at once, whatever the strain', () => {
    live();
    starve(60_000);
    rig.log.length = 0;
    const shown = rig.recovery.shownId ?? 0;
    rig.take(rig.recovery.gone(shown, rig.now));
    rig.run(50);
    expect(rig.done('connect').length + (rig.recovery.nextId === null ? 0 : 1)).toBeGreaterThan(0);
  });
});
