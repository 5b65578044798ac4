// A viewer's session: one medium is received.

import {
  type SessionDeps,
  type SessionEvents,
  type SessionOptions,
  WebRtcHttpSession,
} from './webrtc-http';

export type Medium = 'video' | 'audio';

export interface WhepOptions extends Pick<SessionOptions, 'endpoint' | 'iceServers'> {
  medium: Medium;
  /** How long frames may be held back for smoothness, ms; for video alone. */
  jitterMs?: number;
}

export class WhepSession extends WebRtcHttpSession {
  constructor(options: WhepOptions, deps: SessionDeps, events: SessionEvents) {
    const { endpoint, iceServers, medium, jitterMs = 0 } = options;
    const addMedia = (peer: RTCPeerConnection): void => {
      const { receiver } = peer.addTransceiver(medium, { direction: 'recvonly' });
      if (medium === 'video') holdBack(receiver, jitterMs);
    };
    super({ endpoint, iceServers, addMedia }, deps, events);
  }
}

/** The browser's own wish is smoothness; sound is left to it, because gaps in speech are worse than lateness. */
function holdBack(receiver: RTCRtpReceiver, ms: number): void {
  if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = ms;
}
