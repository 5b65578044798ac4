import type { Phrases } from './index';
import type { PanelDictionary } from './panel-ro';

/** The words of the drive screen, beside those of every page and of driving. */
export type PanelWords = Phrases<PanelDictionary>;
