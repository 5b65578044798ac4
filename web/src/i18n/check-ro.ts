// What the drive check alone says. Romanian is the source.

export const checkRo = {
  title: 'Proba de mers',
  lead: 'Cineva stă lângă robot, iar drumul lui este liber. Săgețile merg cât timp le ții apăsate. Spațiu și Esc opresc.',
  asked: '{who} cere robotul. Dă-l înapoi ca să îl primească.',
  'hold.title': 'Ține apăsat',
  'step.title': 'Un pas',
  'step.forward': 'Pas 20 cm înainte',
  'step.back': 'Pas 20 cm înapoi',
  'step.left': 'Rotire 90° la stânga',
  'step.right': 'Rotire 90° la dreapta',
  'latch.title': 'Apasă o dată: merge 5 secunde',
  'latch.forward': 'Mergi înainte',
  'latch.back': 'Mergi înapoi',
  'latch.left': 'Rotește stânga',
  'latch.right': 'Rotește dreapta',
  'odometry.title': 'Drumul măsurat',
  'odometry.x': 'În față',
  'odometry.y': 'La stânga',
  'odometry.heading': 'Rotit stânga',
  metres: '{n} m',
  degrees: '{n}°',
  unmeasured: 'nemăsurat',
  lag: 'Viteză {percent} %, imagine {picture} ms, comandă {command} ms.',
  'lag.unknown': 'Nu se știe cât de veche este imaginea.',
} as const satisfies Record<string, string>;

export type CheckKey = keyof typeof checkRo;
export type CheckDictionary = Record<CheckKey, string>;
