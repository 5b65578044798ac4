import { beforeEach, describe, expect, test } from 'vitest';
import { settle } from '../../testing/fake-clock';
import { DriveBench, refusal } from '../../testing/fake-drive';

const held = () => refusal(409, 'lease_held');
let bench: DriveBench;

beforeEach(() => {
  bench = new DriveBench();
});

/** The driver is asked, and says no a second later. */
async function isDeclined(error = held()): Promise<void> {
  bench.api.answers = [{ result: 'asked', driver: null }, error];
  await bench.drive.acquire('ask');
  await bench.clock.advance(1000);
}

describe('after a no', () => {
  test('it is told until when another ask would be answered by it, and that is not made', async () => {
    await isDeclined();
    expect(bench.state).toMatchObject({ phase: 'idle', askAgainAt: 11_000 });
    await bench.drive.acquire('ask');
    expect(bench.api.asked).toHaveLength(2);
    await bench.clock.advance(10_000);
    expect(bench.state).toMatchObject({ askAgainAt: null, problem: null });
    await bench.drive.acquire('ask');
    expect(bench.api.asked).toHaveLength(3);
  });

  test('the daemon’s own word is kept to, where it has one', async () => {
    await isDeclined(Object.assign(held(), { retryAfterMs: 4000 }));
    expect(bench.state.askAgainAt).toBe(5000);
  });

  test('a robot that has become free can be taken at once', async () => {
    await isDeclined();
    await bench.drive.acquire();
    expect(bench.state).toMatchObject({ phase: 'opening', askAgainAt: null });
    await bench.clock.advance(11_000);
    expect(bench.state.problem).toBeNull();
  });

  test('so does one who was answered by it at once, having asked before in another tab', async () => {
    bench.api.answers = [held()];
    await bench.drive.acquire('ask');
    expect(bench.state.askAgainAt).toBe(10_000);
  });
});

test('that somebody has the robot is not said for longer than the robot is kept for them', async () => {
  bench.api.answers = [held()];
  await bench.drive.acquire();
  expect(bench.state).toMatchObject({ problem: { code: 'lease_held' }, askAgainAt: null });
  await bench.clock.advance(5000);
  expect(bench.state.problem).toBeNull();
});

describe('how a lease ended', () => {
  test('handed over it was given back, whether the one who asked has it already or not', async () => {
    await bench.acquire();
    bench.socket.says({ type: 'asked', who: 'Ana' });
    await bench.drive.answer(true);
    bench.socket.says({ type: 'ended', code: 'lease_lost', driver: null });
    bench.socket.breaks(4409);
    expect(bench.state.ended).toEqual({ code: 'released', driver: null });
  });

  test('a no hands nothing over', async () => {
    await bench.acquire();
    await bench.drive.answer(false);
    bench.socket.breaks(4409);
    expect(bench.state.ended).toEqual({ code: 'lease_lost', driver: null });
  });
});

test('a stop is this page’s own until it drives again', async () => {
  await bench.acquire();
  bench.drive.stop();
  await bench.clock.advance(200);
  await settle();
  expect(bench.state.stop).toBe('confirmed');
  bench.beat();
  bench.drive.step({ cm: 20 });
  expect(bench.state.stop).toBe('idle');
});
