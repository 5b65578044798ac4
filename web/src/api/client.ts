import type { Login, Me, Problem } from './types';

/** An answer of the daemon that is not a success; `status` 0 if there was no answer. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
  }
}

/** The daemon's routes that the page calls. Every method rejects with `ApiError`. */
export class Api {
  readonly #fetch: typeof fetch;

  constructor(fetcher: typeof fetch) {
    this.#fetch = fetcher;
  }

  async me(): Promise<Me> {
    const response = await this.#request('GET', '/api/v1/me');
    return (await response.json()) as Me;
  }

  async login(login: Login): Promise<void> {
    await this.#request('POST', '/api/v1/login', login);
  }

  async logout(): Promise<void> {
    await this.#request('POST', '/api/v1/logout');
  }

  async setRecording(on: boolean): Promise<void> {
    await this.#request('POST', on ? '/api/v1/recordings/start' : '/api/v1/recordings/stop');
  }

  async #request(method: string, path: string, body?: unknown): Promise<Response> {
    const init: RequestInit = { method, credentials: 'same-origin', cache: 'no-store' };
    if (body !== undefined) {
      init.headers = { 'content-type': 'application/json' };
      init.body = JSON.stringify(body);
    }
    let response: Response;
    try {
      response = await this.#fetch(path, init);
    } catch (error) {
      throw new ApiError(0, 'network', String(error));
    }
    if (response.ok) return response;
    throw await apiError(response);
  }
}

async function apiError(response: Response): Promise<ApiError> {
  try {
    const problem = (await response.json()) as Partial<Problem> | null;
    if (typeof problem?.code === 'string') {
      return new ApiError(response.status, problem.code, problem.detail ?? '');
    }
  } catch {
    // Not problem+json; something between us and the daemon answered.
  }
  return new ApiError(response.status, `http_${response.status}`, response.statusText);
}
