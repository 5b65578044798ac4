// One drive socket: hello, stamps, beats and the news that comes back. docs/driving.md says what they mean. It sends
// nothing by itself but the hello, and nothing at all once it is closed.

import type { DriveEvent, DriveMessage, Refusal, RobotState, Stamp } from '../../api/types';
import type { Clock } from '../core/clock';
import type { Say } from './intent';
import type { Ended } from './state';

export type Welcome = Omit<Extract<DriveEvent, { type: 'welcome' }>, 'type'>;

/** What becomes of a socket. Nothing is called after `onClosed` or after `close()`. */
export interface DriveSocketEvents {
  /** The lease is good, and messages can be stamped. */
  onReady: (welcome: Welcome) => void;
  onState: (robot: RobotState) => void;
  onRefused: (seq: number | null, code: Refusal) => void;
  onAsked: (who: string) => void;
  /** The robot says nothing any more, or speaks again. */
  onQuiet: (quiet: boolean) => void;
  /** By the robot, by the network, or because it was quiet for too long. `ended`: what the robot said of the lease. */
  onClosed: (code: number, ended: LeaseEnd | null) => void;
}

export interface LeaseEnd {
  code: Refusal;
  /** Who has the robot now. */
  driver: string | null;
}

/** Close codes of the daemon. */
const SIGNED_OUT = 4401;
const LEASE_ENDED = 4409;

/** What the end of a socket says of the lease; null if nothing. */
export function endOf(code: number, ended: LeaseEnd | null): Ended | null {
  if (code === SIGNED_OUT) return { code: 'signed_out', driver: null };
  if (code === LEASE_ENDED) return ended ?? { code: 'lease_lost', driver: null };
  return ended;
}

export interface DriveSocketDeps extends DriveSocketEvents {
  clock: Clock;
  connect: () => WebSocket;
  token: string;
  /** Age of the newest picture on the driver's screen, ms; null if nobody can tell. */
  pictureMs: () => number | null;
}

/** The robot beats every 100 ms. Without a word for so long it is called quiet, and after the longer time gone, in ms. */
const QUIET_MS = 500;
const GONE_MS = 2000;
/** How often `state` is wanted, a second. */
const RATE_HZ = 10;
/** With so many bytes still on their way out, a repeated message would only arrive late. */
const MOST_BUFFERED = 1024;
const OPEN = 1;

export class DriveSocket {
  readonly #deps: DriveSocketDeps;
  readonly #socket: WebSocket;
  #welcome: Welcome | null = null;
  #beat: { n: number; at: number } | null = null;
  #seq = 0;
  #quiet = false;
  #ended: LeaseEnd | null = null;
  #heardAt: number | null = null;
  #closed = false;
  #cancelWatch: () => void;

  constructor(deps: DriveSocketDeps) {
    this.#deps = deps;
    this.#socket = deps.connect();
    this.#cancelWatch = deps.clock.after(GONE_MS, () => this.#over(0));
    this.#socket.onopen = () => {
      this.#send({ type: 'hello', token: deps.token, rate_hz: RATE_HZ });
    };
    this.#socket.onmessage = (event) => {
      if (!this.#closed) this.#heard(event.data);
    };
    this.#socket.onclose = (event) => this.#over(event.code);
  }

  /**
   * Stamps and sends. Its number, or null if it was not sent: not ready, or `again`, a repetition, while the network
   * takes nothing.
   */
  say(message: Say, again: boolean): number | null {
    if (this.#beat === null || this.#welcome === null || !this.#isOpen()) return null;
    if (again && this.#socket.bufferedAmount > MOST_BUFFERED) return null;
    this.#seq += 1;
    const at = this.#stamp(this.#beat);
    this.#send({ ...message, at } as DriveMessage);
    return this.#seq;
  }

  /** Stop or e-stop: at once, in whatever state the socket is, with no stamp that could be wrong. False if not sent. */
  order(type: 'stop' | 'estop'): boolean {
    if (!this.#isOpen()) return false;
    this.#send({ type });
    return true;
  }

  /** When the robot last said anything, on the page's clock; null if it has not. */
  get heardAt(): number | null {
    return this.#heardAt;
  }

  /**
   * The robot has spoken just now. After a page stood still, what was pressed meanwhile comes before the timer that would
   * call the robot quiet, and before what the robot has said since.
   */
  get isHeard(): boolean {
    return this.#heardAt !== null && this.#deps.clock.now() - this.#heardAt <= QUIET_MS;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelWatch();
    this.#socket.onopen = null;
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
    this.#socket.close();
  }

  #isOpen(): boolean {
    return !this.#closed && this.#socket.readyState === OPEN;
  }

  #send(message: DriveMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  #stamp(beat: { n: number; at: number }): Stamp {
    const stamp: Stamp = {
      seq: this.#seq,
      t: this.#deps.clock.now(),
      beat: beat.n,
      beat_t: beat.at,
    };
    const picture = this.#deps.pictureMs();
    return picture === null ? stamp : { ...stamp, picture_ms: picture };
  }

  #heard(data: unknown): void {
    const event = parse(data);
    if (event === null) return;
    this.#heardAt = this.#deps.clock.now();
    this.#watch();
    switch (event.type) {
      case 'welcome':
        this.#welcome = event;
        break;
      case 'beat': {
        const first = this.#beat === null;
        this.#beat = { n: event.n, at: this.#deps.clock.now() };
        if (first && this.#welcome !== null) this.#deps.onReady(this.#welcome);
        break;
      }
      case 'state':
        this.#deps.onState(event.robot);
        break;
      case 'refused':
        this.#deps.onRefused(event.seq, event.code);
        break;
      case 'asked':
        this.#deps.onAsked(event.who);
        break;
      case 'ended':
        this.#ended = { code: event.code, driver: event.driver };
        break;
    }
  }

  #watch(): void {
    this.#cancelWatch();
    if (this.#quiet) {
      this.#quiet = false;
      this.#deps.onQuiet(false);
      if (this.#closed) return;
    }
    const { clock } = this.#deps;
    this.#cancelWatch = clock.after(QUIET_MS, () => {
      this.#cancelWatch = clock.after(GONE_MS - QUIET_MS, () => this.#over(0));
      this.#quiet = true;
      this.#deps.onQuiet(true);
    });
  }

  #over(code: number): void {
    if (this.#closed) return;
    this.close();
    this.#deps.onClosed(code, this.#ended);
  }
}

function parse(data: unknown): DriveEvent | null {
  if (typeof data !== 'string') return null;
  try {
    return JSON.parse(data) as DriveEvent;
  } catch {
    return null;
  }
}
