import { beforeEach, describe, expect, test } from 'vitest';
import { DriveBench } from '../../testing/fake-drive';
import { FakePad } from '../../testing/fake-pad';
import { DrivePad } from './drive-pad';
import { PAD_DEFAULTS } from './pad-bindings';

let bench: DriveBench;
let pad: FakePad;
let pads: (FakePad | null)[];
let pressed: string[];
let released: string[];
let frames: (() => void)[];
let drivePad: DrivePad;

beforeEach(async () => {
  bench = new DriveBench();
  await bench.acquire();
  bench.socket.said.length = 0;
  pad = new FakePad();
  pads = [pad];
  pressed = [];
  released = [];
  frames = [];
  drivePad = new DrivePad(PAD_DEFAULTS, {
    drive: bench.drive,
    clock: bench.clock,
    attention: bench.attention,
    getPads: () => pads,
    nextFrame: (work) => {
      frames.push(work);
      return () => {
        frames = frames.filter((one) => one !== work);
      };
    },
    onPress: (deed) => pressed.push(deed),
    onRelease: (deed) => released.push(deed),
    onLearned: () => undefined,
  });
  frame();
});

function frame(): void {
  for (const work of frames.splice(0)) work();
}

function push(linear: number): void {
  pad.stick(linear);
  frame();
}

describe('a pad', () => {
  test('drives while it is pushed, and stands when it is let go', async () => {
    push(1);
    await bench.goesBy(200);
    expect(bench.socket.types().slice(0, 2)).toEqual(['neutral', 'hold']);
    push(0);
    expect(bench.socket.types()).toEqual(['neutral']);
    push(1);
    expect(bench.state.doing).not.toBeNull();
  });

  test('pushed while the page lets nobody drive, it drives only after the centre', async () => {
    bench.mayDrive = false;
    push(1);
    push(0.9);
    bench.mayDrive = true;
    push(1);
    await bench.goesBy(1000);
    frame();
    expect([bench.socket.types().includes('hold'), bench.state.letGoFirst]).toEqual([false, true]);
    push(0);
    push(1);
    expect(bench.state.doing).not.toBeNull();
  });

  test('moved once the page lets nobody drive any more, it stops', () => {
    push(1);
    bench.mayDrive = false;
    bench.socket.said.length = 0;
    push(0.8);
    expect([bench.state.doing, bench.socket.types().at(-1)]).toEqual([null, 'stop']);
    bench.mayDrive = true;
    push(1);
    expect(bench.state.doing).toBeNull();
  });

  test('is looked at once a frame, and looked for twice a second', async () => {
    expect(frames.length).toBe(1);
    pads = [];
    frame();
    expect(frames.length).toBe(0);
    pads = [pad];
    await bench.clock.advance(500);
    expect(drivePad.state.value.pad).toBe('pad');
    expect(frames.length).toBe(1);
  });

  test('that is unplugged stops at once', async () => {
    push(1);
    await bench.goesBy(100);
    bench.socket.deeds();
    pads = [null];
    drivePad.nudge();
    expect(bench.socket.types()).toContain('stop');
    expect(bench.state.doing).toBeNull();
  });

  test('that is held through a stop drives only after its centre', async () => {
    push(1);
    bench.drive.stop();
    await bench.goesBy(100);
    bench.socket.deeds();
    frame();
    frame();
    await bench.goesBy(300);
    expect(bench.state.doing).toBeNull();
    expect(bench.socket.types()).not.toContain('hold');
    push(0);
    bench.robot({ mode: null, neutral_first: false });
    push(1);
    expect(bench.state.doing).toMatchObject({ mode: 'hold' });
  });

  test('that is held while the page was away drives only after its centre', async () => {
    push(1);
    bench.drive.stop();
    frame();
    await bench.loses('hidden');
    frame();
    frame();
    expect(bench.state.doing).toBeNull();
    push(0);
    push(1);
    expect(bench.state.doing).not.toBeNull();
  });

  test('that is held before there is a lease, and while the page was away, drives only after its centre', async () => {
    await bench.drive.release();
    push(1);
    expect(bench.state.refusal).toBe('no_lease');
    await bench.loses('blur');
    await bench.acquire();
    frame();
    frame();
    expect(bench.state.doing).toBeNull();
    push(0);
    push(1);
    expect(bench.state.doing).not.toBeNull();
  });

  test('stops a step by any button', async () => {
    bench.drive.step({ cm: 20 });
    bench.socket.deeds();
    pad.button(3, true);
    frame();
    expect(bench.socket.types()).toEqual(['stop']);
    expect(pressed).toEqual([]);
  });

  test('passes on what it presses', () => {
    pad.button(3, true);
    frame();
    expect(pressed).toEqual(['phrases']);
  });

  test('is left alone once it is disposed of, and lets go', async () => {
    push(1);
    drivePad.dispose();
    expect(bench.state.doing).toBeNull();
    expect(frames.length).toBe(0);
    await bench.clock.advance(2000);
    expect(frames.length).toBe(0);
  });
});
