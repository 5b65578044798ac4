// The words of the menu. Romanian is the source.

export const menuRo = {
  'presence.shown': 'Lumina robotului arată că cineva privește.',
  'presence.hidden': 'Lumina robotului nu arată că cineva privește.',
  'menu.title': 'Meniu',
  'menu.drive': 'Condus',
  'menu.view': 'Afișare',
  'menu.account': 'Sesiune',
  'menu.settings': 'Setări',
  'menu.statistics': 'Detalii conexiune',
  'bar.limits': 'Limite',
  'robot.warning.no_watchdog': 'nu se oprește singur',
  'robot.warning.no_acknowledgement': 'nu confirmă comenzile',
  'robot.warning.no_estop_latch': 'nu ține minte oprirea de urgență',
  'robot.warning.no_odometry': 'nu măsoară distanța',
  'robot.warning.no_answer': 'nu se identifică: orice dispozitiv de pe cablu e tratat ca robot',
  'record.error.network': 'Robotul nu răspunde. Înregistrarea a rămas cum era.',
  'record.error.space': 'Robotul nu mai are loc pentru înregistrări. Șterge din cele vechi.',
} as const satisfies Record<string, string>;

export type MenuDictionary = Record<keyof typeof menuRo, string>;
