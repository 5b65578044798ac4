// The words of the sheet for head and lamp. Romanian is the source.

import type { Dictionary } from './dictionary';
import { unitsRo } from './units';

export const cameraRo = {
  ...unitsRo,
  'camera.title': 'Capul și lampa robotului',
  'camera.head': 'Capul',
  'camera.at': 'Rotit {pan}°, ridicat {tilt}°',
  'camera.up': 'Privește mai sus',
  'camera.down': 'Privește mai jos',
  'camera.left': 'Privește la stânga',
  'camera.right': 'Privește la dreapta',
  'camera.centre': 'Privește drept',
  'camera.no-head': 'Acest robot nu are cap mobil.',
  'camera.lamp': 'Lampa',
  'camera.no-lamp': 'Acest robot nu are lampă.',
} as const;

export type CameraDictionary = Dictionary<typeof cameraRo>;
