// The quality of the connection as components see it, one for the page.

import { type Quality, QualityMeter } from '../../lib/webrtc/quality';
import type { ScreenModel } from '../model/screen-model.svelte';

const EVERY_MS = 2000;

class ConnectionQuality {
  /** Null while nothing is known. */
  value = $state<Quality | null>(null);
  readonly #model: ScreenModel;
  readonly #meter = new QualityMeter();

  constructor(model: ScreenModel) {
    this.#model = model;
    void this.#look();
  }

  async #look(): Promise<void> {
    const { attention, statistics, clock } = this.#model.deps;
    try {
      const viewer = await statistics();
      // A hidden page is given little of anything, whatever the connection.
      if (attention.hidden()) this.#meter.skip();
      else {
        const figures = this.#model.driving.pictureMs === null ? null : viewer.video;
        this.value = this.#meter.look(figures, this.#model.settings.jitterMs, clock.now());
      }
    } catch {
      // It is fetched again the next time.
    }
    clock.after(EVERY_MS, () => void this.#look());
  }
}

const all = new WeakMap<ScreenModel, ConnectionQuality>();

export function qualityOf(model: ScreenModel): Readonly<Pick<ConnectionQuality, 'value'>> {
  const known = all.get(model) ?? new ConnectionQuality(model);
  all.set(model, known);
  return known;
}
