// The daemon's events: a WebSocket that is kept open for as long as a person is signed in. Its first message is a
// snapshot, so a reconnect needs no memory. The other way goes a stop, beside its other ways.

import { backoff, type Clock } from './clock';

/** `lost` from the moment the socket is gone until a new one has sent its snapshot. */
export type EventsState = 'idle' | 'connecting' | 'open' | 'lost';

export interface EventsDeps {
  clock: Clock;
  /** Opens a socket to the events route. */
  connect: () => WebSocket;
  onMessage: (message: unknown) => void;
  onState: (state: EventsState) => void;
  /** The daemon closed with 4401. */
  onSignedOut: () => void;
  /** A socket was refused before it opened: signed out, or nobody there. A request has to find out which. */
  onRefused: () => void;
}

/** Close code of the daemon: the session has ended. */
export const CLOSE_SIGNED_OUT = 4401;
const OPEN = 1;
const FIRST_MS = 250;
const LAST_MS = 4000;
/** With nothing to tell, the daemon tells that every 2 s; a socket that is silent for so long is taken for half open, in ms. */
const SILENT_MS = 8000;
/** What a socket may leave unsaid, once open and before, and is still believed in when the network comes back, in ms. */
const BELIEVED_MS = { open: 5000, opening: 2000 };

export class EventsClient {
  readonly #deps: EventsDeps;
  #socket: WebSocket | null = null;
  #state: EventsState = 'idle';
  #tries = 0;
  #cancelRetry: (() => void) | null = null;
  #cancelWatch: (() => void) | null = null;
  #opened = false;
  #heardAt = 0;

  constructor(deps: EventsDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#state !== 'idle') return;
    this.#tries = 0;
    this.#enter('connecting');
    this.#open();
  }

  stop(): void {
    this.#drop();
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#enter('idle');
  }

  /** Says a stop, if the socket is open. */
  say(type: 'stop' | 'estop'): void {
    if (this.#opened && this.#socket?.readyState === OPEN) this.#socket.send(`{"type":"${type}"}`);
  }

  /** The network or the page is back: do not wait for the next try, nor for a socket that hangs. */
  nudge(): void {
    this.#tries = 0;
    const silence = this.#deps.clock.now() - this.#heardAt;
    const hangs = this.#socket !== null && silence > BELIEVED_MS[this.#opened ? 'open' : 'opening'];
    if (hangs) {
      this.#drop();
      if (this.#state === 'open') this.#enter('lost');
    }
    if (hangs || this.#cancelRetry !== null) this.#open();
  }

  #open(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    const socket = this.#deps.connect();
    this.#socket = socket;
    this.#opened = false;
    this.#heardAt = this.#deps.clock.now();
    socket.onopen = () => {
      this.#opened = true;
      this.#heardAt = this.#deps.clock.now();
    };
    socket.onmessage = (event) => {
      if (this.#socket !== socket || typeof event.data !== 'string') return;
      this.#tries = 0;
      this.#heardAt = this.#deps.clock.now();
      this.#watch();
      const message = parse(event.data);
      if (message === undefined) return;
      this.#deps.onMessage(message);
      this.#enter('open');
    };
    socket.onclose = (event) => {
      if (this.#socket !== socket) return;
      this.#drop();
      if (event.code === CLOSE_SIGNED_OUT) {
        this.#enter('idle');
        this.#deps.onSignedOut();
        return;
      }
      this.#lost();
      if (!this.#opened) this.#deps.onRefused();
    };
    this.#watch();
  }

  #lost(): void {
    this.#enter('lost');
    const wait = backoff(this.#tries, FIRST_MS, LAST_MS, this.#deps.clock.random());
    this.#tries += 1;
    this.#cancelRetry = this.#deps.clock.after(wait, () => this.#open());
  }

  /** A socket that neither opens nor speaks is replaced. */
  #watch(): void {
    this.#cancelWatch?.();
    this.#cancelWatch = this.#deps.clock.after(SILENT_MS, () => {
      this.#drop();
      this.#lost();
    });
  }

  #drop(): void {
    this.#cancelWatch?.();
    this.#cancelWatch = null;
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  #enter(state: EventsState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#deps.onState(state);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
