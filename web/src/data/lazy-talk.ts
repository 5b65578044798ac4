// Talking, before and after its part of the page is here: the core is fetched once the video plays, or at the first press. What is
// asked of it meanwhile is done when it comes.

import type { Talker } from '../api/types';
import type { Clock } from '../lib/core/clock';
import { Observable } from '../lib/core/observable';
import { silent, type TalkLevel, type TalkSettings, type TalkState } from '../lib/talk/state';
import type { Talk } from '../lib/talk/talk';

/** What can be asked of the core. */
export type TalkCore = Pick<
  Talk,
  | 'state'
  | 'level'
  | 'begin'
  | 'press'
  | 'extend'
  | 'hangUp'
  | 'heard'
  | 'serverLost'
  | 'nudge'
  | 'configure'
>;

export interface LazyTalkDeps {
  clock: Clock;
  settings: TalkSettings;
  /** Fetches and makes the core. */
  load: (settings: TalkSettings) => Promise<TalkCore>;
}

const AGAIN_MS = 2000;

export class LazyTalk {
  readonly state = new Observable<TalkState>(silent);
  readonly level = new Observable<TalkLevel>({ db: -90 });
  readonly #deps: LazyTalkDeps;
  #settings: TalkSettings;
  #core: TalkCore | null = null;
  #loading = false;
  #talker: Talker | null = null;
  /** By whom the press was that waits for the core. */
  #drives = false;
  /** The line is to be opened in silence as soon as the core is here. */
  #begun = false;

  constructor(deps: LazyTalkDeps) {
    this.#deps = deps;
    this.#settings = deps.settings;
  }

  configure(settings: TalkSettings): void {
    this.#settings = settings;
    this.#core?.configure(settings);
  }

  /** Opens the line in silence, if neither a permission nor another talker stands in the way. */
  begin(): void {
    this.#begun = true;
    if (this.#core !== null) void this.#core.begin();
    else void this.#load();
  }

  /** Opens the microphone, or closes it. */
  press(drives = false): void {
    if (this.#core !== null) {
      this.#core.press(drives);
      return;
    }
    this.#drives = drives;
    this.state.set({ wanted: !this.state.value.wanted, failure: null });
    void this.#load();
  }

  extend(): void {
    this.#core?.extend();
  }

  hangUp(): void {
    this.#begun = false;
    if (this.#core !== null) this.#core.hangUp();
    else this.state.set(silent);
  }

  /** Who has the line, by the daemon's newest word. */
  heard(talker: Talker | null): void {
    this.#talker = talker;
    if (this.#core !== null) this.#core.heard(talker);
    else if (talker?.talking === true) void this.#load();
  }

  serverLost(): void {
    this.#core?.serverLost();
  }

  nudge(): void {
    this.#core?.nudge();
  }

  async #load(): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    try {
      this.#start(await this.#deps.load(this.#settings));
    } catch {
      this.#loading = false;
      // A press that nothing comes of is not meant any more later on.
      if (this.state.value.wanted) this.state.set({ wanted: false, failure: 'network' });
      this.#deps.clock.after(AGAIN_MS, () => {
        if (this.#begun && this.#core === null) void this.#load();
      });
    }
  }

  #start(core: TalkCore): void {
    const { wanted } = this.state.value;
    this.#core = core;
    core.configure(this.#settings);
    core.state.watch((state) => this.state.set(state));
    core.level.watch((level) => this.level.set(level));
    core.heard(this.#talker);
    if (wanted) core.press(this.#drives);
    else if (this.#begun) void core.begin();
  }
}
