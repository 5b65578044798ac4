import type { Phrases } from './index';
import type { NowDictionary } from './now-ro';

/** Words for what is so just now. */
export type NowWords = Phrases<NowDictionary>;
