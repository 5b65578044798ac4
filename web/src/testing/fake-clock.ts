import type { Clock } from '../lib/core/clock';

/** A clock that moves only when told to. Chance is a constant, unless a test sets it. */
export class FakeClock implements Clock {
  #now = 0;
  #timers: { at: number; order: number; work: () => void }[] = [];
  #order = 0;
  chance = 0.5;

  readonly now = (): number => this.#now;

  readonly random = (): number => this.chance;

  readonly after = (ms: number, work: () => void): (() => void) => {
    this.#order += 1;
    const timer = { at: this.#now + ms, order: this.#order, work };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((t) => t !== timer);
    };
  };

  /** Moves on by `ms`, running what falls due in order, and lets promises settle after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#timers
        .filter((t) => t.at <= end)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((t) => t !== due);
      this.#now = Math.max(this.#now, due.at);
      due.work();
      await settle();
    }
    this.#now = end;
    await settle();
  }

  /** Time goes by in which nothing runs: the page stands still, and what is due comes later. */
  stall(ms: number): void {
    this.#now += ms;
  }

  get pending(): number {
    return this.#timers.length;
  }
}

/** Lets everything that is ready to run, run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
}
