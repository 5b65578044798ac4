import type { PanelDictionary } from './panel-ro';

export const panelEn: PanelDictionary = {
  close: 'Close',
  'page.up': 'Further up',
  'page.down': 'Further down',
  'sheet.failed': 'This part could not be fetched. Check your network and open it again.',

  'stop.region': 'Stopping',
  'stop.sending': 'stopping…',
  'stop.failed': 'not confirmed',

  'top.region': 'Top bar',
  'fact.driver': '{who} drives',
  'fact.overload': 'Robot’s computer: overloaded',
  'fact.reduced': 'Robot’s computer: overloaded, picture reduced to {fps} a second',
  'battery.level': 'Battery {n}%',
  'battery.low': 'Battery low: {n}%',
  'battery.critical': 'Battery almost empty: {n}%',
  'battery.unknown': 'Battery unknown',

  'scan.sound': 'Sound',
  'drive.region': 'Driving',
  'drive.locked': 'The robot stands.',
  'drive.by': 'Way of driving',
  'drive.by.step': 'By steps',
  'drive.by.latch': 'Long go',
  'drive.by.hold': 'Hold down',
  'drive.cm': '{n} cm',
  'drive.deg': '{n}°',
  'drive.seconds': '{n} s',
  'drive.while-held': 'while you hold',
  'drive.change': 'press to change',
  'drive.sizes': 'Length of a step',
  'drive.turns': 'Size of a turn',
  'drive.renew': '{n} s more',
  'drive.renew-enter': '{n}\u00a0s more: Enter',
  'drive.stick': 'Stick',
  'drive.buttons': 'Back to buttons',

  'lease.region': 'Who drives',
  'lease.free': 'The robot is free.',
  'lease.unknown': 'Nobody knows just now who has the robot.',
  'lease.other': '{who} drives the robot.',
  'lease.refused': '{who} said: not now.',
  'lease.ask': 'Ask for the robot',
  'lease.take': 'Take the robot over now',
  'lease.cancel': 'Give up',

  'estop.title': 'Emergency stop',

  'lag.slow': 'Slow ({percent}%): {what} {ms} ms',
  'lag.steps_only': 'Steps only: {what} {ms} ms',
  'lag.lag_too_long': 'No driving: {what} {ms} ms',
  'lag.cause.link': 'link',
  'lag.cause.picture': 'picture',
  'lag.picture_stale':
    'Driving is locked: the picture is {ms} ms old. Wait for a new one, then press.',
  'lag.picture_unknown': 'Driving is locked: nobody knows how old the picture is.',

  'dock.region': 'Voice and camera',
  'dock.phrases': 'Phrases',
  'dock.camera': 'Head and lamp',
  'dock.hang-up': 'Hang up',

  'talk.start': 'Talk',
  'talk.stop': 'Heard: stop',
  'talk.connecting': 'Opening…',
  'talk.held': 'Line is taken',
  'talk.unavailable': 'No microphone',
  'talk.close': 'Close microphone',

  'menu.open': 'Menu',
};
