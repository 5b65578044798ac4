// Requests of a driver beside the drive socket. Why the newest one failed is in the state, until one succeeds.

import type { Observable } from '../core/observable';
import { problemOf } from '../core/problem';
import { type DriveApi, within } from './api';
import type { DriveState } from './state';

export class Requests {
  readonly #state: Observable<DriveState>;
  readonly #api: DriveApi;

  constructor(state: Observable<DriveState>, api: DriveApi) {
    this.#state = state;
    this.#api = api;
  }

  async make(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#state.set({ problem: null });
    } catch (error) {
      this.#state.set({ problem: problemOf(error) });
    }
  }

  /** Turns the head, within what it can; without a lease it is another's. */
  async head(token: string | undefined, pan: number, tilt: number): Promise<void> {
    if (token === undefined) return;
    await this.make(() => this.#api.head(token, within(pan, 90), within(tilt, 45)));
  }

  /** 0 to 255. */
  async light(token: string | undefined, light: number): Promise<void> {
    if (token === undefined) return;
    await this.make(() => this.#api.light(token, Math.max(0, within(light, 255))));
  }

  /** The first of two steps: asks for the code. Nothing moves by it, nor by the second. */
  async releaseEstop(): Promise<void> {
    await this.make(async () => {
      const { confirm } = await this.#api.releaseEstop(null);
      this.#state.set({ releaseCode: confirm });
    });
  }

  /** The second step. */
  async confirmReleaseEstop(): Promise<void> {
    const code = this.#state.value.releaseCode;
    if (code === null) return;
    this.#state.set({ releaseCode: null });
    await this.make(async () => {
      await this.#api.releaseEstop(code);
      this.#state.set({ estop: 'idle' });
    });
  }
}
