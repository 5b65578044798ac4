// The words of driving, apart from those of the first page, which does without them. Every code of the daemon has its own.

import type { Refusal, StopReason } from '../api/types';

type Codes = Record<`refusal.${Refusal}` | `stopped.${StopReason}`, string>;

export const driveRo = {
  stop: 'STOP',
  estop: 'Oprire de urgență',
  'estop.release': 'Eliberează oprirea de urgență',
  'estop.confirm': 'Da, eliberează',
  acquire: 'Ia robotul',
  release: 'Dă robotul înapoi',

  'hold.forward': 'Înainte',
  'hold.back': 'Înapoi',
  'hold.left': 'Stânga',
  'hold.right': 'Dreapta',

  'phase.idle': 'Robotul nu este al tău. Ia-l ca să îl conduci.',
  'phase.acquiring': 'Se cere robotul…',
  'phase.asking': 'Șoferul de acum a fost întrebat. Așteaptă răspunsul lui.',
  'phase.opening': 'Se deschide legătura de mers…',
  'phase.ready': 'Gata de mers.',
  'phase.quiet': 'Robotul tace. El se oprește singur.',
  'phase.lost': 'Legătura de mers s-a întrerupt și robotul s-a oprit. Se reface.',
  'moving.hold': 'Merge cât ții apăsat.',
  'moving.latch': 'Merge singur. Orice apăsare îl oprește.',
  'moving.step': 'Face un pas. Orice apăsare îl oprește.',
  'ended.released': 'Ai dat robotul înapoi.',
  'ended.signed_out': 'Ai ieșit, așa că robotul s-a oprit.',
  'ended.unreachable': 'Robotul nu mai răspunde. Ia-l din nou când se întoarce legătura.',
  'ended.to': 'Robotul este acum la {driver}.',
  'problem.network': 'Robotul nu răspunde la cerere. Verifică rețeaua.',
  'problem.other': 'Cererea nu a mers. Încearcă din nou.',
  'stopping.failed': 'STOP nu a fost confirmat. Robotul se oprește singur când nu te mai aude.',

  'refusal.robot_off': 'Nu este setat niciun robot.',
  'refusal.robot_away': 'Placa motoarelor este deconectată sau tace. Este folosită când răspunde.',
  'refusal.robot_unknown':
    'La capătul cablului nu s-a arătat încă placa motoarelor. Nimic nu mișcă.',
  'refusal.robot_fault': 'Placa motoarelor anunță o defecțiune a motoarelor.',
  'refusal.not_supported': 'Acest robot nu are așa ceva.',
  'refusal.estop_latched': 'Oprirea de urgență este activă. Elibereaz-o în doi pași.',
  'refusal.estop_button': 'Butonul de urgență de pe robot este apăsat. Trage-l afară mai întâi.',
  'refusal.no_lease': 'Robotul nu este al tău. Ia-l mai întâi.',
  'refusal.lease_held': 'Robotul este la altcineva.',
  'refusal.lease_lost': 'Robotul nu mai este al tău.',
  'refusal.no_socket': 'Legătura de mers nu este deschisă. Așteaptă puțin.',
  'refusal.neutral_first': 'Lasă toate comenzile, apoi apasă din nou.',
  'refusal.press_again': 'Apasă din nou.',
  'refusal.moving': 'Robotul face deja o mișcare.',
  'refusal.command_late': 'Comanda a ajuns prea târziu.',
  'refusal.out_of_order': 'Comanda a ajuns de două ori sau în altă ordine.',
  'refusal.clock': 'Ceasul acestui dispozitiv a sărit. Apasă din nou.',
  'refusal.picture_unknown': 'Fără imagine se merge doar pas cu pas.',
  'refusal.picture_stale': 'Imaginea este prea veche. Așteaptă una nouă, apoi apasă din nou.',
  'refusal.lag_too_long': 'Legătura întârzie prea mult pentru acest fel de mers.',
  'refusal.stop_unreachable':
    'STOP și oprirea de urgență trebuie să fie la vedere pentru acest fel de mers.',
  'refusal.out_of_range': 'Comanda este în afara limitelor.',
  'refusal.bad_message': 'Robotul nu a înțeles comanda.',
  'refusal.flood': 'Prea multe comenzi deodată.',

  'stopped.neutral': 'Stă: ai lăsat comenzile.',
  'stopped.stop': 'Stă: s-a apăsat STOP.',
  'stopped.estop': 'Stă: s-a apăsat oprirea de urgență.',
  'stopped.ended': 'Stă: mișcarea s-a încheiat.',
  'stopped.silent': 'Stă: nu te-a mai auzit.',
  'stopped.disconnected': 'Stă: legătura cu tine s-a întrerupt.',
  'stopped.lease_ended': 'Stă: robotul a trecut la altcineva sau a fost dat înapoi.',
  'stopped.picture_stale': 'Stă: imaginea era prea veche.',
  'stopped.lag_too_long': 'Stă: legătura întârzia prea mult.',
  'stopped.link_lost': 'Stă: placa motoarelor nu mai răspundea.',
  'stopped.device_reset': 'Stă: placa motoarelor a repornit.',
  'stopped.device_watchdog': 'Stă: placa motoarelor s-a oprit singură, fără comenzi proaspete.',
  'stopped.blocked': 'Stă: roțile erau blocate.',
  'stopped.motor_fault': 'Stă: un motor are o defecțiune.',
  'stopped.shutdown': 'Stă: programul robotului se închide.',
} as const satisfies Codes & Record<string, string>;

export type DriveKey = keyof typeof driveRo;
export type DriveDictionary = Record<DriveKey, string>;
