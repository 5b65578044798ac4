// When another person has begun to watch. The robot counts sessions, and a page whose connection broke has two for a while: its own old
// one, and the new. So a rise is told once it has lasted, none is told while this page itself has just begun a session, and a person who was
// away for less than half a minute has not arrived.

/** A rise is believed after this, ms. */
export const LASTS_MS = 3000;
/** A person who comes back sooner is not told again, ms. */
export const AWAY_MS = 30_000;
/** This page's own session is counted late at first, and its next ones beside the one before for a while, ms. */
export const OWN_MS = { first: 5000, next: 20_000 } as const;

export class Arrivals {
  #quietUntil = 0;
  #sessions = 0;
  /** So many are there, or were a moment ago; null until anything was counted. */
  #known: number | null = null;
  #roseAt: number | null = null;
  #fellAt: number | null = null;

  /** When `look` may have something else to say, though nothing changes; null if never. */
  get dueAt(): number | null {
    if (this.#roseAt !== null) return this.#roseAt + LASTS_MS;
    return this.#fellAt === null ? null : this.#fellAt + AWAY_MS;
  }

  /**
   * How many watch (null if nobody can tell), and how many sessions this page has begun so far. The answer is the number to tell;
   * null for nothing.
   */
  look(watchers: number | null, sessions: number, now: number): number | null {
    if (sessions !== this.#sessions) {
      this.#quietUntil = now + (this.#sessions === 0 ? OWN_MS.first : OWN_MS.next);
      this.#sessions = sessions;
    }
    if (watchers === null) return this.#settle(this.#known);
    if (this.#known === null || now < this.#quietUntil) return this.#settle(watchers);
    if (watchers > this.#known) {
      this.#fellAt = null;
      this.#roseAt ??= now;
      if (now - this.#roseAt < LASTS_MS) return null;
      this.#settle(watchers);
      return watchers;
    }
    this.#roseAt = null;
    if (watchers === this.#known) this.#fellAt = null;
    else this.#fellAt ??= now;
    return this.#fellAt !== null && now - this.#fellAt >= AWAY_MS ? this.#settle(watchers) : null;
  }

  #settle(known: number | null): null {
    this.#known = known;
    this.#roseAt = null;
    this.#fellAt = null;
    return null;
  }
}
