// The words about talking, beside those of its button. Romanian is the source.

import type { NoMicrophone, TalkState } from '../lib/talk/state';

type Codes = Record<
  `talk.no.${NoMicrophone}` | `talk.closed.${NonNullable<TalkState['closed']>}`,
  string
>;

export const talkRo = {
  'talk.region': 'Microfonul tău',
  'talk.held-by': '{who} vorbește acum. Poți vorbi după ce termină.',
  'talk.held-driver': '{who} vorbește acum. Tu conduci: apasă „Linia e ocupată” și vorbești tu.',
  'talk.somebody': 'Cineva',
  'talk.on.yes': 'Microfonul tău e pornit: te aud cei de lângă robot.',
  'talk.on.away':
    'Microfonul tău e pornit, dar difuzorul robotului nu funcționează: nu te aude nimeni.',
  'talk.on.mute': 'Microfonul tău e pornit, dar volumul robotului este 0. Dă-l mai tare la Fraze.',
  'talk.on.unknown': 'Microfonul tău e pornit. Nu știm dacă te aude cineva.',
  'talk.no-speaker':
    'Robotul nu are difuzor, așa că nu te poate auzi nimeni. Cere cuiva să conecteze unul.',
  'talk.failed': 'Robotul nu a primit vocea ta. {why}',
  'talk.at-robot': 'La robot:',
  'talk.lost': 'Linia s-a întrerupt. Revine singură.',
  'talk.warning': 'Nu se aude nimic. Microfonul se oprește singur.',
  'talk.seconds': 'în {n} s',
  'talk.extend': 'Lasă-l pornit',
  'talk.dismiss': 'Am înțeles',
  'talk.closed.silence': 'Microfonul s-a oprit singur, pentru că era liniște.',
  'talk.closed.line_lost': 'Linia a fost întreruptă prea mult timp. Apasă din nou ca să vorbești.',
  'talk.closed.taken': 'Altcineva a preluat linia. Microfonul tău e oprit.',
  'talk.closed.hidden': 'Pagina nu a mai fost vizibilă, așa că microfonul s-a oprit.',
  'talk.no.insecure':
    'Browserul permite microfonul doar pe o conexiune securizată. Deschide pagina la adresa care începe cu https sau chiar pe robot.',
  'talk.no.denied':
    'Browserul nu are acces la microfon. Apasă pictograma din stânga adresei, permite microfonul, apoi apasă din nou „Vorbește”.',
  'talk.no.no_device':
    'Acest dispozitiv nu are microfon. Conectează unul, apoi apasă din nou „Vorbește”.',
  'talk.no.unplugged': 'Microfonul a fost deconectat. Conectează-l, apoi apasă din nou „Vorbește”.',
  'talk.no.busy': 'Alt program folosește microfonul. Închide-l, apoi apasă din nou „Vorbește”.',
  'talk.no.unsupported':
    'Acest browser nu poate trimite sunet. Folosește o versiune recentă de Chrome, Firefox sau Safari.',
} as const satisfies Codes & Record<string, string>;

export type TalkDictionary = Record<keyof typeof talkRo, string>;
