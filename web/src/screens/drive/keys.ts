// The keyboard on the drive screen. While the robot moves every key stops it, but the arrows that are held. Escape stops
// whenever there is somebody to stop for, and else closes what lies open. Arrows drive in the way that is chosen; they and
// Space are shortcuts, and can be turned off: then Tab and Enter alone work the page.

import type { KeyTarget } from '../../lib/drive-keys';
import type { Desk, Way } from './desk.svelte';

const ARROWS: Readonly<Record<string, Way>> = {
  ArrowUp: 'forward',
  ArrowDown: 'back',
  ArrowLeft: 'left',
  ArrowRight: 'right',
};

export function driveByPanelKeys(
  desk: Desk,
  target: KeyTarget,
  typing: (event: KeyboardEvent) => boolean,
): void {
  target.addEventListener(
    'keydown',
    (event) => {
      const { doing, lease } = desk.drive.state.value;
      const scanning = desk.settings.input === 'scan';
      if (event.key === 'Escape') onEscape(desk, event);
      // A scanner has its own keys, and stops by every other.
      else if (scanning || typing(event) || event.ctrlKey || event.altKey || event.metaKey) return;
      else if (doing !== null && doing.mode !== 'hold') stopBy(desk, event);
      else if (lease === null || desk.sheet !== null) tryKey(desk, event);
      else drive(desk, event);
    },
    // Before any control of the page: a key that stops must not press the button that has the focus.
    { capture: true },
  );
  target.addEventListener('keyup', (event) => desk.drive.letGo(nameOf(event)));
}

function drive(desk: Desk, event: KeyboardEvent): void {
  const way = ARROWS[event.key];
  const { doing } = desk.drive.state.value;
  if (way === undefined || !desk.settings.shortcuts) {
    const onControl = event.target instanceof Element && event.target.closest('button') !== null;
    const space = event.key === ' ' && desk.settings.shortcuts && !onControl;
    // A direction that is held by Enter is held by that key.
    if (space || (doing !== null && event.key !== 'Enter')) stopBy(desk, event);
    return;
  }
  // An arrow would scroll the page away from under the controls.
  event.preventDefault();
  if (event.repeat) return;
  if (desk.settings.driveBy === 'hold') desk.hold(nameOf(event), way);
  else desk.go(way);
}

/** Where an input is tried, arrows are told there, and nothing moves. */
function tryKey(desk: Desk, event: KeyboardEvent): void {
  const way = ARROWS[event.key];
  if (way === undefined || desk.trying === null || !desk.settings.shortcuts) return;
  event.preventDefault();
  desk.trying(way);
}

function onEscape(desk: Desk, event: KeyboardEvent): void {
  if (event.repeat) return;
  const { lease } = desk.drive.state.value;
  if (desk.sheet !== null && !desk.moving) {
    event.preventDefault();
    desk.close();
  } else if (lease !== null || desk.robot?.motion.mode != null) stopBy(desk, event);
}

function stopBy(desk: Desk, event: KeyboardEvent): void {
  event.preventDefault();
  event.stopPropagation();
  if (!event.repeat) desk.drive.stop();
}

function nameOf(event: KeyboardEvent): string {
  return `key:${event.key}`;
}
