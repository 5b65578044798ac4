import type { TalkDictionary } from './talk-ro';

export const talkEn: TalkDictionary = {
  'talk.region': 'Your microphone',
  'talk.held-by': '{who} is talking. You can talk afterwards.',
  'talk.held-driver': '{who} is talking. You’re driving: press “Line busy” and you talk instead.',
  'talk.somebody': 'Someone',
  'talk.on.yes': 'Your microphone is on: the people next to the robot can hear you.',
  'talk.on.away':
    'Your microphone is on, but the robot’s loudspeaker isn’t working: nobody can hear you.',
  'talk.on.mute': 'Your microphone is on, but the robot’s volume is 0. Turn it up under Phrases.',
  'talk.on.unknown': 'Your microphone is on. Can’t tell whether anyone hears you.',
  'talk.no-speaker':
    'The robot has no loudspeaker, so nobody can hear you. Ask someone to connect one.',
  'talk.failed': 'The robot isn’t getting your voice. {why}',
  'talk.at-robot': 'At the robot:',
  'talk.lost': 'The line dropped. It recovers on its own.',
  'talk.warning': 'No sound from you. The microphone turns off on its own.',
  'talk.seconds': 'in {n} s',
  'talk.extend': 'Keep it on',
  'talk.dismiss': 'Got it',
  'talk.closed.silence': 'The microphone turned off on its own, because it was quiet.',
  'talk.closed.line_lost': 'The line was down for too long. Press again to talk.',
  'talk.closed.taken': 'Someone else took the line. Your microphone is off.',
  'talk.closed.hidden': 'The page was out of sight, so the microphone turned off.',
  'talk.no.insecure':
    'The browser allows the microphone on secure connections only. Open the page at the address that begins with https, or on the robot itself.',
  'talk.no.denied':
    'The browser has no microphone access. Click the icon left of the address, allow the microphone, then press “Talk” again.',
  'talk.no.no_device': 'This device has no microphone. Plug one in, then press “Talk” again.',
  'talk.no.unplugged': 'The microphone was unplugged. Plug it in, then press “Talk” again.',
  'talk.no.busy': 'Another program is using the microphone. Close it, then press “Talk” again.',
  'talk.no.unsupported':
    'This browser can’t send sound. Use a recent version of Chrome, Firefox or Safari.',
};
