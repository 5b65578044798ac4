import type { Dictionary } from './ro';

export const en: Dictionary = {
  'app.name': 'Havatar',
  'app.opening': 'Opening…',
  'language.ro': 'Română',
  'language.en': 'English',

  'signin.title': 'Sign in to the robot',
  'signin.lead': 'Open the sign-in link you were sent, or enter your access key.',
  'signin.token': 'Access key',
  'signin.show': 'Show the key',
  'signin.submit': 'Sign in',
  'signin.busy': 'Checking…',
  'signin.ended': 'Your session has ended. Sign in again.',
  'signin.out': 'You’re signed out. Video and sound are off on this device.',
  'signin.error.empty': 'Enter the access key.',
  'signin.error.code':
    'This link has expired or was already used. Ask for a new one, or enter the access key.',
  'signin.error.token': 'Wrong access key. Check it and try again.',
  'signin.error.network': 'The robot isn’t responding. Check your network and try again.',
  signout: 'Sign out',

  'link.label': 'Connection',
  'link.signed-out': 'Signed out',
  'link.connecting': 'Connecting',
  'link.live': 'Live',
  'link.late': 'Video delayed {ms} ms',
  'link.lost': 'Video frozen',
  'link.camera-away': 'No camera',
  'link.stopped': 'Video turned off',
  'link.server-restarting': 'Video server restarting',
  'link.offline': 'You’re offline',
  'link.unreachable': 'Robot not responding',

  'say.late': 'The video is delayed.',

  'why.connecting': 'Loading video…',
  'why.lost': 'Video is {seconds} s behind. It recovers on its own.',
  'why.camera.off': 'No camera is configured on the robot.',
  'why.camera.away': 'The robot’s camera is unplugged. Video resumes when it is plugged in.',
  'why.camera.private': 'The privacy switch on the robot is on: camera and microphone are off.',
  'why.camera.silent': 'The camera isn’t sending video. It restarts on its own.',
  'why.stopped': 'Someone turned the video off. It resumes when it is turned on again.',
  'why.server-restarting': 'The robot’s video server is restarting. Video resumes on its own.',
  'why.offline': 'You’re offline. Video resumes when you reconnect.',
  'why.unreachable':
    'You’re online, but the robot isn’t responding. Check that it’s on; we keep trying.',

  'picture.label': 'Robot video',
  sound: 'Sound',
  'sound.on': 'Turn sound on',
  'sound.off': 'Turn sound off',
  'sound.waiting': 'Connecting audio…',
  'sound.blocked': 'The browser didn’t start the sound. Press again.',

  'record.start': 'Record',
  'record.stop': 'Stop recording',
  'record.started': 'Recording has started.',
  'record.stopped': 'Recording has stopped.',
};
