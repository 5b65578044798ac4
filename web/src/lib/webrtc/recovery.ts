// When to do what about a picture (or sound) that does not move: a pure machine, with no timers, no browser and
// no clock of its own. The player reports what it sees, with the time; the recovery answers with what to do.
//
// At most two sessions exist: the one that is shown, and one being opened beside it. The shown one is let go only
// when the other has media to show, or takes its own back. Three clocks judge it: packets (nothing at all arrives: the
// network or the server is gone), frames (packets arrive, yet no picture comes of them: a decoder in want of a key
// frame) and fresh frames (the picture moves, but behind a buffer that filled up during a stall). `disconnected` is no input at all. Try follows try, quickly at first, then with back-off, for
// ever; outside news (`nudge`) cuts the wait short.
//
// A page or a robot that is merely slow looks like a broken link, and every further session makes it slower. So a picture that
// was replaced while it still came, or came back by itself, and a try that brought nothing in its time, count as strain: the more of it, the longer a
// picture that comes late is kept, and the longer a try may take. Calm takes the strain off again.

import { backoff } from '../core/clock';

export const RECOVERY = {
  /** Without any packet for so long, a new session is opened beside the old one, in ms. */
  silentMs: 700,
  /** Without any packet for so long, the shown session is also asked to restart ICE, in ms. */
  iceRestartMs: 2000,
  /** Packets arrive but no frame comes of them for so long: a new session beside the old one, in ms. */
  frozenMs: 3000,
  /** Frames come, but none was fresh for so long: what fell behind stays behind, so a new session beside it, in ms. */
  lateMs: 1500,
  /** When that does not help, the lateness is the link's or the source's: asked again after this, doubling, in ms. */
  lateAgainMs: [10_000, 120_000],
  /** A picture moves while its last frame is younger than this, in ms. */
  movingMs: 400,
  /** A new session that brings no packet is given up after so long, in ms. */
  emptyMs: 4000,
  /** A new session that brings packets but no frame is given up after so long, in ms. */
  undecodedMs: 10_000,
  /** So many tries follow quickly, ... */
  quickTries: 8,
  /** ... between these bounds, in ms, ... */
  quickMs: [150, 300],
  /** ... then with back-off between these, in ms. */
  backoffMs: [500, 4000],
  /** A picture that was replaced is not replaced again for so long, doubling with the strain, ... */
  strainMs: [5000, 80_000],
  /** ... unless nothing at all comes for this time: then it is the link, in ms. */
  nothingMs: 10_000,
  /** The time for a try doubles with the strain at most so often. */
  patience: 3,
  /** A picture that is fresh for so long takes off one strain, in ms. */
  calmMs: 30_000,
  /** A try that has brought nothing for so long when the network comes back was begun before that, in ms. */
  hangsMs: 1000,
  /** What a hidden page's return leaves the old session to prove itself, in ms. */
  returnMs: 300,
} as const;

export type Action =
  | { do: 'connect'; id: number }
  | { do: 'show'; id: number }
  | { do: 'close'; id: number }
  | { do: 'restart-ice'; id: number };

interface Shown {
  id: number;
  packetAt: number;
  frameAt: number;
  /** The last frame that was not late. */
  freshAt: number;
  /** Usual time between frames, in ms: a slow camera is not a silent one. */
  gapMs: number;
  /** Looks in a row that found no new packet: one late look alone proves nothing. */
  quiet: number;
  iceAsked: boolean;
  /** Known to be over, whatever still comes out of its buffers. */
  dead: boolean;
}

interface Next {
  id: number;
  since: number;
  packets: boolean;
}

export class Recovery {
  readonly #random: () => number;
  readonly #lookAfterMs: number;
  #lastId = 0;
  #running = false;
  #watched = true;
  #shown: Shown | null = null;
  #next: Next | null = null;
  #failures = 0;
  #retryAt = 0;
  #lateTries = 0;
  #lateAgainAt = 0;
  #strain = 0;
  /** Until then a picture that still comes is not replaced. */
  #keepUntil = 0;
  #calmSince = 0;

  /** `lookAfterMs`: without a frame for so long, `troubled` asks for a closer look. */
  constructor(random: () => number, lookAfterMs: number) {
    this.#random = random;
    this.#lookAfterMs = lookAfterMs;
  }

  get shownId(): number | null {
    return this.#shown?.id ?? null;
  }

  get nextId(): number | null {
    return this.#next?.id ?? null;
  }

  /** Tries without a picture since the last one. */
  get failures(): number {
    return this.#failures;
  }

  /** Something is wrong or under way: look often. */
  troubled(now: number): boolean {
    const s = this.#shown;
    return (
      this.#running &&
      (s === null || s.dead || this.#next !== null || now - s.frameAt > this.#lookAfterMs)
    );
  }

  /** Milliseconds since the last frame of the shown session; null while none is shown. */
  frameAge(now: number): number | null {
    return this.#shown === null ? null : now - this.#shown.frameAt;
  }

  start(now: number): Action[] {
    if (this.#running) return [];
    this.#running = true;
    this.#failures = 0;
    this.#retryAt = now;
    return this.tick(now);
  }

  stop(): Action[] {
    this.#running = false;
    const actions = [this.#next, this.#shown].flatMap<Action>((s) =>
      s === null ? [] : [{ do: 'close', id: s.id }],
    );
    this.#next = null;
    this.#shown = null;
    return actions;
  }

  /** A look at the counters of session `id`: `grew` if packets came since the last look, the newest at `at`. */
  packets(id: number, grew: boolean, at: number): void {
    if (this.#next?.id === id && grew) this.#next.packets = true;
    const s = this.#shown;
    if (s?.id !== id) return;
    if (grew) {
      s.packetAt = Math.max(s.packetAt, at);
      s.quiet = 0;
      s.iceAsked = false;
    } else {
      s.quiet += 1;
    }
  }

  /** Session `id` has brought a new frame (or, for sound, a packet to play); `fresh` unless it was late. */
  frame(id: number, now: number, fresh: boolean): Action[] {
    const s = this.#shown;
    if (this.#next?.id === id) {
      this.#next = null;
      this.#failures = 0;
      if (s !== null && !s.dead) this.#strained(now);
      this.#calmSince = now;
      this.#shown = {
        id,
        packetAt: now,
        frameAt: now,
        freshAt: now,
        gapMs: 0,
        quiet: 0,
        iceAsked: false,
        dead: false,
      };
      const show: Action[] = [{ do: 'show', id }];
      return s === null ? show : [...show, { do: 'close', id: s.id }];
    }
    if (s?.id !== id) return [];
    const gap = now - s.frameAt;
    if (gap > 0 && gap < RECOVERY.iceRestartMs) s.gapMs += (gap - s.gapMs) / 8;
    s.frameAt = now;
    s.packetAt = Math.max(s.packetAt, now);
    if (!fresh || now - s.freshAt > RECOVERY.silentMs) this.#calmSince = now;
    if (fresh) {
      s.freshAt = now;
      this.#lateTries = 0;
      if (this.#strain > 0 && now - this.#calmSince >= RECOVERY.calmMs) {
        this.#strain -= 1;
        this.#calmSince = now;
      }
    }
    // The old one has come back by itself before the new one was ready. One that comes back late is let go: a
    // buffer that has filled up is played out slowly, and a new session starts with none.
    if (s.dead || !fresh) return [];
    this.#failures = 0;
    if (this.#next !== null) this.#strained(now);
    return this.#dropNext();
  }

  /** Session `id` could not be opened; `retryAfterMs` if the server named a wait. */
  failed(id: number, now: number, retryAfterMs: number | null = null): Action[] {
    if (this.#next?.id !== id) return [];
    this.#next = null;
    this.#schedule(now, retryAfterMs ?? 0);
    return this.tick(now);
  }

  /** Session `id` is over for good. */
  gone(id: number, now: number): Action[] {
    if (this.#shown?.id === id) {
      if (!this.#shown.dead) this.#retryAt = Math.min(this.#retryAt, now);
      this.#shown.dead = true;
    }
    if (this.#next?.id === id) {
      this.#next = null;
      this.#schedule(now, 0);
      return [{ do: 'close', id }, ...this.tick(now)];
    }
    return this.tick(now);
  }

  /** Every session up to now is over: the media server that held them is. */
  serverLost(now: number): Action[] {
    if (this.#shown !== null) this.#shown.dead = true;
    const actions = this.#dropNext();
    if (actions.length > 0) this.#schedule(now, 0);
    return [...actions, ...this.tick(now)];
  }

  /** Reason to believe that a try would work now. Does nothing to a session that is well. */
  nudge(now: number): Action[] {
    this.#failures = 0;
    this.#retryAt = now;
    return this.tick(now);
  }

  /** The network was away and is back: what was asked meanwhile hangs in it, so a try that has brought nothing is made anew. */
  renew(now: number): Action[] {
    const next = this.#next;
    const hangs = next !== null && !next.packets && now - next.since >= RECOVERY.hangsMs;
    return [...(hangs ? this.#dropNext() : []), ...this.nudge(now)];
  }

  /** Whether a person looks: a hidden page gets no frames, so none are missed. */
  watch(watched: boolean, now: number): Action[] {
    if (watched && !this.#watched && this.#shown !== null) {
      const s = this.#shown;
      s.frameAt = now;
      s.freshAt = now;
      s.packetAt = Math.max(s.packetAt, now - RECOVERY.silentMs + RECOVERY.returnMs);
      s.quiet = 0;
    }
    const back = watched && !this.#watched;
    this.#watched = watched;
    return back ? this.nudge(now) : [];
  }

  tick(now: number): Action[] {
    if (!this.#running) return [];
    const actions: Action[] = [];
    const next = this.#next;
    if (next !== null) {
      const limit = next.packets ? RECOVERY.undecodedMs : RECOVERY.emptyMs;
      if (now - next.since >= limit * 2 ** Math.min(this.#strain, RECOVERY.patience)) {
        this.#strain += 1;
        actions.push(...this.#dropNext());
        this.#schedule(now, 0);
      }
    }
    const s = this.#shown;
    const silent = s !== null && this.#isSilent(s, now, RECOVERY.silentMs);
    const frozen = s !== null && this.#watched && now - s.frameAt >= RECOVERY.frozenMs;
    const late = s !== null && this.#isLate(s, now);
    const keep = s !== null && now < this.#keepUntil && now - s.packetAt < RECOVERY.nothingMs;
    const wanted = s === null || s.dead || (!keep && (silent || frozen || late));
    if (late && !keep && this.#next === null && now >= this.#retryAt) {
      const [first, last] = RECOVERY.lateAgainMs;
      this.#lateAgainAt = now + Math.min(last, first * 2 ** this.#lateTries);
      this.#lateTries += 1;
    }
    if (wanted && this.#next === null && now >= this.#retryAt) {
      this.#lastId += 1;
      this.#next = { id: this.#lastId, since: now, packets: false };
      actions.push({ do: 'connect', id: this.#lastId });
    }
    if (s !== null && !s.dead && !s.iceAsked && this.#isSilent(s, now, RECOVERY.iceRestartMs)) {
      s.iceAsked = true;
      actions.push({ do: 'restart-ice', id: s.id });
    }
    return actions;
  }

  #isSilent(s: Shown, now: number, limit: number): boolean {
    return this.#watched && s.quiet >= 2 && now - s.packetAt >= Math.max(limit, 4 * s.gapMs);
  }

  #isLate(s: Shown, now: number): boolean {
    if (!this.#watched || now < this.#lateAgainAt) return false;
    return now - s.frameAt < RECOVERY.movingMs && now - s.freshAt >= RECOVERY.lateMs;
  }

  /** A picture that still came was given up, or nearly. */
  #strained(now: number): void {
    const [first, last] = RECOVERY.strainMs;
    this.#keepUntil = now + Math.min(last, first * 2 ** this.#strain);
    this.#strain += 1;
    this.#calmSince = now;
  }

  #dropNext(): Action[] {
    const next = this.#next;
    this.#next = null;
    return next === null ? [] : [{ do: 'close', id: next.id }];
  }

  #schedule(now: number, atLeast: number): void {
    const n = this.#failures;
    this.#failures += 1;
    const [quickFrom, quickTo] = RECOVERY.quickMs;
    const [first, last] = RECOVERY.backoffMs;
    const wait =
      n < RECOVERY.quickTries
        ? quickFrom + (quickTo - quickFrom) * this.#random()
        : backoff(n - RECOVERY.quickTries, first, last, this.#random());
    // A second is the least that Retry-After can name: at first it means "soon", and we know how soon.
    const soon = n < RECOVERY.quickTries && atLeast <= 1000;
    this.#retryAt = now + (soon ? wait : Math.max(wait, atLeast));
  }
}
