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
}

export class WhepSession extends WebRtcHttpSession {
  readonly #wish: { receiver: RTCRtpReceiver | null; jitterMs: number };

  constructor(options: WhepOptions, deps: SessionDeps, events: SessionEvents) {
    const { endpoint, iceServers, medium } = options;
    // The browser's own wish is smoothness. Sound is left to it: gaps in speech are worse than lateness.
    const wish = { receiver: null as RTCRtpReceiver | null, jitterMs: 0 };
    const addMedia = (peer: RTCPeerConnection): void => {
      const { receiver } = peer.addTransceiver(medium, { direction: 'recvonly' });
      if (medium !== 'video') return;
      wish.receiver = receiver;
      holdBack(receiver, wish.jitterMs);
    };
    super({ endpoint, iceServers, addMedia }, deps, events);
    this.#wish = wish;
  }

  /** How long frames may be held back for smoothness, ms; 0 at first. Without effect on sound. */
  jitter(ms: number): void {
    this.#wish.jitterMs = ms;
    if (this.#wish.receiver !== null) holdBack(this.#wish.receiver, ms);
  }
}

function holdBack(receiver: RTCRtpReceiver, ms: number): void {
  if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = ms;
}
