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
  reset: 'Toate ca la început',

  'reset.sure': 'Da, toate afară de felul de apăsare',

  'look.title': 'Cum arată',
  theme: 'Culori',

  'theme.auto': 'Ca dispozitivul',
  'theme.dark': 'Întunecat',
  'theme.light': 'Luminos',
  'theme.contrast': 'Contrast mare',
  large: 'Butoane foarte mari',
  hand: 'Butoanele de mers',

  'hand.left': 'În stânga',
  'hand.right': 'În dreapta',
  language: 'Limba paginii',

  'input.title': 'Cum apeși',
  input: 'Felul de apăsare',

  'input.direct': 'Atingere, maus, taste',
  'input.scan': 'Comutator cu parcurgere',
  'input.dwell': 'Zăbovire cu indicatorul',
  'input.trial': 'Dacă nu apeși în {n} s, revine: {way}.',
  'input.keep': 'Merge așa, păstrează',
  shortcuts: 'Săgețile conduc, Spațiu oprește',

  'shortcuts.about': 'Oprit: doar Tab, Enter și Esc. În mers orice tastă oprește, oricum.',

  'scan.switches': 'Câte comutatoare',
  'scan.switches.one': 'Unul, merge singur',
  'scan.switches.two': 'Două, pas și alegere',
  'scan.step': 'Cât stă pe fiecare',
  'scan.first': 'Cât mai stă pe primul',
  'scan.hold': 'Ține apăsat ca să conteze',
  'scan.tremor': 'Apăsări prea dese nu contează',
  'scan.rounds': 'Ture până se odihnește',

  'switch.select': 'Comutatorul care alege',
  'switch.step': 'Comutatorul care merge mai departe',
  'switch.learn': 'Alege tasta',
  'switch.wait': 'Apasă acum comutatorul',

  'key.space': 'Spațiu',

  'dwell.time': 'Cât stai ca să apeși',
  'dwell.stop': 'Cât stai pe STOP în mers',
  'dwell.jitter': 'Cât poate tremura',

  'drive.title': 'Mersul',
  'drive.by': 'Felul de mers la pornire',
  'drive.by.step': 'Pas cu pas',
  'drive.by.latch': 'Mers lung: apeși o dată',
  'drive.by.hold': 'Ține apăsat',
  'drive.latch': 'Cât ține un mers lung',

  'pad.title': 'Maneta de joc',
  'pad.none': 'Nu se vede nicio manetă. Conecteaz-o și apasă un buton al ei.',
  'pad.found': 'Se vede: {name}',
  'pad.deadzone': 'Mijlocul care nu contează',
  'pad.any': 'În mers orice buton oprește',
  'pad.learn': 'Alege butonul',
  'pad.wait': 'Apasă acum butonul pe care îl vrei',
  'pad.unset': 'fără buton',
  'pad.button': 'butonul {n}',
  'pad.axis': 'axa {n} {sign}',
  'pad.forward': 'Înainte',
  'pad.back': 'Înapoi',
  'pad.left': 'Rotește la stânga',
  'pad.right': 'Rotește la dreapta',
  'pad.stop': 'Oprește robotul',
  'pad.estop': 'Oprire de urgență',
  'pad.estop_release': 'Eliberează oprirea de urgență: două apăsări',
  'pad.robot': 'Ia robotul sau dă-l înapoi',
  'pad.step_forward': 'Un pas înainte',
  'pad.step_back': 'Un pas înapoi',
  'pad.step_left': 'O rotire la stânga',
  'pad.step_right': 'O rotire la dreapta',
  'pad.talk': 'Vorbește',
  'pad.phrases': 'Fraze',
  'pad.attention': 'Sunet de atenție',
  'pad.nod': 'Dă din cap',
  'pad.head_up': 'Privește mai sus',
  'pad.head_down': 'Privește mai jos',
  'pad.light': 'Lampa',
  'pad.hang_up': 'Încheie',
  'pad.scan_select': 'Comutator: alege',
  'pad.scan_step': 'Comutator: mai departe',

  'talk.title': 'Vorbirea',
  'talk.mute': 'Liniște până se închide microfonul',
  'talk.warning': 'Cu cât înainte te anunță',

  'media.title': 'Imaginea',
  jitter: 'Cât așteaptă pentru o imagine lină',

  'jitter.about': '0 este cel mai rapid. Mai mult ajută pe o rețea care sare.',

  'try.title': 'Loc de probă',
  'try.about': 'Aici nimic nu mișcă robotul. Încearcă felul tău de apăsare.',
  'try.forward': 'Probă: înainte',
  'try.back': 'Probă: înapoi',
  'try.left': 'Probă: stânga',
  'try.right': 'Probă: dreapta',
  'try.nothing': 'Nu ai apăsat nimic încă.',
  'try.got': 'A ajuns: {what}. Apăsări: {n}.',
} as const satisfies Record<`pad.${PadDeed}`, string> & Record<string, string>;

export type SettingsDictionary = Dictionary<typeof settingsRo>;
