import { factsEn } from './facts-en';
import { type FactsDictionary, factsRo } from './facts-ro';
import { type Language, Phrases } from './index';

const dictionaries: Record<Language, FactsDictionary> = { ro: factsRo, en: factsEn };

/** The words of what is so at the robot. They are fetched with it. */
export class FactsWords extends Phrases<FactsDictionary> {
  constructor(language: Language) {
    super(language, dictionaries[language]);
  }
}
