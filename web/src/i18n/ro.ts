// Romanian is the source: `en.ts` must have the same keys. A plural has the forms that its language knows.

export const ro = {
  'app.name': 'Havatar',
  'app.opening': 'Se deschide…',
  'language.ro': 'Română',
  'language.en': 'English',

  'signin.title': 'Conectează-te la robot',
  'signin.lead': 'Deschide linkul de conectare primit sau scrie cheia de acces.',
  'signin.token': 'Cheia de acces',
  'signin.show': 'Arată cheia',
  'signin.submit': 'Conectează-te',
  'signin.busy': 'Se verifică…',
  'signin.ended': 'Sesiunea a expirat. Conectează-te din nou.',
  'signin.out': 'Te-ai deconectat. Camera și sunetul sunt oprite pe acest dispozitiv.',
  'signin.error.empty': 'Scrie cheia de acces.',
  'signin.error.code': 'Linkul a fost folosit sau a expirat. Cere altul sau scrie cheia de acces.',
  'signin.error.token': 'Cheia de acces este greșită. Verific-o și încearcă din nou.',
  'signin.error.network': 'Robotul nu răspunde. Verifică internetul și încearcă din nou.',
  signout: 'Deconectare',

  'link.label': 'Conexiune',
  'link.signed-out': 'Neconectat',
  'link.connecting': 'Se conectează',
  'link.live': 'În direct',
  'link.late': 'Imagine întârziată: {ms} ms',
  'link.lost': 'Imagine blocată',
  'link.camera-away': 'Fără cameră',
  'link.stopped': 'Transmisie oprită',
  'link.server-restarting': 'Serverul video repornește',
  'link.offline': 'Fără internet',
  'link.unreachable': 'Robotul nu răspunde',

  'say.late': 'Imaginea întârzie.',

  'why.connecting': 'Se încarcă imaginea…',
  'why.lost': 'Imaginea întârzie cu {seconds} s. Revine singură.',
  'why.camera.off': 'Robotul nu are nicio cameră configurată.',
  'why.camera.away': 'Camera robotului este deconectată. Imaginea revine după ce e reconectată.',
  'why.camera.private': 'Camera și microfonul sunt oprite din comutatorul de pe robot.',
  'why.camera.silent': 'Camera nu transmite imagine. Repornește singură.',
  'why.stopped': 'Cineva a oprit transmisia. Imaginea revine când este pornită din nou.',
  'why.server-restarting': 'Serverul video al robotului repornește. Imaginea revine singură.',
  'why.offline':
    'Acest dispozitiv nu are internet. Imaginea revine singură când revine și internetul.',
  'why.unreachable':
    'Ai internet, dar robotul nu răspunde. Verifică dacă e pornit; reîncercăm automat.',

  'picture.label': 'Imaginea robotului',
  sound: 'Sunet',
  'sound.on': 'Pornește sunetul',
  'sound.off': 'Oprește sunetul',
  'sound.waiting': 'Se conectează sunetul…',
  'sound.blocked': 'Browserul nu a pornit sunetul. Apasă din nou.',

  'record.start': 'Înregistrează',
  'record.stop': 'Oprește înregistrarea',
  'record.started': 'Înregistrarea a pornit.',
  'record.stopped': 'Înregistrarea s-a oprit.',
} as const satisfies Record<string, string | Plural>;

/** Forms by plural category, as `Intl.PluralRules` names them. */
export interface Plural {
  one: string;
  few?: string;
  other: string;
}

export type Key = keyof typeof ro;

/** Keys whose message is a plain text. */
export type TextKey = { [K in Key]: (typeof ro)[K] extends string ? K : never }[Key];

/** Keys whose message depends on a count. */
export type CountKey = Exclude<Key, TextKey>;

export type Dictionary = { [K in TextKey]: string } & { [K in CountKey]: Plural };
