import { beforeEach, describe, expect, test } from 'vitest';
import { settle } from '../../testing/fake-clock';
import { DriveBench } from '../../testing/fake-drive';
import type { Gone } from '../core/attention';

const AHEAD = { linear: 1, angular: 0 };

let bench: DriveBench;

beforeEach(async () => {
  bench = new DriveBench();
  await bench.acquire();
  bench.socket.said.length = 0;
});

const expectStillness = async () => expect(await bench.saidInAWhile()).toEqual([]);

describe('stopping', () => {
  test('goes by the socket at once, and is confirmed by the robot', async () => {
    bench.drive.hold('key', AHEAD);
    bench.socket.deeds();
    bench.drive.stop();
    expect(bench.socket.types()).toEqual(['stop']);
    expect(bench.state.stop).toBe('sending');
    bench.robot({ mode: null, neutral_first: true });
    expect(bench.state.stop).toBe('confirmed');
    await expectStillness();
    expect(bench.api.asked).toEqual(['acquire refuse']);
  });

  test('is said three times within a tenth of a second while nothing confirms it', async () => {
    bench.api.stops = 'unanswered';
    bench.drive.hold('key', AHEAD);
    bench.socket.deeds();
    bench.drive.stop();
    await bench.clock.advance(49);
    expect(bench.socket.types()).toEqual(['stop']);
    await bench.clock.advance(1);
    expect(bench.socket.types()).toEqual(['stop']);
    await bench.clock.advance(50);
    expect(bench.socket.types()).toEqual(['stop']);
    await bench.goesBy(3000);
    expect(bench.socket.types()).toEqual([]);
  });

  test('goes by the socket of the events as well, with a lease and without', async () => {
    bench.drive.stop();
    await bench.clock.advance(100);
    expect(bench.saidOnEvents).toEqual(['stop', 'stop', 'stop']);
    bench = new DriveBench();
    bench.drive.stop();
    bench.drive.estop();
    expect(bench.saidOnEvents).toEqual(['stop', 'estop']);
    await settle();
    expect(bench.api.asked).toEqual(['stop', 'estop']);
  });

  test('is said no more once the robot has confirmed it', async () => {
    bench.drive.stop();
    await bench.clock.advance(50);
    expect(bench.socket.types()).toEqual(['stop', 'stop']);
    bench.robot({ mode: null, neutral_first: true });
    await bench.goesBy(300);
    expect(bench.socket.types()).toEqual([]);
    expect(bench.api.asked).toEqual(['acquire refuse']);
  });

  test('pressed again it is said anew, and a socket that is gone is asked no more', async () => {
    bench.drive.stop();
    await bench.clock.advance(20);
    bench.drive.stop();
    await bench.clock.advance(100);
    expect(bench.socket.types()).toEqual(['stop', 'stop', 'stop', 'stop']);
    bench.drive.stop();
    const { socket } = bench;
    socket.deeds();
    socket.breaks();
    await bench.clock.advance(60);
    expect(socket.types()).toEqual([]);
  });

  test('goes by a request as well where nothing confirms it', async () => {
    bench.drive.stop();
    await bench.clock.advance(200);
    expect(bench.api.asked).toEqual(['acquire refuse', 'stop']);
    expect(bench.state.stop).toBe('confirmed');
  });

  test('works without lease and socket, as often as it is pressed', async () => {
    bench = new DriveBench();
    bench.drive.stop();
    bench.drive.stop();
    await settle();
    expect(bench.api.asked).toEqual(['stop', 'stop']);
    expect(bench.state.stop).toBe('confirmed');
    await bench.clock.advance(5000);
    expect(bench.clock.pending).toBe(0);
  });

  test.each(['refused', 'unanswered'] as const)(
    'is tried three times when %s, then called failed',
    async (how) => {
      bench = new DriveBench();
      bench.api.stops = how;
      bench.drive.stop();
      await bench.clock.advance(5000);
      expect(bench.api.asked).toEqual(['stop', 'stop', 'stop']);
      expect(bench.state.stop).toBe('failed');
      expect(bench.clock.pending).toBe(0);
    },
  );

  test('the e-stop goes both ways at once, and is released in two steps', async () => {
    bench.drive.hold('key', AHEAD);
    bench.socket.deeds();
    bench.drive.estop();
    expect(bench.socket.types()).toEqual(['estop']);
    await settle();
    expect(bench.api.asked).toContain('estop');
    expect(bench.state).toMatchObject({ estop: 'confirmed', doing: null, letGoFirst: true });
    await bench.drive.confirmReleaseEstop();
    expect(bench.api.asked.some((one) => one.startsWith('release-estop'))).toBe(false);
    await bench.drive.releaseEstop();
    expect(bench.state.releaseCode).toBe('code');
    await bench.drive.confirmReleaseEstop();
    expect(bench.api.asked.slice(-2)).toEqual(['release-estop null', 'release-estop code']);
    expect(bench.state).toMatchObject({ estop: 'idle', releaseCode: null });
  });
});

test('given back, the robot is said to be so once it has answered', async () => {
  let answer: () => void = () => undefined;
  bench.api.release = () =>
    new Promise((resolve) => {
      answer = resolve;
    });
  const released = bench.drive.release();
  expect(bench.state).toMatchObject({ lease: null, releasing: true });
  answer();
  await released;
  expect(bench.state.releasing).toBe(false);
});

describe('attention', () => {
  test.each<Gone>(['hidden', 'blur'])(
    '%s stops at once, and nothing goes on by itself',
    async (why) => {
      for (const begin of [
        () => bench.drive.hold('key', AHEAD),
        () => bench.drive.latch(AHEAD),
        () => bench.drive.step({ cm: 50 }),
      ]) {
        begin();
        bench.socket.deeds();
        await bench.loses(why);
        expect(bench.socket.types()).toEqual(['stop']);
        await expectStillness();
        expect(bench.state.phase).toBe('ready');
      }
    },
  );

  test('frozen, the socket is let go of, and a new one does not drive on', async () => {
    bench.drive.hold('key', AHEAD);
    const before = bench.socket;
    before.deeds();
    await bench.loses('freeze');
    expect(before.types()).toEqual(['stop']);
    expect(before.closed).toBe(true);
    expect(bench.api.asked.at(-1)).toBe('stop');
    await bench.clock.advance(300);
    bench.welcome();
    expect(bench.state.phase).toBe('ready');
    await expectStillness();
  });

  test('left, the robot is stopped', async () => {
    bench.drive.hold('key', AHEAD);
    const { socket } = bench;
    socket.deeds();
    await bench.loses('pagehide');
    expect(socket.types()).toEqual(['stop']);
    expect(socket.closed).toBe(true);
    // Not given back: it is reserved for a page that comes back.
    expect(bench.api.asked.slice(1)).toEqual(['stop']);
    expect(bench.state).toMatchObject({ phase: 'lost', doing: null });
  });

  test('without a lease, another’s motion is left alone', async () => {
    bench = new DriveBench();
    for (const why of ['hidden', 'blur', 'freeze', 'pagehide'] as const) await bench.loses(why);
    expect(bench.api.asked).toEqual([]);
  });
});
