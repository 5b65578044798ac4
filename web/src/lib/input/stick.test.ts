import { beforeEach, describe, expect, test } from 'vitest';
import { DriveBench } from '../../testing/fake-drive';
import { driveByStick, knobAt, type Place, STICK_DEFAULTS, sharesAt } from './stick';

const plain = { deadzone: 0.1, expo: 0 };

describe('places and shares', () => {
  test('up is forward, left is left', () => {
    expect(sharesAt({ x: 0, y: -1 }, plain)).toEqual({ linear: 1, angular: 0 });
    expect(sharesAt({ x: -1, y: 0 }, plain)).toEqual({ linear: 0, angular: 1 });
    const { linear, angular } = sharesAt({ x: 3, y: 3 }, plain);
    expect(linear).toBeCloseTo(-Math.SQRT1_2);
    expect(angular).toBeCloseTo(-Math.SQRT1_2);
  });

  test('the centre is round, and the way out of it has no jump', () => {
    expect(sharesAt({ x: 0.07, y: 0.07 }, plain)).toEqual({ linear: 0, angular: 0 });
    expect(sharesAt({ x: 0, y: -0.101 }, plain).linear).toBeLessThan(0.01);
    expect(sharesAt({ x: 0, y: 0 }, plain)).toEqual({ linear: 0, angular: 0 });
    expect(sharesAt({ x: Number.NaN, y: 1 }, plain)).toEqual({ linear: 0, angular: 0 });
  });

  test('the knob stays inside', () => {
    expect(knobAt({ x: 0.3, y: 0.4 })).toEqual({ x: 0.3, y: 0.4 });
    expect(knobAt({ x: 30, y: 40 })).toEqual({ x: 0.6, y: 0.8 });
  });
});

class FakeElement {
  readonly captured = new Set<number>();
  readonly #listeners = new Map<string, (event: PointerEvent) => void>();

  addEventListener(name: string, listener: unknown): void {
    this.#listeners.set(name, listener as (event: PointerEvent) => void);
  }

  removeEventListener(name: string): void {
    this.#listeners.delete(name);
  }

  getBoundingClientRect() {
    return { left: 100, top: 100, width: 200, height: 200 };
  }

  setPointerCapture(id: number): void {
    this.captured.add(id);
  }

  hasPointerCapture(id: number): boolean {
    return this.captured.has(id);
  }

  releasePointerCapture(id: number): void {
    this.captured.delete(id);
    this.send('lostpointercapture', { pointerId: id });
  }

  send(name: string, event: Partial<PointerEvent>): void {
    const whole = { pointerId: 1, pointerType: 'touch', button: 0, clientX: 200, clientY: 200 };
    this.#listeners.get(name)?.({
      ...whole,
      ...event,
      preventDefault: () => undefined,
    } as PointerEvent);
  }

  get listening(): number {
    return this.#listeners.size;
  }
}

describe('a pointer on the stick', () => {
  let bench: DriveBench;
  let element: FakeElement;
  let knobs: (Place | null)[];
  let end: () => void;

  beforeEach(async () => {
    bench = new DriveBench();
    await bench.acquire();
    bench.socket.said.length = 0;
    element = new FakeElement();
    knobs = [];
    end = driveByStick(element as unknown as HTMLElement, STICK_DEFAULTS, {
      drive: bench.drive,
      attention: bench.attention,
      onKnob: (knob) => knobs.push(knob),
    });
  });

  const pushed = () => {
    element.send('pointerdown', {});
    element.send('pointermove', { clientY: 100 });
  };

  test('drives as it is pushed, and stands as it is let go', () => {
    pushed();
    expect(bench.state.doing).toMatchObject({ mode: 'hold', linear: 1, angular: 0 });
    expect(knobs.at(-1)).toEqual({ x: 0, y: -1 });
    expect(element.captured.has(1)).toBe(true);
    element.send('pointerup', {});
    expect(bench.state.doing).toBeNull();
    expect(knobs.at(-1)).toBeNull();
    expect(element.captured.size).toBe(0);
  });

  test.each(['pointercancel', 'lostpointercapture'])('%s lets go', (name) => {
    pushed();
    element.send(name, {});
    expect(bench.state.doing).toBeNull();
    element.send('pointermove', { clientY: 100 });
    expect(bench.state.doing).toBeNull();
  });

  test('a second finger neither drives nor lets go', () => {
    pushed();
    element.send('pointerdown', { pointerId: 2, clientX: 300 });
    element.send('pointermove', { pointerId: 2, clientX: 300 });
    element.send('pointerup', { pointerId: 2 });
    expect(bench.state.doing).toMatchObject({ linear: 1, angular: 0 });
  });

  test('only the main button of a mouse', () => {
    element.send('pointerdown', { pointerType: 'mouse', button: 2, clientY: 100 });
    expect(bench.state.doing).toBeNull();
  });

  test('a pointer that is held while the page is away drives no more', async () => {
    pushed();
    await bench.loses('blur');
    element.send('pointermove', { clientY: 100 });
    expect(bench.state.doing).toBeNull();
    element.send('pointerup', {});
    pushed();
    expect(bench.state.doing).not.toBeNull();
  });

  test('one that is held through a stop drives only once it has been let go', () => {
    pushed();
    bench.drive.stop();
    element.send('pointermove', { clientY: 120 });
    expect(bench.state.doing).toBeNull();
    element.send('pointerup', {});
    pushed();
    expect(bench.state.doing).not.toBeNull();
  });

  test('the end lets go and listens no more', () => {
    pushed();
    end();
    expect(bench.state.doing).toBeNull();
    expect(element.listening).toBe(0);
  });
});
