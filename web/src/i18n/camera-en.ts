import type { CameraDictionary } from './camera-ro';
import { unitsEn } from './units';

export const cameraEn: CameraDictionary = {
  ...unitsEn,
  'camera.title': 'The robot’s head and lamp',
  'camera.head': 'Head',
  'camera.at': 'Turned {pan}°, raised {tilt}°',
  'camera.up': 'Look higher',
  'camera.down': 'Look lower',
  'camera.left': 'Look left',
  'camera.right': 'Look right',
  'camera.centre': 'Look straight',
  'camera.no-head': 'This robot’s head does not move.',
  'camera.lamp': 'Lamp',
  'camera.no-lamp': 'This robot has no lamp.',
};
