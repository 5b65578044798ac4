// Words of what comes now and then, in parts of the page that are fetched when they do. Romanian is the source.

export const notesRo = {
  'wait.tries': 'Prea multe încercări. Încearcă din nou peste {time}.',
  'wait.ask': 'Poți cere din nou peste {time}.',
  'signout.sure': 'Da, deconectează-mă',
  'signout.stay': 'Nu, rămân aici',
  'reset.stay': 'Nu, păstrează setările',
  'scan.rest': 'Apasă comutatorul.',
  'speech.away': 'Difuzorul robotului este deconectat sau nu merge: nu se aude nimic.',
  'speech.mute': 'Volumul robotului este 0: nu se aude nimic. Dă-l mai tare.',
  'speech.unknown': 'Nu se știe acum ce spune robotul.',
} as const;

export type NotesDictionary = Record<keyof typeof notesRo, string>;
