import { describe, expect, test } from 'vitest';
import { Dwell, type DwellAction, REST } from './dwell';
import { DWELL_DEFAULTS, type DwellSettings } from './dwell-settings';

class Bench {
  now = 0;
  readonly did: string[] = [];
  readonly dwell: Dwell;

  constructor(change: Partial<DwellSettings> = {}) {
    this.dwell = new Dwell({ ...DWELL_DEFAULTS, ...change }, 'stop', (id) => id === 'estop');
  }

  note(actions: readonly DwellAction[]): void {
    for (const action of actions) this.did.push(action.do === 'stop' ? 'stop' : action.id);
  }

  over(id: string | null): this {
    this.note(this.dwell.over(id, this.now));
    return this;
  }

  moves(moving: boolean): this {
    this.note(this.dwell.moves(moving, this.now));
    return this;
  }

  pass(ms: number): this {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += Math.min(20, end - this.now);
      this.note(this.dwell.tick(this.now));
    }
    return this;
  }
}

describe('a dwell', () => {
  test('presses after its time, with its progress shown', () => {
    const bench = new Bench().over('talk').pass(500);
    expect(bench.dwell.state).toEqual({ target: 'talk', progress: 0.5 });
    expect(bench.pass(480).did).toEqual([]);
    expect(bench.pass(20).did).toEqual(['talk']);
    expect(bench.dwell.state).toEqual({ target: null, progress: 0 });
  });

  test('presses once, however long the pointer stays, and again after it has left', () => {
    const bench = new Bench().over('talk').pass(60_000);
    for (let n = 0; n < 50; n += 1) bench.over('talk').pass(100);
    expect(bench.did).toEqual(['talk']);
    bench.over(null).pass(200).over('talk').pass(1000);
    expect(bench.did).toEqual(['talk', 'talk']);
  });

  test('a tremble over the edge neither presses again nor begins anew', () => {
    const bench = new Bench().over('talk').pass(600);
    bench.over(null).pass(100).over('talk');
    expect(bench.dwell.state.progress).toBeCloseTo(0.6);
    bench.pass(400);
    expect(bench.did).toEqual(['talk']);
    for (let n = 0; n < 30; n += 1) bench.over(null).pass(100).over('talk').pass(500);
    expect(bench.did).toEqual(['talk']);
  });

  test('leaving for longer than a tremble cancels', () => {
    const bench = new Bench().over('talk').pass(900).over(null).pass(200);
    expect(bench.dwell.state).toEqual({ target: null, progress: 0 });
    bench.over('talk').pass(900);
    expect(bench.did).toEqual([]);
  });

  test('going to another target cancels the first and counts for the second from its entry', () => {
    const bench = new Bench().over('talk').pass(900).over('light').pass(860);
    expect(bench.did).toEqual([]);
    bench.pass(240);
    expect(bench.did).toEqual(['light']);
  });

  test('a look at another target on the way costs the first nothing', () => {
    const bench = new Bench().over('talk').pass(500).over('light').pass(100).over('talk').pass(500);
    expect(bench.did).toEqual(['talk']);
  });

  test('nothing is ever pressed in the rest zone, and going there cancels at once', () => {
    const bench = new Bench().over('talk').pass(950).over(REST);
    expect(bench.dwell.state.target).toBeNull();
    expect(bench.pass(60_000).did).toEqual([]);
    expect(bench.dwell.running).toBe(false);
  });

  test('without tolerance the edge is sharp', () => {
    const bench = new Bench({ jitterMs: 0 }).over('talk').pass(900).over(null).over('talk');
    expect(bench.pass(980).did).toEqual([]);
    expect(bench.pass(20).did).toEqual(['talk']);
  });
});

describe('time that nobody looked', () => {
  test('a timer that was halted presses nothing when it goes on', () => {
    const bench = new Bench().over('talk').pass(100);
    bench.now += 600_000;
    bench.pass(20);
    expect(bench.did).toEqual([]);
    expect(bench.dwell.state.progress).toBeLessThan(0.3);
  });

  test('a hidden page counts nothing, and what the pointer is on has to be left first', () => {
    const bench = new Bench().over('talk').pass(900);
    bench.dwell.pause();
    expect(bench.dwell.running).toBe(false);
    bench.over('talk').pass(5000);
    bench.dwell.resume(bench.now);
    expect(bench.over('talk').pass(5000).did).toEqual([]);
    bench.over(null).pass(200).over('talk').pass(1000);
    expect(bench.did).toEqual(['talk']);
  });

  test('to resume what was not paused changes nothing', () => {
    const bench = new Bench().over('talk').pass(500);
    bench.dwell.resume(bench.now);
    expect(bench.pass(500).did).toEqual(['talk']);
  });
});

describe('STOP', () => {
  test('takes its whole time while the robot stands, and is a stop', () => {
    expect(new Bench().over('stop').pass(980).did).toEqual([]);
    expect(new Bench().over('stop').pass(1000).did).toEqual(['stop']);
  });

  test('takes a short time while the robot moves', () => {
    const bench = new Bench().moves(true).over('stop').pass(240);
    expect(bench.did).toEqual([]);
    expect(bench.pass(20).did).toEqual(['stop']);
  });

  test('its short time is never longer than any other', () => {
    expect(
      new Bench({ dwellMs: 300, stopMs: 1000 }).moves(true).over('stop').pass(300).did,
    ).toEqual(['stop']);
  });

  test('what keeps its deed while the robot moves has it, after the whole of a dwell', () => {
    const bench = new Bench().moves(true).over('estop').pass(980);
    expect(bench.did).toEqual([]);
    expect(bench.pass(20).did).toEqual(['estop']);
  });

  test('while the robot moves any dwell is a stop', () => {
    expect(new Bench().moves(true).over('talk').pass(1000).did).toEqual(['stop']);
    expect(new Bench().over('forward').pass(500).moves(true).pass(500).did).toEqual(['stop']);
  });

  test('the pointer that rests on what it has started stops nothing', () => {
    const bench = new Bench().over('forward').pass(1000).moves(true).pass(4000);
    expect(bench.did).toEqual(['forward']);
  });

  test('what was begun as a stop does not end as a command', () => {
    const bench = new Bench().moves(true).over('forward').pass(900).moves(false).pass(5000);
    expect(bench.did).toEqual([]);
    bench.over(null).pass(200).over('forward').pass(1000);
    expect(bench.did).toEqual(['forward']);
  });

  test('a stop that is half dwelt as the robot begins to move is not thrown away', () => {
    const bench = new Bench().over('stop').pass(500).moves(true).pass(20);
    expect(bench.did).toEqual(['stop']);
  });
});
