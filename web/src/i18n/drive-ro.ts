// The words of driving, apart from those of the first page, which does without them. Every code of the daemon has its own.

import type { Refusal, StopReason } from '../api/types';

type Codes = Record<`refusal.${Refusal}` | `stopped.${StopReason}`, string>;

export const driveRo = {
  stop: 'STOP',
  estop: 'Oprire de urgență',
  'estop.release': 'Dezactivează oprirea de urgență',
  'estop.confirm': 'Da, dezactivează',
  acquire: 'Condu robotul',
  release: 'Cedează controlul',

  'driver.unnamed': 'Persoana care conduce',

  'hold.forward': 'Înainte',
  'hold.back': 'Înapoi',
  'hold.left': 'Stânga',
  'hold.right': 'Dreapta',

  'phase.idle': 'Doar privești. Apasă „Condu robotul” ca să pornești.',
  'phase.acquiring': 'Se preia controlul…',
  'phase.asking': '{who} a primit cererea. Așteaptă răspunsul.',
  'phase.opening': 'Se pregătesc comenzile…',
  'phase.ready': 'Poți porni.',
  'phase.quiet': 'Robotul nu răspunde. Se oprește singur.',
  'phase.lost': 'Conexiunea s-a întrerupt, robotul s-a oprit. Se reconectează…',
  'moving.hold': 'Se mișcă cât ții apăsat.',
  'moving.latch': 'Se mișcă singur. Orice apăsare îl oprește.',
  'moving.step': 'Se mișcă puțin. Orice apăsare îl oprește.',
  'ended.released': 'Ai cedat controlul.',
  'ended.signed_out': 'Te-ai deconectat, robotul s-a oprit.',
  'ended.unreachable': 'Conexiunea s-a pierdut. Preia din nou controlul când revine.',
  'ended.to': 'Acum conduce {driver}.',
  'problem.network': 'Robotul nu răspunde. Verifică internetul.',
  'problem.other': 'Nu a reușit. Încearcă din nou.',
  'stopping.failed':
    'STOP nu a fost confirmat. Robotul se oprește singur când pierde conexiunea cu tine.',

  'refusal.robot_off': 'Nu este configurat niciun robot.',
  'refusal.robot_away': 'Placa de motoare e deconectată sau nu răspunde.',
  'refusal.robot_unknown': 'Placa de motoare nu a fost recunoscută încă. Robotul nu se mișcă.',
  'refusal.robot_fault': 'Placa de motoare semnalează o defecțiune la motoare.',
  'refusal.not_supported': 'Acest robot nu are această funcție.',
  'refusal.estop_latched': 'Oprirea de urgență este activă. Dezactiveaz-o mai întâi.',
  'refusal.estop_button': 'Butonul roșu de pe robot e apăsat. Cere cuiva să îl deblocheze.',
  'refusal.no_lease': 'Preia controlul mai întâi.',
  'refusal.lease_held': 'Altcineva conduce.',
  'refusal.lease_lost': 'Ai pierdut controlul.',
  'refusal.no_socket': 'Comenzile nu sunt gata. Așteaptă puțin.',
  'refusal.neutral_first': 'Eliberează comenzile, apoi apasă din nou.',
  'refusal.press_again': 'Apasă din nou.',
  'refusal.moving': 'Robotul se mișcă deja.',
  'refusal.command_late': 'Comanda a ajuns prea târziu.',
  'refusal.out_of_order': 'Comanda a ajuns de două ori sau în ordine greșită.',
  'refusal.clock': 'Ceasul dispozitivului s-a schimbat. Apasă din nou.',
  'refusal.picture_unknown': 'Fără imagine se conduce doar pas cu pas.',
  'refusal.picture_stale': 'Imaginea întârzie prea mult. Așteaptă să revină, apoi apasă din nou.',
  'refusal.lag_too_long': 'Conexiunea e prea lentă pentru acest mod.',
  'refusal.stop_unreachable': 'STOP și oprirea de urgență trebuie să fie vizibile în acest mod.',
  'refusal.out_of_range': 'Comanda este în afara limitelor.',
  'refusal.bad_message': 'Robotul nu a înțeles comanda.',
  'refusal.flood': 'Prea multe comenzi deodată.',

  'stopped.neutral': 'Oprit: ai eliberat comenzile.',
  'stopped.stop': 'Oprit: s-a apăsat STOP.',
  'stopped.estop': 'Oprit: s-a apăsat oprirea de urgență.',
  'stopped.ended': 'Oprit: mișcarea s-a încheiat.',
  'stopped.silent': 'Oprit: nu mai primea comenzi.',
  'stopped.disconnected': 'Oprit: conexiunea cu tine s-a întrerupt.',
  'stopped.lease_ended': 'Oprit: controlul a fost cedat sau preluat de altcineva.',
  'stopped.picture_stale': 'Oprit: imaginea întârzia prea mult.',
  'stopped.lag_too_long': 'Oprit: conexiunea era prea lentă.',
  'stopped.link_lost': 'Oprit: placa de motoare nu mai răspundea.',
  'stopped.device_reset': 'Oprit: placa de motoare a repornit.',
  'stopped.device_watchdog': 'Oprit: placa de motoare s-a oprit singură, fără comenzi noi.',
  'stopped.blocked': 'Oprit: roțile erau blocate.',
  'stopped.motor_fault': 'Oprit: un motor are o defecțiune.',
  'stopped.shutdown': 'Oprit: programul robotului se închide.',
} as const satisfies Codes & Record<string, string>;

export type DriveKey = keyof typeof driveRo;
export type DriveDictionary = Record<DriveKey, string>;
