import { expect, test, vi } from 'vitest';
import { FakeClock, settle } from '../testing/fake-clock';
import { type Spoken, speak, speakAtLast } from './spoken';

const away = new TypeError('Failed to fetch dynamically imported module');

/** Words that come at the try with this number, from 1. */
async function comingAt(n: number) {
  const words = await speak('ro');
  let tries = 0;
  return vi.fn<typeof speak>(async () => {
    tries += 1;
    if (tries < n) throw away;
    return words;
  });
}

test.each(['ro', 'en'] as const)(
  '%s has words for the page, for driving and for the panel',
  async (language) => {
    const { page, drive, panel, ...spoken } = await speak(language);
    expect(spoken).toEqual({ language });
    for (const words of [page, drive, panel]) expect(words.language).toBe(language);
    expect(drive.text('stop')).toBe('STOP');
  },
);

test('words that come at once are not waited for', async () => {
  const clock = new FakeClock();
  const reload = vi.fn(async () => undefined);
  const spoken = await speakAtLast('en', clock, reload);
  expect([spoken.language, clock.now(), reload.mock.calls.length]).toEqual(['en', 0, 0]);
});

test('words that cannot be fetched are asked for again after a second', async () => {
  const clock = new FakeClock();
  const reload = vi.fn(async () => undefined);
  const fetched = await comingAt(2);
  let spoken: Spoken | null = null;
  const done = speakAtLast('ro', clock, reload, fetched).then((words) => {
    spoken = words;
  });
  await settle();
  await clock.advance(999);
  expect([fetched.mock.calls.length, spoken]).toEqual([1, null]);
  await clock.advance(1);
  await done;
  expect(fetched.mock.calls).toEqual([['ro'], ['ro']]);
  expect(reload).not.toHaveBeenCalled();
});

test('they are asked for as often as it takes', async () => {
  const clock = new FakeClock();
  const reload = vi.fn(async () => {
    throw away;
  });
  const fetched = await comingAt(101);
  const done = speakAtLast('ro', clock, reload, fetched);
  await settle();
  await clock.advance(100_000);
  expect((await done).language).toBe('ro');
  expect(fetched).toHaveBeenCalledTimes(101);
});

test('a browser may keep the failure: after each try but the first the page is loaded anew, if it can be', async () => {
  const clock = new FakeClock();
  const reload = vi.fn(async () => undefined);
  void speakAtLast('ro', clock, reload, await comingAt(Number.POSITIVE_INFINITY));
  await settle();
  const reloads = [reload.mock.calls.length];
  for (let second = 1; second <= 2; second += 1) {
    await clock.advance(1000);
    reloads.push(reload.mock.calls.length);
  }
  expect(reloads).toEqual([0, 1, 2]);
});
