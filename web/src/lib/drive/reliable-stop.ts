// The way of a stop to the robot, apart from everything else: over the drive socket and that of the events at once and twice more,
// and by a request of its own where there is no socket, where the page is about to go, or where nothing has confirmed it in time. Pressing again begins
// anew; a stop that arrives twice does no harm.

import type { Clock } from '../core/clock';

/** `confirmed`: the robot has said so. `failed`: nothing has, after all tries; the robot stops by its own deadman. */
export type StopProgress = 'idle' | 'sending' | 'confirmed' | 'failed';

export interface ReliableStopDeps {
  clock: Clock;
  /** By another way that is open anyway; nothing comes back. */
  also: () => void;
  /** By the socket; false if there is none. */
  say: () => boolean;
  /** By a request; resolves once the daemon has done it. */
  post: () => Promise<void>;
  onProgress: (progress: StopProgress) => void;
}

/** It is said so often on the socket, so far apart, unless the robot confirms it sooner, in ms. */
const SAYS = 3;
const SAY_AGAIN_MS = 50;
/** What the socket's way may take before a request follows, in ms. */
const CONFIRM_MS = 150;
/** Between two requests, whatever became of the first, in ms. */
const AGAIN_MS = 400;
const REQUESTS = 3;

export class ReliableStop {
  readonly #deps: ReliableStopDeps;
  #cancel: (() => void) | null = null;
  #cancelSay: (() => void) | null = null;
  #press = 0;
  #requests = 0;

  constructor(deps: ReliableStopDeps) {
    this.#deps = deps;
  }

  /** `atOnce` sends the request beside the socket's message: there may be no later. */
  press(atOnce: boolean): void {
    this.#end();
    this.#requests = 0;
    this.#deps.onProgress('sending');
    if (!this.#say(SAYS) || atOnce) this.#request(this.#press);
    else this.#cancel = this.#deps.clock.after(CONFIRM_MS, () => this.#request(this.#press));
  }

  /** The robot has said that it has stopped. */
  confirm(): void {
    this.#end();
    this.#deps.onProgress('confirmed');
  }

  get pending(): boolean {
    return this.#cancel !== null;
  }

  #end(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#cancelSay?.();
    this.#cancelSay = null;
    this.#press += 1;
  }

  /** False if there is no socket: then a request is all there is. */
  #say(times: number): boolean {
    this.#cancelSay = null;
    this.#deps.also();
    if (!this.#deps.say()) return false;
    if (times > 1) {
      this.#cancelSay = this.#deps.clock.after(SAY_AGAIN_MS, () => this.#say(times - 1));
    }
    return true;
  }

  #request(press: number): void {
    this.#cancel = null;
    if (press !== this.#press) return;
    this.#requests += 1;
    const last = this.#requests === REQUESTS;
    this.#cancel = this.#deps.clock.after(AGAIN_MS, () => {
      this.#cancel = null;
      if (!last) this.#request(press);
      else if (press === this.#press) this.#deps.onProgress('failed');
    });
    this.#deps.post().then(
      () => {
        if (press === this.#press) this.confirm();
      },
      // Nothing to be done about it here: the next request is already due.
      () => undefined,
    );
  }
}
