import type { Plural } from './ro';

/** The shape of a dictionary, from the source language's: texts stay texts, plurals plurals. */
export type Dictionary<Source> = {
  [Key in keyof Source]: Source[Key] extends string ? string : Plural;
};
