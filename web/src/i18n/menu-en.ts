import type { MenuDictionary } from './menu-ro';

export const menuEn: MenuDictionary = {
  'presence.shown': 'The robot shows with a light that somebody watches.',
  'presence.hidden': 'The robot does not show with a light that somebody watches.',
  'menu.title': 'Robot menu',
  'menu.settings': 'Settings',
  'menu.statistics': 'Figures of the link',
  'bar.limits': 'Limits',
  'robot.warning.no_watchdog': 'does not stop by itself',
  'robot.warning.no_acknowledgement': 'does not confirm commands',
  'robot.warning.no_estop_latch': 'does not remember the emergency stop',
  'robot.warning.no_odometry': 'does not measure its way',
  'robot.warning.no_answer': 'gives no known answer: whatever is at the cable is taken for it',
  'record.error.network': 'The robot does not answer. Recording is as it was.',
  'record.error.space': 'The robot has no space left for recordings. Delete some old ones.',
};
