// Driving the robot from a page: the lease, one socket at a time, what the hands do, and the stop. All rules that keep
// people safe are the robot's own (docs/driving.md). What this adds is that the page never asks for what nobody asks of it:
//
// - Whatever ends a motion (a stop, a lost or quiet socket, a page that is hidden, left, frozen or no longer in front) ends
//   it here at once, and nothing of it is said again. To go on, every control must be let go and pressed anew.
// - There is one timer. It repeats what is being done, or says that the driver is there, and only while the socket is well.
// - A socket that is lost is replaced while the lease may still be alive; the robot stands until a person presses.
// - A lease that has ended is not taken again here. What a page may do for one that it lost to the network or to a reload
//   stands in data/lease-return.ts.
//
// It knows no page and no framework: `state` is watched, the methods are what presses cause, and codes are put into words
// elsewhere.

import type { IfHeld, RobotState, StepMove } from '../../api/types';
import type { Gone } from '../core/attention';
import { backoff } from '../core/clock';
import { Observable } from '../core/observable';
import { problemOf, waitOf } from '../core/problem';
import type { DriveDeps } from './deps';
import { DriveIntent, type Outcome, type Say, type Shares } from './intent';
import { ReliableStop } from './reliable-stop';
import { Requests } from './requests';
import { DriveSocket, endOf, type LeaseEnd } from './socket';
import { type DriveState, type Ended, undriven } from './state';

/** A held control is repeated so often, unless the robot wishes otherwise; a driver who does nothing says so, in ms. */
const REPEAT_MS = 50;
const PRESENT_MS = 200;
/** A stick that is moved says so no oftener than this; the robot takes 60 messages a second, in ms. */
const MOVED_MS = 30;
const ASK_AGAIN_MS = 1000;
const RETRY_MS = [100, 1000] as const;
/** So long the daemon answers an ask as before once the driver has said no, and keeps the robot for an heir, unless it says, ms. */
const DECLINED_MS = 10_000;
const KEPT_MS = 5000;

export class Drive {
  readonly state = new Observable<DriveState>(undriven);
  readonly #deps: DriveDeps;
  readonly #intent = new DriveIntent();
  readonly #requests: Requests;
  readonly #stop: ReliableStop;
  readonly #estop: ReliableStop;
  readonly #unwatch: () => void;
  #lease: { token: string; staleMs: number } | null = null;
  #socket: DriveSocket | null = null;
  /** Counts what the driver asked of the lease: an answer to an earlier wish is worth nothing. */
  #wish = 0;
  #tries = 0;
  /** The driver has handed the robot over: the next driver has not taken it. */
  #handedOver = false;
  /** The last sign of the robot on a socket that is gone, or the grant. */
  #heardAt = 0;
  #saidAt = Number.NEGATIVE_INFINITY;
  #disposed = false;
  #cancelTick: (() => void) | null = null;
  /** The next try of whatever is to be tried again: an ask, or a socket. */
  #cancelRetry: (() => void) | null = null;

  constructor(deps: DriveDeps) {
    this.#deps = deps;
    this.#requests = new Requests(this.state, deps.api);
    const reliable = (type: 'stop' | 'estop', post: () => Promise<void>) =>
      new ReliableStop({
        clock: deps.clock,
        also: () => deps.sayStop(type),
        say: () => this.#socket?.order(type) ?? false,
        post,
        onProgress: (progress) => this.state.set({ [type]: progress }),
      });
    this.#stop = reliable('stop', () => deps.api.stop());
    this.#estop = reliable('estop', () => deps.api.estop());
    this.#unwatch = deps.attention.watch((why) => this.#gone(why));
  }

  /** Asks for the robot. `ask` asks anyone who has it, again and again until `release`; `take` is for admins. */
  async acquire(ifHeld: IfHeld = 'refuse'): Promise<void> {
    const { phase, askAgainAt } = this.state.value;
    if (this.#disposed || (phase !== 'idle' && phase !== 'asking')) return;
    if (ifHeld === 'ask' && askAgainAt !== null) return;
    this.#cancelRetries();
    const news = { ended: null, refusal: null, problem: null, askAgainAt: null };
    this.state.set({ phase: 'acquiring', ...news });
    await this.#ask(ifHeld);
  }

  /** Gives the robot back, through a stop; ends an ask as well. */
  async release(): Promise<void> {
    const token = this.#lease?.token;
    if (token !== undefined) this.#socket?.order('stop');
    this.#endLease(token === undefined ? null : { code: 'released', driver: null });
    if (token === undefined) return;
    this.state.set({ releasing: true });
    await this.#requests.make(() => this.#deps.api.release(token));
    this.state.set({ releasing: false });
  }

  /** Answers anyone who asks for the robot. Handed over, it is theirs through a stop. */
  async answer(handOver: boolean): Promise<void> {
    const token = this.#lease?.token;
    if (token === undefined) return;
    if (handOver) this.#halt();
    this.#handedOver = handOver;
    this.state.set({ askedBy: null });
    await this.#requests.make(() => this.#deps.api.answer(token, handOver));
  }

  /** Control `control` is held at these shares of the speed; called again, it has been moved. Controls add up. */
  hold(control: string, shares: Shares): void {
    const outcome = this.#intent.hold(control, shares, this.#isReady());
    const moved = outcome !== 'stop' && outcome.length === 1;
    // The timer says it soon enough.
    if (moved && this.#deps.clock.now() - this.#saidAt < MOVED_MS) this.#show();
    else this.#press(outcome);
  }

  /** Control `control` is up. */
  letGo(control: string): void {
    for (const say of this.#intent.letGo(control)) this.#say(say);
    this.#show();
  }

  /** A press that drives for `forMs` by itself. Stops instead if anything is being done: any press stops. */
  latch(shares: Shares, forMs = 3000): void {
    const now = this.#deps.clock.now();
    this.#press(this.#intent.latch(shares, forMs, now, this.#isReady()), true);
  }

  /** A press that renews the latch for as long again. */
  renew(): void {
    this.#intent.renew(this.#deps.clock.now());
    this.#press([], true);
  }

  /** A press for one bounded move. Stops instead if anything is being done: any press stops. */
  step(move: StepMove): void {
    this.#press(this.#intent.step(move, this.#deps.clock.now(), this.#isReady()));
  }

  /** Degrees. Without a lease it is another's. */
  head(pan: number, tilt: number): Promise<void> {
    return this.#requests.head(this.#lease?.token, pan, tilt);
  }

  /** 0 to 255. */
  light(light: number): Promise<void> {
    return this.#requests.light(this.#lease?.token, light);
  }

  /** Stops the robot, with a lease or without, as often as you like. */
  stop(): void {
    this.#halt();
    this.#stop.press(false);
  }

  /** Latches the e-stop, with a lease or without, as often as you like. */
  estop(): void {
    this.#halt();
    this.state.set({ releaseCode: null });
    this.#estop.press(true);
  }

  /** The first of two steps, and the second. Nothing moves by either. */
  releaseEstop(): Promise<void> {
    return this.#requests.releaseEstop();
  }

  confirmReleaseEstop(): Promise<void> {
    return this.#requests.confirmReleaseEstop();
  }

  /** The end: stops, gives the robot back, and does nothing any more. */
  dispose(): void {
    if (this.#disposed) return;
    const token = this.#lease?.token;
    this.#intent.forget();
    if (token !== undefined) {
      this.#stop.press(true);
      this.#deps.api.release(token).catch(() => undefined);
    }
    this.#endLease(token === undefined ? null : { code: 'released', driver: null });
    this.#disposed = true;
    this.#unwatch();
  }

  async #ask(ifHeld: IfHeld): Promise<void> {
    this.#wish += 1;
    const wish = this.#wish;
    try {
      const answer = await this.#deps.api.acquire(ifHeld);
      if (wish !== this.#wish) {
        // Nobody wants it any more.
        if (answer.result === 'granted') await this.#deps.api.release(answer.token);
        return;
      }
      if (answer.result === 'asked') {
        this.state.set({ phase: 'asking' });
        this.#cancelRetry = this.#deps.clock.after(ASK_AGAIN_MS, () => void this.#ask(ifHeld));
        return;
      }
      this.#lease = { token: answer.token, staleMs: answer.stale_after_ms };
      this.#heardAt = this.#deps.clock.now();
      this.#tries = 0;
      this.#handedOver = false;
      this.#intent.newLease();
      this.state.set({ phase: 'opening', lease: answer.lease, ended: null });
      this.#open();
    } catch (error) {
      if (wish === this.#wish) this.#refused(ifHeld === 'ask', error);
    }
  }

  #refused(asked: boolean, error: unknown): void {
    const { clock } = this.#deps;
    const problem = problemOf(error);
    this.state.set({ phase: 'idle', problem });
    if (problem.code !== 'lease_held') return;
    const wait = waitOf(error) || (asked ? DECLINED_MS : KEPT_MS);
    this.state.set({ askAgainAt: asked ? clock.now() + wait : null });
    // Not said any longer than it is so: others come and go.
    this.#cancelRetry = clock.after(wait, () => {
      this.state.set({ askAgainAt: null, problem: null });
    });
  }

  #open(): void {
    this.#cancelRetries();
    const lease = this.#lease;
    if (lease === null) return;
    this.#socket?.close();
    const { clock, connect, pictureMs } = this.#deps;
    this.#socket = new DriveSocket({
      clock,
      connect,
      pictureMs,
      token: lease.token,
      onReady: (welcome) => {
        this.#tries = 0;
        this.state.set({ phase: 'ready', welcome });
        this.#tick();
      },
      onState: (robot) => this.#robot(robot),
      onRefused: (seq, code) => {
        if (this.#intent.refused(seq, code)) this.state.set({ refusal: code });
        this.#show();
      },
      onAsked: (askedBy) => this.state.set({ askedBy }),
      onQuiet: (quiet) => {
        if (this.state.value.welcome === null) return;
        if (quiet) this.#halt();
        this.state.set(quiet ? { phase: 'quiet', robot: null } : { phase: 'ready' });
        if (!quiet) this.#tick();
      },
      onClosed: (code, ended) => this.#closed(code, ended),
    });
  }

  #closed(code: number, ended: LeaseEnd | null): void {
    this.#dropSocket();
    const why = endOf(code, ended);
    if (why === null) this.#reopen();
    else if (why.code === 'lease_lost' && this.#handedOver)
      this.#endLease({ ...why, code: 'released' });
    else this.#endLease(why);
  }

  /** Another socket, for as long as the lease may still be ours. */
  #reopen(): void {
    const { clock } = this.#deps;
    if (this.#lease === null) return;
    if (clock.now() - this.#heardAt > this.#lease.staleMs) {
      this.#endLease({ code: 'unreachable', driver: null });
      return;
    }
    this.state.set({ phase: 'lost' });
    const wait = backoff(this.#tries, RETRY_MS[0], RETRY_MS[1], clock.random());
    this.#tries += 1;
    this.#cancelRetry = clock.after(wait, () => this.#open());
  }

  #robot(robot: RobotState): void {
    const ended = this.#intent.robot(robot);
    this.state.set({ robot });
    if (ended) this.#show();
    if (robot.motion.mode !== null && this.#intent.doing?.mode === robot.motion.mode) {
      this.state.set({ refusal: null });
    }
    const stands = robot.motion.mode === null && robot.motion.neutral_first;
    if (stands && this.#stop.pending) this.#stop.confirm();
    if (robot.estop.latched && this.#estop.pending) this.#estop.confirm();
    // Another person released it: the next one begins at the first step.
    if (!robot.estop.latched) this.state.set({ releaseCode: null });
    if (!robot.driver?.asked_by) this.state.set({ askedBy: null });
  }

  /** What a press led to. `pulse` says at once what is to be repeated. */
  #press(outcome: Outcome, pulse = false): void {
    if (outcome === 'stop') {
      this.stop();
      return;
    }
    if (!this.#isConnected()) {
      this.state.set({ refusal: this.#lease === null ? 'no_lease' : 'no_socket' });
    } else if (outcome.length > 0 || pulse) {
      this.state.set({ refusal: null, stop: 'idle' });
      for (const say of outcome) this.#say(say);
      if (pulse) this.#tick();
      else this.#schedule();
    }
    this.#show();
  }

  /** Whether a press counts. One that does not, for whatever reason, must be let go before it can. */
  #isReady(): boolean {
    return this.#isConnected() && this.#deps.mayDrive();
  }

  #isConnected(): boolean {
    if (this.#disposed || this.state.value.phase !== 'ready') return false;
    return this.#socket?.isHeard === true && !this.#deps.attention.hidden();
  }

  /** The one timer: what is being done, again and again, or that a person is there. */
  #tick(): void {
    this.#cancelTick?.();
    this.#cancelTick = null;
    if (this.state.value.phase !== 'ready') return;
    this.#intent.tick(this.#deps.clock.now());
    this.#say(this.#intent.message(this.#deps.stopReachable), true);
    this.#show();
    this.#schedule();
  }

  #schedule(): void {
    this.#cancelTick?.();
    const repeat = this.state.value.welcome?.repeat_ms ?? REPEAT_MS;
    const wait = this.#intent.doing === null ? PRESENT_MS : repeat;
    this.#cancelTick = this.#deps.clock.after(wait, () => this.#tick());
  }

  /** `again` may be left out where the network takes nothing: it would only arrive late. */
  #say(say: Say, again = false): void {
    const seq = this.#socket?.say(say, again) ?? null;
    if (seq === null) return;
    this.#intent.said(seq);
    this.#saidAt = this.#deps.clock.now();
  }

  #show(): void {
    this.state.set({ doing: this.#intent.doing, letGoFirst: this.#intent.spent });
  }

  /** Nothing is asked any more. The robot is told by anyone who calls this, or stops because the socket is gone. */
  #halt(): void {
    this.#intent.stop();
    this.#show();
  }

  #gone(why: Gone): void {
    this.#intent.forget();
    this.#show();
    // Without a lease nothing that moves is ours to stop: it would be another's.
    if (this.#lease === null) return;
    this.#stop.press(why !== 'blur');
    if (why !== 'freeze' && why !== 'pagehide') return;
    // A page that is halted cannot let go later; without the socket there is nothing left to hold. The lease is not given back: a
    // page that is reloaded, or comes out of the browser's cache, goes on with it, and the robot reserves it only for so long.
    this.#dropSocket();
    this.#reopen();
  }

  #dropSocket(): void {
    this.#heardAt = Math.max(this.#heardAt, this.#socket?.heardAt ?? 0);
    this.#socket?.close();
    this.#socket = null;
    this.#cancelTick?.();
    this.#cancelTick = null;
    this.#halt();
    this.state.set({ robot: null, welcome: null, askedBy: null });
  }

  /** `why` null: there was none. */
  #endLease(why: Ended | null): void {
    this.#wish += 1;
    this.#lease = null;
    this.#cancelRetries();
    this.#dropSocket();
    const over = { lease: null, askAgainAt: null, problem: null };
    this.state.set({ phase: 'idle', ...over, ...(why && { ended: why }) });
  }

  #cancelRetries(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
  }
}
