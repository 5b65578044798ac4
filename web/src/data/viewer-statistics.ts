// The viewer's statistics: what the overlay shows and what is reported to the daemon. Fetched once the video plays.

import { VoiceApi } from '../api/voice';
import type { Clock } from '../lib/core/clock';
import type { Figures } from '../lib/webrtc/player';
import { Reporter } from '../lib/webrtc/report';
import { type Look, reportOf, type Statistics, StatisticsMeter } from '../lib/webrtc/statistics';

export interface ViewerStatisticsDeps {
  clock: Clock;
  /** The players' counters and what else is measured, now. */
  look: () => Look;
  /** The page is not seen: nothing is measured. */
  hidden: () => boolean;
  fetcher: typeof fetch;
}

export class ViewerStatistics {
  readonly #deps: ViewerStatisticsDeps;
  readonly #meter = new StatisticsMeter();
  readonly #reporter: Reporter;

  constructor(deps: ViewerStatisticsDeps) {
    this.#deps = deps;
    const voice = new VoiceApi(deps.fetcher);
    this.#reporter = new Reporter({
      clock: deps.clock,
      measure: () => (deps.hidden() ? null : reportOf(this.now())),
      send: (report) => voice.report(report),
    });
  }

  /** The counters of the session that is shown. */
  get video(): Figures | null {
    return this.#deps.look().video;
  }

  now(): Statistics {
    return this.#meter.look(this.#deps.look(), this.#deps.clock.now());
  }

  /** Reports every few seconds while the video is watched. */
  report(on: boolean): void {
    if (on) this.#reporter.start();
    else this.#reporter.stop();
  }
}
