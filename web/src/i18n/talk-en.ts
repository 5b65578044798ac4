import type { TalkDictionary } from './talk-ro';

export const talkEn: TalkDictionary = {
  'talk.region': 'Your microphone',
  'talk.held-by': '{who} is talking. You can talk afterwards.',
  'talk.somebody': 'Somebody',
  'talk.on.yes': 'Your microphone is open: the people beside the robot hear you.',
  'talk.on.away':
    'Your microphone is open, but the robot’s loudspeaker does not work: nobody hears you.',
  'talk.on.mute': 'Your microphone is open, but the robot’s volume is 0. Turn it up under Phrases.',
  'talk.on.unknown': 'Your microphone is open. Nobody knows whether anyone hears you.',
  'talk.no-speaker':
    'The robot has no loudspeaker, so nobody can hear you. Ask somebody to connect one.',
  'talk.failed': 'The robot did not take your voice. {why}',
  'talk.at-robot': 'At the robot:',
  'talk.lost': 'The line broke and is coming back by itself.',
  'talk.warning': 'Nothing is heard. The microphone closes by itself.',
  'talk.seconds': 'in {n} s',
  'talk.extend': 'Keep it open',
  'talk.dismiss': 'I understand',
  'talk.closed.silence': 'The microphone closed by itself, because it was quiet.',
  'talk.closed.line_lost': 'The line was gone for too long. Press again to talk.',
  'talk.closed.taken': 'Somebody else took the line. Your microphone is closed.',
  'talk.closed.hidden': 'The page was out of sight, so the microphone closed.',
  'talk.no.insecure':
    'The browser gives the microphone to safe connections only. Open the page at the address that begins with https, or on the robot itself.',
  'talk.no.denied':
    'The browser may not use the microphone. Press the sign left of the address, allow the microphone, then press Talk again.',
  'talk.no.no_device': 'This device has no microphone. Plug one in, then press Talk again.',
  'talk.no.unplugged': 'The microphone was unplugged. Plug it in, then press Talk again.',
  'talk.no.busy': 'Another program uses the microphone. Close it, then press Talk again.',
  'talk.no.unsupported':
    'This browser cannot send sound. Use an up-to-date Chrome, Firefox or Safari.',
};
