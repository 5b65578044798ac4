// The words of the drive screen. Romanian is the source.

export const panelRo = {
  close: 'Închide',
  'page.up': 'Mai sus',
  'page.down': 'Mai jos',
  'sheet.failed': 'Nu s-a putut încărca. Verifică internetul și deschide din nou.',

  'stop.region': 'Oprire',
  'stop.sending': 'se oprește…',
  'stop.failed': 'neconfirmat',

  'top.region': 'Bara de sus',

  'drive.region': 'Condus',
  'drive.locked': 'Robot oprit.',
  'drive.by': 'Mod de condus',
  'drive.by.step': 'Pas',
  'drive.by.latch': 'O apăsare',
  'drive.by.hold': 'Ține apăsat',
  'drive.cm': '{n} cm',
  'drive.deg': '{n}°',
  'drive.seconds': '{n} s',
  'drive.while-held': 'cât ții apăsat',
  'drive.change': 'apasă ca să schimbi',
  'drive.sizes': 'Lungimea pasului',
  'drive.turns': 'Unghiul de rotire',
  'drive.renew': 'Încă {n} s',
  'drive.renew-enter': 'Încă {n} s: Enter',
  'drive.stick': 'Joystick',
  'drive.buttons': 'Înapoi la butoane',

  'lease.region': 'Cine conduce',
  'lease.free': 'Robotul este liber.',
  'lease.unknown': 'Nu știm cine conduce acum.',
  'lease.other': '{who} conduce robotul.',
  'lease.away': 'Robotul așteaptă câteva secunde ca {who} să revină.',
  'lease.refused': '{who} a răspuns: nu acum.',
  'lease.ask': 'Cere să conduci',
  'lease.take': 'Preia controlul acum',
  'lease.cancel': 'Renunță',

  'estop.title': 'Oprire de urgență',

  'lag.slow': 'Viteză {percent} %: {what} întârzie {ms} ms',
  'lag.steps_only': 'Doar pas cu pas: {what} întârzie {ms} ms',
  'lag.lag_too_long': 'Nu se poate conduce: {what} întârzie {ms} ms',
  'lag.cause.link': 'conexiunea',
  'lag.cause.picture': 'imaginea',
  'lag.picture_stale': 'Comenzi blocate: imaginea întârzie {ms} ms. Așteaptă să revină.',
  'lag.picture_unknown': 'Comenzi blocate: întârzierea imaginii nu se cunoaște.',

  'dock.region': 'Voce și cameră',
  'dock.phrases': 'Fraze',
  'dock.camera': 'Cameră și lumină',
  'dock.hang-up': 'Închide apelul',

  'talk.start': 'Vorbește',
  'talk.stop': 'Oprește microfonul',
  'talk.connecting': 'Se conectează…',
  'talk.held': 'Linia e ocupată',
  'talk.unavailable': 'Fără microfon',

  'menu.open': 'Meniu',
} as const satisfies Record<string, string>;

export type PanelDictionary = Record<keyof typeof panelRo, string>;
