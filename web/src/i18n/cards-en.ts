import type { CardsDictionary } from './cards-ro';

export const cardsEn: CardsDictionary = {
  'asked.region': 'Request',
  'asked.words': '{who} asks for the robot.',
  'asked.give': 'Hand it over',
  'asked.keep': 'Not now',
  'estop.region': 'Emergency stop on',
  'estop.by': 'Pressed by {who} at {at}. Nothing moves until it is released.',
  'estop.since': 'On since {at}. Nothing moves until it is released.',
  'estop.button': 'The button on the robot is pressed. Somebody beside it has to pull it out.',
  'estop.unconfirmed': 'The motor board has not confirmed it yet.',
  'estop.sure': 'Is the way clear? After this the robot can be driven again.',
  'ended.title': 'You have hung up',
  'ended.wheels': 'The robot stands and is given back.',
  'ended.picture': 'The robot’s camera is closed on this device.',
  'ended.sound': 'The robot’s sound is closed.',
  'ended.microphone': 'Your microphone is off.',
  'ended.wait': 'Closing…',
  'ended.back': 'Come back to the robot',
};
