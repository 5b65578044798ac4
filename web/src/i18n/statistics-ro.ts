// The words of the connection statistics. Romanian is the source.

import type { Dictionary } from './dictionary';
import { unitsRo } from './units';

export const statisticsRo = {
  ...unitsRo,
  'stats.title': 'Cifrele legăturii',
  'stats.picture': 'Vechimea imaginii',
  'stats.capture': 'de la cameră',
  'stats.way': 'de la cel mai rapid drum',
  'stats.fps': 'Imagini pe secundă',
  'stats.rate': 'Debit',
  'stats.lost': 'Pachete pierdute',
  'stats.jitter': 'Așteptare',
  'stats.rtt': 'Dus-întors',
  'stats.command': 'Vechimea comenzii',
  'stats.speed': 'Viteză permisă',
  'stats.unknown': 'necunoscut',
  kbps: '{n} kb/s',
} as const;

export type StatisticsDictionary = Dictionary<typeof statisticsRo>;
