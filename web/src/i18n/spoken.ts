// The panel's words in one language, fetched by those who read it.

import type { Clock } from '../lib/clock';
import type { DriveWords } from './drive';
import type { DriveDictionary } from './drive-ro';
import { type Language, Phrases, type Words } from './index';
import type { PanelWords } from './panel';
import type { PanelDictionary } from './panel-ro';
import type { Dictionary } from './ro';

export interface Spoken {
  language: Language;
  page: Words;
  drive: DriveWords;
  panel: PanelWords;
}

const AGAIN_MS = 1000;
/** One import each: of a choice between two, the bundler preloads what belongs to the other as well. */
const FETCH = { ro: () => import('./romanian'), en: () => import('./english') };

/** Rejects if the words cannot be fetched. */
export async function speak(language: Language): Promise<Spoken> {
  const { page, drive, panel } = await FETCH[language]();
  return {
    language,
    page: new Phrases<Dictionary>(language, page),
    drive: new Phrases<DriveDictionary>(language, drive),
    panel: new Phrases<PanelDictionary>(language, panel),
  };
}

/**
 * The words, however long they take: a page without them cannot be used. Some browsers keep a failed import for the life of a
 * page, so `reload`, which loads it anew if it can, comes after each try but the first.
 */
export async function speakAtLast(
  language: Language,
  clock: Clock,
  reload: () => Promise<void>,
  fetched = speak,
): Promise<Spoken> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await fetched(language);
    } catch {
      if (tries > 0) await reload().catch(() => undefined);
      await new Promise<void>((resolve) => clock.after(AGAIN_MS, resolve));
    }
  }
}
