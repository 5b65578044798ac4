// The words of what makes a call comfortable: zoom, arrivals, the battery, the connection's quality, sounds. Romanian is the source.

export const comfortsRo = {
  'arrived.words': 'S-a mai conectat cineva.',

  'battery.region': 'Bateria robotului',
  'battery.low': 'Bateria robotului este slabă. Du robotul la încărcat.',
  'battery.critical': 'Bateria robotului este aproape goală. Robotul se poate opri oricând.',
  'battery.dismiss': 'Am înțeles',

  'zoom.title': 'Mărirea imaginii',
  'zoom.at': 'Mărire {n}×',
  'zoom.in': 'Mărește',
  'zoom.out': 'Micșorează',
  'zoom.reset': 'Mărime normală',
  'zoom.up': 'Vezi mai sus',
  'zoom.down': 'Vezi mai jos',
  'zoom.left': 'Vezi mai la stânga',
  'zoom.right': 'Vezi mai la dreapta',

  'sounds.title': 'Sunete',
  'sounds.alerts': 'Sunete de avertizare',
  'sounds.alerts.about':
    'Când imaginea se blochează, când cineva vrea să conducă și când se conectează cineva.',
  'sounds.moves': 'Sunete la mișcare',
  'sounds.moves.about': 'Când robotul pornește, când se oprește și când confirmă STOP.',
} as const;

export type ComfortsDictionary = Record<keyof typeof comfortsRo, string>;
