// Words that the panel no longer uses (web/README.md, "Words of the panel"), so that none comes back with a new text.

import { expect, test } from 'vitest';

/** By language: what is retired, as a pattern of whole words, and what is said instead. */
const RETIRED: Record<'ro' | 'en', Readonly<Record<string, string>>> = {
  ro: {
    'legătur\\p{L}*': 'conexiunea',
    'mers(ul|ului)?': 'condus',
    'stă|stai|stau': 'oprit',
    'tace|taci': 'nu răspunde; of the voice: nu vorbește',
    'setat[ăei]?': 'configurat',
    'adu[cs]\\p{L}*': 'a încărca',
    'păstrat[ăe]?': 'a salva',
    'fel(ul)?': 'modul, metoda',
    'elibereaz-o|eliberat[ăe]|eliberează oprirea': 'a dezactiva (oprirea de urgență)',
    '(deschide|închide) microfonul|microfonul( tău)? (este|e|s-a) (deschis|închis)|ține-l deschis':
      'a porni, a opri (microfonul)',
    '(ia|ia-l|dă|dat|preia) robotul|robotul (este|e) (al tău|la)':
      'a conduce, a prelua, a ceda controlul',
    'placa motoarelor': 'placa de motoare',
    șoferul: 'persoana care conduce',
    'intră|ai ieșit': 'a se conecta, a se deconecta',
    'fără rețea|verifică rețeaua': 'internetul',
    'parcurgere|zăbovire|manet\\p{L}*|maus': 'scanare, apăsare fără clic, gamepad, mouse',
    'cifrele|vechimea': 'detalii, întârzierea',
    'prob[ăe]': 'test',
  },
  en: {
    // A sign-in link is one.
    '(?<!sign-in |this )links?': 'connection',
    'pictures?': 'video',
    'stands?|standing': 'stopped',
    somebody: 'someone',
    'by (itself|themselves)': 'on its own',
    'hang up|hung up': 'end call',
    'long go|ways? of': 'press once, mode, method',
    'figures|nobody knows': 'details, unknown',
    'fetch(ed|ing)?': 'load',
    kept: 'saved',
    'lamps?': 'light',
    'g(ive|ives|ave|iven)( the robot)? back|(take|has|have) the robot': 'release, drive, control',
    'release the emergency stop|pull it out': 'reset',
    'does not answer': 'isn’t responding',
    'be silent|is silent': 'stop speaking, isn’t speaking',
    'set up': 'configured',
    'dwelling|trial': 'dwell click, test',
    tries: 'attempts',
  },
};

const found = (language: 'ro' | 'en', text: string): string[] =>
  Object.keys(RETIRED[language]).filter((words) =>
    new RegExp(`(?<!\\p{L})(?:${words})(?!\\p{L})`, 'iu').test(text),
  );

type Modules = Record<string, Record<string, unknown>>;
const DICTIONARIES = {
  ro: import.meta.glob<Modules[string]>(['./ro.ts', './*-ro.ts'], { eager: true }),
  en: import.meta.glob<Modules[string]>(['./en.ts', './*-en.ts'], { eager: true }),
};

/** Every text of every dictionary, with where it stands. */
function texts(language: 'ro' | 'en'): [where: string, text: string][] {
  const modules: Modules = DICTIONARIES[language];
  return Object.entries(modules).flatMap(([file, exported]) =>
    Object.values(exported).flatMap((dictionary) =>
      Object.entries(dictionary as Record<string, string | Record<string, string>>).flatMap(
        ([key, said]): [string, string][] =>
          (typeof said === 'string' ? [said] : Object.values(said)).map((text) => [
            `${file} ${key}`,
            text,
          ]),
      ),
    ),
  );
}

test.each(['ro', 'en'] as const)('no dictionary in %s has a retired word', (language) => {
  const all = texts(language);
  expect(all.length).toBeGreaterThan(300);
  const hits = all
    .map(([where, text]) => [where, text, found(language, text)] as const)
    .filter(([, , words]) => words.length > 0);
  expect(hits).toEqual([]);
});

test('what was said before is found, and what only looks like it is not', () => {
  for (const text of ['Legătura de mers', 'Stă: ai lăsat', 'Nu e setat.', 'Frazele sunt păstrate.'])
    expect(found('ro', text), text).not.toEqual([]);
  for (const text of ['Standing: you let go.', 'Link', 'Somebody', 'It restarts by itself.'])
    expect(found('en', text), text).not.toEqual([]);
  for (const text of ['Resetează, nesetat, apăsând, există', 'Îmi merge, păstrează', 'Fraze'])
    expect(found('ro', text), text).toEqual([]);
  for (const text of ['Open the sign-in link.', 'This link has expired.', 'did not understand'])
    expect(found('en', text), text).toEqual([]);
});
