import { cardsEn } from './cards-en';
import { type CardsDictionary, cardsRo } from './cards-ro';
import { type Language, Phrases } from './index';

const dictionaries: Record<Language, CardsDictionary> = { ro: cardsRo, en: cardsEn };

/** The words of the cards that take the place of the directions: a latched e-stop, another driver's request, the end of the call. They are fetched with those. */
export class CardsWords extends Phrases<CardsDictionary> {
  constructor(language: Language) {
    super(language, dictionaries[language]);
  }
}
