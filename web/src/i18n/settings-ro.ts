// The words of the settings. Romanian is the source.

import type { PadDeed } from '../lib/input/pad-bindings';
import type { Dictionary } from './dictionary';
import { unitsRo } from './units';

export const settingsRo = {
  ...unitsRo,
  title: 'Setări',
  yes: 'da',
  no: 'nu',
  seconds: '{n} s',
  never: 'niciodată',
  reset: 'Resetează setările',

  'reset.sure': 'Da, toate în afară de metoda de comandă',

  'look.title': 'Aspect',
  theme: 'Temă',

  'theme.auto': 'Automat',
  'theme.dark': 'Întunecată',
  'theme.light': 'Luminoasă',
  'theme.contrast': 'Contrast ridicat',
  'dark-driving': 'Temă întunecată cât conduci',
  'dark-driving.about': 'Cât ai controlul, pagina este întunecată și pe un sistem luminos.',
  large: 'Butoane foarte mari',
  hand: 'Butoanele de condus',

  'hand.left': 'În stânga',
  'hand.right': 'În dreapta',
  language: 'Limba',

  'input.title': 'Comandă',
  input: 'Metoda de comandă',

  'input.direct': 'Atingere, mouse, tastatură',
  'input.scan': 'Comutator (scanare)',
  'input.dwell': 'Apăsare fără clic',
  'input.trial': 'Dacă nu confirmi în {n} s, revine la: {way}.',
  'input.keep': 'Îmi merge, păstrează',
  shortcuts: 'Săgețile conduc, Spațiu oprește',

  'shortcuts.about': 'Dezactivat: doar Tab, Enter și Esc. În mișcare, orice tastă oprește robotul.',

  'scan.switches': 'Număr de comutatoare',
  'scan.switches.one': 'Unul (avans automat)',
  'scan.switches.two': 'Două (avans și selectare)',
  'scan.step': 'Timp pe fiecare element',
  'scan.first': 'Timp în plus pe primul',
  'scan.hold': 'Durata minimă a apăsării',
  'scan.tremor': 'Ignoră repetările mai rapide de',
  'scan.rounds': 'Treceri până la pauză',

  'switch.select': 'Comutator de selectare',
  'switch.step': 'Comutator de avans',
  'switch.learn': 'Alege tasta',
  'switch.wait': 'Apasă acum comutatorul',

  'key.space': 'Spațiu',

  'dwell.time': 'Timp până la apăsare',
  'dwell.stop': 'Timp pe STOP în mișcare',
  'dwell.jitter': 'Toleranță când ieși de pe buton',

  'drive.title': 'Condus',
  'drive.by': 'Mod de condus inițial',
  'drive.by.step': 'Pas',
  'drive.by.latch': 'O apăsare',
  'drive.by.hold': 'Ține apăsat',
  'drive.latch': 'Durata la o apăsare',

  'pad.title': 'Gamepad',
  'pad.none': 'Niciun gamepad găsit. Conectează-l și apasă un buton.',
  'pad.found': 'Conectat: {name}',
  'pad.deadzone': 'Zonă moartă',
  'pad.any': 'În mișcare, orice buton oprește',
  'pad.learn': 'Alege butonul',
  'pad.wait': 'Apasă acum butonul pe care îl vrei',
  'pad.unset': 'nesetat',
  'pad.button': 'butonul {n}',
  'pad.axis': 'axa {n} {sign}',
  'pad.forward': 'Înainte',
  'pad.back': 'Înapoi',
  'pad.left': 'Rotește la stânga',
  'pad.right': 'Rotește la dreapta',
  'pad.stop': 'Oprește robotul',
  'pad.estop': 'Oprire de urgență',
  'pad.estop_release': 'Dezactivează oprirea de urgență: două apăsări',
  'pad.robot': 'Condu robotul sau cedează controlul',
  'pad.step_forward': 'Un pas înainte',
  'pad.step_back': 'Un pas înapoi',
  'pad.step_left': 'O rotire la stânga',
  'pad.step_right': 'O rotire la dreapta',
  'pad.talk': 'Vorbește',
  'pad.phrases': 'Fraze',
  'pad.attention': 'Sunet de atenție',
  'pad.nod': 'Dă din cap',
  'pad.head_up': 'Camera sus',
  'pad.head_down': 'Camera jos',
  'pad.light': 'Lumină',
  'pad.hang_up': 'Închide apelul',
  'pad.scan_select': 'Comutator de selectare',
  'pad.scan_step': 'Comutator de avans',

  'talk.title': 'Microfon',
  'talk.mute': 'Se oprește după liniște de',
  'talk.warning': 'Avertizare înainte de oprire',

  'other.title': 'Altele',

  'media.title': 'Imagine',
  jitter: 'Tampon pentru imagine fluidă (rețea instabilă)',

  'jitter.about': '0 este cel mai rapid. O valoare mai mare ajută pe o rețea instabilă.',

  'try.title': 'Zonă de test',
  'try.about': 'Aici nimic nu mișcă robotul. Încearcă metoda ta de comandă.',
  'try.forward': 'Test: înainte',
  'try.back': 'Test: înapoi',
  'try.left': 'Test: stânga',
  'try.right': 'Test: dreapta',
  'try.nothing': 'Nu ai apăsat nimic încă.',
  'try.got': 'Ai apăsat: {what} ({n})',
} as const satisfies Record<`pad.${PadDeed}`, string> & Record<string, string>;

export type SettingsDictionary = Dictionary<typeof settingsRo>;
