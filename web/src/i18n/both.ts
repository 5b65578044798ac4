// Both languages at once, for tests.

import type { DriveDictionary } from './drive-ro';
import { drive as driveEn, page as pageEn } from './english';
import { type Language, Phrases } from './index';
import type { Dictionary } from './ro';
import { drive as driveRo, page as pageRo } from './romanian';

/** The words that every page has. */
export class Words extends Phrases<Dictionary> {
  constructor(language: Language) {
    super(language, { ro: pageRo, en: pageEn }[language]);
  }
}

/** The words of driving. */
export class DriveWords extends Phrases<DriveDictionary> {
  constructor(language: Language) {
    super(language, { ro: driveRo, en: driveEn }[language]);
  }
}
