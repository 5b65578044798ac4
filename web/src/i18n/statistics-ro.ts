// The words of the connection statistics. Romanian is the source.

import type { Dictionary } from './dictionary';
import { unitsRo } from './units';

export const statisticsRo = {
  ...unitsRo,
  'stats.title': 'Detalii conexiune',
  'stats.picture': 'Întârzierea imaginii',
  'stats.capture': 'întârziere măsurată de la cameră',
  'stats.way': 'întârziere față de cel mai rapid pachet',
  'stats.fps': 'Cadre/s',
  'stats.rate': 'Debit',
  'stats.lost': 'Pachete pierdute',
  'stats.jitter': 'Tampon',
  'stats.rtt': 'Latență',
  'stats.command': 'Întârzierea comenzii',
  'stats.speed': 'Viteză maximă',
  'stats.unknown': 'necunoscut',
  kbps: '{n} kb/s',
} as const;

export type StatisticsDictionary = Dictionary<typeof statisticsRo>;
