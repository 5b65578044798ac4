// The words of the drive screen. Romanian is the source.

export const panelRo = {
  close: 'Închide',
  'page.up': 'Mai sus',
  'page.down': 'Mai jos',
  'sheet.failed': 'Această parte nu a putut fi adusă. Verifică rețeaua și deschide din nou.',

  'stop.region': 'Oprire',
  'stop.sending': 'se oprește…',
  'stop.failed': 'neconfirmat',

  'top.region': 'Bara de sus',
  'fact.driver': 'Conduce {who}',
  'fact.overload': 'Calculatorul robotului: suprasolicitat',
  'fact.reduced': 'Calculatorul robotului: suprasolicitat, imaginea redusă la {fps} pe secundă',
  'battery.level': 'Baterie {n} %',
  'battery.low': 'Baterie slabă: {n} %',
  'battery.critical': 'Baterie aproape goală: {n} %',
  'battery.unknown': 'Baterie necunoscută',

  'scan.sound': 'Sunet',
  'drive.region': 'Mers',
  'drive.locked': 'Robotul stă.',
  'drive.by': 'Felul de mers',
  'drive.by.step': 'Pas cu pas',
  'drive.by.latch': 'Mers lung',
  'drive.by.hold': 'Ține apăsat',
  'drive.cm': '{n} cm',
  'drive.deg': '{n}°',
  'drive.seconds': '{n} s',
  'drive.while-held': 'cât ții apăsat',
  'drive.change': 'apasă ca să schimbi',
  'drive.sizes': 'Mărimea pasului',
  'drive.turns': 'Mărimea rotirii',
  'drive.renew': 'Încă {n} s',
  'drive.renew-enter': 'Încă {n}\u00a0s: Enter',
  'drive.stick': 'Manetă',
  'drive.buttons': 'Înapoi la butoane',

  'lease.region': 'Cine conduce',
  'lease.free': 'Robotul este liber.',
  'lease.unknown': 'Nu se știe acum cine are robotul.',
  'lease.other': '{who} conduce robotul.',
  'lease.refused': '{who} a spus: nu acum.',
  'lease.ask': 'Cere robotul',
  'lease.take': 'Preia robotul acum',
  'lease.cancel': 'Renunță',

  'estop.title': 'Oprire de urgență',

  'lag.slow': 'Încet ({percent} %): {what} {ms} ms',
  'lag.steps_only': 'Doar pas cu pas: {what} {ms} ms',
  'lag.lag_too_long': 'Nu se poate merge: {what} {ms} ms',
  'lag.cause.link': 'legătura',
  'lag.cause.picture': 'imaginea',
  'lag.picture_stale': 'Mersul este blocat: imaginea are {ms} ms. Așteaptă una nouă, apoi apasă.',
  'lag.picture_unknown': 'Mersul este blocat: nu se știe cât de veche este imaginea.',

  'dock.region': 'Vorbire și cameră',
  'dock.phrases': 'Fraze',
  'dock.camera': 'Cap și lampă',
  'dock.hang-up': 'Încheie',

  'talk.start': 'Vorbește',
  'talk.stop': 'Te aude: oprește',
  'talk.connecting': 'Se deschide…',
  'talk.held': 'Linia e ocupată',
  'talk.unavailable': 'Fără microfon',
  'talk.close': 'Închide microfonul',

  'menu.open': 'Meniu',
} as const satisfies Record<string, string>;

export type PanelDictionary = Record<keyof typeof panelRo, string>;
