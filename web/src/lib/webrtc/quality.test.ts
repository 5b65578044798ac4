import { expect, test } from 'vitest';
import type { Figures } from './player';
import { type Quality, QualityMeter } from './quality';

interface Manner {
  lost?: number;
  trip?: number;
  wait?: number;
  packets?: number;
}

/** A connection that is looked at every two seconds. */
class Link {
  readonly meter = new QualityMeter();
  readonly figures: Figures = {
    packetsReceived: 0,
    packetsLost: 0,
    framesDecoded: 0,
    framesDropped: 0,
    bytesReceived: 0,
    jitterBufferMs: null,
    roundTripMs: null,
  };
  now = 0;
  #held = 0;

  look({ lost = 0, trip = 20, wait = 10, packets = 400 }: Manner = {}, bufferMs = 0) {
    this.now += 2000;
    this.figures.packetsReceived += packets;
    this.figures.packetsLost += lost;
    this.figures.framesDecoded += 60;
    this.#held += 60 * wait;
    this.figures.jitterBufferMs = this.#held / this.figures.framesDecoded;
    this.figures.roundTripMs = trip;
    return this.meter.look({ ...this.figures }, bufferMs, this.now);
  }

  looks(n: number, manner?: Manner): (Quality | null)[] {
    return Array.from({ length: n }, () => this.look(manner));
  }
}

test('a connection that loses nothing and is quick is good, from the second look on', () => {
  const link = new Link();
  expect(link.looks(3)).toEqual([null, 'good', 'good']);
});

test.each<[string, Manner, Quality]>([
  ['some loss', { lost: 12 }, 'fair'],
  ['much loss', { lost: 60 }, 'poor'],
  ['a long way', { trip: 200 }, 'fair'],
  ['a very long way', { trip: 500 }, 'poor'],
  ['an uneven way', { wait: 120 }, 'fair'],
  ['a very uneven way', { wait: 260 }, 'poor'],
  ['nothing that comes', { packets: 0 }, 'poor'],
])('%s is said after two looks, and not after one', (_, manner, quality) => {
  const link = new Link();
  link.looks(5);
  expect(link.looks(2, manner)).toEqual(['good', quality]);
});

test('one bad look is no news, and better is said only once it has lasted', () => {
  const link = new Link();
  link.looks(5);
  expect([link.look({ lost: 60 }), ...link.looks(3)]).toEqual(['good', 'good', 'good', 'good']);
  link.looks(4, { lost: 60 });
  expect(link.looks(5)).toEqual(['poor', 'poor', 'poor', 'poor', 'good']);
});

test('of a long session only the newest frames count', () => {
  const link = new Link();
  link.looks(300);
  expect(link.looks(2, { wait: 260 }).at(-1)).toBe('poor');
});

test('a buffer that waits because somebody wants it to is no fault of the connection', () => {
  const link = new Link();
  for (let look = 0; look < 5; look += 1) link.look({ wait: 300 }, 300);
  expect(link.look({ wait: 300 }, 300)).toBe('good');
});

test('another session changes nothing of what is said; without a picture nothing is said', () => {
  const link = new Link();
  link.looks(5);
  link.figures.packetsReceived = 0;
  link.figures.framesDecoded = 0;
  expect(link.look()).toBe('good');
  expect(link.meter.look(null, 0, 99_000)).toBeNull();
  expect(link.look()).toBeNull();
});

test('what came while nobody looked is not judged', () => {
  const link = new Link();
  link.looks(5);
  link.meter.skip();
  expect(link.looks(1, { lost: 200 })).toEqual(['good']);
});
