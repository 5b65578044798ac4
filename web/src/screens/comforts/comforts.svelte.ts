// What makes a call comfortable, one of each for the page: who has arrived, what is to be told of the battery, sound that is remembered,
// and what is seen of the picture. It comes after the first picture.

import { rememberSound } from '../../data/sound-memory';
import type { ScreenModel } from '../model/screen-model.svelte';
import { Arrivals } from './arrivals';
import { BatteryCard, type BatteryLevel } from './battery-card';
import { type View, WHOLE } from './zoom';

/** How long it is shown that a person has come, ms. */
export const SHOWN_MS = 7000;

export class Comforts {
  /** So many watch since a person has come; null once that was shown for a while. */
  arrived = $state<number | null>(null);
  /** What there is to say of the battery, and whether a person has not read it yet. */
  battery = $state.raw<{ level: BatteryLevel | null; open: boolean }>({ level: null, open: false });
  /** What part of the picture is wanted. It is shown by who tells that it is a part (`ZoomChip.svelte`), and by nobody else. */
  view = $state.raw<View>(WHOLE);
  /** A person has come: to be heard. */
  onArrived: (() => void) | null = null;
  readonly #model: ScreenModel;
  #arrivals = new Arrivals();
  readonly #card = new BatteryCard();
  #cancelLook: (() => void) | null = null;
  #cancelShown: (() => void) | null = null;

  constructor(model: ScreenModel) {
    this.#model = model;
    const { app, store } = model.deps;
    rememberSound({ media: app.media, session: app.session, store });
    const look = () => this.#look();
    app.status.state.watchFields(['presence', 'robot', 'events', 'known'], look);
    let sessions = 0;
    app.media.state.watchFields(['video', 'hungUp'], ({ video, hungUp }) => {
      // The age of the picture changes all the time.
      if (!hungUp && video.sessions === sessions) return;
      sessions = video.sessions;
      look();
    });
    model.drive.state.watchFields(['robot'], look);
  }

  readBattery(): void {
    this.#card.putAway();
    this.battery = this.#card.told;
  }

  #look(): void {
    const { clock, app } = this.#model.deps;
    const now = clock.now();
    const { hungUp, video } = app.media.state.value;
    if (hungUp) {
      // Another call begins anew.
      this.#card.forget();
      this.#arrivals = new Arrivals();
    }
    this.#card.look(this.#model.driving.robot?.telemetry?.battery ?? null, now);
    const { told } = this.#card;
    if (told.level !== this.battery.level || told.open !== this.battery.open) this.battery = told;

    const watchers = hungUp ? null : (this.#model.status?.presence.watchers ?? null);
    const came = this.#arrivals.look(watchers, video.sessions, now);
    if (came !== null) this.#tell(came);
    this.#cancelLook?.();
    const { dueAt } = this.#arrivals;
    this.#cancelLook = dueAt === null ? null : clock.after(dueAt - now, () => this.#look());
  }

  #tell(watchers: number): void {
    this.arrived = watchers;
    this.onArrived?.();
    this.#cancelShown?.();
    this.#cancelShown = this.#model.deps.clock.after(SHOWN_MS, () => {
      this.arrived = null;
    });
  }
}

const all = new WeakMap<ScreenModel, Comforts>();

export function comfortsOf(model: ScreenModel): Comforts {
  const known = all.get(model) ?? new Comforts(model);
  all.set(model, known);
  return known;
}
