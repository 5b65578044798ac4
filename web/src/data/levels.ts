// How loud it is at the robot, apart from the status: five times a second is too often for everything that watches that.

import type { Event, Levels } from '../api/types';
import type { Clock } from '../lib/core/clock';
import { Observable } from '../lib/core/observable';

const SILENT: Levels = { speaker_db: null, microphone_db: null };
/** They come five times a second while there is something to hear; then the last one says silence. This is for its loss. */
const OLD_MS = 1000;

export class LevelsWatch {
  readonly state = new Observable<Levels>(SILENT);
  readonly #clock: Clock;
  #cancel: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  onEvent(event: Event): void {
    if (event.type !== 'levels') return;
    this.#cancel?.();
    this.#cancel = this.#clock.after(OLD_MS, () => this.state.set(SILENT));
    this.state.set(event.levels);
  }
}
