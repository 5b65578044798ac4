// The words of the cards that take the place of the directions: a latched e-stop, another driver's request, the end of the call. Romanian is the source.

export const cardsRo = {
  'asked.region': 'Cerere',
  'asked.words': '{who} vrea să conducă.',
  'asked.give': 'Cedează controlul',
  'asked.keep': 'Nu acum',
  'estop.region': 'Oprire de urgență activă',
  'estop.by': 'Apăsată de {who} la {at}. Robotul nu se mișcă până nu o dezactivezi.',
  'estop.since': 'Activă de la {at}. Robotul nu se mișcă până nu o dezactivezi.',
  'estop.button':
    'Butonul roșu de pe robot e apăsat. Roagă pe cineva de lângă robot să îl deblocheze.',
  'estop.unconfirmed': 'Placa de motoare nu a confirmat încă.',
  'estop.sure': 'Drumul e liber? Apoi robotul poate fi condus din nou.',
  'ended.title': 'Ai închis apelul',
  'ended.wheels': 'Robotul e oprit și liber.',
  'ended.picture': 'Imaginea e oprită pe acest dispozitiv.',
  'ended.sound': 'Sunetul e oprit pe acest dispozitiv.',
  'ended.microphone': 'Microfonul tău e oprit.',
  'ended.wait': 'Se oprește…',
  'ended.back': 'Revino la robot',
} as const satisfies Record<string, string>;

export type CardsDictionary = Record<keyof typeof cardsRo, string>;
