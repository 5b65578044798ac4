import { read, write } from './storage';

/**
 * Takes the one-time code out of the address (`#code=...`). The address bar and the history are cleaned before the
 * code is handed on, so that it is neither seen, bookmarked nor sent anywhere but to the daemon.
 */
export function takeCode(location: Location, history: History): string | null {
  const code = codeOf(location);
  if (code === null) return null;
  history.replaceState(history.state, '', location.pathname + location.search);
  return code === '' ? null : code;
}

/**
 * A link that is opened in a tab where the page is already: the browser changes the address and loads nothing. So the page is loaded
 * anew, as by a link in a tab of its own, whether or not a user is signed in here, and whatever is shown.
 */
export function followLinks(window: Pick<Window, 'addEventListener' | 'location'>): void {
  window.addEventListener('hashchange', () => {
    if (codeOf(window.location)) window.location.reload();
  });
}

function codeOf({ hash }: Pick<Location, 'hash'>): string | null {
  return new URLSearchParams(hash.slice(1)).get('code');
}

const LEASE = 'havatar.lease';

/** The newest lease that a page of this browser was granted: another tab knows by it that its own user drives. */
export const leaseHint = {
  get: (storage: Storage | null): number | null => Number(read(storage, LEASE)) || null,
  /** A lease that has ended stays: numbers only rise, and the robot may still name it for a moment. */
  set: (storage: Storage | null, lease: number | null): void => {
    if (lease !== null) write(storage, LEASE, String(lease));
  },
};

const HINT = 'havatar.signed-in';

/** Whether this browser was signed in last time: reason enough to ask for the picture before being told. */
export const signedInHint = {
  get: (storage: Storage | null): boolean => read(storage, HINT) === '1',
  set: (storage: Storage | null, on: boolean): void => write(storage, HINT, on ? '1' : null),
};
