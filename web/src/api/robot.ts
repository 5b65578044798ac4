import { ask } from './request';
import type { EstopReleased, IfHeld, LeaseAnswer } from './types';

const LEASE = '/api/v1/robot/lease';
/** A page that is being left still gets these through. */
const LASTING: RequestInit = { keepalive: true };

/** The daemon's routes around driving. Every method rejects with `ApiError`. */
export class RobotApi {
  readonly #fetch: typeof fetch;

  constructor(fetcher: typeof fetch) {
    this.#fetch = fetcher;
  }

  async acquire(ifHeld: IfHeld): Promise<LeaseAnswer> {
    const response = await ask(this.#fetch, 'POST', LEASE, { if_held: ifHeld });
    return (await response.json()) as LeaseAnswer;
  }

  async release(token: string): Promise<void> {
    await ask(this.#fetch, 'DELETE', LEASE, { token }, LASTING);
  }

  async answer(token: string, handOver: boolean): Promise<void> {
    await ask(this.#fetch, 'POST', `${LEASE}/answer`, { token, hand_over: handOver });
  }

  async head(token: string, pan: number, tilt: number): Promise<void> {
    await ask(this.#fetch, 'POST', '/api/v1/robot/head', { token, pan, tilt });
  }

  async light(token: string, light: number): Promise<void> {
    await ask(this.#fetch, 'POST', '/api/v1/robot/lights', { token, light });
  }

  async stop(): Promise<void> {
    await ask(this.#fetch, 'POST', '/api/v1/robot/stop', undefined, LASTING);
  }

  async estop(): Promise<void> {
    await ask(this.#fetch, 'POST', '/api/v1/robot/estop', undefined, LASTING);
  }

  async releaseEstop(confirm: string | null): Promise<EstopReleased> {
    const response = await ask(this.#fetch, 'POST', '/api/v1/robot/estop/release', { confirm });
    return (await response.json()) as EstopReleased;
  }
}
