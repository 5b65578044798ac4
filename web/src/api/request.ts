import type { Problem } from './types';

/** An answer of the daemon that is not a success; `status` 0 if there was no answer. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  /** How long to wait before another try, in ms; 0 if the daemon does not say. */
  readonly retryAfterMs: number;

  constructor(status: number, code: string, detail: string, retryAfterMs = 0) {
    super(detail);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Whatever was thrown, as an `ApiError`. */
export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, 'unknown', String(error));
}

/** The browser's `fetch`, or one that gives up in time. */
export type RequestFunction = typeof fetch;

/** One request to the daemon, as the person who is signed in. Rejects with `ApiError`. */
export async function ask(
  fetcher: typeof fetch,
  method: string,
  path: string,
  body?: unknown,
  options: RequestInit = {},
): Promise<Response> {
  const init: RequestInit = { ...options, method, credentials: 'same-origin', cache: 'no-store' };
  if (body !== undefined) {
    init.headers = { 'content-type': 'application/json' };
    init.body = JSON.stringify(body);
  }
  let response: Response;
  try {
    response = await fetcher(path, init);
  } catch (error) {
    throw new ApiError(0, 'network', String(error));
  }
  if (response.ok) return response;
  throw await apiError(response);
}

async function apiError(response: Response): Promise<ApiError> {
  // The daemon names seconds, never a date.
  const waitMs = Number(response.headers.get('retry-after')) * 1000 || 0;
  try {
    const problem = (await response.json()) as Partial<Problem> | null;
    if (typeof problem?.code === 'string') {
      return new ApiError(response.status, problem.code, problem.detail ?? '', waitMs);
    }
  } catch {
    // Not problem+json; something between us and the daemon answered.
  }
  return new ApiError(response.status, `http_${response.status}`, response.statusText, waitMs);
}
