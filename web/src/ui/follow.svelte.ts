import type { Observable } from '../lib/core/observable';

/** The one way from the cores into components: an observable's value as a rune. It lives as long as the page. */
export class Followed<T extends object> {
  #value = $state.raw() as T;

  constructor(observable: Observable<T>) {
    observable.watch((value) => {
      this.#value = value;
    });
  }

  get value(): T {
    return this.#value;
  }
}
