// The screen model: the page's state as runes, in parts, and the actions that concern several of them.

import { getContext, setContext } from 'svelte';
import type { RequestFunction } from '../../api/request';
import type { App } from '../../data/app';
import type { LazyTalk } from '../../data/lazy-talk';
import type { LevelsWatch } from '../../data/levels';
import type { RecordingState } from '../../data/recording';
import type { SessionState } from '../../data/session';
import type { Settings, SettingsStore } from '../../data/settings';
import { leaseHint } from '../../data/sign-in';
import type { ViewerStatistics } from '../../data/viewer-statistics';
import type { Spoken } from '../../i18n/spoken';
import type { Attention } from '../../lib/core/attention';
import type { Clock } from '../../lib/core/clock';
import type { Drive } from '../../lib/drive/drive';
import type { DrivePad } from '../../lib/input/drive-pad';
import type { PadPressed } from '../../lib/input/pad-bindings';
import { Followed } from '../../ui/follow.svelte';
import { DriveModel, type Way } from './drive-model.svelte';
import { Locale } from './locale.svelte';
import { Navigation } from './navigation.svelte';

export interface ScreenDeps {
  app: App;
  drive: Drive;
  talk: LazyTalk;
  /** Handed on to parts that are fetched later. */
  fetcher: RequestFunction;
  levels: LevelsWatch;
  settings: SettingsStore;
  clock: Clock;
  attention: Attention;
  store: Storage | null;
  /** The words to begin with. */
  spoken: Spoken;
  statistics: () => Promise<ViewerStatistics>;
  /** Fetches a part that the page is no use without, however long it takes. */
  needed: <Part>(fetched: () => Promise<Part>) => Promise<Part>;
}

export class ScreenModel {
  readonly deps: ScreenDeps;
  readonly drive: Drive;
  readonly locale: Locale;
  readonly nav: Navigation;
  readonly driving: DriveModel;
  readonly session: Readonly<SessionState>;
  readonly media: Readonly<App['media']['state']['value']>;
  readonly recording: Readonly<RecordingState>;
  readonly settings: Readonly<Settings>;
  readonly levels: Readonly<LevelsWatch['state']['value']>;
  readonly talk: Readonly<LazyTalk['state']['value']>;
  readonly talkLevel: Readonly<LazyTalk['level']['value']>;
  readonly #status: Readonly<App['status']['state']['value']>;

  /** An input is being tried: whatever it would drive with goes here, and the robot gets nothing. */
  trying = $state<((what: Way | PadPressed | 'still') => void) | null>(null);
  /** The gamepad, once the page listens to it. */
  pad = $state.raw<DrivePad | null>(null);
  /** Talking was wanted: only then is it worth saying why it does not work. */
  talkAsked = $state(false);

  constructor(deps: ScreenDeps) {
    const { app, drive, clock } = deps;
    this.deps = deps;
    this.drive = drive;
    this.session = new Followed(app.session.state).value;
    this.media = new Followed(app.media.state).value;
    this.recording = new Followed(app.recording.state).value;
    this.settings = new Followed(deps.settings.state).value;
    this.levels = new Followed(deps.levels.state).value;
    this.talk = new Followed(deps.talk.state).value;
    this.talkLevel = new Followed(deps.talk.level).value;
    this.#status = new Followed(app.status.state).value;
    this.locale = new Locale(deps);
    this.nav = new Navigation({
      location: window.location,
      history: window.history,
      onOpen: () => {
        if (this.driving.moving) drive.stop();
      },
    });
    const { locale, nav, media, settings } = this;
    const status = this.#status;
    const elsewhere = () => leaseHint.get(deps.store);
    this.driving = new DriveModel({
      drive,
      clock,
      locale,
      nav,
      media,
      settings,
      status,
      elsewhere,
    });
    drive.state.watchFields(['lease'], ({ lease }) => leaseHint.set(deps.store, lease));
  }

  get attention(): Attention {
    return this.deps.attention;
  }

  /** The daemon's status, section by section, or null while it is not known. */
  get status() {
    const status = this.#status;
    return status.events === 'open' && status.known ? (status as Known<typeof status>) : null;
  }

  get hungUp(): boolean {
    return this.media.hungUp;
  }

  get watching(): boolean {
    return !this.hungUp && (this.session.signedIn === true || this.media.video.phase !== 'idle');
  }

  set(change: Partial<Settings>): void {
    this.deps.settings.set(change);
  }

  talkPress(): void {
    this.talkAsked = true;
    this.deps.talk.press(this.driving.state.lease !== null);
  }

  /** Closes the open sheet. */
  close(): void {
    this.trying = null;
    this.nav.close();
  }

  /** Stops first, gives the robot back, then ends video, audio and microphone. */
  hangUp(): void {
    if (this.driving.state.lease !== null) this.drive.stop();
    void this.drive.release();
    this.close();
    this.deps.talk.hangUp();
    this.deps.app.media.hangUp();
  }

  comeBack(): void {
    void this.deps.app.comeBack();
  }

  async signOut(): Promise<void> {
    this.close();
    this.deps.talk.hangUp();
    await this.drive.release();
    await this.deps.app.session.logout();
  }
}

/** The sections once the snapshot has been received. */
type Known<S> = {
  [Key in keyof S]: Key extends 'encoder' | 'mediamtx_version' ? S[Key] : NonNullable<S[Key]>;
};

const KEY = Symbol('screen model');

export const setModel = (model: ScreenModel): ScreenModel => setContext(KEY, model);
export const getModel = (): ScreenModel => getContext(KEY);
