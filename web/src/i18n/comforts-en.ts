import type { ComfortsDictionary } from './comforts-ro';

export const comfortsEn: ComfortsDictionary = {
  'arrived.words': 'Someone joined.',

  'battery.region': 'Robot battery',
  'battery.low': 'The robot’s battery is low. It needs charging soon.',
  'battery.critical': 'The robot’s battery is almost empty. The robot may stop at any moment.',
  'battery.dismiss': 'Got it',

  'zoom.title': 'Video zoom',
  'zoom.at': 'Zoom {n}×',
  'zoom.in': 'Zoom in',
  'zoom.out': 'Zoom out',
  'zoom.reset': 'Normal size',
  'zoom.up': 'Pan up',
  'zoom.down': 'Pan down',
  'zoom.left': 'Pan left',
  'zoom.right': 'Pan right',

  'sounds.title': 'Sounds',
  'sounds.alerts': 'Alert sounds',
  'sounds.alerts.about': 'When video freezes, when someone wants to drive and when someone joins.',
  'sounds.moves': 'Movement sounds',
  'sounds.moves.about': 'When the robot starts, when it stops and when it confirms STOP.',
};
