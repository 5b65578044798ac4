import { expect, test } from 'vitest';
import { ageToTell, type Freshness, PictureAge } from './picture-age';

/** Frames at 30 a second whose way takes `delay` ms, presented 10 ms after they came. */
function feed(age: PictureAge, from: number, frames: number, delay: number, rtpStart = 0): number {
  let taken = from;
  for (let i = 0; i < frames; i += 1) {
    const receivedAt = taken + delay;
    const rtpTimestamp = (rtpStart + taken * 90) >>> 0;
    age.frame({ shownAt: receivedAt + 10, receivedAt, rtpTimestamp });
    taken += 1000 / 30;
  }
  return taken;
}

test('no frame, no age', () => {
  const age = new PictureAge();
  expect(age.ms(1000)).toBeNull();
  expect(age.freshness(1000)).toBe('stale');
});

test('a known capture time is believed', () => {
  const age = new PictureAge();
  expect(age.measuredFromCapture).toBe(false);
  age.frame({ shownAt: 1000, capturedAt: 880, receivedAt: 990 });
  expect(age.measuredFromCapture).toBe(true);
  expect(age.ms(1000)).toBe(120);
  expect(age.ms(1050)).toBe(170);
});

test('delay that builds up on the way is seen, with half a round trip added', () => {
  const age = new PictureAge();
  age.roundTrip(40);
  const next = feed(age, 0, 90, 20);
  const calm = next - 1000 / 30 + 20 + 10;
  expect(age.ms(calm)).toBeCloseTo(10 + 20, 5);
  expect(age.measuredFromCapture).toBe(false);
  feed(age, next, 1, 320);
  expect(age.ms(next + 320 + 10)).toBeCloseTo(10 + 300 + 20, 5);
});

test('the RTP clock may wrap', () => {
  const age = new PictureAge();
  const start = 2 ** 32 - 45_000;
  feed(age, 0, 60, 20, start);
  expect(age.ms(2000 - 1000 / 30 + 30)).toBeCloseTo(10, 3);
});

test('a stream that begins anew sets a new zero instead of a delay of hours', () => {
  const age = new PictureAge();
  const next = feed(age, 0, 30, 20);
  feed(age, next, 30, 20, 1_000_000_000);
  expect(age.ms(2000 - 1000 / 30 + 30)).toBeCloseTo(10, 3);
});

test('lateness is not forgotten while it lasts', () => {
  const age = new PictureAge();
  const next = feed(age, 0, 30, 20);
  const end = feed(age, next, 30 * 60, 520);
  expect(age.ms(end - 1000 / 30 + 530)).toBeCloseTo(510, 3);
});

test('a standing picture ages: late over 250 ms, stale over 400', () => {
  const age = new PictureAge();
  age.frame({ shownAt: 0, receivedAt: 0 });
  const at = (ms: number): Freshness => age.freshness(ms);
  expect([at(100), at(250), at(251), at(400), at(401)]).toEqual([
    'fresh',
    'fresh',
    'late',
    'late',
    'stale',
  ]);
});

test('worse at once, better only after five frames in a row', () => {
  const age = new PictureAge();
  age.frame({ shownAt: 0, receivedAt: 0 });
  expect(age.freshness(500)).toBe('stale');
  for (let i = 1; i <= 5; i += 1) {
    const now = 500 + i * 33;
    age.frame({ shownAt: now, receivedAt: now });
    expect(age.freshness(now)).toBe(i < 5 ? 'stale' : 'fresh');
  }
});

test('a frame that is late again starts the count anew', () => {
  const age = new PictureAge();
  age.frame({ shownAt: 0, capturedAt: -450 });
  expect(age.freshness(0)).toBe('stale');
  const frame = (now: number, old: number) => age.frame({ shownAt: now, capturedAt: now - old });
  for (const now of [33, 66, 99, 132]) frame(now, 50);
  frame(165, 450);
  for (const now of [198, 231, 264, 297]) frame(now, 50);
  expect(age.freshness(297)).toBe('stale');
  frame(330, 50);
  expect(age.freshness(330)).toBe('fresh');
});

test('time in which nobody looked does not age the picture', () => {
  const age = new PictureAge();
  age.frame({ shownAt: 0, receivedAt: 0 });
  age.resume(60_000);
  expect(age.freshness(60_100)).toBe('fresh');
  expect(age.freshness(60_500)).toBe('stale');
});

test.each([
  [null, true, null],
  [null, false, null],
  [60, true, 60],
  // The daemon must not take it for a picture that nobody can tell the age of: a step would go on without one.
  [60, false, 401],
  [900, false, 900],
])('of %s ms, a picture of the camera: %s, the robot is told %s', (ms, ofCamera, told) => {
  expect(ageToTell(ms, ofCamera)).toBe(told);
});
