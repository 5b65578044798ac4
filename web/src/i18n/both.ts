// Both languages at once, for a page whose weight nobody counts, and for tests.

import { checkEn } from './check-en';
import { type CheckDictionary, checkRo } from './check-ro';
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

/** The words of the drive check. */
export class CheckWords extends Phrases<CheckDictionary> {
  constructor(language: Language) {
    super(language, { ro: checkRo, en: checkEn }[language]);
  }
}
