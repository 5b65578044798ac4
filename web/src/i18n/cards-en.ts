import type { CardsDictionary } from './cards-ro';

export const cardsEn: CardsDictionary = {
  'asked.region': 'Request',
  'asked.words': '{who} wants to drive.',
  'asked.give': 'Hand over',
  'asked.keep': 'Not now',
  'estop.region': 'Emergency stop on',
  'estop.by': 'Pressed by {who} at {at}. The robot won’t move until it is reset.',
  'estop.since': 'On since {at}. The robot won’t move until it is reset.',
  'estop.button':
    'The red button on the robot is pressed. Ask someone next to the robot to release it.',
  'estop.unconfirmed': 'The motor board has not confirmed it yet.',
  'estop.sure': 'Is the way clear? The robot can then be driven again.',
  'ended.title': 'Call ended',
  'ended.wheels': 'The robot is stopped and free.',
  'ended.picture': 'Video is off on this device.',
  'ended.sound': 'Sound is off on this device.',
  'ended.microphone': 'Your microphone is off.',
  'ended.wait': 'Turning off…',
  'ended.back': 'Rejoin',
};
