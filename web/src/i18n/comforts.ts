import { comfortsEn } from './comforts-en';
import { type ComfortsDictionary, comfortsRo } from './comforts-ro';
import { type Language, Phrases } from './index';

const dictionaries: Record<Language, ComfortsDictionary> = { ro: comfortsRo, en: comfortsEn };

/** The words of what makes a call comfortable. They are fetched with it. */
export class ComfortsWords extends Phrases<ComfortsDictionary> {
  constructor(language: Language) {
    super(language, dictionaries[language]);
  }
}
