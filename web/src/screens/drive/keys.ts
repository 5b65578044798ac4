// The keyboard on the drive screen. While the robot is being driven every key stops it, but the arrows that are held, what keeps its
// own deed then (the e-stop, and going on with a latch, which Enter takes while it is offered), and whatever field a key was meant for. Escape stops whenever there is something to stop, and else closes what lies open. Arrows
// drive in the way that is chosen; they and Space are shortcuts, and can be turned off: then Tab and Enter alone work the page.

import type { KeyTarget } from '../../lib/drive-keys';
import type { Desk, Way } from './desk.svelte';

const ARROWS: Readonly<Record<string, Way>> = {
  ArrowUp: 'forward',
  ArrowDown: 'back',
  ArrowLeft: 'left',
  ArrowRight: 'right',
};

/** What this needs of the desk. */
export type KeyDesk = Pick<
  Desk,
  | 'drive'
  | 'settings'
  | 'sheet'
  | 'moving'
  | 'robot'
  | 'trying'
  | 'close'
  | 'go'
  | 'hold'
  | 'mayGoOn'
>;

/** Controls that do their own deed while the robot moves by itself, and do not stop it. */
export const KEEPS = '.stops, [data-goes-on]';

export function driveByPanelKeys(
  desk: KeyDesk,
  target: KeyTarget,
  typing: (event: KeyboardEvent) => boolean,
): void {
  const down = (event: KeyboardEvent): void => {
    const { doing, lease } = desk.drive.state.value;
    const scanning = desk.settings.input === 'scan';
    // Held down it would press a button again and again, also after a stop that somebody else has made.
    if (event.repeat && event.key === 'Enter' && on(event, 'button')) event.preventDefault();
    else if (event.key === 'Escape') leaveOrStop(desk, event);
    else if (doing !== null && (typing(event) || withOther(event))) stopBy(desk, event);
    // A scanner has its own keys, and stops by every other.
    else if (scanning || typing(event) || withOther(event)) return;
    else if (doing !== null && isPress(event) && on(event, KEEPS)) {
      // Held down it would press again and again; and Space would press only as it comes up.
      if (event.repeat || event.key === ' ') event.preventDefault();
      if (!event.repeat && event.key === ' ') buttonOf(event)?.click();
    } else if (doing !== null && doing.mode !== 'hold') goOnOrStop(desk, event);
    else if (lease === null || desk.sheet !== null) tryKey(desk, event);
    else drive(desk, event);
  };
  // Before any control of the page: a key that stops must not press the button that has the focus.
  target.addEventListener('keydown', down, { capture: true });
  target.addEventListener('keyup', (event) => desk.drive.letGo(nameOf(event)));
}

function drive(desk: KeyDesk, event: KeyboardEvent): void {
  const { shortcuts, driveBy } = desk.settings;
  const way = shortcuts ? ARROWS[event.key] : undefined;
  if (way === undefined) {
    const holding = desk.drive.state.value.doing !== null;
    const space = event.key === ' ' && shortcuts && !on(event, 'button');
    // Enter holds the direction that has the focus, and may hold another one beside it.
    if (space || (holding && !(event.key === 'Enter' && on(event, '.key')))) stopBy(desk, event);
    return;
  }
  // An arrow would scroll the page away from under the controls.
  event.preventDefault();
  if (event.repeat) return;
  if (driveBy === 'hold') desk.hold(nameOf(event), way);
  else desk.go(way);
}

/** Where an input is tried, arrows are told there, and nothing moves. */
function tryKey(desk: KeyDesk, event: KeyboardEvent): void {
  const way = ARROWS[event.key];
  if (way === undefined || desk.trying === null || !desk.settings.shortcuts) return;
  event.preventDefault();
  if (event.repeat) return;
  desk.trying('still');
  desk.trying(way);
}

function leaveOrStop(desk: KeyDesk, event: KeyboardEvent): void {
  if (event.repeat) return;
  const moves = desk.moving || desk.robot?.motion.mode != null;
  if (desk.sheet !== null && !moves) {
    event.preventDefault();
    desk.close();
  } else stopBy(desk, event);
}

function goOnOrStop(desk: KeyDesk, event: KeyboardEvent): void {
  if (event.key !== 'Enter' || event.repeat || !desk.mayGoOn()) {
    stopBy(desk, event);
    return;
  }
  event.preventDefault();
  event.stopPropagation();
  desk.drive.renew();
}

const isPress = ({ key }: KeyboardEvent): boolean => key === 'Enter' || key === ' ';

/** A key that repeats itself has not been pressed again, and yet must not press anything else. */
function stopBy(desk: KeyDesk, event: KeyboardEvent): void {
  event.preventDefault();
  event.stopPropagation();
  if (!event.repeat) desk.drive.stop();
}

function withOther({ ctrlKey, altKey, metaKey }: KeyboardEvent): boolean {
  return ctrlKey || altKey || metaKey;
}

function buttonOf({ target }: KeyboardEvent): HTMLElement | null {
  return target instanceof Element ? target.closest('button') : null;
}

function on({ target }: KeyboardEvent, selector: string): boolean {
  return target instanceof Element && target.closest(selector) !== null;
}

/** By the place of the key: what it means can change between its going down and its coming up, with Shift or NumLock. */
function nameOf(event: KeyboardEvent): string {
  return `key:${event.code || event.key}`;
}
