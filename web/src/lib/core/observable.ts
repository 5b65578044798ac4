/** A value that can be watched. Equal values (by `Object.is` of every field) are not announced twice. */
export class Observable<T extends object> {
  #value: T;
  readonly #watchers = new Set<(value: T) => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  /** Merges `change` into the value and tells the watchers if any field differs. */
  set(change: Partial<T>): void {
    const next = { ...this.#value, ...change };
    const keys = Object.keys(next) as (keyof T)[];
    if (keys.every((key) => Object.is(next[key], this.#value[key]))) return;
    this.#value = next;
    for (const watcher of [...this.#watchers]) watcher(next);
  }

  /** Calls `watcher` at once and on every change; the result ends it. */
  watch(watcher: (value: T) => void): () => void {
    this.#watchers.add(watcher);
    watcher(this.#value);
    return () => this.#watchers.delete(watcher);
  }

  /** Calls `watcher` at once, and again only when one of `fields` has changed; the result ends it. */
  watchFields<Field extends keyof T>(
    fields: readonly Field[],
    watcher: (value: Pick<T, Field>) => void,
  ): () => void {
    let before: T | null = null;
    return this.watch((now) => {
      const last = before;
      before = now;
      if (last !== null && fields.every((field) => Object.is(last[field], now[field]))) return;
      watcher(now);
    });
  }
}
