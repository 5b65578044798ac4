import { driveEn } from './drive-en';
import { type DriveDictionary, driveRo } from './drive-ro';
import { type Language, Phrases } from './index';

export type { DriveKey } from './drive-ro';

const dictionaries: Record<Language, DriveDictionary> = { ro: driveRo, en: driveEn };

/** The words of driving. */
export class DriveWords extends Phrases<DriveDictionary> {
  constructor(language: Language) {
    super(language, dictionaries[language]);
  }
}
