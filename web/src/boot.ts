// What every page does first: sign-in, picture, sound and events come to life, and learn what becomes of the page.

import { Api } from './api/client';
import type { Event } from './api/types';
import { App } from './data/app';
import { followLinks, signedInHint, takeCode } from './data/sign-in';
import { localStore } from './data/storage';
import { browserClock, type Clock } from './lib/core/clock';
import { EventsClient } from './lib/core/events';
import { Player } from './lib/webrtc/player';
import { ElementScreen } from './lib/webrtc/screen';
import { type Medium, WhepSession } from './lib/webrtc/whep';
import { byId } from './ui/dom';
import { exposeToTests } from './window';

/** A request that brings no answer is given up, in ms: it would hold one of the few connections that a browser makes. */
const ANSWER_MS = 4000;

export interface Booted {
  app: App;
  clock: Clock;
  fetcher: typeof fetch;
  store: Storage | null;
  video: Player;
  audio: Player;
}

/**
 * Starts the page in the elements `robot-video` and `robot-audio`. `onEvent` receives every event of the daemon, before the app
 * does.
 */
export function boot(onEvent: (event: Event) => void = () => undefined): Booted {
  // First of all: a one-time code must not stay in the address bar, whatever fails afterwards.
  const code = takeCode(window.location, window.history);
  followLinks(window);

  const store = localStore();
  const clock = browserClock;
  const fetcher: typeof fetch = (input, init) =>
    fetch(input, { signal: AbortSignal.timeout(ANSWER_MS), ...init });
  const videoScreen = new ElementScreen(byId('robot-video', HTMLVideoElement));
  const audioScreen = new ElementScreen(byId('robot-audio', HTMLAudioElement));
  const createPlayer = (medium: Medium, stream: string, screen: ElementScreen): Player => {
    const endpoint = new URL(`/api/mediamtx/webrtc/whep?path=${stream}`, window.location.href).href;
    return new Player(medium, {
      clock,
      screen,
      createSession: (iceServers, events) =>
        new WhepSession(
          { endpoint, medium, iceServers },
          { fetch: fetcher, createPeer: (config) => new RTCPeerConnection(config), clock },
          events,
        ),
      onRefused: () => app.session.refused(),
    });
  };
  const video = createPlayer('video', 'havatar_camera', videoScreen);
  const audio = createPlayer('audio', 'havatar_audio', audioScreen);
  const app: App = new App({
    api: new Api(fetcher),
    clock,
    video,
    audio,
    createEvents: (deps) =>
      new EventsClient({
        ...deps,
        clock,
        connect: () => new WebSocket('/api/v1/events'),
        onMessage: (message) => {
          onEvent(message as Event);
          deps.onMessage(message);
        },
      }),
    mute: (muted) => audioScreen.mute(muted),
    remember: (signedIn) => signedInHint.set(store, signedIn),
  });
  void app.open(code, signedInHint.get(store));
  exposeToTests(app, video, audio);
  listen(app);
  return { app, clock, fetcher, store, video, audio };
}

function listen(app: App): void {
  app.media.setOnline(navigator.onLine);
  window.addEventListener('online', () => app.media.setOnline(true));
  window.addEventListener('offline', () => app.media.setOnline(false));
  document.addEventListener('visibilitychange', () => app.media.setVisible(!document.hidden));
  window.addEventListener('pagehide', () => app.leave());
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) void app.enter();
  });
}
