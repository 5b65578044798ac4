import type { DriveDictionary } from './drive-ro';
import type { Phrases } from './index';

export type { DriveKey } from './drive-ro';

/** The words of driving. */
export type DriveWords = Phrases<DriveDictionary>;
