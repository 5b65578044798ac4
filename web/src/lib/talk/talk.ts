// Talking through the robot: the microphone, the line to the loudspeaker, and whether what is said is heard.
//
// - The line is opened when the page is, if the microphone may be had without asking; it then carries silence, and a press
//   is heard with no negotiation. Else the first press asks.
// - There is one line for everybody. One that nobody talks on gives way to anyone who asks for it, so a page that has lost an
//   idle line does not fetch it back from another: two pages would take it from each other for ever.
// - A press is heard here at once and told to the daemon beside that. What the daemon refuses is closed here.
// - A line that breaks while a person talks comes back with the microphone open only within a few seconds: later nobody
//   expects to be heard.

import type { Talker } from '../../api/types';
import type { Attention } from '../core/attention';
import { backoff, type Clock } from '../core/clock';
import { Observable } from '../core/observable';
import type { RequestProblem } from '../core/problem';
import type { SessionEvents } from '../webrtc/webrtc-http';
import { AutoMute } from './auto-mute';
import { TalkLine, type TalkLineDeps, type TalkSession } from './line';
import { type Microphone, MicrophoneError, type MicrophoneSource } from './microphone';
import { silent, type TalkLevel, type TalkSettings, type TalkState } from './state';

export interface TalkDeps {
  clock: Clock;
  attention: Attention;
  microphone: MicrophoneSource;
  createSession: (
    track: MediaStreamTrack,
    iceServers: readonly RTCIceServer[],
    events: SessionEvents,
  ) => TalkSession;
  setTalking: TalkLineDeps['setTalking'];
  /** The daemon says that nobody is signed in. */
  onRefused: () => void;
}

const TICK_MS = 100;
const QUICK_MS = [150, 4000] as const;
/** An idle line is in no hurry, and first hears whether another person has it now, ms. */
const IDLE_MS = [1500, 30_000] as const;
/** So long after the line broke the microphone may still open by itself, ms. */
const RESUME_MS = 5000;
/** So long a press waits for a line that does not come, ms: then it is not meant any more. */
const PATIENCE_MS = 15_000;
/** Refusals after which asking again may well be answered otherwise; any other is for good (no right, no loudspeaker). */
const PASSING = ['no_such_session', 'http_408', 'too_many_tries'];

export class Talk {
  readonly state = new Observable<TalkState>(silent);
  readonly level = new Observable<TalkLevel>({ db: -90 });
  readonly #deps: TalkDeps;
  readonly #autoMute: AutoMute;
  readonly #unwatch: () => void;
  #mic: Microphone | null = null;
  #line: TalkLine | null = null;
  #iceServers: readonly RTCIceServer[] = [];
  #talker: Talker | null = null;
  /** The line is to be open even while nobody talks. */
  #keep = false;
  /** Counts what was asked of the microphone: an answer to an earlier wish is worth nothing. */
  #wish = 0;
  #opening = false;
  #tries = 0;
  #resumeUntil = 0;
  #cancelTick: (() => void) | null = null;
  #cancelRetry: (() => void) | null = null;

  constructor(settings: TalkSettings, deps: TalkDeps) {
    this.#deps = deps;
    this.#autoMute = new AutoMute(settings);
    this.#unwatch = deps.attention.watch((why) => {
      // A page that is left or halted could not close it later.
      if (why === 'pagehide' || why === 'freeze') this.#leave('hidden');
    });
  }

  configure(settings: TalkSettings): void {
    this.#autoMute.configure(settings);
  }

  /** Opens the line in silence, if nobody has to be asked for the microphone and nobody else has the line. */
  async begin(): Promise<void> {
    const wish = this.#wish;
    const permission = await this.#deps.microphone.permission();
    if (wish !== this.#wish || this.#mic !== null || this.#opening) return;
    if (permission === 'prompt') return;
    if (permission !== 'granted') {
      this.state.set({ phase: 'unavailable', reason: permission });
      return;
    }
    this.#keep = true;
    if (this.#talker === null) await this.#go();
  }

  /** Opens the microphone, or closes it. `drives`: the robot gives its driver the line before anyone else who talks. */
  press(drives = false): void {
    const { phase, wanted } = this.state.value;
    if (wanted) {
      this.#mute(null);
    } else if (phase !== 'held' || drives) {
      this.#keep = true;
      this.#tries = 0;
      this.#resumeUntil = Number.POSITIVE_INFINITY;
      this.state.set({ wanted: true, closed: null, failure: null });
      void this.#go();
    }
  }

  /** About to be muted, the microphone stays open for as long again. */
  extend(): void {
    if (this.state.value.phase !== 'talking') return;
    this.#autoMute.extend(this.#deps.clock.now());
    this.state.set({ mutesInMs: null });
  }

  /** Closes the microphone alone. */
  mute(): void {
    if (this.state.value.wanted) this.#mute(null);
  }

  /** Microphone off, line closed, nothing tried any more until `begin` or a press. */
  hangUp(): void {
    this.#leave(null);
  }

  /** Who has the line, by the daemon's newest word; null while nobody has, or while it says nothing. */
  heard(talker: Talker | null): void {
    this.#talker = talker;
    // With a line of our own the talker is us.
    if (this.#line !== null) return;
    const { phase } = this.state.value;
    if (talker?.talking === true && (phase === 'free' || phase === 'lost')) this.#held();
    else if (talker?.talking === true && phase === 'held') this.state.set({ heldBy: talker.who });
    else if (talker?.talking !== true && phase === 'held') {
      this.state.set({ phase: 'free', heldBy: null });
    }
    if (talker === null && this.state.value.phase === 'free' && this.#keep) this.#later();
  }

  /** The media server is known to have ended. */
  serverLost(): void {
    const line = this.#line;
    if (line === null) return;
    void line.close();
    this.#gone(line, null);
  }

  /** The network, the media server or the page is back: try now if anything is to be tried. */
  nudge(): void {
    if (this.#cancelRetry === null) return;
    this.#cancelRetries();
    void this.#go();
  }

  dispose(): void {
    this.#leave(null);
    this.#unwatch();
  }

  async #go(): Promise<void> {
    if (this.#opening) return;
    this.#cancelRetries();
    if (this.#mic === null && !(await this.#openMicrophone())) return;
    // What a person takes to allow the microphone does not count.
    this.#resumeUntil = Math.min(this.#resumeUntil, this.#deps.clock.now() + PATIENCE_MS);
    if (this.#line === null) this.#connect();
    else if (this.#line.connected) this.#ready(this.#line);
  }

  async #openMicrophone(): Promise<boolean> {
    const wish = this.#wish;
    this.#opening = true;
    this.state.set({ phase: 'connecting', reason: null });
    try {
      const mic = await this.#deps.microphone.open();
      if (wish !== this.#wish) {
        mic.close();
        return false;
      }
      this.#mic = mic;
      this.state.set({ open: true });
      mic.track.enabled = false;
      mic.track.onended = () => void this.#unplugged(mic);
      this.#tick();
      return true;
    } catch (error) {
      if (wish !== this.#wish) return false;
      const reason = error instanceof MicrophoneError ? error.reason : 'unsupported';
      this.#close();
      this.#keep = false;
      this.state.set({ phase: 'unavailable', reason, wanted: false });
      return false;
    } finally {
      if (wish === this.#wish) this.#opening = false;
    }
  }

  /** The browser ends the track when the device is gone, and also when the permission is. */
  async #unplugged(mic: Microphone): Promise<void> {
    if (mic !== this.#mic) return;
    this.#close();
    this.#keep = false;
    this.state.set({ phase: 'unavailable', reason: 'unplugged', wanted: false, mutesInMs: null });
    const wish = this.#wish;
    const permission = await this.#deps.microphone.permission();
    if (wish === this.#wish && permission === 'denied') this.state.set({ reason: permission });
  }

  #connect(): void {
    const { clock, createSession, setTalking } = this.#deps;
    const mic = this.#mic;
    if (mic === null) return;
    const line = new TalkLine({
      clock,
      createSession: (events) => createSession(mic.track, this.#iceServers, events),
      setTalking,
      onReady: () => {
        if (this.#line === line) this.#ready(line);
      },
      onIceServers: (servers) => {
        this.#iceServers = servers;
      },
      onOver: (problem) => this.#gone(line, problem),
    });
    this.#line = line;
    if (this.state.value.phase !== 'lost') this.state.set({ phase: 'connecting', heldBy: null });
    line.open();
  }

  /** The line is there: speaks or is silent, as is wished now. */
  #ready(line: TalkLine): void {
    const now = this.#deps.clock.now();
    this.#tries = 0;
    this.state.set({ failure: null, reason: null, heldBy: null });
    if (this.state.value.wanted && now > this.#resumeUntil) this.#mute('line_lost');
    const { wanted } = this.state.value;
    if (this.#mic !== null) this.#mic.track.enabled = wanted;
    if (wanted) this.#autoMute.extend(now);
    this.state.set({ phase: wanted ? 'talking' : 'ready', mutesInMs: null });
    line.tell(wanted);
  }

  #mute(closed: TalkState['closed']): void {
    if (this.#mic !== null) this.#mic.track.enabled = false;
    const phase = this.state.value.phase === 'talking' ? 'ready' : this.state.value.phase;
    this.state.set({ phase, wanted: false, mutesInMs: null, closed });
    this.#line?.tell(false);
  }

  /** The line is over, or could not be opened. */
  #gone(line: TalkLine, problem: RequestProblem | null): void {
    if (this.#line !== line) return;
    this.#line = null;
    if (this.#mic !== null) this.#mic.track.enabled = false;
    this.state.set({ failure: problem?.code ?? null, mutesInMs: null });
    if (problem?.status === 401) {
      this.#refused();
      return;
    }
    if (problem?.code === 'talk_held') {
      this.#taken();
      return;
    }
    const refused = problem !== null && problem.status >= 400 && problem.status < 500;
    if (refused && !PASSING.includes(problem.code)) {
      this.#keep = false;
      this.state.set({ phase: 'free', wanted: false });
      return;
    }
    const now = this.#deps.clock.now();
    // Only a line that was talked on has a person who waits to be heard again.
    if (line.connected) this.#resumeUntil = now + RESUME_MS;
    this.state.set({ phase: line.connected ? 'lost' : this.state.value.phase });
    this.#later();
  }

  /** Tries again: soon while a person wants to be heard; else later, and only while the line is nobody's. */
  #later(): void {
    if (this.#cancelRetry !== null || this.#line !== null) return;
    const { clock } = this.#deps;
    const { wanted } = this.state.value;
    const [first, last] = wanted ? QUICK_MS : IDLE_MS;
    const wait = backoff(this.#tries, first, last, clock.random());
    this.#tries += 1;
    this.#cancelRetry = clock.after(wait, () => {
      this.#cancelRetry = null;
      if (this.state.value.wanted && clock.now() > this.#resumeUntil) this.#mute('line_lost');
      if (this.state.value.wanted || (this.#keep && this.#talker === null)) void this.#go();
      else this.state.set({ phase: this.#talker?.talking === true ? 'held' : 'free' });
    });
  }

  /** Another person is talking. */
  #taken(): void {
    const wasOpen = this.state.value.phase === 'talking';
    this.state.set({ wanted: false, mutesInMs: null, closed: wasOpen ? 'taken' : null });
    this.#held();
  }

  #held(): void {
    this.#cancelRetries();
    this.state.set({ phase: 'held', heldBy: this.#talker?.who ?? null });
  }

  #refused(): void {
    this.#leave(null);
    this.#deps.onRefused();
  }

  #leave(closed: TalkState['closed']): void {
    const { wanted } = this.state.value;
    this.#wish += 1;
    this.#keep = false;
    this.#opening = false;
    this.#close();
    const { open } = this.state.value;
    this.state.set({ ...silent, open, closed: wanted ? closed : null });
  }

  /** Gives line and microphone back. */
  #close(): void {
    this.#cancelRetries();
    this.#cancelTick?.();
    this.#cancelTick = null;
    const mic = this.#mic;
    this.#mic = null;
    if (mic !== null) {
      // First of all: whatever the session's end takes, nothing more is heard.
      mic.track.onended = null;
      mic.track.enabled = false;
      mic.close();
    }
    const line = this.#line;
    this.#line = null;
    this.level.set({ db: -90 });
    if (mic !== null) void this.#closed(mic, line);
  }

  /** Told once it is true: the device given up, and its line closed. */
  async #closed(mic: Microphone, line: TalkLine | null): Promise<void> {
    await line?.close();
    if (this.#mic === null) this.state.set({ open: mic.track.readyState !== 'ended' });
  }

  #tick(): void {
    this.#cancelTick = this.#deps.clock.after(TICK_MS, () => this.#tick());
    const now = this.#deps.clock.now();
    const talking = this.state.value.phase === 'talking';
    const db = talking ? (this.#mic?.db() ?? -90) : -90;
    this.level.set({ db: Math.round(db) });
    if (talking) {
      this.#autoMute.heard(db, now);
      const mutesInMs = this.#autoMute.leftMs(now);
      if (mutesInMs === 0) this.#mute('silence');
      else this.state.set({ mutesInMs });
    }
    this.#line?.tick();
  }

  #cancelRetries(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
  }
}
