import { expect, test } from 'vitest';
import { onHold } from './press';

class FakeButton extends EventTarget {
  id = 'go';
  setPointerCapture(): void {}
}

const pointer = (type: string, pointerId: number) =>
  Object.assign(new Event(type), { pointerId, button: 0 });

test('a button that is taken away while it is held lets go of what held it, once', () => {
  const button = new FakeButton();
  const told: string[] = [];
  const end = onHold(
    button as unknown as HTMLButtonElement,
    (control) => told.push(`down ${control}`),
    (control) => told.push(`up ${control}`),
  );
  button.dispatchEvent(pointer('pointerdown', 7));
  button.dispatchEvent(pointer('pointerdown', 8));
  button.dispatchEvent(pointer('pointerup', 8));
  end();
  button.dispatchEvent(pointer('lostpointercapture', 7));
  expect(told).toEqual(['down go:7', 'down go:8', 'up go:8', 'up go:7']);
});
