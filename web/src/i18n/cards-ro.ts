// The words of the cards that take the place of the directions: a latched e-stop, another driver's request, the end of the call. Romanian is the source.

export const cardsRo = {
  'asked.region': 'Cerere',
  'asked.words': '{who} cere robotul.',
  'asked.give': 'Dă robotul',
  'asked.keep': 'Nu acum',
  'estop.region': 'Oprire de urgență activă',
  'estop.by': 'Apăsată de {who} la {at}. Nimic nu mișcă până nu este eliberată.',
  'estop.since': 'Activă de la {at}. Nimic nu mișcă până nu este eliberată.',
  'estop.button': 'Butonul de pe robot este apăsat. Cineva de lângă el îl trage afară.',
  'estop.unconfirmed': 'Placa motoarelor nu a confirmat încă.',
  'estop.sure': 'Drumul este liber? După aceasta robotul poate fi condus din nou.',
  'ended.title': 'Ai încheiat',
  'ended.wheels': 'Robotul este oprit și dat înapoi.',
  'ended.picture': 'Camera robotului este închisă pe acest dispozitiv.',
  'ended.sound': 'Sunetul robotului este închis.',
  'ended.microphone': 'Microfonul tău este oprit.',
  'ended.wait': 'Se închide…',
  'ended.back': 'Revino la robot',
} as const satisfies Record<string, string>;

export type CardsDictionary = Record<keyof typeof cardsRo, string>;
