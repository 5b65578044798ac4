import { read, write } from './storage';

/**
 * Takes the one-time code out of the address (`#code=...`). The address bar and the history are cleaned before the
 * code is handed on, so that it is neither seen, bookmarked nor sent anywhere but to the daemon.
 */
export function takeCode(location: Location, history: History): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  if (code === null) return null;
  history.replaceState(history.state, '', location.pathname + location.search);
  return code === '' ? null : code;
}

const HINT = 'havatar.signed-in';

/** Whether this browser was signed in last time: reason enough to ask for the picture before being told. */
export const signedInHint = {
  get: (storage: Storage | null): boolean => read(storage, HINT) === '1',
  set: (storage: Storage | null, on: boolean): void => write(storage, HINT, on ? '1' : null),
};
