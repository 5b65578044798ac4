import { type Language, Phrases } from './index';
import { settingsEn } from './settings-en';
import { type SettingsDictionary, settingsRo } from './settings-ro';

const dictionaries: Record<Language, SettingsDictionary> = { ro: settingsRo, en: settingsEn };

/** The words of the settings. They are fetched with those. */
export class SettingsWords extends Phrases<SettingsDictionary> {
  constructor(language: Language) {
    super(language, dictionaries[language]);
  }
}
