import { expect, test } from 'vitest';
import { aRobot } from '../../testing/status';
import type { Figures } from './player';
import { type Look, reportOf, StatisticsMeter } from './statistics';

const figures = (change: Partial<Figures> = {}): Figures => ({
  packetsReceived: 100,
  packetsLost: 0,
  framesDecoded: 30,
  framesDropped: 1,
  bytesReceived: 100_000,
  jitterBufferMs: 12,
  roundTripMs: 8,
  ...change,
});

const look = (video: Figures | null, change: Partial<Look> = {}): Look => ({
  video,
  audio: null,
  pictureMs: 61.25,
  measuredFromCapture: false,
  drive: { robot: aRobot() },
  ...change,
});

test('rates come from two looks', () => {
  const meter = new StatisticsMeter();
  expect(meter.look(look(figures()), 0).video.framesPerSecond).toBeNull();
  const after = figures({
    packetsReceived: 198,
    packetsLost: 2,
    framesDecoded: 90,
    bytesReceived: 350_000,
  });
  const { video, pictureMs, lagMs, commandMs, speedPercent } = meter.look(look(after), 2000);
  expect(video).toEqual({
    bitrateKbps: 1000,
    lostPercent: 2,
    framesPerSecond: 30,
    framesDropped: 1,
    jitterBufferMs: 12,
    roundTripMs: 8,
  });
  expect({ pictureMs, lagMs, commandMs, speedPercent }).toEqual({
    pictureMs: 61.25,
    lagMs: 50,
    commandMs: 10,
    speedPercent: 100,
  });
});

test('looks that follow each other closely keep the rate of before', () => {
  const meter = new StatisticsMeter();
  meter.look(look(figures()), 0);
  meter.look(look(figures({ framesDecoded: 60, packetsReceived: 200 })), 1000);
  const close = meter.look(look(figures({ framesDecoded: 61, packetsReceived: 203 })), 1010);
  expect(close.video.framesPerSecond).toBe(30);
});

test('counters of another session give no rate below nothing', () => {
  const meter = new StatisticsMeter();
  meter.look(look(figures({ packetsReceived: 9000, framesDecoded: 3000 })), 0);
  const { video } = meter.look(look(figures({ packetsReceived: 5, framesDecoded: 1 })), 1000);
  expect(video).toMatchObject({ framesPerSecond: null, bitrateKbps: null, lostPercent: null });
  meter.look(look(null), 1500);
  expect(meter.look(look(figures()), 2000).video.framesPerSecond).toBeNull();
});

test('a packet that came after all is no loss below nothing, and no packet no share', () => {
  const meter = new StatisticsMeter();
  meter.look(look(figures({ packetsLost: 5 })), 0);
  const back = meter.look(look(figures({ packetsReceived: 200, packetsLost: 3 })), 1000);
  expect(back.video.lostPercent).toBe(0);
  const still = meter.look(look(figures({ packetsReceived: 200, packetsLost: 3 })), 2000);
  expect(still.video).toMatchObject({ lostPercent: null, framesPerSecond: 0, bitrateKbps: 0 });
});

test('the report has a tenth of each figure, and null where nothing is known', () => {
  const meter = new StatisticsMeter();
  const nothing = look(null, { pictureMs: null, drive: null });
  expect(reportOf(meter.look(nothing, 0))).toEqual({
    picture_ms: null,
    measured_from_capture: false,
    fps: null,
    bitrate_kbps: null,
    lost_percent: null,
    jitter_buffer_ms: null,
    round_trip_ms: null,
  });
  meter.look(look(figures()), 1000);
  const after = figures({ packetsReceived: 131, framesDecoded: 50, jitterBufferMs: Number.NaN });
  const report = reportOf(meter.look(look(after, { measuredFromCapture: true }), 1700));
  expect(report).toMatchObject({
    picture_ms: 61.3,
    measured_from_capture: true,
    fps: 28.6,
    jitter_buffer_ms: null,
  });
});
