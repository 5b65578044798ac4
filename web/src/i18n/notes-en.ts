import type { NotesDictionary } from './notes-ro';

export const notesEn: NotesDictionary = {
  'wait.tries': 'Too many attempts. Try again in {time}.',
  'wait.ask': 'You can ask again in {time}.',
  'signout.sure': 'Yes, sign out',
  'signout.stay': 'No, stay here',
  'reset.stay': 'No, keep my settings',
  'scan.rest': 'Press your switch.',
  'speech.away': 'The robot’s loudspeaker is unplugged or not working: nothing is heard.',
  'speech.mute': 'The robot’s volume is 0: nothing is heard. Turn it up.',
  'speech.unknown': 'Can’t tell right now what the robot is saying.',
};
