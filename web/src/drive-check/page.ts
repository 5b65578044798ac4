// Fills drive.html from the state, and turns presses into deeds. Nothing here asks the network for anything.

import type { RobotState, StepMove } from '../api/types';
import type { App } from '../data/app';
import type { Language, Words } from '../i18n';
import type { CheckWords } from '../i18n/both';
import type { CheckKey } from '../i18n/check-ro';
import type { DriveKey, DriveWords } from '../i18n/drive';
import type { Drive } from '../lib/drive/drive';
import type { Shares } from '../lib/drive/intent';
import { byId, setHidden, setText } from '../ui/dom';
import { driveSentence } from '../ui/drive-view';
import { linkView } from '../ui/link-view';
import { onHold, onPress } from '../ui/press';
import { draw } from '../ui/shapes';
import { SignIn } from '../ui/sign-in';

export interface PageWords {
  page: Words;
  drive: DriveWords;
  check: CheckWords;
}

export interface CheckPageDeps {
  app: App;
  drive: Drive;
  words: PageWords;
  onLanguage: (language: Language) => PageWords;
}

const WAYS = ['forward', 'back', 'left', 'right'] as const;
const SHARES: Record<(typeof WAYS)[number], Shares> = {
  forward: { linear: 1, angular: 0 },
  back: { linear: -1, angular: 0 },
  left: { linear: 0, angular: 1 },
  right: { linear: 0, angular: -1 },
};
const STEPS: readonly [id: string, key: CheckKey, move: StepMove][] = [
  ['step-forward-20', 'step.forward', { cm: 20 }],
  ['step-back-20', 'step.back', { cm: -20 }],
  ['step-left-90', 'step.left', { deg: 90 }],
  ['step-right-90', 'step.right', { deg: -90 }],
];
const LATCH_MS = 5000;
/** Elements whose words never change with the state. */
const FIXED: readonly [id: string, key: CheckKey][] = [
  ['title', 'title'],
  ['lead', 'lead'],
  ['hold-title', 'hold.title'],
  ['step-title', 'step.title'],
  ['latch-title', 'latch.title'],
  ['odometry-title', 'odometry.title'],
  ['odometry-x-name', 'odometry.x'],
  ['odometry-y-name', 'odometry.y'],
  ['odometry-heading-name', 'odometry.heading'],
  ...STEPS.map(([id, key]): [string, CheckKey] => [id, key]),
  ...WAYS.map((way): [string, CheckKey] => [`latch-${way}`, `latch.${way}`]),
];
/** The same, in the words of the drive screen. */
const DRIVING: readonly [id: string, key: DriveKey][] = [
  ['drive-stop', 'stop'],
  ['drive-estop', 'estop'],
  ['drive-acquire', 'acquire'],
  ['drive-release', 'release'],
  ['drive-estop-release', 'estop.release'],
  ['drive-estop-confirm', 'estop.confirm'],
  ...WAYS.map((way): [string, DriveKey] => [`hold-${way}`, `hold.${way}`]),
];
/** What moves the robot, and only while it is ready. */
const CONTROLS: readonly string[] = [
  ...WAYS.flatMap((way) => [`hold-${way}`, `latch-${way}`]),
  ...STEPS.map(([id]) => id),
];

export class CheckPage {
  readonly #deps: CheckPageDeps;
  readonly #signIn: SignIn;
  #words: PageWords;

  constructor(deps: CheckPageDeps) {
    this.#deps = deps;
    this.#words = deps.words;
    const { app, drive } = deps;
    this.#signIn = new SignIn(app, () => this.#update());
    button('language').addEventListener('click', () => {
      this.#words = deps.onLanguage(this.#other());
      this.#update();
    });
    button('sign-out').addEventListener(
      'click',
      () => void drive.release().then(() => app.logout()),
    );
    this.#listen(drive);
    app.state.watch(() => this.#update());
    drive.state.watch(() => this.#update());
  }

  #listen(drive: Drive): void {
    onPress(button('drive-stop'), () => drive.stop());
    onPress(button('drive-estop'), () => drive.estop());
    const deeds: [string, () => void][] = [
      ['drive-acquire', () => void drive.acquire()],
      ['drive-release', () => void drive.release()],
      ['drive-estop-release', () => void drive.releaseEstop()],
      ['drive-estop-confirm', () => void drive.confirmReleaseEstop()],
      ...WAYS.map((way): [string, () => void] => [
        `latch-${way}`,
        () => drive.latch(SHARES[way], LATCH_MS),
      ]),
      ...STEPS.map(([id, , move]): [string, () => void] => [id, () => drive.step(move)]),
    ];
    for (const [id, deed] of deeds) button(id).addEventListener('click', deed);
    for (const way of WAYS) {
      onHold(
        button(`hold-${way}`),
        (control) => drive.hold(control, SHARES[way]),
        (control) => drive.letGo(control),
      );
    }
  }

  #update(): void {
    const { page, drive, check } = this.#words;
    const app = this.#deps.app.state.value;
    const state = this.#deps.drive.state.value;
    const robot = state.robot ?? (app.events === 'open' ? (app.status?.robot ?? null) : null);
    const watching = app.signedIn === true || app.video.phase !== 'idle';
    const opening = app.signedIn === null && !watching;
    const { dataset } = document.body;
    dataset['view'] = opening ? 'opening' : watching ? 'watch' : 'sign-in';
    dataset['link'] = app.link.kind;
    dataset['drive'] = state.phase;
    dataset['doing'] = state.doing?.mode ?? 'nothing';
    document.documentElement.lang = page.language;
    document.title = `${page.text('app.name')} · ${check.text('title')}`;
    for (const [id, key] of FIXED) setText(byId(id, HTMLElement), check.text(key));
    for (const [id, key] of DRIVING) setText(byId(id, HTMLElement), drive.text(key));
    this.#updateTop(opening, watching);
    this.#signIn.update(app, page);
    setHidden(byId('check', HTMLElement), !watching);
    setHidden(byId('stops', HTMLElement), !watching);
    if (!watching) return;
    byId('robot-video', HTMLVideoElement).setAttribute('aria-label', page.text('picture.label'));
    this.#updateLease(robot);
    this.#updateOdometry(robot);
  }

  #updateTop(opening: boolean, watching: boolean): void {
    const { page } = this.#words;
    const { link, signedIn } = this.#deps.app.state.value;
    const view = linkView(link, page);
    byId('link', HTMLElement).setAttribute('aria-label', page.text('link.label'));
    draw(byId('link-shape', HTMLElement), view.shape);
    setText(byId('link-words', HTMLElement), opening ? page.text('app.opening') : view.words);
    const why = byId('why', HTMLElement);
    setHidden(why, view.why === null);
    if (view.why !== null) {
      draw(byId('why-shape', HTMLElement), view.shape);
      setText(byId('why-words', HTMLElement), view.why);
    }
    const other = this.#other();
    button('language').lang = other;
    setText(button('language'), page.text(`language.${other}`));
    setText(button('sign-out'), page.text('signout'));
    setHidden(button('sign-out'), !watching || signedIn !== true);
  }

  #updateLease(robot: RobotState | null): void {
    const { drive: words, check } = this.#words;
    const state = this.#deps.drive.state.value;
    const idle = state.phase === 'idle';
    disable(button('drive-acquire'), !idle);
    disable(button('drive-release'), idle);
    const ready = state.phase === 'ready';
    for (const id of CONTROLS) disable(button(id), !ready);
    setText(byId('drive-state', HTMLElement), driveSentence(state, robot, words));
    const asked = state.askedBy === null ? '' : check.text('asked', { who: state.askedBy });
    setText(byId('drive-asked', HTMLElement), asked);
    const failed = state.stop === 'failed' || state.estop === 'failed';
    setText(byId('drive-trouble', HTMLElement), failed ? words.text('stopping.failed') : '');
    const latchedEstop = robot?.estop.latched === true;
    setHidden(button('drive-estop-release'), !latchedEstop || state.releaseCode !== null);
    setHidden(button('drive-estop-confirm'), !latchedEstop || state.releaseCode === null);
    setText(byId('drive-lag', HTMLElement), ready ? lag(robot, check) : '');
  }

  #updateOdometry(robot: RobotState | null): void {
    const { check: words } = this.#words;
    const way = robot?.telemetry?.odometry ?? null;
    const write = (id: string, key: 'metres' | 'degrees', value: number | null, digits: number) => {
      const text = value === null ? 'unmeasured' : key;
      const n = value === null ? '' : figure(value, digits, words.language);
      setText(byId(id, HTMLElement), words.text(text, { n }));
    };
    write('odometry-x', 'metres', way?.x_m ?? null, 2);
    write('odometry-y', 'metres', way?.y_m ?? null, 2);
    write('odometry-heading', 'degrees', way?.heading_deg ?? null, 0);
  }

  #other(): Language {
    return this.#words.page.language === 'ro' ? 'en' : 'ro';
  }
}

function lag(robot: RobotState | null, words: CheckWords): string {
  const limit = robot?.motion.limit;
  if (limit === undefined || limit.picture_ms === null) return words.text('lag.unknown');
  return words.text('lag', {
    percent: limit.percent,
    picture: limit.picture_ms,
    command: limit.command_ms ?? 0,
  });
}

/** Never a minus before nothing. */
function figure(value: number, digits: number, language: Language): string {
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(language, { ...format, signDisplay: 'negative' }).format(value);
}

function button(id: string): HTMLButtonElement {
  return byId(id, HTMLButtonElement);
}

/** It keeps its place in the order of Tab, so that nobody loses theirs; pressed, it says why nothing happens. */
function disable(target: HTMLButtonElement, disabled: boolean): void {
  target.setAttribute('aria-disabled', String(disabled));
}
