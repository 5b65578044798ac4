// The panel's words in one language. Romanian is part of the page; English comes when somebody reads it.

import type { DriveWords } from './drive';
import { type DriveDictionary, driveRo } from './drive-ro';
import { type Language, Phrases, type Words } from './index';
import type { PanelWords } from './panel';
import { type PanelDictionary, panelRo } from './panel-ro';
import { type Dictionary, ro } from './ro';

export interface Spoken {
  language: Language;
  page: Words;
  drive: DriveWords;
  panel: PanelWords;
}

export const romanian: Spoken = {
  language: 'ro',
  page: new Phrases<Dictionary>('ro', ro),
  drive: new Phrases<DriveDictionary>('ro', driveRo),
  panel: new Phrases<PanelDictionary>('ro', panelRo),
};

/** Rejects if the words cannot be fetched. */
export async function speak(language: Language): Promise<Spoken> {
  if (language === 'ro') return romanian;
  const { page, drive, panel } = await import('./english');
  return {
    language,
    page: new Phrases(language, page),
    drive: new Phrases(language, drive),
    panel: new Phrases(language, panel),
  };
}
