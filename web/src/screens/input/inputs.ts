// The ways in which people reach the drive screen: keys, and any press that stops, at once; switches, dwell and gamepad as
// soon as their parts are here.

import type { Settings } from '../../data/settings';
import type { DrivePad } from '../../lib/input/drive-pad';
import type { ScreenModel } from '../model/screen-model.svelte';
import type { AccessMethod, Ring } from './access-methods';
import { driveByPanelKeys, KEEPS } from './keys';
import { typing } from './typing';

export interface InputsDeps {
  model: ScreenModel;
  /** Where the dwell ring is to be drawn; null for none. */
  onRing: (ring: Ring | null) => void;
  onPad: (pad: DrivePad) => void;
}

/** What is not needed at first comes once the picture has had its time, ms. */
const LATER_MS = 1500;
const AGAIN_MS = 2000;

export class Inputs {
  readonly #deps: InputsDeps;
  #pad: DrivePad | null = null;
  #accessMethod: AccessMethod | null = null;
  #settings: Settings | null = null;
  #moving = false;
  /** Counts changes: a part that comes for an earlier one is not put to use. */
  #change = 0;

  constructor(deps: InputsDeps) {
    this.#deps = deps;
    driveByPanelKeys(deps.model, window, typing);
    this.#anyPressStops();
    deps.model.deps.clock.after(LATER_MS, () => {
      void this.#fetchPads();
      void this.#fetchFocus();
    });
  }

  /** The settings have changed, or are there for the first time. */
  configure(settings: Settings): void {
    const before = this.#settings;
    this.#settings = settings;
    if (before?.pad !== settings.pad) this.#pad?.configure(settings.pad);
    const names = ['input', 'scan', 'dwell', 'switchKeys'] as const;
    const of = (all: Settings | null) => JSON.stringify(names.map((name) => all?.[name]));
    if (of(before) === of(settings)) return;
    this.#change += 1;
    this.#accessMethod?.dispose();
    this.#accessMethod = null;
    if (settings.input !== 'direct') void this.#fetchAccessMethod(settings, this.#change);
  }

  /** The robot moves, or does not any more. */
  moves(moving: boolean): void {
    this.#moving = moving;
    this.#accessMethod?.moves(moving);
  }

  async #fetchAccessMethod(settings: Settings, change: number): Promise<void> {
    const { model, onRing } = this.#deps;
    try {
      const { scanning, dwelling } = await import('./access-methods');
      if (change !== this.#change) return;
      this.#accessMethod =
        settings.input === 'scan' ? scanning(model, settings) : dwelling(model, settings, onRing);
      this.#accessMethod.moves(this.#moving);
    } catch {
      // A person may have no other way to the page: it is fetched until it is here.
      model.deps.clock.after(AGAIN_MS, () => {
        if (change === this.#change) void this.#fetchAccessMethod(settings, change);
      });
    }
  }

  async #fetchPads(): Promise<void> {
    const { model, onPad } = this.#deps;
    try {
      const { padOf } = await import('./pads');
      this.#pad = padOf(model, (which, down) => this.#accessMethod?.press(which, down) === true);
      onPad(this.#pad);
    } catch {
      model.deps.clock.after(AGAIN_MS, () => void this.#fetchPads());
    }
  }

  async #fetchFocus(): Promise<void> {
    try {
      (await import('./focus')).keepFocus(document);
    } catch {
      this.#deps.model.deps.clock.after(AGAIN_MS, () => void this.#fetchFocus());
    }
  }

  /** While the robot moves by itself, a press anywhere stops it, and does nothing else. */
  #anyPressStops(): void {
    const { drive } = this.#deps.model;
    let swallow = false;
    const free = (target: EventTarget | null) =>
      target instanceof Element && target.closest(KEEPS) !== null;
    const down = (event: PointerEvent): void => {
      const { doing } = drive.state.value;
      swallow = doing !== null && doing.mode !== 'hold' && !free(event.target);
      if (!swallow) return;
      event.stopPropagation();
      drive.stop();
    };
    const click = (event: MouseEvent): void => {
      // What presses for people, as voice control does, has no pointer that went down.
      const { doing } = drive.state.value;
      const bare = event.detail === 0 && doing !== null && doing.mode !== 'hold';
      if (bare && !free(event.target)) drive.stop();
      else if (!swallow || event.detail === 0) return;
      swallow = false;
      event.preventDefault();
      event.stopPropagation();
    };
    // What takes the keyboard away from the page would keep to itself that a held key comes up.
    const menu = (event: Event): void => {
      if (drive.state.value.doing === null) return;
      event.preventDefault();
      // A long touch on what is held means it.
      const held = event.target instanceof Element && event.target.closest('.key, .stick') !== null;
      if (!held) drive.stop();
    };
    window.addEventListener('contextmenu', menu, { capture: true });
    window.addEventListener('dragstart', menu, { capture: true });
    window.addEventListener('pointerdown', down, { capture: true });
    window.addEventListener('click', click, { capture: true });
  }
}
