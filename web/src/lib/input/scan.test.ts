import { describe, expect, test } from 'vitest';
import { highlightAfterMs, Scan, type ScanAction, type ScanNode } from './scan';
import { SCAN_DEFAULTS, type ScanSettings } from './scan-settings';

const group = (id: string, ...items: string[]): ScanNode => ({
  id,
  children: items.map((item) => ({ id: item })),
});

/** The drive screen's groups after STOP, as a one-switch user meets them: directions first, and the e-stop. */
const DRIVE_LAYOUT: readonly ScanNode[] = [
  group('drive', 'forward', 'left', 'right', 'back'),
  { id: 'estop' },
  group('talking', 'talk', 'phrases', 'attention'),
  group('more', 'step-size', 'head', 'light', 'settings', 'hang-up'),
];

/** A machine with its own time, which goes on from one due moment to the next. */
class Bench {
  now = 0;
  readonly scan: Scan;
  readonly did: ScanAction[] = [];

  constructor(change: Partial<ScanSettings> = {}, groups = DRIVE_LAYOUT) {
    this.scan = new Scan({ ...SCAN_DEFAULTS, ...change }, groups);
  }

  get at(): string {
    const { highlight } = this.scan;
    if (highlight === null) return 'resting';
    return highlight.path.join('/') + (highlight.leaving ? ' <' : '');
  }

  pass(ms: number): this {
    const end = this.now + ms;
    for (;;) {
      const { dueAt } = this.scan;
      if (dueAt === null || dueAt > end) break;
      this.now = Math.max(this.now, dueAt);
      this.did.push(...this.scan.tick(this.now));
    }
    this.now = end;
    return this;
  }

  press(ms = 50, role: 'select' | 'step' = 'select'): this {
    this.did.push(...this.scan.down(role, role, this.now));
    this.pass(ms);
    this.did.push(...this.scan.up(role, this.now));
    return this;
  }

  until(at: string): this {
    for (let waited = 0; this.at !== at; waited += 10) {
      if (waited > 60_000) throw new Error(`never at ${at}, but at ${this.at}`);
      this.pass(10);
    }
    return this;
  }
}

describe('one switch', () => {
  test('rests until a press, which only wakes it', () => {
    const bench = new Bench();
    expect(bench.pass(60_000).at).toBe('resting');
    expect(bench.press().at).toBe('stop');
    expect(bench.did).toEqual([]);
  });

  test('the first of a row is highlighted longer than the others', () => {
    const bench = new Bench().press(0);
    expect(bench.pass(1599).at).toBe('stop');
    expect(bench.pass(1).at).toBe('drive');
    expect(bench.pass(1199).at).toBe('drive');
    expect(bench.pass(1).at).toBe('estop');
  });

  test('STOP and the e-stop take one press, everything else two', () => {
    const emergency = new Bench().press().until('estop').press();
    expect(emergency.did).toEqual([{ do: 'activate', id: 'estop' }]);
    expect(emergency.at).toBe('stop');
    const bench = new Bench().press();
    bench.press();
    expect(bench.did).toEqual([{ do: 'stop' }]);
    bench.until('drive').press();
    expect(bench.at).toBe('drive/forward');
    bench.until('drive/right').press();
    expect(bench.did.at(-1)).toEqual({ do: 'activate', id: 'right' });
    expect(bench.at).toBe('stop');
  });

  test('every drive action is two presses and at most 7 s away', () => {
    const drive = DRIVE_LAYOUT[0]?.children ?? [];
    expect(drive.length).toBe(4);
    for (const [index, { id }] of drive.entries()) {
      const bench = new Bench().press(0);
      const began = bench.now;
      let presses = 0;
      // Each press comes half a second after the highlight: that is how long a person takes.
      const pressAt = (at: string) => {
        bench.until(at).pass(500).press(50);
        presses += 1;
      };
      pressAt('drive');
      pressAt(`drive/${id}`);
      expect(bench.did).toEqual([{ do: 'activate', id }]);
      expect(presses).toBe(2);
      expect(bench.now - began).toBeLessThanOrEqual(7000);
      expect(highlightAfterMs(1, index, SCAN_DEFAULTS)).toBeLessThanOrEqual(7000 - 1000);
    }
  });

  test('the layout that would be too slow is known as such', () => {
    expect(highlightAfterMs(1, 5, SCAN_DEFAULTS)).toBeGreaterThan(7000);
    expect(highlightAfterMs(0, 0, SCAN_DEFAULTS)).toBe(0);
  });

  test('three rounds without a press, then rest', () => {
    const bench = new Bench().press(0);
    const round = 5 * 1200 + 400;
    expect(bench.pass(3 * round - 1).at).toBe('more');
    expect(bench.pass(1).at).toBe('resting');
    expect(bench.scan.dueAt).toBeNull();
  });

  test('after the last item the group itself is the way out', () => {
    const bench = new Bench().press().until('talking').press();
    bench.until('talking <').press();
    expect(bench.at).toBe('stop');
    expect(bench.did).toEqual([]);
  });

  test('a group entered by mistake lets go after two rounds', () => {
    const bench = new Bench().press().until('talking').press();
    bench.until('stop');
    expect(bench.did).toEqual([]);
  });

  test('a deeper tree is gone down press by press, and a group of one is its item', () => {
    const deep: ScanNode[] = [
      { id: 'phrases', children: [group('greetings', 'hello', 'bye'), group('needs', 'water')] },
    ];
    const bench = new Bench({}, deep).press().until('phrases').press();
    bench.until('phrases/greetings').press().until('phrases/greetings/bye').press();
    bench.until('phrases').press().until('phrases/needs').press();
    expect(bench.did).toEqual([
      { do: 'activate', id: 'bye' },
      { do: 'activate', id: 'water' },
    ]);
  });

  test('a late look moves the highlight one step, not by all that nobody saw', () => {
    const bench = new Bench().press(0);
    bench.now += 30_000;
    bench.scan.tick(bench.now);
    expect(bench.at).toBe('drive');
  });
});

describe('latch renewal, offered while the robot moves', () => {
  const OFFER = { id: 'renew', shownAt: 1500, countsAt: 1900 };
  const moving = (change: Partial<ScanSettings> = {}) => {
    const bench = new Bench(change);
    bench.scan.moves(true, 0);
    bench.scan.offers(OFFER);
    return bench;
  };

  test('takes the place of STOP for its time, and a press of it', () => {
    const bench = moving().pass(1499);
    expect(bench.at).toBe('stop');
    expect(bench.pass(1).at).toBe('renew');
    bench.pass(400).press();
    expect(bench.did).toEqual([{ do: 'activate', id: 'renew' }]);
    expect(bench.at).toBe('stop');
  });

  test('a press before it, or just as it comes, stops', () => {
    for (const at of [0, 1400, 1500, 1890]) {
      expect(moving().pass(at).press(0).did).toEqual([{ do: 'stop' }]);
    }
  });

  test('one press later any press stops again, until it is offered anew', () => {
    const bench = moving().pass(2000).press(10).press(10);
    expect(bench.did).toEqual([{ do: 'activate', id: 'renew' }, { do: 'stop' }]);
    bench.scan.offers({ ...OFFER, shownAt: 4000, countsAt: 4400 });
    expect(bench.until('renew').pass(400).press(10).did.at(-1)).toEqual({
      do: 'activate',
      id: 'renew',
    });
  });

  test('is offered while a switch is still down, and told again and again', () => {
    const bench = new Bench().press(0);
    bench.until('drive');
    bench.scan.down('select', 'select', bench.now);
    bench.scan.moves(true, bench.now);
    for (let n = 0; n < 20; n += 1) {
      bench.scan.offers({ id: 'renew', shownAt: bench.now + 500, countsAt: bench.now + 900 });
      bench.scan.offers({ id: 'renew', shownAt: bench.now + 500, countsAt: bench.now + 900 });
    }
    expect(bench.pass(500).at).toBe('renew');
  });

  test('the switch that moves the highlight on stops, as ever', () => {
    expect(moving({ switches: 'two' }).pass(2000).press(10, 'step').did).toEqual([{ do: 'stop' }]);
  });

  test('is over when the robot stands: a press that comes late finds STOP', () => {
    const bench = moving().pass(2000);
    bench.scan.offers(null);
    bench.scan.moves(false, bench.now);
    expect(bench.at).toBe('stop');
    expect(bench.press(10).did).toEqual([{ do: 'stop' }]);
  });

  test('whoever has to hold a press is offered nothing', () => {
    expect(moving({ holdMs: 500 }).pass(2000).press(10).did).toEqual([{ do: 'stop' }]);
  });
});

describe('while the robot moves', () => {
  test('every press is STOP as it goes down, however switches are set', () => {
    for (const role of ['select', 'step'] as const) {
      const bench = new Bench({ holdMs: 2000, tremorMs: 2000, switches: 'two' });
      bench.press(2000).until('stop');
      bench.scan.moves(true, bench.now);
      expect(bench.scan.down(role, role, bench.now)).toEqual([{ do: 'stop' }]);
      expect(bench.scan.up(role, bench.now + 10)).toEqual([]);
      // A tremor is a stop as well.
      expect(bench.scan.down(role, role, bench.now + 20)).toEqual([{ do: 'stop' }]);
    }
  });

  test('a second switch beside one that is held down stops as well', () => {
    const bench = new Bench();
    bench.scan.down('chin', 'select', 0);
    bench.scan.moves(true, 10);
    expect(bench.scan.down('hand', 'select', 20)).toEqual([{ do: 'stop' }]);
  });

  test('STOP is highlighted and stays so', () => {
    const bench = new Bench().press().until('more');
    bench.scan.moves(true, bench.now);
    expect(bench.pass(20_000).at).toBe('stop');
  });

  test('a press that was begun as a stop is nothing else when the robot stands', () => {
    const bench = new Bench({ holdMs: 500 });
    bench.scan.moves(true, 0);
    bench.did.push(...bench.scan.down('s', 'select', 0));
    bench.scan.moves(false, 100);
    bench.pass(5000);
    bench.did.push(...bench.scan.up('s', bench.now));
    expect(bench.did).toEqual([{ do: 'stop' }]);
    expect(bench.at).toBe('stop');
  });

  test('a press that is a little late finds STOP', () => {
    const bench = new Bench().press().until('drive').press().until('drive/forward').press();
    bench.scan.moves(true, bench.now);
    bench.pass(3000);
    bench.scan.moves(false, bench.now);
    bench.pass(400).press();
    expect(bench.did).toEqual([{ do: 'activate', id: 'forward' }, { do: 'stop' }]);
  });
});

describe('hands that tremble', () => {
  test('a press counts once it has been held, and means what was highlighted at its beginning', () => {
    const bench = new Bench({ holdMs: 800 }).press(800);
    bench.until('drive').pass(1000).press(700);
    expect(bench.at).toBe('drive');
    bench.press(5000);
    expect(bench.at).toBe('drive/forward');
  });

  test('a held switch counts once, however long it is held', () => {
    const bench = new Bench().press().until('talking').press(30_000);
    expect(bench.at).toBe('talking/talk');
    expect(bench.did).toEqual([]);
  });

  test('a second switch beside one that is held counts for nothing', () => {
    const bench = new Bench().press().until('talking');
    bench.did.push(...bench.scan.down('hand', 'select', bench.now));
    expect(bench.at).toBe('talking/talk');
    bench.did.push(...bench.scan.down('chin', 'select', bench.now + 10));
    bench.did.push(...bench.scan.up('chin', bench.now + 20));
    expect(bench.at).toBe('talking/talk');
    expect(bench.did).toEqual([]);
  });

  test('presses soon after the switch went up are a tremor, and each begins the time anew', () => {
    const bench = new Bench({ tremorMs: 300 }).press();
    bench.pass(200).press(20).pass(250).press(20);
    expect(bench.at).toBe('stop');
    expect(bench.did).toEqual([]);
    bench.pass(300).press(20);
    expect(bench.did).toEqual([{ do: 'stop' }]);
  });
});

describe('two switches', () => {
  test('one moves the highlight, the other takes; nothing moves by itself', () => {
    const bench = new Bench({ switches: 'two' }).press(10, 'step');
    expect(bench.pass(60_000).at).toBe('stop');
    bench.press(10, 'step').press(10);
    expect(bench.at).toBe('drive/forward');
    bench.press(10, 'step').press(10);
    expect(bench.did).toEqual([{ do: 'activate', id: 'left' }]);
  });

  test('it goes round for ever, and out of a group at its end', () => {
    const bench = new Bench({ switches: 'two' }).press(10, 'step');
    for (let n = 0; n < 4 * 5; n += 1) bench.press(10, 'step');
    expect(bench.at).toBe('stop');
    bench.press(10, 'step').press(10);
    for (let n = 0; n < 4; n += 1) bench.press(10, 'step');
    expect(bench.at).toBe('drive <');
    expect(bench.press(10).at).toBe('stop');
  });

  test('with one switch alone the other means the same', () => {
    const bench = new Bench().press(10, 'step').until('drive').press(10, 'step');
    expect(bench.at).toBe('drive/forward');
  });
});

describe('a page that changes', () => {
  test('the highlight stays on what is still there, at its new place', () => {
    const bench = new Bench().press().until('talking').press().until('talking/phrases');
    bench.scan.show([group('new', 'a', 'b'), group('talking', 'talk', 'x', 'phrases')], bench.now);
    expect(bench.at).toBe('talking/phrases');
    bench.press();
    expect(bench.did).toEqual([{ do: 'activate', id: 'phrases' }]);
  });

  test('what is gone is not pressed: it begins at STOP', () => {
    const bench = new Bench().press().until('more').press().until('more/head');
    bench.scan.show([group('dialog', 'yes', 'no')], bench.now);
    expect(bench.at).toBe('stop');
    expect(bench.until('dialog').at).toBe('dialog');
  });

  test('STOP is first whatever the page shows, and there once', () => {
    const bench = new Bench({}, [
      { id: 'stop' },
      { id: 'empty', children: [] },
      group('a', 'b', 'c'),
    ]);
    expect(bench.press().at).toBe('stop');
    expect(bench.pass(1600).at).toBe('a');
    bench.scan.show([], bench.now);
    expect(bench.at).toBe('stop');
  });

  test('a hidden page forgets what is held, and rests', () => {
    const bench = new Bench({ holdMs: 500 }).press(500).until('drive');
    bench.scan.down('s', 'select', bench.now);
    bench.scan.forget();
    expect(bench.pass(5000).at).toBe('resting');
    expect(bench.scan.up('s', bench.now)).toEqual([]);
    expect(bench.did).toEqual([]);
  });
});
