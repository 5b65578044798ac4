import { beforeEach, expect, test } from 'vitest';
import type { ViewerReport } from '../../api/types';
import { FakeClock } from '../../testing/fake-clock';
import { Reporter } from './report';

const report = (picture_ms: number): ViewerReport => ({
  picture_ms,
  measured_from_capture: false,
  fps: null,
  bitrate_kbps: null,
  lost_percent: null,
  jitter_buffer_ms: null,
  round_trip_ms: null,
});

let clock: FakeClock;
let sent: ViewerReport[];
let measured: ViewerReport | null;
let answer: () => Promise<void>;
let reporter: Reporter;

beforeEach(() => {
  clock = new FakeClock();
  sent = [];
  measured = report(60);
  answer = async () => undefined;
  reporter = new Reporter({
    clock,
    measure: () => measured,
    send: (report) => {
      sent.push(report);
      return answer();
    },
  });
});

test('tells soon, and then every five seconds', async () => {
  reporter.start();
  reporter.start();
  await clock.advance(1499);
  expect(sent).toEqual([]);
  await clock.advance(1);
  expect(sent).toEqual([report(60)]);
  await clock.advance(15_000);
  expect(sent.length).toBe(4);
});

test('tells nothing where there is nothing to tell, and nothing once stopped', async () => {
  reporter.start();
  measured = null;
  await clock.advance(12_000);
  expect(sent).toEqual([]);
  reporter.stop();
  measured = report(61);
  await clock.advance(60_000);
  expect(sent).toEqual([]);
  expect(clock.pending).toBe(0);
});

test('a report that fails is not sent again, and the next one is', async () => {
  answer = () => Promise.reject(new Error('network'));
  reporter.start();
  await clock.advance(1500);
  expect(sent.length).toBe(1);
  await clock.advance(5000);
  expect(sent.length).toBe(2);
});

test('one that is still under way is not followed by another', async () => {
  let arrived: () => void = () => undefined;
  answer = () => new Promise((resolve) => (arrived = resolve));
  reporter.start();
  await clock.advance(30_000);
  expect(sent.length).toBe(1);
  arrived();
  await clock.advance(0);
  await clock.advance(5000);
  expect(sent.length).toBe(2);
});
