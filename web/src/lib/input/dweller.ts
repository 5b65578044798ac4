// Dwelling on a page: the pointer, the one timer, and what the machine says.

import type { Attention } from '../core/attention';
import type { Clock } from '../core/clock';
import { Observable } from '../core/observable';
import { Dwell, type DwellAction, type DwellState } from './dwell';
import type { DwellSettings } from './dwell-settings';

export interface DwellerDeps {
  clock: Clock;
  attention: Attention;
  /** Where the pointer is followed: the page's root element. */
  root: Pick<HTMLElement, 'addEventListener' | 'removeEventListener'>;
  /** The target that a place on the page belongs to: its id, `REST`, or null for none. */
  targetAt: (event: PointerEvent) => string | null;
  /** The target that stops the robot. */
  stopId: string;
  /** Whether a target does its own deed while the robot moves, instead of stopping it. */
  keeps: (id: string) => boolean;
  onActivate: (id: string) => void;
  onStop: () => void;
}

/** As often as a ring has to be drawn. */
const TICK_MS = 33;

export class Dweller {
  readonly state = new Observable<DwellState>({ target: null, progress: 0 });
  readonly #deps: DwellerDeps;
  readonly #dwell: Dwell;
  readonly #ends: (() => void)[];
  #cancel: (() => void) | null = null;

  constructor(settings: DwellSettings, deps: DwellerDeps) {
    this.#deps = deps;
    this.#dwell = new Dwell(settings, deps.stopId, deps.keeps);
    const { attention, root, targetAt } = deps;
    const over = (event: PointerEvent) => this.#over(targetAt(event));
    // A finger is on the page only while it presses, and presses by itself.
    const moved = (event: PointerEvent) => {
      if (event.pointerType !== 'touch') over(event);
    };
    const left = () => this.#over(null);
    const listeners = [
      ['pointermove', moved],
      ['pointerover', moved],
      ['pointerleave', left],
      ['pointercancel', left],
    ] as const;
    for (const [name, listener] of listeners) root.addEventListener(name, listener);
    this.#ends = [
      ...listeners.map(
        ([name, listener]) =>
          () =>
            root.removeEventListener(name, listener),
      ),
      attention.watch(() => this.#dwell.pause()),
    ];
  }

  /** The page is looked at again. */
  resume(): void {
    this.#dwell.resume(this.#deps.clock.now());
    this.#after([]);
  }

  /** Whether the robot moves, or is asked to. */
  moves(moving: boolean): void {
    this.#after(this.#dwell.moves(moving, this.#deps.clock.now()));
  }

  dispose(): void {
    this.#cancel?.();
    this.#cancel = null;
    for (const end of this.#ends) end();
  }

  #over(id: string | null): void {
    const { attention, clock } = this.#deps;
    // A pointer that moves over it is a person who is back, even where no event said so.
    if (!attention.hidden()) this.#dwell.resume(clock.now());
    this.#after(this.#dwell.over(id, clock.now()));
  }

  #after(actions: readonly DwellAction[]): void {
    const { clock, onActivate, onStop } = this.#deps;
    this.#cancel?.();
    this.#cancel = this.#dwell.running
      ? clock.after(TICK_MS, () => this.#after(this.#dwell.tick(clock.now())))
      : null;
    this.state.set(this.#dwell.state);
    for (const action of actions) {
      if (action.do === 'stop') onStop();
      else onActivate(action.id);
    }
  }
}
