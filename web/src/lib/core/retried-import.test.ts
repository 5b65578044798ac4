import { expect, test, vi } from 'vitest';
import { FakeClock, settle } from '../../testing/fake-clock';
import { retriedImport } from './retried-import';

const away = new TypeError('Failed to fetch dynamically imported module');

/** A part that comes at the try with this number, from 1. */
function comingAt(n: number) {
  let tries = 0;
  return vi.fn(async () => {
    tries += 1;
    if (tries < n) throw away;
    return 'part';
  });
}

test('what comes at once is not waited for', async () => {
  const clock = new FakeClock();
  const reload = vi.fn(async () => undefined);
  const part = await retriedImport(comingAt(1), clock, reload);
  expect([part, clock.now(), reload.mock.calls.length]).toEqual(['part', 0, 0]);
});

test('what cannot be fetched is asked for again after a second', async () => {
  const clock = new FakeClock();
  const reload = vi.fn(async () => undefined);
  const fetched = comingAt(2);
  let part: string | null = null;
  const done = retriedImport(fetched, clock, reload).then((came) => {
    part = came;
  });
  await settle();
  await clock.advance(999);
  expect([fetched.mock.calls.length, part]).toEqual([1, null]);
  await clock.advance(1);
  await done;
  expect(fetched).toHaveBeenCalledTimes(2);
  expect(reload).not.toHaveBeenCalled();
});

test('it is asked for as often as it takes', async () => {
  const clock = new FakeClock();
  const reload = vi.fn(async () => {
    throw away;
  });
  const fetched = comingAt(101);
  const done = retriedImport(fetched, clock, reload);
  await settle();
  await clock.advance(100_000);
  expect(await done).toBe('part');
  expect(fetched).toHaveBeenCalledTimes(101);
});

test('a browser may keep the failure: after each try but the first the page is loaded anew, if it can be', async () => {
  const clock = new FakeClock();
  const reload = vi.fn(async () => undefined);
  void retriedImport(comingAt(Number.POSITIVE_INFINITY), clock, reload);
  await settle();
  const reloads = [reload.mock.calls.length];
  for (let second = 1; second <= 2; second += 1) {
    await clock.advance(1000);
    reloads.push(reload.mock.calls.length);
  }
  expect(reloads).toEqual([0, 1, 2]);
});
