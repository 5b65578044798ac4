// Words for what is so just now, where no part of the first page had any. Romanian is the source.

export const nowRo = {
  'link.no-news': 'Imagine fără stare',
  'link.returning': 'Imaginea revine',
  'why.returning': 'Comenzile se deblochează când imaginea e stabilă.',
  'ended.stale': 'Conexiunea s-a întrerupt și ai pierdut controlul. Preia-l din nou.',
  'stopped.you': 'Oprit de pe această pagină.',
  'stop.done': 'oprit',
  'fact.you': 'Conduci tu',
  'lease.elsewhere': 'Conduci din altă fereastră.',
  'lag.lifting': 'Condusul normal revine după 2 s de conexiune bună.',
} as const;

export type NowDictionary = Record<keyof typeof nowRo, string>;
