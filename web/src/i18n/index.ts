import { read, write } from '../data/storage';
import type { Dictionary, Plural } from './ro';

export type Language = 'ro' | 'en';
export type { CountKey, TextKey } from './ro';

const KEY = 'havatar.language';

/** The remembered language; else English where the browser puts it first, Romanian everywhere else. */
export function chooseLanguage(storage: Storage | null, preferred: readonly string[]): Language {
  const kept = read(storage, KEY);
  if (kept === 'ro' || kept === 'en') return kept;
  return preferred[0]?.toLowerCase().startsWith('en') === true ? 'en' : 'ro';
}

export function rememberLanguage(storage: Storage | null, language: Language): void {
  write(storage, KEY, language);
}

type Messages = Record<string, string | Plural>;

/** Keeps a figure on one line with its unit, and the halves of a Romanian word like "l-a". What is filled in stays as it is. */
function typeset(message: string, language: Language): string {
  const bound = message.replace(/\} (?=(%|m?s|cm|kb)(?!\p{L}))/gu, '}\u00a0');
  return language === 'ro' ? bound.replace(/(\p{L})-(?=\p{L})/gu, '$1\u2011') : bound;
}
type TextOf<D> = { [K in keyof D]: D[K] extends string ? K : never }[keyof D] & string;

/** Messages of one language, with their holes filled as the language writes words and figures. */
export class Phrases<D extends Messages> {
  readonly language: Language;
  readonly #messages: D;
  readonly #plural: Intl.PluralRules;
  readonly #number: Intl.NumberFormat;

  constructor(language: Language, messages: D) {
    this.language = language;
    this.#messages = messages;
    this.#plural = new Intl.PluralRules(language);
    this.#number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  }

  text(key: TextOf<D>, values: Record<string, string | number> = {}): string {
    const message = this.#messages[key];
    return typeof message === 'string' ? this.#fill(message, values) : key;
  }

  /** Whether there is a text of that name: codes of the daemon may be newer than the page. */
  has(key: string): key is TextOf<D> {
    return typeof this.#messages[key] === 'string';
  }

  count(key: Exclude<keyof D, TextOf<D>> & string, n: number): string {
    const forms = this.#messages[key];
    if (forms === undefined || typeof forms === 'string') return key;
    const form = this.#plural.select(n);
    const message = form === 'one' ? forms.one : form === 'few' ? forms.few : undefined;
    return this.#fill(message ?? forms.other, { n });
  }

  #fill(message: string, values: Record<string, string | number>): string {
    return typeset(message, this.language).replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      if (value === undefined) return whole;
      return typeof value === 'number' ? this.#number.format(value) : value;
    });
  }
}

/** The words that every page has. */
export type Words = Phrases<Dictionary>;
