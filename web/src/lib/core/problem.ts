// What was wrong with a request, as any client error carries it: HTTP status and the problem's stable code.

/** `status` is 0 without an answer. */
export interface RequestProblem {
  status: number;
  code: string;
}

/** What does not look like a problem becomes `unknown`. */
export function problemOf(error: unknown): RequestProblem {
  const { status, code } = (error ?? {}) as Partial<Record<string, unknown>>;
  return typeof status === 'number' && typeof code === 'string'
    ? { status, code }
    : { status: 0, code: 'unknown' };
}
