// The words of the menu. Romanian is the source.

export const menuRo = {
  'presence.shown': 'Robotul arată cu o lumină că cineva privește.',
  'presence.hidden': 'Robotul nu arată cu o lumină că cineva privește.',
  'menu.title': 'Meniul robotului',
  'menu.settings': 'Setări',
  'menu.statistics': 'Cifrele legăturii',
  'bar.limits': 'Limite',
  'robot.warning.no_watchdog': 'nu se oprește singur',
  'robot.warning.no_acknowledgement': 'nu confirmă comenzile',
  'robot.warning.no_estop_latch': 'nu ține minte oprirea de urgență',
  'robot.warning.no_odometry': 'nu măsoară drumul',
  'robot.warning.no_answer':
    'nu dă niciun răspuns cunoscut: orice este la capătul cablului e luat drept el',
  'record.error.network': 'Robotul nu răspunde. Înregistrarea a rămas cum era.',
  'record.error.space': 'Robotul nu mai are loc pentru înregistrări. Șterge din cele vechi.',
} as const satisfies Record<string, string>;

export type MenuDictionary = Record<keyof typeof menuRo, string>;
