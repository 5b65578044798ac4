// Talking, put together with what it needs of the browser: a part of the page that is fetched after the picture.

import { VoiceApi } from './api/voice';
import type { Attention } from './lib/core/attention';
import type { Clock } from './lib/core/clock';
import { browserMicrophone } from './lib/talk/microphone';
import type { TalkSettings } from './lib/talk/state';
import { Talk } from './lib/talk/talk';
import { WhipSession } from './lib/webrtc/whip';

export interface TalkParts {
  fetcher: typeof fetch;
  clock: Clock;
  attention: Attention;
  /** The daemon says that no user is signed in. */
  onRefused: () => void;
}

export function createTalk(
  settings: TalkSettings,
  { fetcher, clock, attention, onRefused }: TalkParts,
): Talk {
  const voice = new VoiceApi(fetcher);
  const endpoint = new URL('/api/mediamtx/webrtc/whip', window.location.href).href;
  return new Talk(settings, {
    clock,
    attention,
    microphone: browserMicrophone({
      isSecureContext,
      mediaDevices: navigator.mediaDevices,
      permissions: navigator.permissions,
      createContext: () => new AudioContext(),
    }),
    createSession: (track, iceServers, events) =>
      new WhipSession(
        { endpoint, iceServers, track },
        { fetch: fetcher, createPeer: (config) => new RTCPeerConnection(config), clock },
        events,
      ),
    setTalking: (session, on) => voice.talk(session, on),
    onRefused,
  });
}
