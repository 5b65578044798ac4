// The keyboard on the drive screen. While the robot is driven every key stops it, except arrows that are held, controls that keep
// their own action then (the e-stop, and latch renewal, which Enter takes while it is offered), and keys typed into a field. Escape
// stops whenever there is something to stop, else it closes the open sheet. Arrows drive in the chosen mode; they and Space are
// shortcuts that can be turned off: then Tab and Enter alone work the page. With them Space never drives, also on a direction that has
// the focus: a robot that has just come to rest would set off again by the press that was to stop it.

import type { KeyTarget } from '../../lib/input/scanner';
import type { DriveModel, Way } from '../model/drive-model.svelte';
import type { Navigation } from '../model/navigation.svelte';
import type { ScreenModel } from '../model/screen-model.svelte';

const ARROWS: Readonly<Record<string, Way>> = {
  ArrowUp: 'forward',
  ArrowDown: 'back',
  ArrowLeft: 'left',
  ArrowRight: 'right',
};

/** What this needs of the model. */
export type KeyModel = Pick<ScreenModel, 'drive' | 'settings' | 'trying' | 'close'> & {
  nav: Pick<Navigation, 'sheet'>;
  driving: Pick<DriveModel, 'moving' | 'robot' | 'go' | 'hold' | 'mayRenew'>;
};

/** Controls that do their own deed while the robot moves by itself, and do not stop it. */
export const KEEPS = '.stops, [data-renews]';

export function driveByPanelKeys(
  model: KeyModel,
  target: KeyTarget,
  typing: (event: KeyboardEvent) => boolean,
): void {
  const down = (event: KeyboardEvent): void => {
    const { doing, lease } = model.drive.state.value;
    const scanning = model.settings.input === 'scan';
    // Held down it would press a button again and again, also after a stop that another person has made.
    if (event.repeat && event.key === 'Enter' && on(event, 'button')) event.preventDefault();
    else if (event.key === 'Escape') leaveOrStop(model, event);
    else if (doing !== null && (typing(event) || withOther(event))) stopBy(model, event);
    // A scanner has its own keys, and stops by every other.
    else if (scanning || typing(event) || withOther(event)) return;
    else if (doing !== null && isPress(event) && on(event, KEEPS)) {
      // Held down it would press again and again; and Space would press only as it comes up.
      if (event.repeat || event.key === ' ') event.preventDefault();
      if (!event.repeat && event.key === ' ') buttonOf(event)?.click();
    } else if (doing !== null && doing.mode !== 'hold') renewOrStop(model, event);
    else if (lease === null || model.nav.sheet !== null) tryKey(model, event);
    else drive(model, event);
  };
  // Before any control of the page: a key that stops must not press the button that has the focus.
  target.addEventListener('keydown', down, { capture: true });
  target.addEventListener('keyup', (event) => model.drive.letGo(nameOf(event)));
}

function drive(model: KeyModel, event: KeyboardEvent): void {
  const { shortcuts, driveBy } = model.settings;
  const way = shortcuts ? ARROWS[event.key] : undefined;
  if (way === undefined) {
    const holding = model.drive.state.value.doing !== null;
    const space = event.key === ' ' && shortcuts && !on(event, 'button:not(.key)');
    // Enter holds the direction that has the focus, and may hold another one beside it.
    if (space || (holding && !(event.key === 'Enter' && on(event, '.key')))) stopBy(model, event);
    return;
  }
  // An arrow would scroll the page away from under the controls.
  event.preventDefault();
  if (event.repeat) return;
  if (driveBy === 'hold') model.driving.hold(nameOf(event), way);
  else model.driving.go(way);
}

/** Where an input is tried, arrows are told there, and nothing moves. */
function tryKey(model: KeyModel, event: KeyboardEvent): void {
  const way = ARROWS[event.key];
  // A tab that has the focus has its own arrows.
  if (way === undefined || !model.settings.shortcuts || on(event, '[role=tab]')) return;
  // Without the robot, on the drive screen: a press is told what is to be done first.
  if (model.trying === null && model.nav.sheet === null && !event.repeat) model.driving.go(way);
  if (model.trying === null) return;
  event.preventDefault();
  if (event.repeat) return;
  model.trying('still');
  model.trying(way);
}

function leaveOrStop(model: KeyModel, event: KeyboardEvent): void {
  if (event.repeat) return;
  const moves = model.driving.moving || model.driving.robot?.motion.mode != null;
  if (model.nav.sheet !== null && !moves) {
    event.preventDefault();
    model.close();
  } else stopBy(model, event);
}

function renewOrStop(model: KeyModel, event: KeyboardEvent): void {
  if (event.key !== 'Enter' || event.repeat || !model.driving.mayRenew()) {
    stopBy(model, event);
    return;
  }
  event.preventDefault();
  event.stopPropagation();
  model.drive.renew();
}

const isPress = ({ key }: KeyboardEvent): boolean => key === 'Enter' || key === ' ';

/** A key that repeats itself has not been pressed again, and yet must not press anything else. */
function stopBy(model: KeyModel, event: KeyboardEvent): void {
  event.preventDefault();
  event.stopPropagation();
  if (!event.repeat) model.drive.stop();
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
