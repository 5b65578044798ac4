// The panel's words in one language, fetched by those who read it.

import type { DriveWords } from './drive';
import type { DriveDictionary } from './drive-ro';
import { type Language, Phrases, type Words } from './index';
import type { NowWords } from './now';
import type { NowDictionary } from './now-ro';
import type { PanelWords } from './panel';
import type { PanelDictionary } from './panel-ro';
import type { Dictionary } from './ro';

export interface Spoken {
  language: Language;
  page: Words;
  drive: DriveWords;
  panel: PanelWords;
  now: NowWords;
}

/** One import each: of a choice between two, the bundler preloads what belongs to the other as well. */
const FETCH = { ro: () => import('./romanian'), en: () => import('./english') };

/** Rejects if the words cannot be fetched. */
export async function speak(language: Language): Promise<Spoken> {
  const { page, drive, panel, now } = await FETCH[language]();
  return {
    language,
    page: new Phrases<Dictionary>(language, page),
    drive: new Phrases<DriveDictionary>(language, drive),
    panel: new Phrases<PanelDictionary>(language, panel),
    now: new Phrases<NowDictionary>(language, now),
  };
}
