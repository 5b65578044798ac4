import type { ProblemDictionary } from './problems-ro';

export const problemsEn: ProblemDictionary = {
  network: 'The robot isn’t responding. Check your network, then try again.',
  slow: 'The robot took too long to answer. Try again.',
  busy: 'The robot is busy. Wait a moment, then try again.',
  tries: 'Too many attempts. Try again in {time}.',
  media: 'Streaming is restarting. Try again in a moment.',
  stream: 'Video or sound is off on the robot. Ask someone next to it to turn it on.',
  closing: 'The robot’s program is shutting down. Try again once it has restarted.',
  space: 'The robot’s disk is full. Delete old recordings.',
  disk: 'The robot’s disk cannot be read or written. Tell the person who looks after the robot.',
  recording: 'The recording is still in progress. Stop it first.',
  over: 'It has already ended. Try again.',
  lacking: 'This robot doesn’t have this feature.',
  quiet: 'Quiet hours. Try again when they are over.',
  range: 'Value out of range. Choose a smaller one.',
  version: 'The page and robot versions differ. Reload.',
  signin: 'Your session has ended. Sign in again.',
  address:
    'The robot doesn’t accept requests from this address. Open the page at the robot’s own address.',
  held: 'Someone else is talking. Try again when they have finished.',
  device:
    'The robot cannot use this device: it is unplugged, taken by another program, or broken. Tell the person who looks after the robot.',
  private: 'The privacy switch on the robot is on. Ask someone next to it to turn it off.',
  keeper: 'Only the person who looks after the robot can do this.',
  internal:
    'Something went wrong on the robot. Try again; if it keeps happening, tell the person who looks after the robot.',
};
