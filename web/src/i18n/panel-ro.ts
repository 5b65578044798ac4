// The words of the drive screen. Romanian is the source.

import type { NoMicrophone, TalkState } from '../lib/talk/state';

type Codes = Record<
  `talk.no.${NoMicrophone}` | `talk.closed.${NonNullable<TalkState['closed']>}`,
  string
>;

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
  'battery.level': 'Baterie {n} %',
  'battery.low': 'Baterie slabă: {n} %',
  'battery.critical': 'Baterie aproape goală: {n} %',
  'battery.unknown': 'Baterie necunoscută',
  'presence.shown': 'Robotul arată cu o lumină că cineva privește.',
  'presence.hidden': 'Robotul nu arată cu o lumină că cineva privește.',

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
  'asked.region': 'Cerere',
  'asked.words': '{who} cere robotul.',
  'asked.give': 'Dă robotul',
  'asked.keep': 'Nu acum',

  'estop.region': 'Oprire de urgență activă',
  'estop.title': 'Oprire de urgență',
  'estop.by': 'Apăsată de {who} la {at}. Nimic nu mișcă până nu este eliberată.',
  'estop.since': 'Activă de la {at}. Nimic nu mișcă până nu este eliberată.',
  'estop.button': 'Butonul de pe robot este apăsat. Cineva de lângă el îl trage afară.',
  'estop.unconfirmed': 'Placa motoarelor nu a confirmat încă.',
  'estop.sure': 'Drumul este liber? După aceasta robotul poate fi condus din nou.',

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

  'talk.region': 'Microfonul tău',
  'talk.start': 'Vorbește',
  'talk.stop': 'Te aude: oprește',
  'talk.connecting': 'Se deschide…',
  'talk.held': 'Linia e ocupată',
  'talk.held-by': '{who} vorbește acum. Poți vorbi după ce termină.',
  'talk.somebody': 'Cineva',
  'talk.unavailable': 'Fără microfon',
  'talk.close': 'Închide microfonul',
  'talk.on.yes': 'Microfonul tău este deschis: te aud cei de lângă robot.',
  'talk.on.away':
    'Microfonul tău este deschis, dar difuzorul robotului nu merge: nu te aude nimeni.',
  'talk.on.mute':
    'Microfonul tău este deschis, dar volumul robotului este 0. Dă-l mai tare la Fraze.',
  'talk.on.unknown': 'Microfonul tău este deschis. Nu se știe dacă te aude cineva.',
  'talk.no-speaker':
    'Robotul nu are difuzor, așa că nu te poate auzi nimeni. Cere cuiva să conecteze unul.',
  'talk.failed': 'Robotul nu a primit vocea ta. {why}',
  'talk.at-robot': 'La robot:',
  'talk.lost': 'Linia s-a întrerupt și se reface singură.',
  'talk.warning': 'Nu se aude nimic. Microfonul se închide singur.',
  'talk.seconds': 'în {n} s',
  'talk.extend': 'Ține-l deschis',
  'talk.dismiss': 'Am înțeles',
  'talk.closed.silence': 'Microfonul s-a închis singur, pentru că era liniște.',
  'talk.closed.line_lost': 'Linia s-a întrerupt prea mult. Apasă din nou ca să vorbești.',
  'talk.closed.taken': 'Altcineva a luat linia. Microfonul tău este închis.',
  'talk.closed.hidden': 'Pagina nu a mai fost la vedere, așa că microfonul s-a închis.',
  'talk.no.insecure':
    'Browserul dă microfonul doar pe o legătură sigură. Deschide pagina la adresa care începe cu https, sau chiar pe robot.',
  'talk.no.denied':
    'Browserul nu are voie la microfon. Apasă pe semnul din stânga adresei, permite microfonul, apoi apasă din nou Vorbește.',
  'talk.no.no_device':
    'Acest dispozitiv nu are microfon. Conectează unul, apoi apasă din nou Vorbește.',
  'talk.no.unplugged': 'Microfonul a fost deconectat. Conectează-l, apoi apasă din nou Vorbește.',
  'talk.no.busy': 'Alt program folosește microfonul. Închide-l, apoi apasă din nou Vorbește.',
  'talk.no.unsupported':
    'Acest browser nu poate trimite sunet. Folosește Chrome, Firefox sau Safari la zi.',

  'menu.open': 'Meniu',
  'menu.title': 'Meniul robotului',
  'menu.settings': 'Setări',
  'menu.statistics': 'Cifrele legăturii',

  'ended.title': 'Ai încheiat',
  'ended.wheels': 'Robotul este oprit și dat înapoi.',
  'ended.picture': 'Camera robotului este închisă pe acest dispozitiv.',
  'ended.sound': 'Sunetul robotului este închis.',
  'ended.microphone': 'Microfonul tău este oprit.',
  'ended.wait': 'Se închide…',
  'ended.back': 'Revino la robot',
} as const satisfies Codes & Record<string, string>;

export type PanelDictionary = Record<keyof typeof panelRo, string>;
