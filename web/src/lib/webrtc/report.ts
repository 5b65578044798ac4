// Tells the daemon, every few seconds while a person watches, what this page measures of its own picture. A report that
// fails is not sent again: the next one is newer.

import type { ViewerReport } from '../../api/types';
import type { Clock } from '../core/clock';

export interface ReporterDeps {
  clock: Clock;
  /** What is measured now; null while there is nothing to tell. */
  measure: () => ViewerReport | null;
  send: (report: ViewerReport) => Promise<void>;
}

/** The daemon forgets a report after 10 s. */
const EVERY_MS = 5000;
/** The first one comes soon, so that a viewer is listed at once, but not before there is a rate to tell. */
const FIRST_MS = 1500;

export class Reporter {
  readonly #deps: ReporterDeps;
  #cancel: (() => void) | null = null;
  #underWay = false;

  constructor(deps: ReporterDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#cancel === null) this.#schedule(FIRST_MS);
  }

  /** Nobody watches: signed out, or the page is hidden or left. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #schedule(ms: number): void {
    this.#cancel = this.#deps.clock.after(ms, () => {
      this.#schedule(EVERY_MS);
      void this.#report();
    });
  }

  async #report(): Promise<void> {
    // A link that does not take one report within the time for the next has no use for a second.
    const report = this.#underWay ? null : this.#deps.measure();
    if (report === null) return;
    this.#underWay = true;
    try {
      await this.#deps.send(report);
    } catch {
      // Whatever is wrong is said by anyone who needs an answer; this needs none.
    } finally {
      this.#underWay = false;
    }
  }
}
