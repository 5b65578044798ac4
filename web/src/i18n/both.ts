// Both languages at once, for a page whose weight nobody counts, and for tests.

import { driveEn } from './drive-en';
import { type DriveDictionary, driveRo } from './drive-ro';
import { en } from './en';
import { type Language, Phrases } from './index';
import { type Dictionary, ro } from './ro';

/** The words that every page has. */
export class Words extends Phrases<Dictionary> {
  constructor(language: Language) {
    super(language, { ro, en }[language]);
  }
}

/** The words of driving. */
export class DriveWords extends Phrases<DriveDictionary> {
  constructor(language: Language) {
    super(language, { ro: driveRo, en: driveEn }[language]);
  }
}
