import { type Language, Phrases } from './index';
import { notesEn } from './notes-en';
import { type NotesDictionary, notesRo } from './notes-ro';

const dictionaries: Record<Language, NotesDictionary> = { ro: notesRo, en: notesEn };

/** Words of what comes now and then. They are fetched with it. */
export class NotesWords extends Phrases<NotesDictionary> {
  constructor(language: Language) {
    super(language, dictionaries[language]);
  }
}
