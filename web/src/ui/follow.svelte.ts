// The one way from the cores into components: an observable's fields as runes, each its own, so that a change re-runs only what
// reads that field. An observable is followed for as long as the page lives.

import type { Observable } from '../lib/core/observable';

export class Followed<T extends object> {
  /** The observable's value; reading a field tracks that field alone. */
  readonly value: Readonly<T>;

  constructor(observable: Observable<T>) {
    const fields = new Map<PropertyKey, Field>();
    const value = {};
    for (const key of Object.keys(observable.value)) {
      const field = new Field();
      fields.set(key, field);
      Object.defineProperty(value, key, { enumerable: true, get: () => field.value });
    }
    this.value = value as T;
    observable.watch((next) => {
      for (const [key, field] of fields) field.value = next[key as keyof T];
    });
  }
}

class Field {
  value = $state.raw<unknown>();
}
