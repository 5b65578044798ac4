// What is said of the link, of what is seen of it: worse at once, better only once it has been better for a second. At a threshold it
// would change several times a second otherwise, and nobody reads that.

import type { Link, LinkKind } from './link';

/** How long an improvement must last before it is said, in ms. */
export const HOLD_MS = 1000;

/** What is neither well nor wrong: there is nothing to hold on to. */
const NOTHING: ReadonlySet<LinkKind> = new Set(['signed-out', 'connecting']);
/** Best first; all others are worse than these, and equally so. */
const RANKS: readonly LinkKind[] = ['live', 'no-news', 'late'];

export class LinkHold {
  #shown: Link = { kind: 'connecting' };
  /** Since when it has been better than what is shown, and the worst of that time. */
  #better: { since: number; worst: Link } | null = null;

  /** When `show` has something else to say, though nothing new is seen; null if never. */
  get dueAt(): number | null {
    return this.#better && this.#better.since + HOLD_MS;
  }

  /** What to say, where `seen` is what is seen now. */
  show(seen: Link, now: number): Link {
    const shown = this.#shown;
    if (NOTHING.has(shown.kind) || NOTHING.has(seen.kind) || rank(seen) >= rank(shown)) {
      this.#better = null;
      this.#shown = seen;
      return seen;
    }
    const { since, worst } = this.#better ?? { since: now, worst: seen };
    this.#better = { since, worst: rank(seen) >= rank(worst) ? seen : worst };
    if (now - since >= HOLD_MS) {
      this.#shown = this.#better.worst;
      this.#better = null;
      return this.show(seen, now);
    }
    // The figure is that of what is seen now, which may be all that has changed.
    const ms = 'ms' in seen ? seen.ms : 0;
    // Whatever was wrong is over: the picture comes back.
    if (rank(shown) === RANKS.length) this.#shown = { kind: 'lost', ms };
    else if (shown.kind === 'late' && ms > 0) this.#shown = { kind: 'late', ms };
    return this.#shown;
  }
}

function rank({ kind }: Link): number {
  const at = RANKS.indexOf(kind);
  return at < 0 ? RANKS.length : at;
}
