// Driving by the keyboard: arrows hold, Space and Escape stop, and while the robot is being driven every key that is no
// arrow stops as well, and every key at all that goes into a field. A key that repeats itself has not been pressed again.

import type { Drive } from './drive';
import type { Shares } from './intent';

const ARROWS: Readonly<Record<string, Shares>> = {
  ArrowUp: { linear: 1, angular: 0 },
  ArrowDown: { linear: -1, angular: 0 },
  ArrowLeft: { linear: 0, angular: 1 },
  ArrowRight: { linear: 0, angular: -1 },
};

export type KeyTarget = Pick<Window, 'addEventListener' | 'removeEventListener'>;

/** Listens from now on; the result ends it. `typing` says whether a key is meant for a field on the page. */
export function driveByKeys(
  drive: Pick<Drive, 'hold' | 'letGo' | 'stop' | 'state'>,
  target: KeyTarget,
  typing: (event: KeyboardEvent) => boolean,
): () => void {
  const down = (event: KeyboardEvent): void => {
    const { lease, doing } = drive.state.value;
    if (lease === null) return;
    const inField = typing(event);
    if (inField && doing === null) return;
    const arrow = inField ? undefined : ARROWS[event.key];
    const withOther = event.ctrlKey || event.altKey || event.metaKey;
    if (arrow !== undefined && !withOther) {
      // An arrow would scroll the page away from under the controls.
      event.preventDefault();
      if (!event.repeat) drive.hold(nameOf(event), arrow);
      return;
    }
    if (event.repeat && event.key === 'Enter') {
      // Held down it would press a button again and again, also after a stop that somebody else has made.
      event.preventDefault();
      return;
    }
    const stops = event.key === ' ' || event.key === 'Escape';
    if (!stops && doing === null) return;
    // Nor does this key press the button that has the focus.
    event.preventDefault();
    if (!event.repeat) drive.stop();
  };
  const up = (event: KeyboardEvent): void => {
    drive.letGo(nameOf(event));
    // Space presses a button when it goes up.
    if (event.key === ' ' && drive.state.value.lease !== null && !typing(event)) {
      event.preventDefault();
    }
  };
  target.addEventListener('keydown', down);
  target.addEventListener('keyup', up);
  return () => {
    target.removeEventListener('keydown', down);
    target.removeEventListener('keyup', up);
  };
}

/** By the place of the key: what it means can change between its going down and its coming up, with Shift or NumLock. */
function nameOf(event: KeyboardEvent): string {
  return `key:${event.code || event.key}`;
}
