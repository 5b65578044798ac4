import { boot } from './boot';
import { chooseLanguage, rememberLanguage, Words } from './i18n';
import { Page } from './ui/page';

const { app, clock, store } = boot();

new Page({
  app,
  clock,
  words: new Words(chooseLanguage(store, navigator.languages)),
  onLanguage: (language) => {
    rememberLanguage(store, language);
    return new Words(language);
  },
});
