// A person's phrases and what the robot is asked to say: loaded once, saved as a whole, spoken by a press.

import { ApiError } from '../api/request';
import type { Language, Phrase, PhraseCategory, Phrases, Utterance } from '../api/types';
import type { VoiceApi } from '../api/voice';
import { Observable } from '../lib/core/observable';

/** The daemon's bounds. */
export const PHRASE_LIMITS = { categories: 20, phrases: 50, name: 40, text: 500 } as const;

export interface PhrasesState {
  /** Null until they have been loaded. */
  phrases: Phrases | null;
  loading: boolean;
  /** Changes are on their way, or could not be saved yet. */
  unsaved: boolean;
  /** Why the newest deed failed; null once one has succeeded. */
  problem: { deed: 'load' | 'save' | 'speak' | 'cancel' | 'volume'; code: string } | null;
  /** What this page asked for last, for "again". */
  last: { text: string; language: Language } | null;
  /** A press to speak is on its way. */
  speaking: boolean;
  /** What is being written to be said. Of the language null: the page's. */
  draft: Draft;
}

export interface Draft {
  text: string;
  language: Language | null;
}

const EMPTY: Draft = { text: '', language: null };

type Deed = NonNullable<PhrasesState['problem']>['deed'];
type Deps = Pick<
  VoiceApi,
  'phrases' | 'savePhrases' | 'speak' | 'attention' | 'cancel' | 'cancelAll' | 'setVolume'
>;

export class PhraseBoard {
  readonly state = new Observable<PhrasesState>({
    phrases: null,
    loading: false,
    unsaved: false,
    problem: null,
    last: null,
    speaking: false,
    draft: EMPTY,
  });
  readonly #api: Deps;
  /** The language of the newest load: an account that has saved none gets a starter set in it. */
  #language: Language | null = null;
  #saving = false;

  constructor(api: Deps) {
    this.#api = api;
  }

  /** Loads them unless they are there in this language or on their way. The former ones stay until the new ones are there. */
  async load(language: Language): Promise<void> {
    const { loading, phrases, unsaved } = this.state.value;
    if (loading || unsaved || (phrases !== null && this.#language === language)) return;
    this.state.set({ loading: true });
    await this.#do('load', async () => {
      const loaded = await this.#api.phrases(language);
      // Anyone who was quicker with a change keeps it.
      if (this.state.value.phrases !== phrases) return;
      this.#language = language;
      this.state.set({ phrases: loaded });
    });
    this.state.set({ loading: false });
  }

  /** Another person has signed in, or nobody: these are not theirs. */
  forget(): void {
    this.state.set({ phrases: null, unsaved: false, problem: null, last: null, draft: EMPTY });
  }

  /** Changes them, here at once and then on the daemon. Out of bounds: nothing is changed, and the field is named. */
  async change(phrases: Phrases): Promise<PhraseFault | null> {
    const fault = faultIn(phrases);
    if (fault !== null) return fault;
    this.state.set({ phrases, unsaved: true });
    await this.save();
    return null;
  }

  /** Saves what is not saved yet: the newest, however many changes came meanwhile. */
  async save(): Promise<void> {
    if (this.#saving) return;
    this.#saving = true;
    try {
      while (this.state.value.unsaved) {
        const { phrases } = this.state.value;
        if (phrases === null) return;
        const done = await this.#do('save', () => this.#api.savePhrases(phrases));
        if (!done) return;
        if (this.state.value.phrases === phrases) this.state.set({ unsaved: false });
      }
    } finally {
      this.#saving = false;
    }
  }

  /** Says it aloud; null if the robot did not take it. */
  async speak(text: string, language: Language, attention = false): Promise<Utterance | null> {
    const words = text.trim();
    if (words === '' || this.state.value.speaking) return null;
    let utterance: Utterance | null = null;
    this.state.set({ speaking: true, last: { text: words, language } });
    await this.#do('speak', async () => {
      utterance = await this.#api.speak({ text: words, language, attention });
    });
    this.state.set({ speaking: false });
    return utterance;
  }

  /** Changes what is being written. What would be longer than the daemon takes is not. */
  write(change: Partial<Draft>): void {
    const draft = { ...this.state.value.draft, ...change };
    if ([...draft.text].length <= PHRASE_LIMITS.text) this.state.set({ draft });
  }

  /** Says what was written. It is kept unless the robot took it, and what was written meanwhile is kept in any case. */
  async speakDraft(language: Language): Promise<void> {
    const { text } = this.state.value.draft;
    const taken = await this.speak(text, language);
    if (taken !== null && this.state.value.draft.text === text) this.write({ text: '' });
  }

  /** The newest one once more. */
  async again(): Promise<Utterance | null> {
    const { last } = this.state.value;
    return last === null ? null : this.speak(last.text, last.language);
  }

  async attention(): Promise<void> {
    await this.#do('speak', () => this.#api.attention());
  }

  async cancel(id: number): Promise<void> {
    await this.#do('cancel', async () => {
      try {
        await this.#api.cancel(id);
      } catch (error) {
        // It has been said meanwhile: there is nothing left to cancel, which is what was wanted.
        if (!(error instanceof ApiError && error.code === 'no_such_utterance')) throw error;
      }
    });
  }

  async cancelAll(): Promise<void> {
    await this.#do('cancel', () => this.#api.cancelAll());
  }

  /** 0 to 100. */
  async setVolume(percent: number): Promise<void> {
    const bounded = Math.round(Math.min(100, Math.max(0, percent)));
    await this.#do('volume', () => this.#api.setVolume(bounded));
  }

  async #do(deed: Deed, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      this.state.set({ problem: null });
      return true;
    } catch (error) {
      const code = error instanceof ApiError ? error.code : 'unknown';
      this.state.set({ problem: { deed, code } });
      return false;
    }
  }
}

/** What is out of bounds, and where. */
export type PhraseFault =
  | { what: 'too_many_categories' }
  | { what: 'name'; category: number }
  | { what: 'too_many_phrases'; category: number }
  | { what: 'text'; category: number; phrase: number };

export function faultIn({ categories }: Phrases): PhraseFault | null {
  if (categories.length > PHRASE_LIMITS.categories) return { what: 'too_many_categories' };
  for (const [category, { name, phrases }] of categories.entries()) {
    if (!within(name, PHRASE_LIMITS.name)) return { what: 'name', category };
    if (phrases.length > PHRASE_LIMITS.phrases) return { what: 'too_many_phrases', category };
    const phrase = phrases.findIndex(({ text }) => !within(text, PHRASE_LIMITS.text));
    if (phrase >= 0) return { what: 'text', category, phrase };
  }
  return null;
}

/** These phrases with `phrase` at the end of a category. */
export function withPhrase(phrases: Phrases, category: number, phrase: Phrase): Phrases {
  return withCategory(phrases, category, (one) => ({ ...one, phrases: [...one.phrases, phrase] }));
}

/** These phrases without phrase number `index` of a category. */
export function withoutPhrase(phrases: Phrases, category: number, index: number): Phrases {
  return withCategory(phrases, category, (one) => ({
    ...one,
    phrases: one.phrases.filter((_, n) => n !== index),
  }));
}

function withCategory(
  { categories }: Phrases,
  index: number,
  change: (category: PhraseCategory) => PhraseCategory,
): Phrases {
  return { categories: categories.map((one, n) => (n === index ? change(one) : one)) };
}

/** 1 to `most` characters, as the daemon counts them: a letter with its accent, or an emoji, may be several. */
function within(text: string, most: number): boolean {
  const length = [...text].length;
  return text.trim() !== '' && length <= most;
}
