// The line to the robot's loudspeaker while it is there: one session, what the daemon is told of the microphone, and whether
// anything still comes from the far end. What is over is never opened again; another one takes its place.

import type { Clock } from '../core/clock';
import { problemOf, type RequestProblem } from '../core/problem';
import type { SessionEvents } from '../webrtc/webrtc-http';

/** What talking needs of a session: `WhipSession`, or a test's own. */
export interface TalkSession {
  open(): Promise<void>;
  restartIce(): Promise<void>;
  stats(): Promise<RTCStatsReport>;
  /** Resolves once it is closed. */
  close(): Promise<void>;
  readonly id: string | null;
}

export interface TalkLineDeps {
  clock: Clock;
  createSession: (events: SessionEvents) => TalkSession;
  /** Tells the daemon that the microphone of a session is open. Rejects as `DriveApi` does. */
  setTalking: (session: string, on: boolean) => Promise<void>;
  onReady: () => void;
  onIceServers: (servers: readonly RTCIceServer[]) => void;
  /** It is over, or could not be opened; `problem` if that was an answer of the daemon. */
  onOver: (problem: RequestProblem | null) => void;
}

const LOOK_MS = 500;
const TELL_AGAIN_MS = 300;
/** The far end sends reports about once a second; after so long without anything it is asked anew, then given up, ms. */
const SILENT_MS = 3500;
const GONE_MS = 6000;

export class TalkLine {
  readonly #deps: TalkLineDeps;
  readonly #session: TalkSession;
  #connected = false;
  #closed = false;
  /** What the daemon is to know of the microphone, and what it was told last. */
  #wanted = false;
  #told = false;
  #telling = false;
  #packets = 0;
  #packetAt = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #iceAsked = false;

  constructor(deps: TalkLineDeps) {
    this.#deps = deps;
    this.#session = deps.createSession({
      onConnected: () => {
        if (this.#closed || this.#connected) return;
        this.#connected = true;
        this.#packetAt = deps.clock.now();
        deps.onReady();
      },
      onGone: () => this.#over(null),
      onIceServers: (servers) => deps.onIceServers(servers),
    });
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Begins; the answer comes by `onReady` or `onOver`. */
  open(): void {
    this.#session.open().catch((error: unknown) => this.#over(problemOf(error)));
  }

  /** The microphone is open, or closed: the daemon is told until it knows the newest. */
  tell(open: boolean): void {
    this.#wanted = open;
    if (!this.#telling) void this.#tell();
  }

  /** Looks now and then whether anything comes; to be called often. */
  tick(): void {
    const now = this.#deps.clock.now();
    if (!this.#connected || this.#closed || now - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = now;
    void this.#look();
  }

  /** Resolves once nothing is sent any more. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#session.close();
  }

  async #tell(): Promise<void> {
    const { clock, setTalking } = this.#deps;
    this.#telling = true;
    while (!this.#closed && this.#connected && this.#wanted !== this.#told) {
      const open = this.#wanted;
      const { id } = this.#session;
      if (id === null) break;
      try {
        await setTalking(id, open);
        this.#told = open;
      } catch (error) {
        const problem = problemOf(error);
        // What the daemon has refused for a reason is not asked again; what it has not heard is.
        if (problem.status >= 400 && problem.status < 500) this.#over(problem);
        else await new Promise<void>((resolve) => clock.after(TELL_AGAIN_MS, resolve));
      }
    }
    this.#telling = false;
  }

  async #look(): Promise<void> {
    let packets: number;
    try {
      packets = packetsReceived(await this.#session.stats());
    } catch {
      return;
    }
    if (this.#closed) return;
    const now = this.#deps.clock.now();
    if (packets !== this.#packets) {
      this.#packets = packets;
      this.#packetAt = now;
      this.#iceAsked = false;
    } else if (now - this.#packetAt >= GONE_MS) {
      this.#over(null);
    } else if (now - this.#packetAt >= SILENT_MS && !this.#iceAsked) {
      this.#iceAsked = true;
      void this.#session.restartIce();
    }
  }

  #over(problem: RequestProblem | null): void {
    if (this.#closed) return;
    void this.close();
    this.#deps.onOver(problem);
  }
}

/** Packets of any kind that came over the chosen pair: reports, answers to checks. */
function packetsReceived(report: RTCStatsReport): number {
  let packets = 0;
  report.forEach((entry: Record<string, unknown>) => {
    // Firefox counts bytes alone.
    const count = entry['packetsReceived'] ?? entry['bytesReceived'];
    const chosen = entry['type'] === 'candidate-pair' && entry['nominated'] === true;
    if (chosen && typeof count === 'number') packets += count;
  });
  return packets;
}
