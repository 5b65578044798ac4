// Fills index.html from the state. Nothing here asks the network for anything.

import type { App, AppState } from '../data/app';
import type { Language, Words } from '../i18n';
import type { Clock } from '../lib/clock';
import { Announcer } from './announcer';
import { byId, setHidden, setText } from './dom';
import { Facts, recordingState } from './facts';
import { linkView } from './link-view';
import { draw, drawWithWords } from './shapes';
import { SignIn } from './sign-in';

export interface PageDeps {
  app: App;
  clock: Clock;
  words: Words;
  /** The person chose another language. */
  onLanguage: (language: Language) => Words;
}

export class Page {
  readonly #signIn: SignIn;
  readonly #facts = new Facts();
  readonly #announcer: Announcer;
  readonly #video = byId('robot-video', HTMLVideoElement);
  readonly #bottom = byId('bottom', HTMLElement);
  readonly #stage = byId('stage', HTMLElement);
  readonly #chip = byId('link', HTMLElement);
  readonly #chipShape = byId('link-shape', HTMLElement);
  readonly #chipWords = byId('link-words', HTMLElement);
  readonly #why = byId('why', HTMLElement);
  readonly #whyShape = byId('why-shape', HTMLElement);
  readonly #whyWords = byId('why-words', HTMLElement);
  readonly #language = byId('language', HTMLButtonElement);
  readonly #signOut = byId('sign-out', HTMLButtonElement);
  readonly #sound = byId('sound', HTMLButtonElement);
  readonly #record = byId('record', HTMLButtonElement);
  readonly #problem = byId('problem', HTMLElement);
  #words: Words;
  #recorded: string | null = null;

  constructor(deps: PageDeps) {
    this.#words = deps.words;
    this.#announcer = new Announcer(
      byId('polite', HTMLElement),
      byId('urgent', HTMLElement),
      deps.clock,
    );
    this.#signIn = new SignIn(deps.app, () => this.#update(deps.app.state.value));
    this.#language.addEventListener('click', () => {
      this.#words = deps.onLanguage(other(this.#words.language));
      this.#update(deps.app.state.value);
    });
    this.#signOut.addEventListener('click', () => void deps.app.logout());
    this.#sound.addEventListener('click', () => void deps.app.toggleSound());
    this.#record.addEventListener('click', () => void deps.app.toggleRecording());
    deps.app.state.watch((state) => this.#update(state));
  }

  #update(state: AppState): void {
    const words = this.#words;
    document.documentElement.lang = words.language;
    document.title = `${words.text('app.name')} · ${linkView(state.link, words).words}`;
    const watching = state.signedIn === true || state.video.phase !== 'idle';
    const opening = state.signedIn === null && !watching;
    document.body.dataset['view'] = opening ? 'opening' : watching ? 'watch' : 'sign-in';
    this.#updateTop(state, watching, opening);
    this.#signIn.update(state, words);
    setHidden(this.#stage, !watching);
    setHidden(this.#bottom, !watching);
    if (!watching) return;
    this.#video.setAttribute('aria-label', words.text('picture.label'));
    this.#updateWhy(state);
    this.#facts.update(state, words);
    this.#updateDeeds(state);
    this.#announcer.link(state.link, words);
  }

  #updateTop(state: AppState, watching: boolean, opening: boolean): void {
    const words = this.#words;
    const view = linkView(state.link, words);
    document.body.dataset['link'] = state.link.kind;
    this.#chip.setAttribute('aria-label', words.text('link.label'));
    draw(this.#chipShape, view.shape);
    setText(this.#chipWords, opening ? words.text('app.opening') : view.words);
    const next = other(words.language);
    this.#language.lang = next;
    setText(this.#language, words.text(`language.${next}`));
    setText(this.#signOut, words.text('signout'));
    setHidden(this.#signOut, !watching || state.signedIn !== true);
  }

  #updateWhy(state: AppState): void {
    const view = linkView(state.link, this.#words);
    setHidden(this.#why, view.why === null);
    if (view.why === null) return;
    draw(this.#whyShape, view.shape);
    setText(this.#whyWords, view.why);
  }

  #updateDeeds(state: AppState): void {
    const words = this.#words;
    const missing = state.sound && state.audio.phase !== 'playing';
    drawWithWords(
      this.#sound,
      state.sound ? 'speaker' : 'speaker-crossed',
      words.text(state.sound ? 'sound.off' : 'sound.on'),
    );
    const status = state.events === 'open' ? state.status : null;
    const wanted = status?.recording.wanted === true;
    drawWithWords(
      this.#record,
      wanted ? 'square' : 'ring',
      words.text(wanted ? 'record.stop' : 'record.start'),
    );
    this.#record.setAttribute('aria-disabled', String(status === null || state.recordBusy));
    setText(this.#problem, this.#problemOf(state, missing));
    const recorded = recordingState(status?.recording ?? null);
    if (this.#recorded === 'on' && recorded === 'off')
      this.#announcer.say(words.text('record.stopped'));
    if (this.#recorded !== null && this.#recorded !== 'on' && recorded === 'on') {
      this.#announcer.say(words.text('record.started'));
    }
    if (recorded !== 'unknown') this.#recorded = recorded;
  }

  #problemOf(state: AppState, soundMissing: boolean): string {
    const words = this.#words;
    const error = state.recordError;
    if (error !== null) {
      if (error.status === 0) return words.text('record.error.network');
      if (error.status === 507) return words.text('record.error.space');
      return words.text('record.error.other', { code: error.code });
    }
    if (state.soundBlocked) return words.text('sound.blocked');
    return soundMissing ? words.text('sound.waiting') : '';
  }
}

function other(language: Language): Language {
  return language === 'ro' ? 'en' : 'ro';
}
