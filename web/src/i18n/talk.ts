import { type Language, Phrases } from './index';
import { talkEn } from './talk-en';
import { type TalkDictionary, talkRo } from './talk-ro';

const dictionaries: Record<Language, TalkDictionary> = { ro: talkRo, en: talkEn };

/** The words about talking. They are fetched once there is something to say about it. */
export class TalkWords extends Phrases<TalkDictionary> {
  constructor(language: Language) {
    super(language, dictionaries[language]);
  }
}
