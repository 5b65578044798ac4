import { type Language, Phrases } from './index';
import { statisticsEn } from './statistics-en';
import { type StatisticsDictionary, statisticsRo } from './statistics-ro';

const dictionaries: Record<Language, StatisticsDictionary> = { ro: statisticsRo, en: statisticsEn };

/** The words of the connection statistics. They are fetched with those. */
export class StatisticsWords extends Phrases<StatisticsDictionary> {
  constructor(language: Language) {
    super(language, dictionaries[language]);
  }
}
