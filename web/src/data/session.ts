// Who is signed in at this page: sign-in by code or access key, sign-out, and what the daemon answers about it.

import { type Api, ApiError } from '../api/client';
import type { Login, Me } from '../api/types';
import type { Clock } from '../lib/core/clock';
import { Observable } from '../lib/core/observable';
import { problemOf, waitOf } from '../lib/core/problem';

/** Why the sign-in form is shown, or what was wrong with the last try. */
export type Notice =
  | { kind: 'ended' | 'out' }
  | {
      kind: 'error';
      way: 'code' | 'token';
      status: number;
      code: string;
      /** Until then, on the page's clock, a wrong try is answered by this alone; a right one lets in at any time. */
      until?: number;
    };

export interface SessionState {
  /** Null until the daemon has answered. */
  signedIn: boolean | null;
  signingIn: boolean;
  /** Who is signed in; null until the daemon has answered. */
  me: Me | null;
  notice: Notice | null;
}

export interface SessionDeps {
  api: Api;
  clock: Clock;
  /** Remembers for the next visit whether a user is signed in. */
  remember: (signedIn: boolean) => void;
}

const ASK_AGAIN_MS = 1000;
/** After too many wrong tries whose answer names no time, ms. */
const WAIT_MS = 60_000;

export class Session {
  readonly state = new Observable<SessionState>({
    signedIn: null,
    signingIn: false,
    me: null,
    notice: null,
  });
  readonly #deps: SessionDeps;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
  }

  async login(login: Login): Promise<void> {
    if (this.state.value.signingIn) return;
    const way = 'code' in login ? 'code' : 'token';
    this.state.set({ signingIn: true, notice: null });
    try {
      await this.#deps.api.login(login);
      this.begin();
      void this.ask();
    } catch (error) {
      // An old link that is opened again by a user who is signed in already does no harm.
      if (way === 'code' && (await this.#isSignedIn())) this.begin();
      else this.#refusedTry(way, error);
    } finally {
      this.state.set({ signingIn: false });
    }
  }

  async logout(): Promise<void> {
    this.end({ kind: 'out' });
    try {
      await this.#deps.api.logout();
    } catch (error) {
      // Signed out here in any case; a daemon that was not reached keeps the session until its own end.
      const problem = problemOf(error);
      if (problem.status === 401) return;
      this.state.set({ notice: { kind: 'error', way: 'token', ...problem } });
    }
  }

  /** Asks the daemon who is signed in; anything but a clear yes or no is asked again. */
  async ask(): Promise<void> {
    try {
      this.state.set({ me: await this.#deps.api.me() });
      if (this.state.value.signedIn !== true) this.begin();
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        this.refused();
      } else if (this.state.value.signedIn === null) {
        this.#deps.clock.after(ASK_AGAIN_MS, () => {
          if (this.state.value.signedIn === null && !this.state.value.signingIn) void this.ask();
        });
      }
    }
  }

  /** The daemon has accepted this page. */
  begin(): void {
    this.state.set({ signedIn: true, notice: null });
    this.#deps.remember(true);
  }

  /** A request was answered with 401. */
  refused(): void {
    this.end(this.state.value.signedIn === true ? { kind: 'ended' } : null);
  }

  end(notice: Notice | null): void {
    this.#deps.remember(false);
    this.state.set({ signedIn: false, me: null, notice });
  }

  #refusedTry(way: 'code' | 'token', error: unknown): void {
    const notice = { kind: 'error' as const, way, ...problemOf(error) };
    if (notice.status !== 429) {
      this.end(notice);
      return;
    }
    const { clock } = this.#deps;
    const wait = waitOf(error) || WAIT_MS;
    const waiting = { ...notice, until: clock.now() + wait };
    this.end(waiting);
    clock.after(wait, () => {
      // What is left to say is what was wrong: only a wrong try has to wait.
      if (this.state.value.notice === waiting)
        this.state.set({ notice: { ...notice, status: 401 } });
    });
  }

  async #isSignedIn(): Promise<boolean> {
    try {
      await this.#deps.api.me();
      return true;
    } catch {
      return false;
    }
  }
}
