// When a microphone that nobody speaks into is closed by itself, and how long before that a person is warned: a pure
// machine, with no timers and no clock of its own. A word or a press begins the time anew.

import type { TalkSettings } from './state';

/** Louder than this is a person speaking; a quiet room with echo cancelled is below, decibels under full scale. */
export const SPEECH_DB = -45;

export class AutoMute {
  #settings: TalkSettings;
  #since = 0;

  constructor(settings: TalkSettings) {
    this.#settings = settings;
  }

  configure(settings: TalkSettings): void {
    this.#settings = settings;
  }

  /** The microphone was opened, or a press asks for more time. */
  extend(now: number): void {
    this.#since = now;
  }

  heard(db: number, now: number): void {
    if (db > SPEECH_DB) this.#since = now;
  }

  /** What is left, ms, 0 when it is over; null while that is more than the time of the warning, or endless. */
  leftMs(now: number): number | null {
    const { autoMuteMs, muteWarningMs } = this.#settings;
    if (autoMuteMs === 0) return null;
    const left = Math.max(0, autoMuteMs - (now - this.#since));
    // Whole seconds, because that is what is read out.
    return left > Math.min(muteWarningMs, autoMuteMs / 2) ? null : Math.ceil(left / 1000) * 1000;
  }
}
