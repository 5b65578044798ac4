import type { Talker } from '../api/types';
import type { Attention, Gone } from '../lib/core/attention';
import type { TalkSession } from '../lib/talk/line';
import { type Microphone, MicrophoneError, type Permission } from '../lib/talk/microphone';
import type { NoMicrophone, TalkSettings } from '../lib/talk/state';
import { Talk } from '../lib/talk/talk';
import type { SessionEvents } from '../lib/webrtc/webrtc-http';
import { FakeClock, settle } from './fake-clock';

export class FakeMicrophone implements Microphone {
  loud = -90;
  closed = false;
  readonly track = { enabled: true, onended: null, readyState: 'live' } as unknown as {
    -readonly [K in keyof MediaStreamTrack]: MediaStreamTrack[K];
  };

  db(): number {
    return this.track.enabled ? this.loud : -90;
  }

  close(): void {
    this.closed = true;
    this.track.readyState = 'ended';
  }

  unplugged(): void {
    this.track.readyState = 'ended';
    this.track.onended?.(new Event('ended'));
  }

  /** A person could be heard. */
  get open(): boolean {
    return !this.closed && this.track.enabled;
  }
}

export class FakeTalkSession implements TalkSession {
  closed = false;
  restarts = 0;
  packets = 0;
  /** Packets keep coming. */
  alive = true;
  id: string | null = null;

  readonly track: MediaStreamTrack;
  readonly events: SessionEvents;
  readonly #refusal: Error | null;
  readonly #name: string;

  constructor(track: MediaStreamTrack, events: SessionEvents, refusal: Error | null, name: string) {
    this.track = track;
    this.events = events;
    this.#refusal = refusal;
    this.#name = name;
  }

  async open(): Promise<void> {
    if (this.#refusal !== null) throw this.#refusal;
    this.id = this.#name;
  }

  async restartIce(): Promise<void> {
    this.restarts += 1;
  }

  async stats(): Promise<RTCStatsReport> {
    if (this.alive) this.packets += 1;
    const pair = { type: 'candidate-pair', nominated: true, packetsReceived: this.packets };
    return new Map([['pair', pair]]) as unknown as RTCStatsReport;
  }

  /** How long closing takes. */
  closing: Promise<void> = Promise.resolve();

  async close(): Promise<void> {
    this.closed = true;
    await this.closing;
  }

  connects(): void {
    this.events.onConnected();
  }
}

/** A talk core, and everything around it that a test can play with. */
export class TalkBench {
  readonly clock = new FakeClock();
  readonly microphones: FakeMicrophone[] = [];
  readonly sessions: FakeTalkSession[] = [];
  /** What the daemon was told. */
  readonly told: string[] = [];
  permission: Permission = 'granted';
  /** What opening a microphone comes to; none: it opens. */
  noMicrophone: NoMicrophone | null = null;
  /** Asking takes until this is resolved. */
  asking: Promise<void> = Promise.resolve();
  /** What the next sessions, and the next words to the daemon, are answered with. */
  refusals: Error[] = [];
  deaf: (Error | Promise<void>)[] = [];
  signedOut = 0;
  readonly talk: Talk;
  #gone: (why: Gone) => void = () => undefined;

  constructor(settings: Partial<TalkSettings> = {}) {
    const attention: Attention = {
      hidden: () => false,
      watch: (gone) => {
        this.#gone = gone;
        return () => undefined;
      },
    };
    this.talk = new Talk(
      { autoMuteMs: 60_000, muteWarningMs: 10_000, ...settings },
      {
        clock: this.clock,
        attention,
        microphone: {
          permission: async () => this.permission,
          open: async () => {
            await this.asking;
            if (this.noMicrophone !== null) throw new MicrophoneError(this.noMicrophone, '');
            const microphone = new FakeMicrophone();
            this.microphones.push(microphone);
            return microphone;
          },
        },
        createSession: (track, _, events) => {
          const name = `s${this.sessions.length + 1}`;
          const session = new FakeTalkSession(track, events, this.refusals.shift() ?? null, name);
          this.sessions.push(session);
          return session;
        },
        setTalking: async (session, on) => {
          this.told.push(`${session} ${on ? 'on' : 'off'}`);
          const answer = this.deaf.shift();
          if (answer instanceof Error) throw answer;
          await answer;
        },
        onRefused: () => {
          this.signedOut += 1;
        },
      },
    );
  }

  get state() {
    return this.talk.state.value;
  }

  get phase() {
    return this.state.phase;
  }

  get microphone(): FakeMicrophone {
    const newest = this.microphones.at(-1);
    if (newest === undefined) throw new Error('no microphone was opened');
    return newest;
  }

  get session(): FakeTalkSession {
    const newest = this.sessions.at(-1);
    if (newest === undefined) throw new Error('no session was opened');
    return newest;
  }

  /** The line is open, in silence. */
  async ready(): Promise<this> {
    await this.talk.begin();
    await settle();
    this.session.connects();
    await settle();
    return this;
  }

  async press(): Promise<void> {
    this.talk.press();
    await settle();
  }

  async talking(): Promise<this> {
    await this.ready();
    await this.press();
    return this;
  }

  async loses(why: Gone): Promise<void> {
    this.#gone(why);
    await settle();
  }

  heard(who: string | null, talking = true): void {
    const talker: Talker = { who: who ?? '', since: '2026-01-01T00:00:00Z', talking };
    this.talk.heard(who === null ? null : talker);
  }
}
