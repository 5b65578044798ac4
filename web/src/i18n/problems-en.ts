import type { ProblemDictionary } from './problems-ro';

export const problemsEn: ProblemDictionary = {
  network: 'The robot does not answer. Check your network, then try again.',
  slow: 'The robot took too long to answer. Try again.',
  busy: 'The robot has too much to do at once. Wait a moment, then try again.',
  tries: 'Too many tries. Wait a minute, then try again.',
  media:
    'The part of the robot that carries picture and sound is restarting. Try again in a moment.',
  stream: 'Picture or sound is not started at the robot. Ask somebody beside it to start it.',
  closing: 'The robot’s program is shutting down. Try again once it has restarted.',
  space: 'The robot’s disk is full. Delete old recordings.',
  disk: 'The robot’s disk cannot be read or written. Tell whoever looks after the robot.',
  recording: 'It is still being recorded. Stop that first.',
  over: 'It is not there any more: it has ended meanwhile. Try again.',
  lacking: 'This robot has no such part.',
  quiet: 'These are quiet hours. Try again when they are over.',
  range: 'What you asked for is outside the limits. Choose less.',
  version: 'The page and the robot do not understand each other. Load the page again.',
  signin: 'You are not signed in any more. Sign in again.',
  address: 'The robot takes no requests from this address. Open the page at its own address.',
  held: 'Somebody else is talking. Try again when they have finished.',
  internal:
    'Something went wrong at the robot. Try again; if it stays so, tell whoever looks after it.',
};
