// Video and audio from the robot, and the link's state in one word: starts and stops both players and the events with the
// session, hangs up and comes back.

import type { Status } from '../api/types';
import type { Clock } from '../lib/core/clock';
import { Observable } from '../lib/core/observable';
import { type Link, linkOf, type MediaNews, mediaNews } from '../lib/webrtc/link';
import { LinkHold } from '../lib/webrtc/link-hold';
import type { Player, PlayerState } from '../lib/webrtc/player';
import type { Session } from './session';
import { type StatusSections, statusOf } from './status';

export interface MediaLinkState {
  online: boolean;
  video: PlayerState;
  audio: PlayerState;
  link: Link;
  /** Hung up: signed in, and yet nothing is watched or heard until `comeBack`. */
  hungUp: boolean;
  sound: boolean;
  /** The browser refused to play sound at the last press. */
  soundBlocked: boolean;
}

export interface MediaLinkDeps {
  session: Session;
  status: StatusSections;
  clock: Clock;
  video: Player;
  audio: Player;
  /** Mutes or unmutes the sound; false if the browser refuses. */
  mute: (muted: boolean) => Promise<boolean>;
}

/** Audio waits for the video at most so long, so as not to slow its start, in ms. */
const SOUND_AFTER_MS = 1500;
/** What the link depends on; telemetry is none of it. */
const LINK_SECTIONS = ['events', 'known', 'processes', 'devices', 'streaming'] as const;

export class MediaLink {
  readonly state: Observable<MediaLinkState>;
  readonly #deps: MediaLinkDeps;
  readonly #listeners: ((news: MediaNews) => void)[] = [];
  readonly #hold = new LinkHold();
  #cancelHold: (() => void) | null = null;
  #watching = false;
  #before: Status | null = null;

  constructor(deps: MediaLinkDeps) {
    this.#deps = deps;
    this.state = new Observable<MediaLinkState>({
      online: true,
      video: deps.video.state.value,
      audio: deps.audio.state.value,
      link: { kind: 'connecting' },
      hungUp: false,
      sound: false,
      soundBlocked: false,
    });
    deps.video.state.watch((video) => {
      this.#set({ video });
      if (video.firstFrameAt !== null && this.#watching) deps.audio.start();
    });
    deps.audio.state.watch((audio) => this.#set({ audio }));
    deps.session.state.watchFields(['signedIn'], ({ signedIn }) => {
      if (signedIn === true) this.watch();
      else if (signedIn === false) this.#signedOut();
      this.#set({});
    });
    deps.status.state.watchFields(LINK_SECTIONS, () => this.#set({}));
    deps.status.state.watchFields(['known', 'processes', 'devices'], () => this.#tellNews());
  }

  /** Calls `listener` whenever the daemon publishes something that concerns media sessions. */
  onNews(listener: (news: MediaNews) => void): void {
    this.#listeners.push(listener);
  }

  /** Starts what is watched and heard. */
  watch(): void {
    if (this.#watching || this.state.value.hungUp) return;
    this.#watching = true;
    this.#deps.video.start();
    this.#deps.status.start();
    this.#deps.clock.after(SOUND_AFTER_MS, () => {
      if (this.#watching) this.#deps.audio.start();
    });
  }

  /** Ends the sessions. */
  unwatch(): void {
    this.#watching = false;
    this.#deps.status.stop();
    this.#deps.video.stop();
    this.#deps.audio.stop();
  }

  async toggleSound(): Promise<void> {
    const sound = !this.state.value.sound;
    if (sound) this.#deps.audio.start();
    const done = await this.#deps.mute(!sound);
    this.#set({ sound: sound && done, soundBlocked: sound && !done });
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

  /** Ends video, audio and events, whatever comes back by itself meanwhile. */
  hangUp(): void {
    this.#set({ hungUp: true });
    this.unwatch();
  }

  /** The end of a hang-up. */
  pickUp(): void {
    this.#set({ hungUp: false });
  }

  /** The robot answers again after it did not: sessions that were begun meanwhile are begun anew. */
  renew(): void {
    this.#deps.video.renew();
    this.#deps.audio.renew();
  }

  #signedOut(): void {
    this.unwatch();
    void this.#deps.mute(true);
    this.#deps.status.clear();
    this.#set({ hungUp: false, sound: false, soundBlocked: false });
  }

  #nudge(): void {
    if (!this.#watching) return;
    this.#deps.status.nudge();
    this.#deps.video.nudge();
    this.#deps.audio.nudge();
  }

  #tellNews(): void {
    const before = this.#before;
    this.#before = statusOf(this.#deps.status.state.value);
    if (this.#before === null) return;
    const news = mediaNews(before, this.#before);
    for (const player of [this.#deps.video, this.#deps.audio]) {
      if (news.serverLost) player.serverLost();
      if (news.back) player.nudge();
    }
    if (news.cameraAnew) this.#deps.video.sourceChanged();
    for (const listener of this.#listeners) listener(news);
  }

  #set(change: Partial<MediaLinkState>): void {
    const { online, video } = { ...this.state.value, ...change };
    const { signedIn } = this.#deps.session.state.value;
    const status = this.#deps.status.state.value;
    const { events } = status;
    const seen = linkOf({ signedIn, online, events, status: statusOf(status), player: video });
    const now = this.#deps.clock.now();
    const link = this.#hold.show(seen, now);
    const { dueAt } = this.#hold;
    this.#cancelHold?.();
    this.#cancelHold =
      dueAt === null ? null : this.#deps.clock.after(dueAt - now, () => this.#set({}));
    const same = JSON.stringify(link) === JSON.stringify(this.state.value.link);
    this.state.set(same ? change : { ...change, link });
  }
}
