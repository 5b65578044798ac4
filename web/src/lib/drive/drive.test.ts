import { beforeEach, describe, expect, test } from 'vitest';
import type { Refusal } from '../../api/types';
import { settle } from '../../testing/fake-clock';
import { DriveBench, refusal } from '../../testing/fake-drive';

const AHEAD = { linear: 1, angular: 0 };
const LEFT = { linear: 0, angular: 1 };

let bench: DriveBench;

beforeEach(async () => {
  bench = new DriveBench();
  await bench.acquire();
  expect(bench.state.phase).toBe('ready');
  bench.socket.said.length = 0;
});

const expectStillness = async () => expect(await bench.saidInAWhile()).toEqual([]);

describe('the socket', () => {
  test('says hello with the token, and is ready only with a welcome and a beat', async () => {
    bench = new DriveBench();
    await bench.drive.acquire();
    expect(bench.state.phase).toBe('opening');
    bench.socket.opens();
    expect(bench.socket.said).toEqual([{ type: 'hello', token: 'token-1', rate_hz: 10 }]);
    bench.drive.hold('key', AHEAD);
    await bench.clock.advance(300);
    expect(bench.socket.said.length).toBe(1);
    expect(bench.state.refusal).toBe('no_socket');
  });

  test('stamps rise, and carry the newest beat and the age of the picture', async () => {
    bench.drive.hold('key', AHEAD);
    await bench.clock.advance(120);
    bench.beat();
    bench.pictureMs = null;
    await bench.clock.advance(80);
    const stamps = bench.socket.said.map(({ at }) => at);
    expect(stamps.map((at) => at?.seq)).toEqual(stamps.map((_, n) => n + 2));
    expect(stamps.map((at) => at?.t)).toEqual([0, 0, 50, 100, 150, 200]);
    expect(stamps[3]).toMatchObject({ beat: 1, beat_t: 0, picture_ms: 40 });
    expect(stamps[4]).toMatchObject({ beat: 2, beat_t: 120 });
    expect(stamps[4]).not.toHaveProperty('picture_ms');
  });

  test('says that the driver is there, well within the lease', async () => {
    await bench.goesBy(2000);
    const times = bench.socket.said.map(({ at }) => at?.t ?? 0);
    expect(bench.socket.said.every(({ type }) => type === 'alive')).toBe(true);
    for (const [n, t] of times.entries()) expect(t - (times[n - 1] ?? 0)).toBeLessThanOrEqual(200);
    expect(times.at(-1)).toBeGreaterThan(1700);
  });

  test('leaves out repetitions while the network takes nothing, yet never a neutral or a stop', async () => {
    bench.drive.hold('key', AHEAD);
    bench.socket.deeds();
    bench.socket.bufferedAmount = 5000;
    await bench.clock.advance(400);
    expect(bench.socket.types()).toEqual([]);
    bench.drive.letGo('key');
    bench.drive.stop();
    expect(bench.socket.types()).toEqual(['neutral', 'stop']);
  });
});

describe('a held control', () => {
  test('begins with a neutral, goes on at 20 Hz and ends with a neutral', async () => {
    bench.drive.hold('key', AHEAD);
    await bench.goesBy(1000);
    bench.drive.letGo('key');
    const types = bench.socket.types();
    expect(types[0]).toBe('neutral');
    expect(types.slice(1, -1).every((type) => type === 'hold')).toBe(true);
    expect(types.length).toBe(1 + 21 + 1);
    expect(types.at(-1)).toBe('neutral');
    await expectStillness();
  });

  test('two of them add up, and the one that stays goes on', () => {
    bench.drive.hold('up', AHEAD);
    bench.drive.hold('left', LEFT);
    expect(bench.state.doing).toMatchObject({ linear: 1, angular: 1 });
    bench.drive.letGo('up');
    expect(bench.state.doing).toMatchObject({ linear: 0, angular: 1 });
    bench.drive.hold('right', { linear: 0, angular: -1 });
    expect(bench.socket.deeds().at(-1)).toMatchObject({ type: 'hold', linear: 0, angular: 1 });
    expect(bench.state.doing).toMatchObject({ linear: 0, angular: 0 });
  });

  test('a stick that never rests stays within what the robot takes', async () => {
    bench.drive.hold('stick', AHEAD);
    for (let n = 0; n < 200; n += 1) {
      bench.drive.hold('stick', { linear: 1, angular: n / 200 });
      await bench.clock.advance(5);
      if (n % 20 === 0) bench.beat();
    }
    const deeds = bench.socket.deeds();
    expect(deeds.length).toBeLessThan(45);
    expect(deeds.length).toBeGreaterThan(19);
    expect(deeds.at(-1)?.['angular']).toBeGreaterThan(0.9);
  });

  test('what is no number asks for nothing', () => {
    bench.drive.hold('pad', { linear: Number.NaN, angular: 7 });
    expect(bench.state.doing).toEqual({ mode: 'hold', linear: 0, angular: 1 });
  });

  test('quick presses are not taken for stops by news from before', () => {
    bench.drive.hold('key', AHEAD);
    bench.drive.letGo('key');
    bench.drive.hold('key', AHEAD);
    bench.robot({ mode: 'hold', neutral_first: false });
    bench.robot({ mode: null, stopped: 'neutral', neutral_first: false });
    expect(bench.state.doing).not.toBeNull();
  });

  test.each<Refusal>([
    'neutral_first',
    'picture_unknown',
    'picture_stale',
    'lag_too_long',
    'estop_latched',
    'robot_away',
    'moving',
    'clock',
  ])('refused with %s, it ends and must be let go', async (code) => {
    bench.drive.hold('key', AHEAD);
    bench.socket.says({ type: 'refused', seq: 2, code, detail: '' });
    expect(bench.state).toMatchObject({ doing: null, letGoFirst: true, refusal: code });
    await expectStillness();
    bench.drive.hold('key', AHEAD);
    await expectStillness();
    bench.drive.letGo('key');
    expect(bench.socket.types()).toEqual(['neutral']);
    bench.drive.hold('key', AHEAD);
    expect(bench.socket.types()).toEqual(['neutral', 'hold']);
    expect(bench.state.refusal).toBeNull();
  });

  test('goes on after one message that was late, or a refusal of something older', () => {
    bench.drive.hold('key', AHEAD);
    bench.socket.says({ type: 'refused', seq: 2, code: 'command_late', detail: '' });
    bench.drive.letGo('key');
    bench.drive.hold('key', AHEAD);
    bench.socket.says({ type: 'refused', seq: 2, code: 'picture_stale', detail: '' });
    expect(bench.state.doing).not.toBeNull();
  });

  test('stopped by the robot or by somebody else, it must be let go, and a second control does not help', async () => {
    bench.drive.hold('key', AHEAD);
    bench.robot({ mode: 'hold', neutral_first: false });
    bench.robot({ mode: null, neutral_first: true, stopped: 'picture_stale' });
    expect(bench.state).toMatchObject({ doing: null, letGoFirst: true });
    bench.drive.hold('other', AHEAD);
    bench.drive.letGo('key');
    await expectStillness();
    bench.drive.letGo('other');
    bench.drive.hold('key', AHEAD);
    expect(bench.state.doing).not.toBeNull();
  });
});

describe('steps and latches', () => {
  test('a step is said once, kept alive at 20 Hz, and ends with the robot’s word', async () => {
    bench.drive.step({ cm: 20 });
    bench.robot({ mode: 'step', neutral_first: false });
    await bench.goesBy(500);
    expect(bench.socket.said.map(({ type }) => type)).toEqual([
      'step',
      ...Array.from({ length: 10 }, () => 'alive'),
    ]);
    expect(bench.socket.said[0]).toMatchObject({ press: 1, move: { cm: 20 } });
    bench.robot({ mode: null, stopped: 'ended', neutral_first: false });
    expect(bench.state.doing).toBeNull();
    bench.drive.step({ deg: -90 });
    expect(bench.socket.deeds().at(-1)).toMatchObject({ press: 2, move: { deg: -90 } });
  });

  test('a step that is refused is over; a refusal of what came after it is not its own', () => {
    bench.drive.step({ cm: 20 });
    bench.socket.says({ type: 'refused', seq: 3, code: 'picture_stale', detail: '' });
    expect(bench.state.doing).not.toBeNull();
    bench.socket.says({ type: 'refused', seq: 2, code: 'command_late', detail: '' });
    expect(bench.state).toMatchObject({ doing: null, refusal: 'command_late' });
  });

  test('a latch that was late when the robot first heard of it is over; one that goes is not', () => {
    bench.drive.latch(AHEAD, 5000);
    bench.socket.says({ type: 'refused', seq: 2, code: 'command_late', detail: '' });
    expect(bench.state).toMatchObject({ doing: null, refusal: 'command_late' });
    bench.drive.latch(AHEAD, 5000);
    bench.robot({ mode: 'latch', neutral_first: false });
    bench.socket.says({ type: 'refused', seq: 3, code: 'command_late', detail: '' });
    expect(bench.state.doing).not.toBeNull();
  });

  test('a latch that the network does not take in time is over before it began', async () => {
    bench.socket.bufferedAmount = 10_000;
    bench.drive.latch(AHEAD, 5000);
    await bench.goesBy(400);
    bench.socket.bufferedAmount = 0;
    await expectStillness();
    expect(bench.state.doing).toBeNull();
  });

  test('what was pressed while the page stood still moves nothing', () => {
    bench.clock.stall(1000);
    bench.drive.step({ cm: 20 });
    bench.drive.latch(AHEAD);
    bench.drive.hold('key', AHEAD);
    expect(bench.socket.types()).toEqual([]);
    expect(bench.state).toMatchObject({ doing: null, refusal: 'no_socket' });
  });

  test('a latch goes on by itself, is renewed by a press, and ends', async () => {
    bench.drive.latch(AHEAD, 2000);
    await bench.goesBy(1500);
    bench.drive.renew();
    const presses = new Set(bench.socket.deeds().map(({ press }) => press));
    expect([...presses]).toEqual([1, 2]);
    await bench.goesBy(1900);
    expect(bench.state.doing).not.toBeNull();
    await bench.goesBy(200);
    expect(bench.state.doing).toBeNull();
    await expectStillness();
  });

  test.each([
    ['a step', () => bench.drive.step({ cm: 5 })],
    ['a latch', () => bench.drive.latch(AHEAD)],
    ['a control', () => bench.drive.hold('key', LEFT)],
  ])('%s pressed while one is under way stops, and does nothing else', async (_, press) => {
    for (const begin of [
      () => bench.drive.step({ cm: 50 }),
      () => bench.drive.latch(AHEAD, 8000),
    ]) {
      begin();
      bench.socket.deeds();
      press();
      expect(bench.socket.types()).toEqual(['stop']);
      expect(bench.state.doing).toBeNull();
      await expectStillness();
      bench.drive.letGo('key');
    }
  });
});

describe('a socket that is lost', () => {
  test('is replaced, the driving is not, and there is one timer again', async () => {
    bench.drive.hold('key', AHEAD);
    bench.socket.breaks();
    expect(bench.state).toMatchObject({
      phase: 'lost',
      doing: null,
      letGoFirst: true,
      robot: null,
    });
    expect(bench.socket.said.length).toBeGreaterThan(0);
    await bench.clock.advance(200);
    expect(bench.sockets.length).toBe(2);
    bench.welcome();
    expect(bench.state.phase).toBe('ready');
    bench.drive.hold('key', AHEAD);
    await expectStillness();
    expect(bench.socket.closed).toBe(false);

    bench.drive.letGo('key');
    bench.drive.hold('key', AHEAD);
    bench.socket.deeds();
    await bench.goesBy(1000);
    expect(bench.socket.deeds().length).toBe(20);
  });

  test('time and again, messages do not multiply', async () => {
    for (let n = 0; n < 5; n += 1) {
      bench.socket.breaks();
      await bench.clock.advance(200);
      bench.welcome();
    }
    bench.socket.said.length = 0;
    await bench.goesBy(2000);
    expect(bench.socket.said.length).toBe(10);
  });

  test('is not replaced for longer than the lease lives', async () => {
    bench.socket.breaks();
    for (let n = 0; n < 30; n += 1) {
      await bench.clock.advance(200);
      bench.socket.breaks();
    }
    expect(bench.state).toMatchObject({
      phase: 'idle',
      lease: null,
      ended: { code: 'unreachable' },
    });
    const tries = bench.sockets.length;
    await bench.clock.advance(10_000);
    expect(bench.sockets.length).toBe(tries);
    expect(bench.clock.pending).toBe(0);
  });

  test('quiet, it stops here; heard again it does not drive on; quiet for long it is replaced', async () => {
    bench.drive.hold('key', AHEAD);
    await bench.clock.advance(600);
    expect(bench.state).toMatchObject({ phase: 'quiet', doing: null, letGoFirst: true });
    bench.socket.deeds();
    await bench.clock.advance(500);
    expect(bench.socket.said).toEqual([]);
    bench.beat();
    expect(bench.state.phase).toBe('ready');
    await expectStillness();
    await bench.clock.advance(2100);
    expect(bench.sockets[0]?.closed).toBe(true);
    expect(['lost', 'opening']).toContain(bench.state.phase);
  });

  test.each([
    [4401, null, 'signed_out'],
    [4409, null, 'lease_lost'],
    [4409, { type: 'ended', code: 'lease_lost', driver: 'Ana' } as const, 'lease_lost'],
  ])('closed with %i, the lease is over and not taken again', async (close, word, code) => {
    bench.drive.hold('key', AHEAD);
    if (word !== null) bench.socket.says(word);
    bench.socket.breaks(close);
    expect(bench.state).toMatchObject({
      phase: 'idle',
      lease: null,
      doing: null,
      ended: { code, driver: word?.driver ?? null },
    });
    await bench.clock.advance(10_000);
    expect(bench.sockets.length).toBe(1);
    expect(bench.api.asked).toEqual(['acquire refuse']);
    expect(bench.clock.pending).toBe(0);
  });

  test('closed for breaking the rules, it is replaced', async () => {
    bench.socket.breaks(1008);
    await bench.clock.advance(200);
    expect(bench.sockets.length).toBe(2);
  });
});

describe('the lease', () => {
  test('refused says why, and can be asked for', async () => {
    bench = new DriveBench();
    const asked = { result: 'asked', driver: null } as const;
    bench.api.answers = [refusal(409, 'lease_held'), asked, asked];
    await bench.drive.acquire();
    expect(bench.state).toMatchObject({
      phase: 'idle',
      problem: { status: 409, code: 'lease_held' },
    });
    await bench.drive.acquire('ask');
    expect(bench.state.phase).toBe('asking');
    await bench.clock.advance(2000);
    expect(bench.api.asked).toEqual([
      'acquire refuse',
      'acquire ask',
      'acquire ask',
      'acquire ask',
    ]);
    expect(bench.state).toMatchObject({ phase: 'opening', lease: 1 });
  });

  test('an ask that is given up is not repeated', async () => {
    bench = new DriveBench();
    bench.api.answers = [{ result: 'asked', driver: null }];
    await bench.drive.acquire('ask');
    await bench.drive.release();
    await bench.clock.advance(5000);
    expect(bench.api.asked).toEqual(['acquire ask']);
    expect(bench.state.phase).toBe('idle');
  });

  test('is given back through a stop', async () => {
    bench.drive.hold('key', AHEAD);
    bench.socket.deeds();
    await bench.drive.release();
    expect(bench.socket.types()).toEqual(['stop']);
    expect(bench.socket.closed).toBe(true);
    expect(bench.api.asked.at(-1)).toBe('release token-1');
    expect(bench.clock.pending).toBe(0);
  });

  test('somebody who asks is shown, and answered', async () => {
    bench.socket.says({ type: 'asked', who: 'Ana' });
    bench.robot({}, { driver: { ...aDriver, asked_by: 'Ana' } });
    expect(bench.state.askedBy).toBe('Ana');
    await bench.drive.answer(false);
    expect(bench.api.asked.at(-1)).toBe('answer token-1 false');
    expect(bench.state.askedBy).toBeNull();
    bench.socket.says({ type: 'asked', who: 'Ana' });
    bench.robot({}, { driver: { ...aDriver, asked_by: null } });
    expect(bench.state.askedBy).toBeNull();
  });

  test('presses of a new lease count anew, and its socket has the new token', async () => {
    bench.drive.step({ cm: 5 });
    await bench.drive.release();
    await bench.acquire();
    expect(bench.socket.said[0]).toMatchObject({ type: 'hello', token: 'token-2' });
    bench.drive.step({ cm: 5 });
    expect(bench.socket.deeds()).toMatchObject([{ type: 'step', press: 1 }]);
  });
});

describe('disposed', () => {
  test('it stops, gives back, listens to nothing and never moves again', async () => {
    bench.drive.hold('key', AHEAD);
    const { socket } = bench;
    socket.deeds();
    bench.drive.dispose();
    await settle();
    expect(socket.types()).toEqual(['stop']);
    expect(bench.api.asked.slice(1)).toEqual(['stop', 'release token-1']);
    expect(bench.watchers).toBe(0);
    await bench.drive.acquire();
    bench.drive.hold('key', AHEAD);
    bench.drive.step({ cm: 5 });
    bench.drive.latch(AHEAD);
    await bench.clock.advance(10_000);
    expect(bench.sockets.length).toBe(1);
    expect(socket.said).toEqual([]);
    expect(bench.clock.pending).toBe(0);
  });

  test('while the lease is on its way, the grant is given back', async () => {
    bench = new DriveBench();
    const acquired = bench.drive.acquire();
    bench.drive.dispose();
    await acquired;
    expect(bench.api.asked).toEqual(['acquire refuse', 'release token-1']);
    expect(bench.sockets.length).toBe(0);
    expect(bench.state.phase).toBe('idle');
  });
});

const aDriver = {
  lease: 1,
  who: 'me',
  since: '2026-01-01T00:00:00Z',
  connected: true,
  asked_by: null,
};

describe('head and light', () => {
  test('are moved within what they can, and by who has the robot alone', async () => {
    await bench.drive.head(-200, 12.4);
    await bench.drive.light(300);
    expect(bench.api.asked.slice(-2)).toEqual(['head token-1 -90 12', 'light token-1 255']);
    await bench.drive.release();
    bench.api.asked.length = 0;
    await bench.drive.head(0, 0);
    await bench.drive.light(0);
    expect(bench.api.asked).toEqual([]);
  });
});
