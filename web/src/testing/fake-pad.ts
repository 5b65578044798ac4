import type { PadLook } from '../lib/input/pad';

/** A pad of the standard layout, whose sticks and buttons a test moves. */
export class FakePad implements PadLook {
  index = 0;
  id = 'pad';
  connected = true;
  axes = [0, 0, 0, 0];
  buttons = Array.from({ length: 17 }, () => ({ pressed: false, value: 0 }));

  /** Forward and left are positive, as the robot means them. */
  stick(linear: number, angular = 0): this {
    this.axes[0] = 0 - angular;
    this.axes[1] = 0 - linear;
    return this;
  }

  button(index: number, down: boolean, value = down ? 1 : 0): this {
    this.buttons[index] = { pressed: down, value };
    return this;
  }
}
