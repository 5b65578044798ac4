import { beforeEach, expect, test } from 'vitest';
import { DEFAULTS } from '../../data/settings';
import { speak } from '../../i18n/spoken';
import { DriveBench } from '../../testing/fake-drive';
import { aRobot } from '../../testing/status';
import { DriveModel, type DriveModelDeps, WAYS } from './drive-model.svelte';

let bench: DriveBench;
let driving: DriveModel;
let elsewhere: number | null;

beforeEach(async () => {
  bench = new DriveBench();
  elsewhere = null;
  const spoken = await speak('en');
  driving = new DriveModel({
    drive: bench.drive,
    clock: bench.clock,
    locale: { ...spoken, explained: () => '' },
    nav: { sheet: null },
    media: { link: { kind: 'live' } },
    status: { events: 'open', known: true, robot: aRobot() },
    settings: DEFAULTS,
    elsewhere: () => elsewhere,
  } as unknown as DriveModelDeps);
});

const asked = () => WAYS.map((way) => driving.asked(way));

test('a direction that the robot is asked to go is told, and whether it goes by itself', async () => {
  await bench.acquire();
  expect(asked()).toEqual([null, null, null, null]);
  bench.drive.hold('key', { linear: 0.5, angular: 0 });
  bench.drive.hold('other', { linear: 0, angular: 1 });
  expect(asked()).toEqual(['held', null, 'held', null]);
  bench.drive.letGo('key');
  bench.drive.letGo('other');
  bench.drive.step({ deg: -15 });
  expect(asked()).toEqual([null, null, null, 'latched']);
  bench.drive.stop();
  expect(asked()).toEqual([null, null, null, null]);
  bench.drive.latch({ linear: -1, angular: 0 });
  expect(asked()).toEqual([null, 'latched', null, null]);
});

test('a press before the robot is taken is answered in the sentence of driving', () => {
  const before = driving.sentence;
  driving.go('forward');
  expect(driving.sentence).not.toBe(before);
  expect(driving.situation.line).toEqual([{ key: 'refusal.no_lease' }]);
});

test('what this page drives is its own, and what it has given back is free', async () => {
  await bench.acquire();
  const lease = bench.state.lease ?? 0;
  const driver = {
    lease,
    who: 'admin',
    account: 'admin',
    since: '2026-01-01T00:00:00Z',
    connected: true,
    asked_by: null,
  };
  bench.robot({}, { driver });
  expect(driving.situation.holder).toEqual({ kind: 'you', who: null });
  await bench.drive.release();
  expect(driving.situation.holder.kind).toBe('free');
});
