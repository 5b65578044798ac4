import { expect, test } from 'vitest';
import { settle } from '../../testing/fake-clock';
import { Tone } from './tone';

class FakeContext {
  state: AudioContextState;
  currentTime = 0;
  destination = {};
  /** When each note begins, and how high it is. */
  readonly heard: [at: number, hz: number][] = [];
  allow: () => void = () => undefined;

  constructor(state: AudioContextState) {
    this.state = state;
  }

  /** Waits until a person has pressed something. */
  resume(): Promise<void> {
    return new Promise((done) => {
      this.allow = () => {
        this.state = 'running';
        done();
      };
    });
  }

  createOscillator() {
    const frequency = { value: 0 };
    return {
      frequency,
      connect: (next: unknown) => next,
      start: (at: number) => this.heard.push([at, frequency.value]),
      stop: () => undefined,
    };
  }

  createGain() {
    const ramp = () => undefined;
    const gain = { setValueAtTime: ramp, linearRampToValueAtTime: ramp };
    return { gain, connect: (next: unknown) => next };
  }
}

function bench(state: AudioContextState = 'running') {
  const context = new FakeContext(state);
  const clock = { now: 0 };
  const tone = new Tone(
    () => context as unknown as AudioContext,
    () => clock.now,
  );
  return { context, clock, tone };
}

test('no two sounds are alike', async () => {
  const names = ['lost', 'asked', 'arrived', 'moves', 'stopped', 'confirmed'] as const;
  const heard = await Promise.all(
    names.map(async (name) => {
      const { context, tone } = bench();
      tone[name]();
      await settle();
      return JSON.stringify(context.heard);
    }),
  );
  expect(new Set(heard).size).toBe(names.length);
  expect(heard).not.toContain('[]');
});

test('a sound waits for the one before', async () => {
  const { context, tone } = bench();
  tone.moves();
  tone.stopped();
  await settle();
  const [first = [0], second = [0]] = context.heard;
  expect(second[0] - first[0]).toBeGreaterThan(0.07);
});

test('what was to be heard long ago is not heard all at once when the page may be', async () => {
  const { context, clock, tone } = bench('suspended');
  tone.lost();
  tone.asked();
  clock.now = 5000;
  context.allow();
  await settle();
  expect(context.heard).toEqual([]);
  tone.moves();
  await settle();
  expect(context.heard.length).toBe(1);
});

test('without a sound device nothing is heard, and nothing fails', async () => {
  const tone = new Tone(() => {
    throw new Error('NotSupportedError');
  });
  tone.lost();
  await settle();
});
