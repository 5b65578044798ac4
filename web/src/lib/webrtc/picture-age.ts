// How old the picture on the screen is.
//
// Three parts add up: the way from the robot to this browser, the way through decoder and screen, and the time
// since. The first is known outright when the browser can tell the capture time. Otherwise it is estimated: the
// RTP timestamp says when a frame was taken on the robot's clock, and the frame that came soonest of the last
// two minutes sets the zero, so that all delay that builds up on the way is seen, with half a round trip added for
// the part that no frame is spared. What the robot needs before RTP (camera, encoder) is not in the figure.
//
// What browsers give, tried with MediaMTX 1.20.1: Chromium 156 tells the RTP timestamp and the time of reception of every
// frame, but no capture time. The server's sender reports do come, once a second; Chromium makes a capture time of them
// only with a round trip of RTCP, and a session that receives alone has none (no report is answered, and neither
// abs-capture-time nor the time of playing out is offered). So there it is the estimate that counts. A browser that has
// requestVideoFrameCallback and tells a capture time is believed; one without it counts decoded frames, and has the
// time since the newest packet alone. `measuredFromCapture` says which it was.
//
// The estimate is as honest as the RTP timestamps: a source that counts frames instead of looking at a clock, and leaves
// some out, looks later and later. That errs on the side of a robot that stands.

/** Over this age the picture is late, in ms. */
export const LATE_MS = 250;
/** Over this age it is no longer a live picture, in ms. */
export const STALE_MS = 400;
/** So many better frames in a row are believed. */
const BETTER_FRAMES = 5;
/** A robot clock that drifts by 100 ppm is 12 ms off after this window, in ms. */
const WINDOW_MS = 120_000;
const BUCKET_MS = 10_000;
const RTP_HZ = 90_000;
/** A jump of the RTP clock that no network explains: the stream began anew, in ms. */
const JUMP_MS = 20_000;

export interface FrameTimes {
  /** When it was presented, ms on the page's clock. */
  shownAt: number;
  /** When its last packet came, ms on the page's clock. */
  receivedAt?: number | undefined;
  /** When it was taken, ms on the page's clock. */
  capturedAt?: number | undefined;
  /** 32 bits at 90 kHz. */
  rtpTimestamp?: number | undefined;
}

export type Freshness = 'fresh' | 'late' | 'stale';

/**
 * What the robot is told of the age of the picture on the screen. One that is known to be none of the camera's is told as a stale
 * one, which ends every motion: an age that nobody knows would let a step go on.
 */
export function ageToTell(ms: number | null, ofCamera: boolean): number | null {
  return ms === null || ofCamera ? ms : Math.max(ms, STALE_MS + 1);
}

export class PictureAge {
  #shownAt: number | null = null;
  #transitMs = 0;
  #fromCapture = false;
  #rttMs = 0;
  #held: Freshness = 'fresh';
  #better = 0;
  #rtp: { last: number; unwrapped: number } | null = null;
  #buckets: { from: number; least: number }[] = [];

  /** A frame was put on the screen. */
  frame(times: FrameTimes): void {
    this.#transitMs = this.#transit(times);
    this.#fromCapture = times.capturedAt !== undefined;
    this.#shownAt = times.shownAt;
    const better = rank(verdict(this.#transitMs)) < rank(this.#held);
    this.#better = better ? this.#better + 1 : 0;
  }

  /** The newest round-trip time to the media server, in ms. */
  roundTrip(ms: number): void {
    this.#rttMs = ms;
  }

  /** Forgets the zero: another media server, or another camera behind the same one. */
  reset(): void {
    this.#rtp = null;
    this.#buckets = [];
  }

  /** The page is looked at again: it got no frames while hidden, which says nothing about the link. */
  resume(now: number): void {
    if (this.#shownAt !== null) this.#shownAt = now;
  }

  /** Age of the picture in ms; null before the first frame. */
  ms(now: number): number | null {
    return this.#shownAt === null ? null : Math.max(0, now - this.#shownAt) + this.#transitMs;
  }

  /** The browser told when the newest frame was taken; else the age is the estimate described above. */
  get measuredFromCapture(): boolean {
    return this.#shownAt !== null && this.#fromCapture;
  }

  /** Worse at once; better only after five frames in a row that deserve it. */
  freshness(now: number): Freshness {
    const age = this.ms(now);
    if (age === null) return 'stale';
    const seen = verdict(age);
    if (rank(seen) >= rank(this.#held)) {
      this.#held = seen;
      this.#better = 0;
    } else if (this.#better >= BETTER_FRAMES) {
      this.#held = seen;
      this.#better = 0;
    }
    return this.#held;
  }

  #transit(times: FrameTimes): number {
    if (times.capturedAt !== undefined) return Math.max(0, times.shownAt - times.capturedAt);
    const receivedAt = times.receivedAt ?? times.shownAt;
    const local = Math.max(0, times.shownAt - receivedAt);
    if (times.rtpTimestamp === undefined) return local + this.#rttMs / 2;
    return local + this.#delay(times.rtpTimestamp, receivedAt) + this.#rttMs / 2;
  }

  /** Delay of this frame over the quickest one of the window, in ms. */
  #delay(rtpTimestamp: number, receivedAt: number): number {
    const before = this.#rtp;
    const step = before === null ? 0 : ((rtpTimestamp - before.last) | 0) / (RTP_HZ / 1000);
    if (before === null || Math.abs(step) > JUMP_MS) {
      this.#buckets = [];
      this.#rtp = { last: rtpTimestamp, unwrapped: 0 };
    } else {
      this.#rtp = { last: rtpTimestamp, unwrapped: before.unwrapped + step };
    }
    const offset = receivedAt - (this.#rtp?.unwrapped ?? 0);
    const newest = this.#buckets.at(-1);
    if (newest === undefined || receivedAt - newest.from >= BUCKET_MS) {
      this.#buckets.push({ from: receivedAt, least: offset });
    } else {
      newest.least = Math.min(newest.least, offset);
    }
    this.#buckets = this.#buckets.filter((b) => receivedAt - b.from < WINDOW_MS);
    return offset - Math.min(...this.#buckets.map((b) => b.least));
  }
}

function verdict(ms: number): Freshness {
  if (ms > STALE_MS) return 'stale';
  return ms > LATE_MS ? 'late' : 'fresh';
}

function rank(freshness: Freshness): number {
  return ['fresh', 'late', 'stale'].indexOf(freshness);
}
