import { expect, test } from 'vitest';
import type { Event, Status } from '../api/types';
import type { EventsClient } from '../lib/core/events';
import { aProcess, aRobot, aStatus } from '../testing/status';
import { StatusSections, sectionsOf, statusOf } from './status';

const board = { temperature_c: 61, throttled: false, under_voltage: true };

function sections() {
  let say: (event: Event) => void = () => undefined;
  const ignore = () => undefined;
  const status = new StatusSections({
    createEvents: ({ onMessage }) => {
      say = onMessage;
      return {} as EventsClient;
    },
    onEvent: ignore,
    onBack: ignore,
    onSignedOut: ignore,
    onRefused: ignore,
  });
  return { status, say: (event: Event) => say(event) };
}

/** The status after `event`. */
const reduce = (status: Status, event: Event): Status => ({ ...status, ...sectionsOf(event) });

test('nothing is known before the snapshot', () => {
  const { status, say } = sections();
  say({ type: 'processes', processes: [] });
  expect(statusOf(status.state.value)).toBeNull();
  expect(status.state.value.processes).toBeNull();
  say({ type: 'snapshot', status: aStatus() });
  expect(statusOf(status.state.value)).toMatchObject(aStatus());
});

test.each<[Event, Partial<ReturnType<typeof aStatus>>]>([
  [
    { type: 'processes', processes: [aProcess('mediamtx', 'backoff')] },
    { processes: [aProcess('mediamtx', 'backoff')] },
  ],
  [
    { type: 'streams', streams: { live: false, streams: [] } },
    { streams: { live: false, streams: [] } },
  ],
  [
    { type: 'readiness', readiness: { ready: false, missing: [] }, streaming: false },
    { readiness: { ready: false, missing: [] }, streaming: false },
  ],
  [
    { type: 'encoder', encoder: { name: 'libx264', test_fps: 90, why: 'w' } },
    { encoder: { name: 'libx264', test_fps: 90, why: 'w' } },
  ],
  [
    {
      type: 'machine',
      machine: { uptime_s: 61, motion_age_ms: 9, overload: { since: 't', picture: null }, board },
    },
    { machine: { uptime_s: 61, motion_age_ms: 9, overload: { since: 't', picture: null }, board } },
  ],
  [
    { type: 'robot', robot: aRobot({ black_box_fault: 'the disk is full' }) },
    { robot: aRobot({ black_box_fault: 'the disk is full' }) },
  ],
])('%o replaces its own section and nothing else', (event, change) => {
  const before = aStatus();
  expect(reduce(before, event)).toEqual({ ...before, ...change });
  expect(before).toEqual(aStatus());
});

test('recording, devices and config replace their sections', () => {
  const other = aStatus({
    recording: { ...aStatus().recording, wanted: true },
    devices: { ...aStatus().devices, camera: { name: 'x', state: 'away', why: null } },
    config: { file: '/f', loaded_at: 't', faults: [] },
  });
  let status = reduce(aStatus(), { type: 'recording', recording: other.recording });
  status = reduce(status, { type: 'devices', devices: other.devices });
  status = reduce(status, { type: 'config', config: other.config });
  expect(status).toEqual(other);
});

test('voice and presence replace theirs, and levels change nothing', () => {
  const voice = { ...aStatus().voice, volume: 30 };
  const presence = { ...aStatus().presence, private: true };
  let status = reduce(aStatus(), { type: 'voice', voice });
  status = reduce(status, { type: 'presence', presence });
  expect(status).toEqual(aStatus({ voice, presence }));
  const levels = { speaker_db: -3, microphone_db: null };
  expect(sectionsOf({ type: 'levels', levels })).toEqual({});
});

test('a kind of event from a newer daemon changes nothing', () => {
  const event = { type: 'weather' } as unknown as Event;
  expect(reduce(aStatus(), event)).toEqual(aStatus());
});

test('telemetry reaches only what watches it', () => {
  const { status, say } = sections();
  say({ type: 'snapshot', status: aStatus() });
  const runs = { robot: 0, others: 0 };
  const others = Object.keys(aStatus()).filter((name) => name !== 'robot') as (keyof Status)[];
  status.state.watchFields(['robot'], () => {
    runs.robot += 1;
  });
  status.state.watchFields(['events', 'known', ...others], () => {
    runs.others += 1;
  });
  for (let n = 0; n < 10; n += 1) say({ type: 'robot', robot: aRobot() });
  expect(runs).toEqual({ robot: 11, others: 1 });
});
