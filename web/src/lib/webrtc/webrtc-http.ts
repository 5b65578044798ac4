// One WebRTC session over HTTP: a peer connection and the resource that stands for it. WHIP (RFC 9725) sends by it and
// WHEP receives; the two differ in the media that are added before the offer, and in nothing else (whep.ts, whip.ts).
//
// The offer is posted before a single ICE candidate is known and without asking for ICE servers first, so a join
// costs one round trip. Candidates follow by PATCH, as many together as have gathered while the last request was
// under way. ICE servers arrive in the answer's `Link`; they are kept for the next session, and this one takes
// them up by an ICE restart only if it has not connected without them. The `Location` is a capability: it stays
// private to this class and is never logged.

import type { Clock } from '../core/clock';
import { iceServersFromLink } from './link-header';
import { type Candidate, iceFragment, restartedAnswer } from './sdp';

/** Why a session could not be opened, or ended. */
export class SessionError extends Error {
  /** HTTP status; 0 if there was no answer at all. */
  readonly status: number;
  /** The daemon's stable word, or one of ours: `network`, `bad_answer`, `bad_location`, `timeout`. */
  readonly code: string;
  /** Milliseconds that the server asks us to wait, from `Retry-After`. */
  readonly retryAfterMs: number | null;

  constructor(status: number, code: string, detail: string, retryAfterMs: number | null = null) {
    super(detail);
    this.name = 'SessionError';
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

export interface SessionOptions {
  /** Absolute address of the WHIP or WHEP endpoint, with the stream in its query. */
  endpoint: string;
  /** Adds what is to be offered. */
  addMedia: (peer: RTCPeerConnection) => void;
  /** The server's answer as the browser is to take it; as it is, if this is left out. */
  shapeAnswer?: (sdp: string) => string;
  /** ICE servers learned from an earlier session; may be empty. */
  iceServers: readonly RTCIceServer[];
}

export interface SessionDeps {
  fetch: typeof fetch;
  createPeer: (config: RTCConfiguration) => RTCPeerConnection;
  clock: Clock;
}

export interface SessionEvents {
  /** A remote track is there; media may still be on its way. */
  onTrack?: (track: MediaStreamTrack) => void;
  /** ICE and DTLS are done. */
  onConnected: () => void;
  /** The session is over and cannot come back; `disconnected` alone never leads here. */
  onGone: () => void;
  /** The answer named these ICE servers. */
  onIceServers: (servers: RTCIceServer[]) => void;
}

/** How long an answer to POST may take, in milliseconds. */
const POST_TIMEOUT_MS = 8000;
/** How long a session may try without the ICE servers that came with its answer, in milliseconds. */
const LATE_SERVERS_MS = 400;
/** How long a closed session still waits for an answer, to delete what it created, in milliseconds. */
const CLOSE_GRACE_MS = 1000;

export class WebRtcHttpSession {
  readonly #options: SessionOptions;
  readonly #deps: SessionDeps;
  readonly #events: SessionEvents;
  readonly #peer: RTCPeerConnection;
  readonly #abort = new AbortController();
  #location: string | null = null;
  #etag: string | null = null;
  #answer = '';
  #queue: Candidate[] = [];
  #ended = false;
  #patching = false;
  #restarting = false;
  #closed = false;
  #closing: Promise<void> | null = null;
  #cancelTimers: (() => void)[] = [];

  constructor(options: SessionOptions, deps: SessionDeps, events: SessionEvents) {
    this.#options = options;
    this.#deps = deps;
    this.#events = events;
    this.#peer = deps.createPeer({
      bundlePolicy: 'max-bundle',
      iceServers: [...options.iceServers],
    });
    this.#peer.ontrack = (event) => this.#closed || events.onTrack?.(event.track);
    this.#peer.onicecandidate = (event) => this.#onCandidate(event.candidate);
    this.#peer.onconnectionstatechange = () => this.#onState();
  }

  /** Offers, posts and applies the answer. Rejects with `SessionError`; the session is then closed. */
  async open(): Promise<void> {
    try {
      this.#options.addMedia(this.#peer);
      const offer = await this.#peer.createOffer();
      // Posting and applying our own offer do not need each other.
      const [answer] = await Promise.all([
        this.#post(offer.sdp ?? ''),
        this.#peer.setLocalDescription(offer),
      ]);
      if (this.#closed) return;
      this.#answer = answer;
      void this.#flush();
      await this.#takeAnswer(answer);
    } catch (error) {
      if (this.#closed) return;
      void this.close();
      if (error instanceof SessionError) throw error;
      throw new SessionError(0, 'bad_answer', String(error));
    }
  }

  /** The name by which the daemon knows the session: the last part of its address. Null until it was accepted. */
  get id(): string | null {
    if (this.#location === null) return null;
    return new URL(this.#location).pathname.split('/').at(-1) ?? null;
  }

  /** The browser's figures for this session. */
  stats(): Promise<RTCStatsReport> {
    return this.#peer.getStats();
  }

  /** Asks for new ICE credentials over the session's resource, keeping DTLS and the stream. */
  async restartIce(): Promise<void> {
    if (this.#closed || this.#restarting || this.#location === null) return;
    this.#restarting = true;
    try {
      this.#queue = [];
      this.#ended = false;
      const offer = await this.#peer.createOffer({ iceRestart: true });
      await this.#peer.setLocalDescription(offer);
      const body = iceFragment(offer.sdp ?? '', [], { withAllMedia: true });
      const response = await this.#patch(body, '*');
      if (response === null) {
        await this.#peer.setLocalDescription({ type: 'rollback' });
        return;
      }
      this.#etag = response.headers.get('etag') ?? this.#etag;
      const sdp = restartedAnswer(this.#answer, await response.text());
      if (sdp === null) {
        await this.#peer.setLocalDescription({ type: 'rollback' });
        return;
      }
      this.#answer = sdp;
      await this.#takeAnswer(sdp);
    } catch {
      // A peer connection that refuses its own restart has no other way back than a new session.
      if (!this.#closed) this.#events.onGone();
    } finally {
      this.#restarting = false;
      void this.#flush();
    }
  }

  /** Ends the session here and, as far as it can be reached, on the server. Resolves once nothing comes or goes any more. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closed = true;
    for (const cancel of this.#cancelTimers) cancel();
    this.#peer.ontrack = null;
    this.#peer.onicecandidate = null;
    this.#peer.onconnectionstatechange = null;
    if (this.#location === null) {
      this.#peer.close();
      this.#deps.clock.after(CLOSE_GRACE_MS, () => this.#abort.abort());
      return;
    }
    // The server is told first: a peer connection that closes takes the resource with it, and DELETE would miss.
    const patience = new Promise<void>((resolve) => {
      this.#deps.clock.after(CLOSE_GRACE_MS, resolve);
    });
    await Promise.race([this.#delete(this.#location), patience]);
    this.#peer.close();
  }

  async #takeAnswer(answer: string): Promise<void> {
    const sdp = this.#options.shapeAnswer?.(answer) ?? answer;
    await this.#peer.setRemoteDescription({ type: 'answer', sdp });
  }

  async #post(sdp: string): Promise<string> {
    const cancel = this.#deps.clock.after(POST_TIMEOUT_MS, () => this.#abort.abort());
    try {
      const response = await this.#request(this.#options.endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/sdp', accept: 'application/sdp' },
        body: sdp,
        signal: this.#abort.signal,
      });
      if (response.status !== 201) throw await problemOf(response);
      const location = sameOrigin(response.headers.get('location'), this.#options.endpoint);
      if (this.#closed) void this.#delete(location);
      this.#location = location;
      this.#etag = response.headers.get('etag');
      const answer = await response.text();
      if (!answer.startsWith('v=0')) {
        throw new SessionError(response.status, 'bad_answer', 'the answer is not SDP');
      }
      this.#takeServers(iceServersFromLink(response.headers.get('link')));
      return answer;
    } finally {
      cancel();
    }
  }

  #takeServers(servers: RTCIceServer[]): void {
    if (this.#closed) return;
    this.#events.onIceServers(servers);
    if (servers.length === 0 || same(servers, this.#options.iceServers)) return;
    this.#later(LATE_SERVERS_MS, () => {
      if (this.#peer.connectionState === 'connected') return;
      this.#peer.setConfiguration({ bundlePolicy: 'max-bundle', iceServers: servers });
      void this.restartIce();
    });
  }

  #onCandidate(candidate: RTCIceCandidate | null): void {
    if (candidate === null || candidate.candidate === '') this.#ended = true;
    else this.#queue.push({ candidate: candidate.candidate, sdpMid: candidate.sdpMid });
    void this.#flush();
  }

  async #flush(): Promise<void> {
    const local = this.#peer.localDescription;
    const nothing = this.#queue.length === 0 && !this.#ended;
    if (this.#closed || this.#patching || this.#restarting || nothing) return;
    if (this.#location === null || local === null || this.#answer === '') return;
    const batch = this.#queue;
    const end = this.#ended;
    this.#queue = [];
    this.#ended = false;
    this.#patching = true;
    try {
      await this.#patch(iceFragment(local.sdp, batch, { end }), this.#etag);
    } finally {
      this.#patching = false;
    }
    void this.#flush();
  }

  /** Null if the server did not take it; a server that no longer knows the session ends it. */
  async #patch(body: string, ifMatch: string | null): Promise<Response | null> {
    if (this.#location === null) return null;
    const headers: Record<string, string> = { 'content-type': 'application/trickle-ice-sdpfrag' };
    if (ifMatch !== null) headers['if-match'] = ifMatch;
    try {
      const response = await this.#request(this.#location, { method: 'PATCH', headers, body });
      if (response.ok) return response;
      if ([404, 405, 410].includes(response.status) && !this.#closed) this.#events.onGone();
    } catch {
      // No way to the server just now. The player's recovery judges by media, not by this request.
    }
    return null;
  }

  async #delete(location: string): Promise<void> {
    try {
      // `keepalive` lets it leave while the page is being closed.
      await this.#request(location, { method: 'DELETE', keepalive: true });
    } catch {
      // Out of reach: the server ends the session by itself once nothing answers there.
    }
  }

  async #request(url: string, init: RequestInit): Promise<Response> {
    try {
      return await this.#deps.fetch(url, {
        credentials: 'same-origin',
        cache: 'no-store',
        ...init,
      });
    } catch (error) {
      const aborted = init.signal?.aborted === true;
      throw new SessionError(0, aborted ? 'timeout' : 'network', String(error));
    }
  }

  #onState(): void {
    if (this.#closed) return;
    const state = this.#peer.connectionState;
    if (state === 'connected') this.#events.onConnected();
    if (state === 'failed' || state === 'closed') this.#events.onGone();
  }

  #later(ms: number, work: () => void): void {
    this.#cancelTimers.push(this.#deps.clock.after(ms, () => this.#closed || work()));
  }
}

function sameOrigin(location: string | null, endpoint: string): string {
  const base = new URL(endpoint);
  const url = location === null ? null : parse(location, base);
  if (url?.origin !== base.origin) {
    throw new SessionError(201, 'bad_location', 'the session has no address on this origin');
  }
  return url.href;
}

function parse(location: string, base: URL): URL | null {
  try {
    return new URL(location, base);
  } catch {
    return null;
  }
}

async function problemOf(response: Response): Promise<SessionError> {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const wait = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
  let code = `http_${response.status}`;
  let detail = response.statusText;
  try {
    const body: unknown = await response.json();
    if (typeof body === 'object' && body !== null) {
      if ('code' in body && typeof body.code === 'string') code = body.code;
      if ('detail' in body && typeof body.detail === 'string') detail = body.detail;
    }
  } catch {
    // Not problem+json: the status alone has to do.
  }
  return new SessionError(response.status, code, detail, wait);
}

function same(a: readonly RTCIceServer[], b: readonly RTCIceServer[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
