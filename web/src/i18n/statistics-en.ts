import type { StatisticsDictionary } from './statistics-ro';
import { unitsEn } from './units';

export const statisticsEn: StatisticsDictionary = {
  ...unitsEn,
  'stats.title': 'Figures of the link',
  'stats.picture': 'Age of the picture',
  'stats.capture': 'since the camera',
  'stats.way': 'over the quickest way',
  'stats.fps': 'Pictures a second',
  'stats.rate': 'Rate',
  'stats.lost': 'Packets lost',
  'stats.jitter': 'Waiting',
  'stats.rtt': 'Round trip',
  'stats.command': 'Age of the command',
  'stats.speed': 'Speed allowed',
  'stats.unknown': 'unknown',
  kbps: '{n} kbit/s',
};
