import { read, write } from '../data/storage';
import { en } from './en';
import { type CountKey, type Dictionary, ro, type TextKey } from './ro';

export type Language = 'ro' | 'en';
export type { CountKey, TextKey } from './ro';

const dictionaries: Record<Language, Dictionary> = { ro, en };
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

/** The words of one language. */
export class Words {
  readonly language: Language;
  readonly #plural: Intl.PluralRules;
  readonly #number: Intl.NumberFormat;

  constructor(language: Language) {
    this.language = language;
    this.#plural = new Intl.PluralRules(language);
    this.#number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  }

  text(key: TextKey, values: Record<string, string | number> = {}): string {
    return this.#fill(dictionaries[this.language][key], values);
  }

  count(key: CountKey, n: number): string {
    const forms = dictionaries[this.language][key];
    const form = this.#plural.select(n);
    const message = form === 'one' ? forms.one : form === 'few' ? forms.few : undefined;
    return this.#fill(message ?? forms.other, { n });
  }

  #fill(message: string, values: Record<string, string | number>): string {
    return message.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      if (value === undefined) return whole;
      return typeof value === 'number' ? this.#number.format(value) : value;
    });
  }
}
