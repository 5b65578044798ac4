import type { DriveEvent, LeaseAnswer, RobotState } from '../api/types';
import type { Attention, Gone } from '../lib/core/attention';
import type { DriveApi } from '../lib/drive/api';
import { Drive } from '../lib/drive/drive';
import { FakeClock, settle } from './fake-clock';
import { aRobot } from './status';

/** What a page has said, with what is looked at in tests. */
export interface Said {
  type: string;
  at?: { seq: number; t: number; beat: number; beat_t: number; picture_ms?: number };
  [field: string]: unknown;
}

export class FakeDriveSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readyState = 0;
  bufferedAmount = 0;
  closed = false;
  readonly said: Said[] = [];

  send(text: string): void {
    this.said.push(JSON.parse(text) as Said);
  }

  close(): void {
    this.closed = true;
    this.readyState = 2;
  }

  opens(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  says(event: DriveEvent): void {
    this.onmessage?.({ data: JSON.stringify(event) });
  }

  breaks(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  /** What was said since the last look, without the driver's being there. */
  deeds(): Said[] {
    return this.said.splice(0).filter(({ type }) => type !== 'alive' && type !== 'hello');
  }

  types(): string[] {
    return this.deeds().map(({ type }) => type);
  }
}

/** A daemon that grants; a test may have it answer otherwise. Requests are noted in `asked`. */
export class FakeDriveApi implements DriveApi {
  readonly asked: string[] = [];
  answers: (LeaseAnswer | Error)[] = [];
  /** Requests that stop: done at once, refused, or never answered. */
  stops: 'done' | 'refused' | 'unanswered' = 'done';
  #lease = 0;

  async acquire(ifHeld: string): Promise<LeaseAnswer> {
    this.asked.push(`acquire ${ifHeld}`);
    const answer = this.answers.shift();
    if (answer instanceof Error) throw answer;
    if (answer !== undefined) return answer;
    this.#lease += 1;
    return {
      result: 'granted',
      lease: this.#lease,
      token: `token-${this.#lease}`,
      stale_after_ms: 2000,
    };
  }

  async release(token: string): Promise<void> {
    this.asked.push(`release ${token}`);
  }

  async answer(token: string, handOver: boolean): Promise<void> {
    this.asked.push(`answer ${token} ${handOver}`);
  }

  async head(token: string, pan: number, tilt: number): Promise<void> {
    this.asked.push(`head ${token} ${pan} ${tilt}`);
  }

  async light(token: string, light: number): Promise<void> {
    this.asked.push(`light ${token} ${light}`);
  }

  async stop(): Promise<void> {
    await this.#stopping('stop');
  }

  async estop(): Promise<void> {
    await this.#stopping('estop');
  }

  async releaseEstop(confirm: string | null) {
    this.asked.push(`release-estop ${confirm}`);
    const { estop } = aRobot();
    return confirm === null
      ? { estop: { ...estop, latched: true }, confirm: 'code', expires_in_s: 10 }
      : { estop, confirm: null, expires_in_s: null };
  }

  async #stopping(what: string): Promise<void> {
    this.asked.push(what);
    if (this.stops === 'refused') throw refusal(0, 'network');
    if (this.stops === 'unanswered') await new Promise(() => undefined);
  }
}

export function refusal(status: number, code: string): Error {
  return Object.assign(new Error(code), { status, code });
}

/** A driver's core, and everything around it that a test can play with. */
export class DriveBench {
  readonly clock = new FakeClock();
  readonly api = new FakeDriveApi();
  readonly sockets: FakeDriveSocket[] = [];
  pictureMs: number | null = 40;
  hidden = false;
  mayDrive = true;
  /** Stops that were said on the events' socket. */
  readonly saidOnEvents: string[] = [];
  watchers = 0;
  readonly #gone = new Set<(why: Gone) => void>();
  #beat = 0;
  readonly attention: Attention = {
    hidden: () => this.hidden,
    watch: (gone) => {
      this.#gone.add(gone);
      this.watchers += 1;
      return () => {
        this.#gone.delete(gone);
        this.watchers -= 1;
      };
    },
  };
  readonly drive = new Drive({
    api: this.api,
    clock: this.clock,
    attention: this.attention,
    connect: () => {
      const socket = new FakeDriveSocket();
      this.sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    sayStop: (type) => this.saidOnEvents.push(type),
    pictureMs: () => this.pictureMs,
    stopReachable: () => true,
    mayDrive: () => this.mayDrive,
  });

  get state() {
    return this.drive.state.value;
  }

  get socket(): FakeDriveSocket {
    return this.sockets.at(-1) ?? new FakeDriveSocket();
  }

  async acquire(): Promise<void> {
    await this.drive.acquire();
    this.welcome();
  }

  welcome(): void {
    this.socket.opens();
    this.socket.says({
      type: 'welcome',
      lease: this.state.lease ?? 0,
      beat_ms: 100,
      repeat_ms: 50,
      deadman_ms: 250,
      oldest_ms: 300,
      max_linear: 0.25,
      max_angular: 45,
    });
    this.beat();
  }

  beat(): void {
    this.#beat += 1;
    this.socket.says({ type: 'beat', n: this.#beat });
  }

  /** Time goes by with the robot beating. */
  async goesBy(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      await this.clock.advance(Math.min(left, 100));
      this.beat();
    }
  }

  /** What is said over a good while, but for the driver's being there, and of a stop what is left of its three times. */
  async saidInAWhile(): Promise<string[]> {
    this.socket.deeds();
    await this.goesBy(100);
    const soon = this.socket.types().filter((type) => type !== 'stop');
    await this.goesBy(1000);
    return [...soon, ...this.socket.types()];
  }

  robot(motion: Partial<RobotState['motion']>, change: Partial<RobotState> = {}): void {
    const robot = aRobot({ ...change, motion: { ...aRobot().motion, ...motion } });
    this.socket.says({ type: 'state', robot });
  }

  async loses(why: Gone): Promise<void> {
    for (const gone of [...this.#gone]) gone(why);
    await settle();
  }
}
