import { expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock';
import { DELIBERATE_MS, twoSteps } from './two-step.svelte';

test('a deed that cannot be undone takes two presses, and a double click is one', async () => {
  const clock = new FakeClock();
  let done = 0;
  const steps = twoSteps(clock, () => (done += 1));
  steps.press();
  steps.press();
  expect([done, steps.asked]).toEqual([0, true]);
  // A switch may take long to come by again.
  await clock.advance(120_000);
  steps.press();
  expect([done, steps.asked]).toEqual([1, false]);
});

test('and can be taken back', async () => {
  const clock = new FakeClock();
  let done = 0;
  const steps = twoSteps(clock, () => (done += 1));
  steps.press();
  await clock.advance(DELIBERATE_MS);
  steps.takeBack();
  steps.press();
  expect([done, steps.asked]).toEqual([0, true]);
});
