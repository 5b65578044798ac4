import { expect, test } from 'vitest';
import { settle } from '../../testing/fake-clock';
import { DriveBench } from '../../testing/fake-drive';
import type { ScreenModel } from '../model/screen-model.svelte';
import { estopRelease, takeOrGive } from './pads';

test('one button takes the robot, asks whoever has it, gives up asking, and gives it back', async () => {
  const bench = new DriveBench();
  const driving = { situation: { holder: { kind: 'free' } } };
  const model = { drive: bench.drive, driving };
  const press = async () => {
    takeOrGive(model as unknown as ScreenModel);
    await settle();
  };
  await press();
  bench.welcome();
  expect(bench.state.phase).toBe('ready');
  await press();
  expect(bench.state).toMatchObject({ phase: 'idle', lease: null });

  driving.situation.holder.kind = 'other';
  bench.api.answers = [{ result: 'asked', driver: null }];
  await press();
  expect(bench.state.phase).toBe('asking');
  await press();
  expect(bench.state.phase).toBe('idle');
  expect(bench.api.asked).toEqual(['acquire refuse', 'release token-1', 'acquire ask']);
});

test('the e-stop is released by a second press that is no tremor', async () => {
  const bench = new DriveBench();
  const press = estopRelease({
    drive: bench.drive,
    deps: { clock: bench.clock },
  } as unknown as ScreenModel);
  press();
  await settle();
  expect(bench.state.releaseCode).toBe('code');
  await bench.clock.advance(200);
  press();
  await settle();
  expect(bench.api.asked).toEqual(['release-estop null']);
  await bench.clock.advance(500);
  press();
  await settle();
  expect(bench.api.asked).toEqual(['release-estop null', 'release-estop code']);
});
