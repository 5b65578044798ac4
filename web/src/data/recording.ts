// The recording switch: a start or stop on its way, and why the newest one was refused.

import { ApiError, asApiError } from '../api/request';
import { Observable } from '../lib/core/observable';

export interface RecordingState {
  /** A start or stop is on its way. */
  busy: boolean;
  error: ApiError | null;
}

export interface RecordingDeps {
  /** Whether recording is wanted, by the daemon's newest word; null while that is not known. */
  wanted: () => boolean | null;
  setRecording: (on: boolean) => Promise<void>;
  onSignedOut: () => void;
}

export class Recording {
  readonly state = new Observable<RecordingState>({ busy: false, error: null });
  readonly #deps: RecordingDeps;

  constructor(deps: RecordingDeps) {
    this.#deps = deps;
  }

  async toggle(): Promise<void> {
    const wanted = this.#deps.wanted();
    if (wanted === null || this.state.value.busy) return;
    this.state.set({ busy: true, error: null });
    try {
      await this.#deps.setRecording(!wanted);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.#deps.onSignedOut();
      else this.state.set({ error: asApiError(error) });
    } finally {
      this.state.set({ busy: false });
    }
  }

  /** The daemon has published the recording's state: a refusal before that is no news any more. */
  changed(): void {
    this.state.set({ error: null });
  }
}
