import { type Language, Phrases } from './index';
import { phrasesEn } from './phrases-en';
import { type PhrasesDictionary, phrasesRo } from './phrases-ro';

const dictionaries: Record<Language, PhrasesDictionary> = { ro: phrasesRo, en: phrasesEn };

/** The words of the phrase board, writing by letters and the phrase editor. They are fetched with those. */
export class PhrasesWords extends Phrases<PhrasesDictionary> {
  constructor(language: Language) {
    super(language, dictionaries[language]);
  }
}
