import { describe, expect, test } from 'vitest';
import type { Link } from './link';
import { HOLD_MS, LinkHold } from './link-hold';

const live: Link = { kind: 'live' };
const late = (ms: number): Link => ({ kind: 'late', ms });
const lost = (ms: number): Link => ({ kind: 'lost', ms });

/** Shows each in turn, with the time since the one before. */
function shown(...seen: [number, Link][]): Link[] {
  const hold = new LinkHold();
  let now = 0;
  return seen.map(([ms, link]) => {
    now += ms;
    return hold.show(link, now);
  });
}

describe('what is said of the link', () => {
  test('is worse at once', () => {
    expect(shown([0, live], [10, late(300)], [10, lost(500)])).toEqual([
      live,
      late(300),
      lost(500),
    ]);
    expect(shown([0, live], [10, { kind: 'no-news' }])).toEqual([live, { kind: 'no-news' }]);
  });

  test('is better after a second, and live at once where nothing was before', () => {
    expect(shown([0, { kind: 'connecting' }], [10, live])[1]).toEqual(live);
    expect(shown([0, late(300)], [10, live], [999, live], [1, live])).toEqual([
      late(300),
      late(300),
      late(300),
      live,
    ]);
  });

  test('of a picture that comes again is not how long it stood, but that it comes back', () => {
    expect(shown([0, lost(2400)], [10, late(268)], [100, live])).toEqual([
      lost(2400),
      lost(268),
      lost(0),
    ]);
    expect(shown([0, { kind: 'camera-away', why: 'away' }], [10, live])[1]).toEqual(lost(0));
  });

  test('does not flip at a threshold: eight changes in two seconds are one', () => {
    const seen = Array.from({ length: 16 }, (_, n): [number, Link] => [
      125,
      n % 2 === 0 ? lost(410) : live,
    ]);
    const kinds = shown([0, live], ...seen).map(({ kind }) => kind);
    expect(kinds).toEqual(['live', ...seen.map(() => 'lost')]);
  });

  test('gets better to the worst of that second', () => {
    const seen = shown([0, lost(900)], [10, live], [500, late(260)], [500, live], [999, live]);
    expect(seen.map(({ kind }) => kind)).toEqual(['lost', 'lost', 'lost', 'late', 'late']);
  });
});

test('tells when there is something else to say', () => {
  const hold = new LinkHold();
  hold.show(lost(900), 0);
  expect(hold.dueAt).toBeNull();
  hold.show(live, 100);
  expect(hold.dueAt).toBe(100 + HOLD_MS);
  expect(hold.show(live, 100 + HOLD_MS)).toEqual(live);
  expect(hold.dueAt).toBeNull();
});
