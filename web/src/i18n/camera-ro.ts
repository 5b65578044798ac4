// The words of the sheet for camera and light. Romanian is the source.

import type { Dictionary } from './dictionary';
import { unitsRo } from './units';

export const cameraRo = {
  ...unitsRo,
  less: 'Mai slab',
  more: 'Mai tare',
  'camera.title': 'Cameră și lumină',
  'camera.head': 'Direcția camerei',
  'camera.at.left': '{n}° stânga',
  'camera.at.right': '{n}° dreapta',
  'camera.at.up': '{n}° sus',
  'camera.at.down': '{n}° jos',
  'camera.at.centre': 'Drept înainte',
  'camera.up': 'Sus',
  'camera.down': 'Jos',
  'camera.left': 'Stânga',
  'camera.right': 'Dreapta',
  'camera.centre': 'Centru',
  'camera.no-head': 'Camera acestui robot nu se rotește.',
  'camera.lamp': 'Lumină',
  'camera.no-lamp': 'Acest robot nu are lampă.',
} as const;

export type CameraDictionary = Dictionary<typeof cameraRo>;
