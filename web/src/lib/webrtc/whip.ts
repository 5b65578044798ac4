// A talker's session: one microphone track is sent.

import { lowLatencyOpus } from './opus';
import {
  type SessionDeps,
  type SessionEvents,
  type SessionOptions,
  WebRtcHttpSession,
} from './webrtc-http';

export interface WhipOptions extends Pick<SessionOptions, 'endpoint' | 'iceServers'> {
  /**
   * What is sent. A track that is disabled sends silence, packet after packet, and so it must be muted by that alone:
   * MediaMTX ends a WHIP session that has sent nothing within 2 s of connecting ("deadline exceeded while waiting
   * tracks"), as one does whose sender has no track, or whose Opus leaves silence out (DTX).
   */
  track: MediaStreamTrack;
}

/** Length of an Opus packet, ms: half the usual 20 saves as much on the way, for some 16 kb/s more of headers. */
const PACKET_MS = 10;

export class WhipSession extends WebRtcHttpSession {
  constructor(options: WhipOptions, deps: SessionDeps, events: SessionEvents) {
    const { endpoint, iceServers, track } = options;
    const addMedia = (peer: RTCPeerConnection): void => {
      peer.addTransceiver(track, { direction: 'sendonly' });
    };
    const shapeAnswer = (sdp: string): string => lowLatencyOpus(sdp, PACKET_MS);
    super({ endpoint, iceServers, addMedia, shapeAnswer }, deps, events);
  }
}
