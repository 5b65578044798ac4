import type { StatisticsDictionary } from './statistics-ro';
import { unitsEn } from './units';

export const statisticsEn: StatisticsDictionary = {
  ...unitsEn,
  'stats.title': 'Connection details',
  'stats.picture': 'Video delay',
  'stats.capture': 'delay measured from the camera',
  'stats.way': 'delay relative to the fastest packet',
  'stats.fps': 'Frames/s',
  'stats.rate': 'Bitrate',
  'stats.lost': 'Packets lost',
  'stats.jitter': 'Buffer',
  'stats.rtt': 'Latency',
  'stats.command': 'Command delay',
  'stats.speed': 'Speed limit',
  'stats.unknown': 'unknown',
  kbps: '{n} kbit/s',
};
