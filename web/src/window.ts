import type { App } from './data/app';
import type { LinkKind } from './lib/webrtc/link';
import type { Figures, Phase, Player } from './lib/webrtc/player';

/**
 * What tests and benches may read of the page, as `window.havatar`. Read-only: every look computes it anew, and
 * nothing can be set or called. Times are `performance.now()` milliseconds of this page.
 */
export interface HavatarWindow {
  /** States in words. */
  readonly state: {
    readonly link: LinkKind;
    readonly signedIn: boolean | null;
    readonly video: Phase;
    readonly audio: Phase;
    readonly events: string;
    readonly sound: boolean;
  };
  readonly stats: {
    /** Age of the picture on the screen now, ms; null before the first frame. */
    readonly ageMs: number | null;
    /** When the first frame was presented, ms. */
    readonly firstFrameAt: number | null;
    /** WHEP sessions opened so far. */
    readonly videoSessions: number;
    readonly audioSessions: number;
    /** Counters of the shown sessions, at most half a second old. */
    readonly video: Figures | null;
    readonly audio: Figures | null;
  };
}

declare global {
  interface Window {
    readonly havatar: HavatarWindow;
  }
}

export function exposeToTests(app: App, video: Player, audio: Player): void {
  const view: HavatarWindow = {
    get state() {
      const { link, sound } = app.media.state.value;
      const { signedIn } = app.session.state.value;
      const { events } = app.status.state.value;
      return Object.freeze({
        link: link.kind,
        signedIn,
        video: video.state.value.phase,
        audio: audio.state.value.phase,
        events,
        sound,
      });
    },
    get stats() {
      return Object.freeze({
        ageMs: video.age.ms(performance.now()),
        firstFrameAt: video.state.value.firstFrameAt,
        videoSessions: video.state.value.sessions,
        audioSessions: audio.state.value.sessions,
        video: video.figures,
        audio: audio.figures,
      });
    },
  };
  Object.defineProperty(window, 'havatar', { value: Object.freeze(view) });
}
