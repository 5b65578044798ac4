import { type Language, Phrases } from './index';
import { menuEn } from './menu-en';
import { type MenuDictionary, menuRo } from './menu-ro';

const dictionaries: Record<Language, MenuDictionary> = { ro: menuRo, en: menuEn };

/** The words of the menu. They are fetched with those. */
export class MenuWords extends Phrases<MenuDictionary> {
  constructor(language: Language) {
    super(language, dictionaries[language]);
  }
}
