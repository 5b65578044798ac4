// One stream on one element, kept alive without a reload. The player does what the recovery decides: it opens and
// closes WHEP sessions, looks at their counters, and puts the right track on the screen. Picture and sound are
// two players that know nothing of each other, so that losing one never touches the other.

import type { Clock } from '../core/clock';
import { Observable } from '../core/observable';
import { type Freshness, LATE_MS, PictureAge, STALE_MS } from './picture-age';
import { type Action, Recovery } from './recovery';
import type { Screen } from './screen';
import { SessionError, type SessionEvents } from './webrtc-http';
import type { Medium } from './whep';

/** `refused`: not signed in any more; nothing is tried until `start`. */
export type Phase = 'idle' | 'connecting' | 'playing' | 'stalled' | 'refused';

export interface PlayerState {
  phase: Phase;
  /** How old the picture is by word; always `fresh` for sound. */
  freshness: Freshness;
  /** Age of the picture in ms, rounded to ten, renewed four times a second; null while it is fresh or there is none. */
  lateMs: number | null;
  /** The media server that held the session is gone, and no new one shows anything yet. */
  serverLost: boolean;
  /** The last failure's code; null once media flows. */
  failure: string | null;
  /** Sessions opened so far. */
  sessions: number;
  /** When the first frame was presented, ms on the page's clock. */
  firstFrameAt: number | null;
  /** No session is open, nor still being closed: nothing comes any more. */
  closed: boolean;
}

/** The newest look at the shown session's counters. */
export interface Figures {
  packetsReceived: number;
  packetsLost: number;
  framesDecoded: number;
  framesDropped: number;
  bytesReceived: number;
  /** Mean time that frames or samples waited in the jitter buffer, over the session, ms. */
  jitterBufferMs: number | null;
  /** Round trip to the media server, ms. */
  roundTripMs: number | null;
}

/** What a player needs of a session: `WhepSession`, or a test's own. */
export interface Session {
  open(): Promise<void>;
  restartIce(): Promise<void>;
  stats(): Promise<RTCStatsReport>;
  jitter(ms: number): void;
  /** Resolves once it is closed. */
  close(): Promise<void>;
}

export interface PlayerDeps {
  clock: Clock;
  screen: Screen;
  createSession: (iceServers: readonly RTCIceServer[], events: SessionEvents) => Session;
  /** The server says that nobody is signed in. */
  onRefused: () => void;
}

/** How often the clock is looked at, in ms. */
const TICK_MS = 50;
/** How often counters are read when all is well, and when not, in ms. */
const CALM_LOOK_MS = 500;
const CLOSE_LOOK_MS = 100;
const BESIDE_LOOK_MS = 50;
/** Sound that has not come for so long is said to be missing, in ms. */
const SOUND_STALLED_MS = 1500;
/** How long a figure stays on the screen, in ms. */
const FIGURE_MS = 250;
/** Frames are decoded but not presented for so long: the browser has paused the element, in ms. */
const PAUSED_MS = 1000;

interface Live {
  session: Session;
  track: MediaStreamTrack | null;
  packets: number;
  frames: number;
}

export class Player {
  readonly state = new Observable<PlayerState>({
    phase: 'idle',
    freshness: 'fresh',
    lateMs: null,
    serverLost: false,
    failure: null,
    sessions: 0,
    firstFrameAt: null,
    closed: true,
  });
  /** Age of the picture; meaningful for video alone. */
  readonly age = new PictureAge();

  readonly #medium: Medium;
  readonly #deps: PlayerDeps;
  readonly #recovery: Recovery;
  readonly #live = new Map<number, Live>();
  #closing = 0;
  #iceServers: RTCIceServer[] = [];
  #onScreen: number | null = null;
  #presentedAt = 0;
  #replacing = false;
  #figureAt = 0;
  #watched = true;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking = false;
  #cancelTick: (() => void) | null = null;
  #figures: Figures | null = null;
  #jitterMs = 0;

  constructor(medium: Medium, deps: PlayerDeps) {
    this.#medium = medium;
    this.#deps = deps;
    this.#recovery = new Recovery(deps.clock.random, medium === 'video' ? 150 : 700);
    deps.screen.onFrame = (times) => {
      this.#presentedAt = deps.clock.now();
      this.age.frame(times);
      if (this.#onScreen !== null) this.#frame(this.#onScreen, this.#presentedAt);
    };
  }

  get figures(): Figures | null {
    return this.#figures;
  }

  start(): void {
    if (this.#cancelTick !== null) return;
    this.#replacing = false;
    this.state.set({ phase: 'connecting', failure: null, serverLost: false, lateMs: null });
    this.#run(this.#recovery.start(this.#deps.clock.now()));
    this.#tick();
  }

  /** How long frames may be held back for smoothness, in this session and those to come, ms. */
  jitter(ms: number): void {
    this.#jitterMs = ms;
    for (const { session } of this.#live.values()) session.jitter(ms);
  }

  /** Ends every session and empties the screen. */
  stop(): void {
    this.#cancelTick?.();
    this.#cancelTick = null;
    this.#run(this.#recovery.stop());
    this.#onScreen = null;
    this.#deps.screen.clear();
    this.#figures = null;
    this.state.set({ phase: 'idle', freshness: 'fresh', lateMs: null, serverLost: false });
  }

  /** The media server is known to have ended; its sessions are over, whatever the network still says. */
  serverLost(): void {
    if (this.#cancelTick === null) return;
    this.#replacing = true;
    // Sessions of one server share its RTP clock, so their lateness can be compared; the next server's is another.
    this.age.reset();
    this.state.set({ serverLost: true });
    this.#run(this.#recovery.serverLost(this.#deps.clock.now()));
  }

  /** Something came back (network, media server, device): try now if anything is wrong. */
  nudge(): void {
    this.#run(this.#recovery.nudge(this.#deps.clock.now()));
  }

  /** The network was away and is back. */
  renew(): void {
    this.#run(this.#recovery.renew(this.#deps.clock.now()));
  }

  /** The stream's source has begun anew behind the same session. */
  sourceChanged(): void {
    this.age.reset();
  }

  /** Whether the page is looked at. Sound should be told nothing: it plays on in a hidden tab. */
  watch(watched: boolean): void {
    const now = this.#deps.clock.now();
    if (watched && !this.#watched) {
      this.age.resume(now);
      this.#lookedAt = Number.NEGATIVE_INFINITY;
    }
    this.#watched = watched;
    this.#run(this.#recovery.watch(watched, now));
  }

  #tick(): void {
    this.#cancelTick = this.#deps.clock.after(TICK_MS, () => this.#tick());
    const now = this.#deps.clock.now();
    this.#run(this.#recovery.tick(now));
    if (this.#cancelTick === null) return;
    if (!this.#looking && now - this.#lookedAt >= this.#lookEvery(now)) void this.#look(now);
    this.#describe(now);
  }

  #lookEvery(now: number): number {
    if (this.#recovery.nextId !== null) return BESIDE_LOOK_MS;
    const blind = this.#medium === 'video' && !this.#deps.screen.countsFrames;
    return blind || this.#recovery.troubled(now) ? CLOSE_LOOK_MS : CALM_LOOK_MS;
  }

  #describe(now: number): void {
    const silence = this.#recovery.frameAge(now);
    if (silence === null) return;
    if (this.#medium === 'audio') {
      const stalled = silence > SOUND_STALLED_MS;
      this.state.set({ phase: stalled ? 'stalled' : 'playing', serverLost: this.#replacing });
      return;
    }
    if (!this.#watched) return;
    const freshness = this.age.freshness(now);
    const ms = freshness === 'fresh' ? null : this.age.ms(now);
    const same = freshness === this.state.value.freshness;
    // A figure that changes twenty times a second cannot be read, and one that is fine again says nothing.
    const soon = now - this.#figureAt < FIGURE_MS;
    if (same && ms !== null && (soon || ms <= LATE_MS)) return;
    this.#figureAt = now;
    this.state.set({
      phase: freshness === 'stale' ? 'stalled' : 'playing',
      freshness,
      serverLost: this.state.value.serverLost && (this.#replacing || freshness === 'stale'),
      lateMs: ms === null ? null : Math.round(ms / 10) * 10,
    });
  }

  #run(actions: Action[]): void {
    for (const action of actions) {
      const live = this.#live.get(action.id);
      if (action.do === 'connect') this.#connect(action.id);
      else if (action.do === 'restart-ice') void live?.session.restartIce();
      else if (action.do === 'show') this.#show(action.id);
      else {
        this.#live.delete(action.id);
        if (live !== undefined) void this.#close(live.session);
      }
    }
  }

  async #close(session: Session): Promise<void> {
    this.#closing += 1;
    await session.close();
    this.#closing -= 1;
    this.#tellClosed();
  }

  #tellClosed(): void {
    this.state.set({ closed: this.#live.size === 0 && this.#closing === 0 });
  }

  #connect(id: number): void {
    const { clock } = this.#deps;
    const session = this.#deps.createSession(this.#iceServers, {
      onTrack: (track) => {
        const live = this.#live.get(id);
        if (live === undefined) return;
        live.track = track;
        // With nothing on the screen there is nothing to keep: the first frame is shown as it comes.
        if (this.#recovery.shownId === null) this.#putOnScreen(id);
      },
      onConnected: () => {
        this.#lookedAt = Number.NEGATIVE_INFINITY;
      },
      onGone: () => this.#run(this.#recovery.gone(id, clock.now())),
      onIceServers: (servers) => {
        this.#iceServers = servers;
      },
    });
    session.jitter(this.#jitterMs);
    this.#live.set(id, { session, track: null, packets: 0, frames: 0 });
    this.state.set({ sessions: this.state.value.sessions + 1, closed: false });
    session.open().catch((error: unknown) => this.#failed(id, error));
  }

  #failed(id: number, error: unknown): void {
    if (!this.#live.delete(id)) return;
    const failure =
      error instanceof SessionError ? error : new SessionError(0, 'unknown', String(error));
    this.state.set({ failure: failure.code });
    this.#tellClosed();
    if (failure.status === 401) {
      this.stop();
      this.state.set({ phase: 'refused' });
      this.#deps.onRefused();
      return;
    }
    this.#run(this.#recovery.failed(id, this.#deps.clock.now(), failure.retryAfterMs));
  }

  async #look(now: number): Promise<void> {
    this.#looking = true;
    this.#lookedAt = now;
    try {
      await Promise.all([...this.#live].map(([id, live]) => this.#lookAt(id, live)));
    } finally {
      this.#looking = false;
    }
  }

  async #lookAt(id: number, live: Live): Promise<void> {
    let seen: Figures & { newestPacketAt: number | null };
    try {
      seen = figuresOf(await live.session.stats(), this.#medium);
    } catch {
      return;
    }
    if (this.#live.get(id) !== live) return;
    const now = this.#deps.clock.now();
    const grew = seen.packetsReceived > live.packets;
    live.packets = seen.packetsReceived;
    const at = Math.min(now, seen.newestPacketAt ?? now);
    this.#recovery.packets(id, grew, at);
    const frames = this.#medium === 'video' ? seen.framesDecoded : seen.packetsReceived;
    const moved = frames > live.frames;
    live.frames = frames;
    if (moved) this.#decoded(id, now, at);
    if (id !== this.#recovery.shownId) return;
    this.#figures = seen;
    if (seen.roundTripMs !== null) this.age.roundTrip(seen.roundTripMs);
  }

  /** The counters have grown, the last time `at`. Where every frame on the screen is told, that is finer. */
  #decoded(id: number, now: number, at: number): void {
    const { screen } = this.#deps;
    const seen = this.#medium === 'video' && id === this.#onScreen && this.#watched;
    if (seen && screen.countsFrames) {
      if (now - this.#presentedAt <= PAUSED_MS) return;
      screen.resume();
    } else if (seen) {
      this.age.frame({ shownAt: at });
    }
    this.#frame(id, at);
  }

  #frame(id: number, at: number): void {
    const age = this.#medium === 'video' && id === this.#onScreen ? this.age.ms(at) : null;
    const actions = this.#recovery.frame(id, at, age === null || age <= STALE_MS);
    if (this.#recovery.shownId === id && this.state.value.firstFrameAt === null) {
      this.state.set({ firstFrameAt: at });
    }
    this.#run(actions);
  }

  #show(id: number): void {
    this.#putOnScreen(id);
    this.#replacing = false;
    this.state.set({ failure: null });
    this.#describe(this.#deps.clock.now());
  }

  #putOnScreen(id: number): void {
    const track = this.#live.get(id)?.track ?? null;
    if (track === null || this.#onScreen === id) return;
    this.#onScreen = id;
    this.#deps.screen.show(track);
  }
}

/** The counters that the recovery and the tests look at, out of a stats report. */
export function figuresOf(
  report: RTCStatsReport,
  medium: Medium,
): Figures & { newestPacketAt: number | null } {
  let inbound: Record<string, unknown> = {};
  let pair: Record<string, unknown> = {};
  report.forEach((entry: Record<string, unknown>) => {
    if (entry['type'] === 'inbound-rtp' && entry['kind'] === medium) inbound = entry;
    if (entry['type'] === 'candidate-pair' && entry['nominated'] === true) pair = entry;
  });
  const held = number(inbound['jitterBufferDelay']);
  const emitted = number(inbound['jitterBufferEmittedCount']);
  const newest = inbound['lastPacketReceivedTimestamp'];
  const trip = pair['currentRoundTripTime'];
  return {
    packetsReceived: number(inbound['packetsReceived']),
    packetsLost: number(inbound['packetsLost']),
    framesDecoded: number(inbound['framesDecoded']),
    framesDropped: number(inbound['framesDropped']),
    bytesReceived: number(inbound['bytesReceived']),
    jitterBufferMs: emitted > 0 ? (held / emitted) * 1000 : null,
    roundTripMs: typeof trip === 'number' ? trip * 1000 : null,
    // The report counts from 1970, the page's clock from its own start.
    newestPacketAt: typeof newest === 'number' ? newest - performance.timeOrigin : null,
  };
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
