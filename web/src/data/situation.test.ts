import { describe, expect, test } from 'vitest';
import type { Refusal, RobotState, StopReason } from '../api/types';
import { driveRo } from '../i18n/drive-ro';
import { type Spoken, speak } from '../i18n/spoken';
import type { DrivePhase, DriveState } from '../lib/drive/state';
import { undriven } from '../lib/drive/state';
import type { Link } from '../lib/webrtc/link';
import { aRobot } from '../testing/status';
import { sayLine } from '../ui/drive-view';
import { type Seen, type Situation, situationOf } from './situation';

const driver = (lease: number, who: string) => ({
  lease,
  who,
  account: who,
  since: '2026-01-01T00:00:00Z',
  connected: true,
  asked_by: null,
});
const moved = (motion: Partial<RobotState['motion']>, change: Partial<RobotState> = {}) =>
  aRobot({ ...change, motion: { ...aRobot().motion, ...motion } });

type Change = Partial<Omit<Seen, 'drive'>> & { drive?: Partial<DriveState> };
const seen = ({ drive, ...change }: Change): Seen => ({
  link: { kind: 'live' },
  robot: aRobot(),
  own: null,
  elsewhere: null,
  drove: true,
  locked: false,
  ...change,
  drive: { ...undriven, ...drive },
});
const of = (change: Change): Situation => situationOf(seen(change));
const robotIs = (motion: Partial<RobotState['motion']>) => moved({ stopped: 'stop', ...motion });
const keys = (change: Change) => of(change).line.map(({ key }) => key);
const ready: Partial<DriveState> = { phase: 'ready', lease: 1 };

describe('whose the robot is', () => {
  const holder = (change: Change) => of(change).holder;

  test('mine is mine, whatever name it goes by', () => {
    expect(holder({ robot: aRobot({ driver: driver(1, 'admin') }), drive: ready })).toEqual({
      kind: 'you',
      who: null,
    });
  });

  test('driven from another window of this browser it is nobody else’s', () => {
    const robot = aRobot({ driver: driver(4, 'admin') });
    expect(holder({ robot, elsewhere: 4 })).toEqual({ kind: 'elsewhere', who: null });
    expect(holder({ robot, elsewhere: 3 })).toEqual({ kind: 'other', who: 'admin' });
  });

  test('given back a moment ago it is free, though the robot still names me', () => {
    expect(holder({ robot: aRobot({ driver: driver(4, 'admin') }), own: 4 }).kind).toBe('free');
  });

  test('refused for a holder whom nobody names, it is kept for somebody', () => {
    const problem = { status: 409, code: 'lease_held' };
    expect(holder({ drive: { problem } })).toEqual({ kind: 'other', who: null });
  });

  test('reserved for another, it is theirs; for a page of this browser, it is free', () => {
    const robot = aRobot({ reserved: { lease: 4, who: 'Ana' } });
    expect(of({ robot })).toMatchObject({
      holder: { kind: 'other', who: 'Ana', away: true },
      line: [{ key: 'lease.away', who: 'Ana' }],
    });
    expect(holder({ robot, own: 4 }).kind).toBe('free');
    expect(holder({ robot, elsewhere: 4 }).kind).toBe('free');
    const problem = { status: 409, code: 'lease_held' };
    expect(holder({ robot, elsewhere: 4, drive: { problem } }).who).toBe('Ana');
  });

  test('of a robot that does not answer nobody knows', () => {
    expect(holder({ link: { kind: 'unreachable' } }).kind).toBe('unknown');
    expect(of({ link: { kind: 'unreachable' } }).robot).toBeNull();
  });
});

describe('how driving stands', () => {
  const ana = aRobot({ driver: driver(9, 'Ana') });

  test.each<[string, Change, string[]]>([
    ['nothing is taken that somebody has', { robot: ana }, ['lease.other']],
    ['nor by an arrow key', { robot: ana, drive: { refusal: 'no_lease' } }, ['lease.other']],
    ['an arrow key is answered', { drive: { refusal: 'no_lease' } }, ['refusal.no_lease']],
    [
      'also after a lease that has ended',
      { drive: { refusal: 'no_lease', ended: { code: 'released', driver: null } } },
      ['refusal.no_lease'],
    ],
    [
      'a lease that ended because nobody was heard',
      { drive: { ended: { code: 'lease_lost', driver: null } } },
      ['ended.stale'],
    ],
    [
      'the same, seen by the page first, once the robot answers again',
      { drive: { ended: { code: 'unreachable', driver: null } } },
      ['ended.stale'],
    ],
    [
      'and while it does not',
      { robot: null, drive: { ended: { code: 'unreachable', driver: null } } },
      ['ended.unreachable'],
    ],
    [
      'taken by somebody',
      { robot: ana, drive: { ended: { code: 'lease_lost', driver: 'Ana' } } },
      ['ended.to'],
    ],
    [
      'who is gone again',
      { drive: { ended: { code: 'lease_lost', driver: 'Ana' } } },
      ['phase.idle'],
    ],
    [
      'another person’s stop, beside what is to be done',
      { robot: moved({ stopped: 'stop' }), drive: { ...ready, letGoFirst: true } },
      ['stopped.stop', 'refusal.neutral_first'],
    ],
    [
      'the same, where a refusal came first',
      { robot: robotIs({}), drive: { ...ready, refusal: 'neutral_first' } },
      ['stopped.stop', 'refusal.neutral_first'],
    ],
    [
      'my own stop',
      { robot: moved({ stopped: 'stop' }), drive: { ...ready, stop: 'confirmed' } },
      ['stopped.you'],
    ],
    [
      'let go of, which is no news',
      { robot: moved({ stopped: 'neutral' }), drive: { ...ready, letGoFirst: true } },
      ['refusal.neutral_first'],
    ],
    [
      'a request that failed',
      { robot: null, drive: { problem: { status: 0, code: 'network' } } },
      ['problem.network'],
    ],
    [
      'to a robot that is heard all the same',
      { drive: { problem: { status: 0, code: 'network' } } },
      ['problem.other'],
    ],
    ['a locked picture', { locked: true, drive: ready }, ['drive.locked']],
  ])('%s', (_, change, line) => {
    expect(keys(change)).toEqual(line);
  });

  test('a socket that hears the robot is proof that it answers', () => {
    expect(of({ link: { kind: 'unreachable' }, drive: ready }).link.kind).toBe('connecting');
  });
});

/** Mulberry32: the same states at every run. */
function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const codesOf = <Code extends string>(prefix: string) =>
  Object.keys(driveRo)
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length) as Code);
const REFUSALS = codesOf<Refusal>('refusal.');
const STOPS = codesOf<StopReason>('stopped.');

/** Whatever can be seen, in any combination that the cores let happen. */
function anySeen(random: () => number): Seen {
  const one = <T>(...all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const ms = Math.round(random() * 300) * 10;
  const link = one<Link>(
    { kind: 'connecting' },
    { kind: 'live' },
    { kind: 'no-news' },
    { kind: 'late', ms },
    { kind: 'lost', ms },
    { kind: 'camera-away', why: one('off', 'away', 'silent', 'private') },
    { kind: 'stopped' },
    { kind: 'server-restarting' },
    { kind: 'offline' },
    { kind: 'unreachable' },
  );
  const phase = one<DrivePhase>(
    'idle',
    'idle',
    'acquiring',
    'asking',
    'opening',
    'ready',
    'ready',
    'quiet',
    'lost',
  );
  const lease = ['opening', 'ready', 'quiet', 'lost'].includes(phase) ? 5 : null;
  const robot =
    random() < 0.2
      ? null
      : moved(
          {
            mode: one('hold', 'latch', 'step', null, null, null),
            refusal: random() < 0.3 ? one(...REFUSALS) : null,
            stopped: random() < 0.5 ? one(...STOPS) : null,
          },
          {
            link: {
              ...aRobot().link,
              state: one('up', 'up', 'up', 'off', 'away', 'refused', 'unknown'),
            },
            estop: { ...aRobot().estop, latched: random() < 0.1, button: random() < 0.05 },
            driver:
              lease !== null
                ? driver(5, 'admin')
                : one(null, driver(4, 'admin'), driver(7, 'Ana'), driver(8, 'admin')),
            reserved: random() < 0.2 ? { lease: one(4, 7, 8), who: one('Ana', 'admin') } : null,
          },
        );
  const ended = one(
    null,
    { code: 'released' as const, driver: null },
    { code: 'signed_out' as const, driver: null },
    { code: 'unreachable' as const, driver: null },
    { code: one<Refusal>('lease_lost', 'no_lease'), driver: one(null, 'Ana', 'admin') },
  );
  return {
    link,
    robot,
    own: one(null, 4, 5),
    elsewhere: one(null, 8, 3),
    drove: random() < 0.5,
    locked: random() < 0.3,
    drive: {
      phase,
      lease,
      doing: lease !== null && random() < 0.3 ? { mode: 'hold', linear: 1, angular: 0 } : null,
      letGoFirst: random() < 0.3,
      refusal: random() < 0.3 ? one(...REFUSALS) : null,
      ended: lease === null ? ended : null,
      problem: one(
        null,
        null,
        { status: 0, code: 'network' },
        { status: 409, code: 'lease_held' },
        { status: 503, code: 'busy' },
      ),
      stop: one('idle', 'sending', 'confirmed', 'failed'),
    },
  };
}

/** Texts by which the robot does not answer. */
const SILENT = ['phase.quiet', 'phase.lost', 'problem.network', 'ended.unreachable'];

describe('no two parts of the screen contradict each other', () => {
  const random = chances(20260301);
  const states = Array.from({ length: 20_000 }, () => anySeen(random)).map((one) => ({
    one,
    is: situationOf(one),
    line: situationOf(one).line.map(({ key }) => key),
  }));
  const every = (holds: (state: (typeof states)[number]) => boolean) => {
    const broken = states.find((state) => !holds(state));
    const { one, is, line } = broken ?? {};
    expect({ line, holder: is?.holder, drive: one?.drive, link: one?.link }).toEqual({});
  };
  const estopped = (robot: RobotState | null) => robot?.estop.latched || robot?.estop.button;

  test('who does not answer is neither free nor driven, nor ready', () => {
    every(({ is, line }) => {
      if (!line.some((key) => SILENT.includes(key))) return true;
      return is.robot === null && ['unknown', 'you'].includes(is.holder.kind);
    });
    every(({ is, one }) => {
      const away = is.link.kind === 'unreachable' || is.link.kind === 'offline';
      if (!away) return true;
      return one.drive.phase !== 'ready' && (is.robot === null || Boolean(estopped(is.robot)));
    });
  });

  test('take it is said only of what can be taken', () => {
    every(
      ({ is, line }) =>
        !line.some(
          (key) => key === 'phase.idle' || key === 'refusal.no_lease' || key === 'ended.stale',
        ) || is.holder.kind === 'free',
    );
  });

  test('somebody drives is said only while somebody else does, and of nobody but them', () => {
    every(({ is }) =>
      is.line.every(
        ({ key, who }) =>
          (key !== 'lease.other' && key !== 'ended.to') ||
          (is.holder.kind === 'other' && is.holder.who === who),
      ),
    );
    every(({ is, one }) => (is.holder.kind === 'you') === (one.drive.lease !== null));
    every(({ is }) => is.holder.who === null || is.holder.kind === 'other');
  });

  test('a stop by anybody is never hidden by what is to be done about it', () => {
    every(({ one, line }) => {
      const stopped = one.drove && one.robot?.motion.stopped === 'stop';
      if (!stopped || !line.includes('refusal.neutral_first')) return true;
      return line.includes(one.drive.stop === 'idle' ? 'stopped.stop' : 'stopped.you');
    });
  });

  test('what moves is not said to stand, and an e-stop is always said', () => {
    every(({ is, line }) => {
      const moves = is.robot?.motion.mode != null;
      return (
        !moves ||
        !line.some(
          (key) => key.startsWith('stopped.') || key === 'drive.locked' || key === 'phase.ready',
        )
      );
    });
    every(
      ({ one, line }) => !estopped(one.robot) || line[0]?.startsWith('refusal.estop_') === true,
    );
  });

  test.each(['ro', 'en'] as const)(
    'and there are words for each, without a hole, in %s',
    async (language) => {
      const spoken: Spoken = await speak(language);
      for (const { is } of states.slice(0, 5000)) {
        const words = sayLine(is.line, spoken, (code) => `said of ${code}`);
        expect([is.line, words.trim() !== '' && !/[{}]/.test(words)]).toEqual([is.line, true]);
      }
    },
  );
});
