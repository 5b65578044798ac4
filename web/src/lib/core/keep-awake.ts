// Keeps the screen from going dark while a person watches and presses nothing. The browser takes the lock back whenever the page is
// hidden, so it is asked for anew once the page is seen again. Where there is no such lock, or it is refused, nothing is said: the
// screen goes dark as it always did.

import type { PageDocument } from './attention';

/** What is needed of a browser's wake lock. */
export type Sentinel = Pick<WakeLockSentinel, 'released' | 'release'>;

export interface KeepAwakeDeps {
  page: PageDocument;
  /** Null where the browser has no such lock. */
  request: (() => Promise<Sentinel>) | null;
}

export class KeepAwake {
  readonly #deps: KeepAwakeDeps;
  #wanted = false;
  #asking = false;
  #lock: Sentinel | null = null;

  constructor(deps: KeepAwakeDeps) {
    this.#deps = deps;
    deps.page.addEventListener('visibilitychange', this.#seen);
  }

  /** The screen is to stay on, or may go dark. */
  want(on: boolean): void {
    this.#wanted = on;
    if (on) void this.#ask();
    else this.#letGo();
  }

  dispose(): void {
    this.want(false);
    this.#deps.page.removeEventListener('visibilitychange', this.#seen);
  }

  readonly #seen = (): void => void this.#ask();

  async #ask(): Promise<void> {
    const { page, request } = this.#deps;
    if (!this.#wanted || this.#asking || page.hidden || request === null) return;
    if (this.#lock?.released === false) return;
    this.#asking = true;
    try {
      this.#lock = await request();
    } catch {
      // Saving power, or hidden meanwhile. It is asked for again when the page is next seen.
    }
    this.#asking = false;
    // Nobody may have wanted it any more by then.
    if (!this.#wanted) this.#letGo();
  }

  #letGo(): void {
    const lock = this.#lock;
    this.#lock = null;
    lock?.release().catch(() => undefined);
  }
}
