import type { MenuDictionary } from './menu-ro';

export const menuEn: MenuDictionary = {
  'presence.shown': 'The robot’s light shows that someone is watching.',
  'presence.hidden': 'The robot’s light doesn’t show that someone is watching.',
  'menu.title': 'Menu',
  'menu.drive': 'Driving',
  'menu.view': 'View',
  'menu.account': 'Session',
  'menu.settings': 'Settings',
  'menu.statistics': 'Connection details',
  'bar.limits': 'Limits',
  'robot.warning.no_watchdog': 'does not stop on its own',
  'robot.warning.no_acknowledgement': 'does not confirm commands',
  'robot.warning.no_estop_latch': 'does not remember the emergency stop',
  'robot.warning.no_odometry': 'does not measure distance',
  'robot.warning.no_answer':
    'does not identify itself: anything on the cable is treated as the robot',
  'record.error.network': 'The robot isn’t responding. Recording is as it was.',
  'record.error.space': 'The robot has no space left for recordings. Delete some old ones.',
};
