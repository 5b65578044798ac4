// Everything that the components of the drive screen look at, as runes, and the few deeds that belong to no core: which
// sheet is open, which way a press on a direction goes, and what keeps the directions locked.

import { getContext, setContext, tick } from 'svelte';
import type { RobotState, StepMove } from '../../api/types';
import type { App } from '../../data/app';
import type { LevelsWatch } from '../../data/levels';
import type { PhraseBoard } from '../../data/phrases';
import type { Settings, SettingsStore } from '../../data/settings';
import { type Language, rememberLanguage, type Words } from '../../i18n';
import type { DriveWords } from '../../i18n/drive';
import type { PanelWords } from '../../i18n/panel';
import { type Spoken, speak } from '../../i18n/spoken';
import type { Attention } from '../../lib/core/attention';
import type { Clock } from '../../lib/core/clock';
import type { Drive } from '../../lib/drive/drive';
import type { Shares } from '../../lib/drive/intent';
import { type RenewalOffer, renewalOffer } from '../../lib/drive/latch-renewal';
import { type SpeedNotice, speedNotice } from '../../lib/drive/speed-notice';
import type { DrivePad } from '../../lib/input/drive-pad';
import type { PadPressed } from '../../lib/input/pad-bindings';
import type { Talk } from '../../lib/talk/talk';
import { isCameraPicture } from '../../lib/webrtc/link';
import type { Statistics } from '../../lib/webrtc/statistics';
import { driveSentence, problemSentence } from '../../ui/drive-view';
import { Followed } from '../../ui/follow.svelte';

export const WAYS = ['forward', 'back', 'left', 'right'] as const;
export type Way = (typeof WAYS)[number];

const SHARES: Record<Way, Shares> = {
  forward: { linear: 1, angular: 0 },
  back: { linear: -1, angular: 0 },
  left: { linear: 0, angular: 1 },
  right: { linear: 0, angular: -1 },
};

/** What can lie beside the picture. One at a time. */
export type SheetName = 'menu' | 'phrases' | 'letters' | 'edit' | 'camera' | 'settings';

/** Over this age the directions are locked, ms (docs/driving.md). */
const LOCKED_MS = 400;

export interface ScreenDeps {
  app: App;
  drive: Drive;
  talk: Talk;
  board: PhraseBoard;
  levels: LevelsWatch;
  settings: SettingsStore;
  clock: Clock;
  attention: Attention;
  store: Storage | null;
  /** The words to begin with. */
  spoken: Spoken;
  statistics: () => Statistics;
  /** Fetches a part that the page is no use without, however long it takes. */
  needed: <Part>(fetched: () => Promise<Part>) => Promise<Part>;
}

export class ScreenModel {
  readonly deps: ScreenDeps;
  readonly drive: Drive;
  readonly #app: Followed<App['state']['value']>;
  readonly #driving: Followed<Drive['state']['value']>;
  readonly #settings: Followed<Settings>;
  readonly #board: Followed<PhraseBoard['state']['value']>;
  readonly #levels: Followed<LevelsWatch['state']['value']>;
  readonly #talk: Followed<Talk['state']['value']>;
  readonly #talkLevel: Followed<Talk['level']['value']>;

  sheet = $state<SheetName | null>(null);
  /** It is here: only then does it take the page's other controls away. */
  sheetShown = $state(false);
  /** The newest one could not be fetched. */
  sheetFailed = $state(false);
  /** Somebody tries an input: whatever it would drive with goes here, and the robot gets nothing. */
  trying = $state<((what: Way | PadPressed | 'still') => void) | null>(null);
  /** The gamepad, once the page listens to it. */
  pad = $state.raw<DrivePad | null>(null);
  /** Talking was wanted: only then is it worth saying why it does not go. */
  talkAsked = $state(false);

  /** Why requests are refused, in a language; null until these words are here. */
  #explain = $state.raw<((language: Language, code: string) => string) | null>(null);

  #spoken = $state.raw() as Spoken;
  /** The newest lease by which this page has asked for motion. */
  #drove = $state<number | null>(null);
  #opener: Element | null = null;

  constructor(deps: ScreenDeps) {
    this.deps = deps;
    this.drive = deps.drive;
    this.#app = new Followed(deps.app.state);
    this.#driving = new Followed(deps.drive.state);
    this.#settings = new Followed(deps.settings.state);
    this.#board = new Followed(deps.board.state);
    this.#levels = new Followed(deps.levels.state);
    this.#talk = new Followed(deps.talk.state);
    this.#talkLevel = new Followed(deps.talk.level);
    this.#spoken = deps.spoken;
    deps.drive.state.watch(({ doing, lease }) => {
      if (doing !== null) this.#drove = lease;
    });
  }

  get language(): Language {
    return this.#spoken.language;
  }
  get page(): Words {
    return this.#spoken.page;
  }
  get driveWords(): DriveWords {
    return this.#spoken.drive;
  }
  get words(): PanelWords {
    return this.#spoken.panel;
  }
  /** What every sheet says. */
  get sheetWords() {
    const text = (key: 'close' | 'page.up' | 'page.down') => this.words.text(key);
    return { close: text('close'), up: text('page.up'), down: text('page.down') };
  }
  get app() {
    return this.#app.value;
  }
  get driving() {
    return this.#driving.value;
  }
  get settings() {
    return this.#settings.value;
  }
  get phrases() {
    return this.#board.value;
  }
  get levels() {
    return this.#levels.value;
  }
  get talk() {
    return this.#talk.value;
  }
  get talkLevel() {
    return this.#talkLevel.value;
  }
  get attention(): Attention {
    return this.deps.attention;
  }

  /** The daemon's status, or null while nobody can tell. */
  get status() {
    return this.app.events === 'open' ? this.app.status : null;
  }

  /** The robot as the drive socket tells it, else as the events do. */
  get robot(): RobotState | null {
    return this.driving.robot ?? this.status?.robot ?? null;
  }

  get hungUp(): boolean {
    return this.app.hungUp;
  }

  get watching(): boolean {
    return !this.hungUp && (this.app.signedIn === true || this.app.video.phase !== 'idle');
  }

  get estopped(): boolean {
    const estop = this.robot?.estop;
    return estop?.latched === true || estop?.button === true;
  }

  /**
   * How driving stands, in one sentence. What stopped the robot is told to whoever drove it: to somebody who has just taken it,
   * a stop before their time says nothing.
   */
  get sentence(): string {
    const { driving } = this;
    // Not `ready`, which would be no news of the robot's: what locks it is said beside this.
    const blind = this.locked && !this.moving && !this.estopped;
    if (driving.phase === 'ready' && blind) return this.words.text('drive.locked');
    const drove = driving.lease !== null && this.#drove === driving.lease;
    const robot = drove ? driving.robot : unstopped(driving.robot);
    const known = drove ? this.robot : unstopped(this.robot);
    return driveSentence({ ...driving, robot }, known, this.driveWords, this.explained);
  }

  /** Why the newest request about driving was refused; empty while none was. */
  get problem(): string {
    const { problem } = this.driving;
    return problem === null ? '' : problemSentence(problem, this.driveWords, this.explained);
  }

  /** Why a request was refused, by its code; less is said until these words are here. */
  readonly explained = (code: string): string =>
    this.#explain?.(this.language, code) ?? this.driveWords.text('problem.other');

  /** Fetches those words. */
  explain(): void {
    import('../../i18n/problems').then(
      ({ sayProblem }) => {
        this.#explain = sayProblem;
      },
      () => undefined,
    );
  }

  /** Somebody else who has the robot. */
  get otherDriver(): string | null {
    return this.driving.lease === null ? (this.robot?.driver?.who ?? null) : null;
  }

  /** Age of the camera's picture as the page shows it, ms; null if there is none. */
  get pictureMs(): number | null {
    const { link } = this.app;
    if (!isCameraPicture(link.kind)) return null;
    return link.kind === 'late' || link.kind === 'lost' ? link.ms : 0;
  }

  /** Nothing drives by a picture that nobody can trust. */
  get locked(): boolean {
    const { kind } = this.app.link;
    // The page's figure is rounded to ten: at the limit it may be over it.
    return this.pictureMs === null || kind === 'lost' || this.pictureMs >= LOCKED_MS;
  }

  get notice(): SpeedNotice | null {
    return speedNotice(this.driving, this.pictureMs);
  }

  /** Nothing at the robot or about its picture keeps a driver from setting off. */
  get #free(): boolean {
    return !this.locked && !this.estopped;
  }

  get ready(): boolean {
    return this.driving.phase === 'ready' && this.#free;
  }

  /** Whether a press on a direction counts: nothing that lies open hides the picture. */
  get mayDrive(): boolean {
    return this.#free && this.sheet === null;
  }

  /** When a press renews the latch instead of stopping it. */
  get offer(): RenewalOffer | null {
    return renewalOffer(this.driving.doing, this.settings.scan.stepMs);
  }

  /** It is so now. */
  mayRenew(): boolean {
    const { offer } = this;
    return offer !== null && this.deps.clock.now() >= offer.countsAt;
  }

  /** The robot moves for this driver, or is asked to. */
  get moving(): boolean {
    const { doing, lease } = this.driving;
    return doing !== null || (lease !== null && this.robot?.motion.mode != null);
  }

  /** What a press on a direction does. Nobody holds with a switch or by dwelling. */
  get driveBy(): Settings['driveBy'] {
    const { driveBy, input } = this.settings;
    return driveBy === 'hold' && input !== 'direct' ? 'step' : driveBy;
  }

  /** One press on a direction, in the way that is chosen. What cannot be held by a press makes a step. */
  go(way: Way): void {
    if (this.driveBy === 'latch') this.drive.latch(SHARES[way], this.settings.latchMs);
    else this.step(way);
  }

  step(way: Way): void {
    this.drive.step(this.move(way));
  }

  hold(control: string, way: Way): void {
    this.drive.hold(control, SHARES[way]);
  }

  move(way: Way): StepMove {
    const { stepCm, stepDeg } = this.settings;
    const sign = way === 'forward' || way === 'left' ? 1 : -1;
    return way === 'forward' || way === 'back'
      ? ({ cm: sign * stepCm } as StepMove)
      : ({ deg: sign * stepDeg } as StepMove);
  }

  talkPress(): void {
    this.talkAsked = true;
    this.deps.talk.press();
  }

  /** Changes the page's language once its words are here; without them all stays as it is. */
  async speak(language: Language): Promise<void> {
    try {
      this.#spoken = await speak(language);
      this.set({ language });
      rememberLanguage(this.deps.store, language);
    } catch {
      // No way to the robot just now. The page says so already, in the language that it has.
    }
  }

  set(change: Partial<Settings>): void {
    this.deps.settings.set(change);
  }

  open(sheet: SheetName): void {
    // Once it is inert it has lost the focus already.
    if (this.sheet === null) this.#opener = document.activeElement;
    // On a phone it lies over the whole picture.
    if (this.moving) this.drive.stop();
    this.sheetFailed = false;
    this.sheet = sheet;
  }

  /** Closes what lies open; the focus goes back to what opened it. */
  close(): void {
    if (this.sheet === null) return;
    this.trying = null;
    this.sheet = null;
    this.sheetShown = false;
    const opener = this.#opener;
    void tick().then(() => {
      if (opener instanceof HTMLElement) opener.focus();
    });
  }

  /** Stops first, gives the robot back, then ends picture, sound and microphone. */
  hangUp(): void {
    if (this.driving.lease !== null) this.drive.stop();
    void this.drive.release();
    this.close();
    this.deps.talk.hangUp();
    this.deps.app.hangUp();
  }

  comeBack(): void {
    void this.deps.app.comeBack();
  }

  async signOut(): Promise<void> {
    this.close();
    this.deps.talk.hangUp();
    await this.drive.release();
    await this.deps.app.logout();
  }
}

function unstopped(robot: RobotState | null): RobotState | null {
  return robot && { ...robot, motion: { ...robot.motion, stopped: null } };
}

const KEY = Symbol('model');

export const setModel = (model: ScreenModel): ScreenModel => setContext(KEY, model);
export const getModel = (): ScreenModel => getContext(KEY);
