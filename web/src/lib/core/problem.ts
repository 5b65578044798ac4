// What was wrong with a request, as any client error carries it: HTTP status and the problem's stable code.

/** `status` is 0 without an answer. */
export interface RequestProblem {
  status: number;
  code: string;
}

/** How long the daemon asks to wait before another try, in ms; 0 if it does not say. */
export function waitOf(error: unknown): number {
  const { retryAfterMs } = (error ?? {}) as Partial<Record<string, unknown>>;
  return typeof retryAfterMs === 'number' ? retryAfterMs : 0;
}

/** What does not look like a problem becomes `unknown`. */
export function problemOf(error: unknown): RequestProblem {
  const { status, code } = (error ?? {}) as Partial<Record<string, unknown>>;
  return typeof status === 'number' && typeof code === 'string'
    ? { status, code }
    : { status: 0, code: 'unknown' };
}
