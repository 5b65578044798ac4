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

  async login(login: Login): Promise<void> {
    await ask(this.#fetch, 'POST', '/api/v1/login', login);
  }

  async logout(): Promise<void> {
    await ask(this.#fetch, 'POST', '/api/v1/logout');
  }

  async setRecording(on: boolean): Promise<void> {
    await ask(this.#fetch, 'POST', on ? '/api/v1/recordings/start' : '/api/v1/recordings/stop');
  }
}
