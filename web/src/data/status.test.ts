import { expect, test } from 'vitest';
import type { Event } from '../api/types';
import { aProcess, aRobot, aStatus } from '../testing/status';
import { reduce } from './status';

test('nothing is known before the snapshot', () => {
  expect(reduce(null, { type: 'processes', processes: [] })).toBeNull();
  expect(reduce(null, { type: 'snapshot', status: aStatus() })).toEqual(aStatus());
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
  expect(reduce(status, { type: 'levels', levels })).toBe(status);
});

test('a kind of event from a newer daemon changes nothing', () => {
  const event = { type: 'weather' } as unknown as Event;
  expect(reduce(aStatus(), event)).toEqual(aStatus());
});
