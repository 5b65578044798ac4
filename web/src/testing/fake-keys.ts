/** Something that keys are pressed on. */
export class FakeKeys {
  readonly #listeners = new Map<string, Set<(event: KeyboardEvent) => void>>();
  /** Keys whose own effect the page has taken away. */
  readonly prevented: string[] = [];

  addEventListener(name: string, listener: unknown): void {
    const of = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, of.add(listener as (event: KeyboardEvent) => void));
  }

  removeEventListener(name: string, listener: unknown): void {
    this.#listeners.get(name)?.delete(listener as (event: KeyboardEvent) => void);
  }

  get listening(): number {
    return [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }

  down(key: string, change: Partial<KeyboardEvent> = {}): void {
    this.#send('keydown', key, change);
  }

  up(key: string, change: Partial<KeyboardEvent> = {}): void {
    this.#send('keyup', key, change);
  }

  #send(name: string, key: string, change: Partial<KeyboardEvent>): void {
    const event = {
      key,
      repeat: false,
      ctrlKey: false,
      altKey: false,
      metaKey: false,
      preventDefault: () => this.prevented.push(key),
      ...change,
    };
    for (const listener of this.#listeners.get(name) ?? []) listener(event as KeyboardEvent);
  }
}
