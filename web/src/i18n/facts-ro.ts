// The words of what is so at the robot: the facts of the top bar and of the menu. Romanian is the source.

import type { Dictionary } from './dictionary';

export const factsRo = {
  'fact.driver': 'Conduce {who}',
  'fact.overload': 'Calculatorul robotului: suprasolicitat',
  'fact.reduced': 'Calculatorul robotului: suprasolicitat, imaginea redusă la {fps} cadre/s',
  'fact.throttled': 'Calculatorul robotului: încetinit de căldură sau de alimentarea slabă',
  'fact.supply': 'Alimentarea robotului: prea slabă',
  'battery.level': 'Baterie {n} %',
  'battery.low': 'Baterie slabă: {n} %',
  'battery.critical': 'Baterie aproape goală: {n} %',
  'battery.unknown': 'Baterie necunoscută',

  'quality.good': 'Conexiune bună',
  'quality.fair': 'Conexiune slabă',
  'quality.poor': 'Conexiune foarte slabă',

  'bar.label': 'Starea robotului',
  'bar.camera': 'Cameră',
  'bar.microphone': 'Microfon',
  'bar.recording': 'Înregistrare',
  'device.live': 'pornit',
  'device.silent': 'pornește',
  'device.away': 'deconectat',
  'device.off': 'absent',
  'device.private': 'oprit de pe robot',
  'device.unknown': 'necunoscut',
  'device.live.f': 'pornită',
  'device.silent.f': 'pornește',
  'device.away.f': 'deconectată',
  'device.off.f': 'absentă',
  'device.private.f': 'oprită de pe robot',
  'device.unknown.f': 'necunoscută',
  'recording.off': 'oprită',
  'recording.starting': 'pornește',
  'recording.on': 'în curs',
  'recording.stopping': 'se oprește',
  'recording.fault': 'eroare',
  'recording.unknown': 'necunoscută',
  'bar.robot': 'Robot',
  'robot.off': 'absent',
  'robot.away': 'deconectat',
  'robot.refused': 'nu poate fi folosit',
  'robot.unknown': 'necunoscut',
  'robot.up': 'pregătit',
  'robot.moving': 'se mișcă',
  'robot.estop': 'oprire de urgență',
  'viewers.count': {
    one: '{n} persoană privește',
    few: '{n} persoane privesc',
    other: '{n} de persoane privesc',
  },
} as const;

export type FactsDictionary = Dictionary<typeof factsRo>;
