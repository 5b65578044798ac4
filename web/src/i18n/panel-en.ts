import type { PanelDictionary } from './panel-ro';

export const panelEn: PanelDictionary = {
  close: 'Close',
  'page.up': 'Scroll up',
  'page.down': 'Scroll down',
  'sheet.failed': 'Couldn’t load. Check your network and open it again.',

  'stop.region': 'Stop controls',
  'stop.sending': 'stopping…',
  'stop.failed': 'not confirmed',

  'top.region': 'Top bar',

  'drive.region': 'Driving',
  'drive.locked': 'Robot stopped.',
  'drive.by': 'Drive mode',
  'drive.by.step': 'Step',
  'drive.by.latch': 'Press once',
  'drive.by.hold': 'Hold',
  'drive.cm': '{n} cm',
  'drive.deg': '{n}°',
  'drive.seconds': '{n} s',
  'drive.while-held': 'while you hold',
  'drive.change': 'press to change',
  'drive.sizes': 'Step length',
  'drive.turns': 'Turn angle',
  'drive.renew': '{n} s more',
  'drive.renew-enter': '{n} s more: Enter',
  'drive.stick': 'Joystick',
  'drive.buttons': 'Back to buttons',

  'lease.region': 'Who is driving',
  'lease.free': 'The robot is free.',
  'lease.unknown': 'Can’t tell who is driving right now.',
  'lease.other': '{who} is driving the robot.',
  'lease.away': 'The robot is waiting a few seconds for {who} to come back.',
  'lease.refused': '{who} said “not now”.',
  'lease.ask': 'Ask to drive',
  'lease.take': 'Take over now',
  'lease.cancel': 'Cancel',

  'estop.title': 'Emergency stop',

  'lag.slow': 'Speed {percent}%: {what} delay {ms} ms',
  'lag.steps_only': 'Steps only: {what} delay {ms} ms',
  'lag.lag_too_long': 'Can’t drive: {what} delay {ms} ms',
  'lag.cause.link': 'connection',
  'lag.cause.picture': 'video',
  'lag.picture_stale': 'Controls locked: video is {ms} ms late. Wait for it to recover.',
  'lag.picture_unknown': 'Controls locked: video delay unknown.',

  'dock.region': 'Voice and camera',
  'dock.phrases': 'Phrases',
  'dock.camera': 'Camera & light',
  'dock.hang-up': 'End call',

  'talk.start': 'Talk',
  'talk.stop': 'Mute',
  'talk.connecting': 'Connecting…',
  'talk.held': 'Line busy',
  'talk.unavailable': 'No microphone',

  'menu.open': 'Menu',
};
