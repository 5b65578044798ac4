import { expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock';
import { LevelsWatch } from './levels';

test('levels are shown as they come, and none once they have stopped coming', async () => {
  const clock = new FakeClock();
  const watch = new LevelsWatch(clock);
  const levels = { speaker_db: -20, microphone_db: -33 };
  for (let n = 0; n < 10; n += 1) {
    watch.onEvent({ type: 'levels', levels });
    await clock.advance(200);
    expect(watch.state.value).toEqual(levels);
  }
  watch.onEvent({ type: 'processes', processes: [] });
  await clock.advance(799);
  expect(watch.state.value).toEqual(levels);
  await clock.advance(1);
  expect(watch.state.value).toEqual({ speaker_db: null, microphone_db: null });
});
