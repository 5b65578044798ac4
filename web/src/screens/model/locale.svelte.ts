// The page's language, and the words of the first route in it.

import type { SettingsStore } from '../../data/settings';
import { type Language, rememberLanguage, type Words } from '../../i18n';
import type { DriveWords } from '../../i18n/drive';
import type { NowWords } from '../../i18n/now';
import type { PanelWords } from '../../i18n/panel';
import { type Spoken, speak } from '../../i18n/spoken';

export interface LocaleDeps {
  settings: SettingsStore;
  store: Storage | null;
  /** The words to begin with. */
  spoken: Spoken;
}

export class Locale {
  readonly #deps: LocaleDeps;
  #spoken = $state.raw() as Spoken;
  /** Why requests are refused, in a language; null until these words are fetched. */
  #explain = $state.raw<((language: Language, code: string) => string) | null>(null);

  constructor(deps: LocaleDeps) {
    this.#deps = deps;
    this.#spoken = deps.spoken;
  }

  get language(): Language {
    return this.#spoken.language;
  }
  /** The words of every page. */
  get page(): Words {
    return this.#spoken.page;
  }
  get drive(): DriveWords {
    return this.#spoken.drive;
  }
  get panel(): PanelWords {
    return this.#spoken.panel;
  }
  /** The words of what is so just now. */
  get now(): NowWords {
    return this.#spoken.now;
  }
  /** The words of every sheet. */
  get sheet() {
    const text = (key: 'close' | 'page.up' | 'page.down') => this.panel.text(key);
    return { close: text('close'), up: text('page.up'), down: text('page.down') };
  }

  /** Why a request was refused, by its code; less precise until these words are fetched. */
  readonly explained = (code: string): string =>
    this.#explain?.(this.language, code) ?? this.drive.text('problem.other');

  /** Fetches those words. */
  explain(): void {
    import('../../i18n/problems').then(
      ({ sayProblem }) => {
        this.#explain = sayProblem;
      },
      () => undefined,
    );
  }

  /** Changes the page's language once its words are fetched; without them all stays as it is. */
  async speak(language: Language): Promise<void> {
    try {
      this.#spoken = await speak(language);
      this.#deps.settings.set({ language });
      rememberLanguage(this.#deps.store, language);
    } catch {
      // No way to the robot just now. The page says so already, in the language that it has.
    }
  }
}
