import type { CameraDictionary } from './camera-ro';
import { unitsEn } from './units';

export const cameraEn: CameraDictionary = {
  ...unitsEn,
  less: 'Dimmer',
  more: 'Brighter',
  'camera.title': 'Camera & light',
  'camera.head': 'Camera direction',
  'camera.at.left': '{n}° left',
  'camera.at.right': '{n}° right',
  'camera.at.up': '{n}° up',
  'camera.at.down': '{n}° down',
  'camera.at.centre': 'Straight ahead',
  'camera.up': 'Up',
  'camera.down': 'Down',
  'camera.left': 'Left',
  'camera.right': 'Right',
  'camera.centre': 'Centre',
  'camera.no-head': 'This robot’s camera doesn’t turn.',
  'camera.lamp': 'Light',
  'camera.no-lamp': 'This robot has no light.',
};
