// The page's state, in parts that change for different reasons: the session, the daemon's status by section, the media link and
// the recording. This joins them, and passes on what becomes of the page. No element of the page is touched here.

import type { Api } from '../api/client';
import type { Event } from '../api/types';
import type { Clock } from '../lib/core/clock';
import type { Player } from '../lib/webrtc/player';
import { MediaLink } from './media-link';
import { Recording } from './recording';
import { Session } from './session';
import { type StatusDeps, StatusSections } from './status';

export interface AppDeps extends Pick<StatusDeps, 'createEvents'> {
  api: Api;
  clock: Clock;
  video: Player;
  audio: Player;
  /** Mutes or unmutes the sound; false if the browser refuses. */
  mute: (muted: boolean) => Promise<boolean>;
  /** Remembers for the next visit whether a user is signed in. */
  remember: (signedIn: boolean) => void;
}

export class App {
  readonly session: Session;
  readonly status: StatusSections;
  readonly media: MediaLink;
  readonly recording: Recording;

  constructor(deps: AppDeps) {
    const { api, clock } = deps;
    const session = new Session({ api, clock, remember: deps.remember });
    const status = new StatusSections({
      createEvents: deps.createEvents,
      onEvent: (event) => this.#onEvent(event),
      onBack: () => {
        // What was requested meanwhile is not worth waiting for.
        void api.reconnect();
        this.media.renew();
      },
      onSignedOut: () => session.end({ kind: 'ended' }),
      onRefused: () => void session.ask(),
    });
    this.session = session;
    this.status = status;
    this.media = new MediaLink({ ...deps, session, status });
    this.recording = new Recording({
      wanted: () => status.state.value.recording?.wanted ?? null,
      setRecording: (on) => api.setRecording(on),
      onSignedOut: () => session.end({ kind: 'ended' }),
    });
  }

  /**
   * Opens the page: with a one-time code it signs in first; with `hint` (signed in last time) it requests the video and asks who
   * is signed in at once, side by side; else it asks first.
   */
  async open(code: string | null, hint: boolean): Promise<void> {
    if (code !== null) {
      await this.session.login({ code });
      return;
    }
    if (hint) this.media.watch();
    await this.session.ask();
  }

  async comeBack(): Promise<void> {
    this.media.pickUp();
    await this.enter();
  }

  /** The page is being left: ends the sessions, so that no absent viewer is counted. */
  leave(): void {
    this.media.unwatch();
  }

  /** The page came back out of the browser's cache. */
  async enter(): Promise<void> {
    if (this.session.state.value.signedIn === true) this.media.watch();
    await this.session.ask();
  }

  #onEvent(event: Event): void {
    if (event.type === 'recording') this.recording.changed();
    if (this.session.state.value.signedIn === null) this.session.begin();
  }
}
