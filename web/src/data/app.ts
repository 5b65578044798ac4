// The page's memory and its deeds: who is signed in, what the daemon says, the two players, and everything a press
// can cause. It touches no element of the page but through the screens; `ui` reads the state and calls the deeds.

import { type Api, ApiError } from '../api/client';
import type { Event, Login, Me, Status } from '../api/types';
import type { Clock } from '../lib/core/clock';
import type { EventsClient, EventsDeps, EventsState } from '../lib/core/events';
import { Observable } from '../lib/core/observable';
import { type Link, linkOf, mediaNews } from '../lib/webrtc/link';
import type { Player, PlayerState } from '../lib/webrtc/player';
import { reduce } from './status';

/** Why the sign-in form is shown, or what was wrong with the last try. */
export type Notice =
  | { kind: 'ended' | 'out' }
  | { kind: 'error'; way: 'code' | 'token'; status: number; code: string };

export interface AppState {
  /** Null until the daemon has said. */
  signedIn: boolean | null;
  signingIn: boolean;
  /** Who is signed in; null until the daemon has said. */
  me: Me | null;
  notice: Notice | null;
  online: boolean;
  events: EventsState;
  status: Status | null;
  video: PlayerState;
  audio: PlayerState;
  link: Link;
  /** Somebody has hung up: signed in, and yet nothing is watched or heard until they come back. */
  hungUp: boolean;
  sound: boolean;
  /** The browser refused to play sound at the last press. */
  soundBlocked: boolean;
  /** A start or stop of the recording is on its way. */
  recordBusy: boolean;
  recordError: ApiError | null;
}

export interface AppDeps {
  api: Api;
  clock: Clock;
  video: Player;
  audio: Player;
  createEvents: (deps: Omit<EventsDeps, 'clock' | 'connect'>) => EventsClient;
  /** Mutes or unmutes the sound; false if the browser refuses. */
  mute: (muted: boolean) => Promise<boolean>;
  /** Remembers for the next visit whether somebody is signed in. */
  remember: (signedIn: boolean) => void;
}

/** Sound waits for the picture at most so long, so as not to slow its start, in ms. */
const SOUND_AFTER_MS = 1500;
const ASK_AGAIN_MS = 1000;

export class App {
  readonly state: Observable<AppState>;
  readonly #deps: AppDeps;
  readonly #events: EventsClient;
  #watching = false;
  /** The events were lost and are not back yet. */
  #lost = false;

  constructor(deps: AppDeps) {
    this.#deps = deps;
    this.state = new Observable<AppState>({
      signedIn: null,
      signingIn: false,
      me: null,
      notice: null,
      online: true,
      events: 'idle',
      status: null,
      video: deps.video.state.value,
      audio: deps.audio.state.value,
      link: { kind: 'connecting' },
      hungUp: false,
      sound: false,
      soundBlocked: false,
      recordBusy: false,
      recordError: null,
    });
    this.#events = deps.createEvents({
      onMessage: (message) => this.#onEvent(message as Event),
      onState: (events) => {
        this.#set({ events });
        const back = events === 'open' && this.#lost;
        if (events !== 'connecting') this.#lost = events === 'lost';
        if (back) this.#reached();
      },
      onSignedOut: () => this.#signedOut({ kind: 'ended' }),
      onRefused: () => void this.#ask(),
    });
    deps.video.state.watch((video) => {
      this.#set({ video });
      if (video.firstFrameAt !== null && this.#watching) deps.audio.start();
    });
    deps.audio.state.watch((audio) => this.#set({ audio }));
  }

  /**
   * Opens the page: with a one-time code it signs in first; with `hint` (signed in last time) it asks for the
   * picture and for who we are at once, side by side; else it asks first.
   */
  async open(code: string | null, hint: boolean): Promise<void> {
    if (code !== null) {
      await this.login({ code });
      return;
    }
    if (hint) this.#watch();
    await this.#ask();
  }

  async login(login: Login): Promise<void> {
    if (this.state.value.signingIn) return;
    const way = 'code' in login ? 'code' : 'token';
    this.#set({ signingIn: true, notice: null });
    try {
      await this.#deps.api.login(login);
      this.#signedIn();
      void this.#ask();
    } catch (error) {
      // An old link that is opened again by somebody who is already signed in does no harm.
      if (way === 'code' && (await this.#isSignedIn())) this.#signedIn();
      else this.#signedOut({ kind: 'error', way, ...problemOf(error) });
    } finally {
      this.#set({ signingIn: false });
    }
  }

  async logout(): Promise<void> {
    this.#signedOut({ kind: 'out' });
    try {
      await this.#deps.api.logout();
    } catch (error) {
      // Signed out here in any case; a daemon that could not be told keeps the session until its own end.
      const { status } = problemOf(error);
      if (status !== 401)
        this.#set({ notice: { kind: 'error', way: 'token', ...problemOf(error) } });
    }
  }

  async toggleSound(): Promise<void> {
    const sound = !this.state.value.sound;
    if (sound) this.#deps.audio.start();
    const done = await this.#deps.mute(!sound);
    this.#set({ sound: sound && done, soundBlocked: sound && !done });
  }

  async toggleRecording(): Promise<void> {
    const { status, recordBusy } = this.state.value;
    if (status === null || recordBusy) return;
    this.#set({ recordBusy: true, recordError: null });
    try {
      await this.#deps.api.setRecording(!status.recording.wanted);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.#signedOut({ kind: 'ended' });
      else this.#set({ recordError: asApiError(error) });
    } finally {
      this.#set({ recordBusy: false });
    }
  }

  /** A WHEP request was answered with 401. */
  refused(): void {
    this.#signedOut(this.state.value.signedIn === true ? { kind: 'ended' } : null);
  }

  /** `navigator.onLine` changed. */
  setOnline(online: boolean): void {
    this.#set({ online });
    if (online) this.#nudge();
  }

  /** The page was hidden or is looked at again. */
  setVisible(visible: boolean): void {
    this.#deps.video.watch(visible);
    if (visible) this.#nudge();
  }

  /** Ends picture, sound and events, whatever comes back by itself meanwhile. */
  hangUp(): void {
    this.#set({ hungUp: true });
    this.#unwatch();
  }

  async comeBack(): Promise<void> {
    this.#set({ hungUp: false });
    await this.enter();
  }

  /** The page is being left: end the sessions, so that nobody is counted who is not there. */
  leave(): void {
    this.#unwatch();
  }

  /** The page came back out of the browser's cache. */
  async enter(): Promise<void> {
    if (this.state.value.signedIn === true) this.#watch();
    await this.#ask();
  }

  #nudge(): void {
    if (!this.#watching) return;
    this.#events.nudge();
    this.#deps.video.nudge();
    this.#deps.audio.nudge();
  }

  /** The robot answers again after it did not: what was asked meanwhile is not worth waiting for. */
  #reached(): void {
    void this.#deps.api.reconnect();
    this.#deps.video.renew();
    this.#deps.audio.renew();
  }

  /** Asks the daemon who we are; anything but a clear yes or no is asked again. */
  async #ask(): Promise<void> {
    try {
      this.#set({ me: await this.#deps.api.me() });
      if (this.state.value.signedIn !== true) this.#signedIn();
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        this.#signedOut(this.state.value.signedIn === true ? { kind: 'ended' } : null);
      } else if (this.state.value.signedIn === null) {
        this.#deps.clock.after(ASK_AGAIN_MS, () => {
          if (this.state.value.signedIn === null && !this.state.value.signingIn) void this.#ask();
        });
      }
    }
  }

  async #isSignedIn(): Promise<boolean> {
    try {
      await this.#deps.api.me();
      return true;
    } catch {
      return false;
    }
  }

  #signedIn(): void {
    this.#set({ signedIn: true, notice: null });
    this.#deps.remember(true);
    this.#watch();
  }

  #signedOut(notice: Notice | null): void {
    this.#unwatch();
    this.#deps.remember(false);
    void this.#deps.mute(true);
    this.#set({
      signedIn: false,
      me: null,
      notice,
      hungUp: false,
      sound: false,
      soundBlocked: false,
      status: null,
    });
  }

  #watch(): void {
    if (this.#watching || this.state.value.hungUp) return;
    this.#watching = true;
    this.#deps.video.start();
    this.#events.start();
    this.#deps.clock.after(SOUND_AFTER_MS, () => {
      if (this.#watching) this.#deps.audio.start();
    });
  }

  #unwatch(): void {
    this.#watching = false;
    this.#events.stop();
    this.#deps.video.stop();
    this.#deps.audio.stop();
  }

  #onEvent(event: Event): void {
    const before = this.state.value.status;
    const status = reduce(before, event);
    if (status === null) return;
    this.#set({ status, events: 'open' });
    if (event.type === 'recording') this.#set({ recordError: null });
    if (this.state.value.signedIn === null) this.#signedIn();
    const news = mediaNews(before, status);
    for (const player of [this.#deps.video, this.#deps.audio]) {
      if (news.serverLost) player.serverLost();
      if (news.back) player.nudge();
    }
    if (news.cameraAnew) this.#deps.video.sourceChanged();
  }

  #set(change: Partial<AppState>): void {
    const next = { ...this.state.value, ...change };
    const link = linkOf({ ...next, player: next.video });
    const same = JSON.stringify(link) === JSON.stringify(this.state.value.link);
    this.state.set(same ? change : { ...change, link });
  }
}

function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, 'unknown', String(error));
}

function problemOf(error: unknown): { status: number; code: string } {
  const { status, code } = asApiError(error);
  return { status, code };
}
