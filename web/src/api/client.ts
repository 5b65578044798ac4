import { ask } from './request';
import type { Login, Me } from './types';

export { ApiError } from './request';

/** The daemon's routes that every page calls. Every method rejects with `ApiError`. */
export class Api {
  readonly #fetch: typeof fetch;

  constructor(fetcher: typeof fetch) {
    this.#fetch = fetcher;
  }

  async me(): Promise<Me> {
    const response = await ask(this.#fetch, 'GET', '/api/v1/me');
    return (await response.json()) as Me;
  }

  /**
   * Makes the browser connect anew after the network was away. What it had begun to connect then goes on at ever longer
   * intervals, and takes up later requests; but of more requests than there are such connections (a browser makes six to one
   * place), one is connected now, and carries the others.
   */
  async reconnect(): Promise<void> {
    const signal = AbortSignal.timeout(1000);
    const init: RequestInit = { method: 'GET', cache: 'no-store', priority: 'low', signal };
    const ask = () => this.#fetch('/healthz', init);
    await Promise.allSettled(Array.from({ length: 6 }, ask));
  }

  async login(login: Login): Promise<void> {
    await ask(this.#fetch, 'POST', '/api/v1/login', login);
  }

  async logout(): Promise<void> {
    await ask(this.#fetch, 'POST', '/api/v1/logout');
  }

  async setRecording(on: boolean): Promise<void> {
    // It answers when the file grows, or when that has been waited for.
    const signal = AbortSignal.timeout(15_000);
    const path = on ? '/api/v1/recordings/start' : '/api/v1/recordings/stop';
    await ask(this.#fetch, 'POST', path, undefined, { signal });
  }
}
