import { expect, test } from 'vitest';
import type { RobotState } from '../api/types';
import { DriveWords } from '../i18n/both';
import { type DriveState, undriven } from '../lib/drive/state';
import { aRobot } from '../testing/status';
import { driveSentence } from './drive-view';

const words = new DriveWords('en');
const moved = (motion: Partial<RobotState['motion']>) =>
  aRobot({ motion: { ...aRobot().motion, ...motion } });
const latched = aRobot({ estop: { ...aRobot().estop, latched: true } });
const anas = aRobot({
  driver: { who: 'Ana', asked_by: null, connected: true, lease: 1, since: '' },
});
const ready: DriveState = { ...undriven, phase: 'ready', lease: 1 };

test.each<[string, Partial<DriveState>, RobotState | null]>([
  ['You’re watching.', { phase: 'idle' }, null],
  ['You’re watching.', { phase: 'idle' }, moved({ refusal: 'no_lease' })],
  ['No robot is configured.', { phase: 'idle' }, moved({ refusal: 'robot_off' })],
  [
    'Someone else is driving.',
    { phase: 'idle', problem: { status: 409, code: 'lease_held' } },
    null,
  ],
  ['Check your network.', { phase: 'idle', problem: { status: 0, code: 'network' } }, null],
  ['said of busy', { phase: 'idle', problem: { status: 503, code: 'busy' } }, null],
  ['Ana is driving now.', { phase: 'idle', ended: { code: 'lease_lost', driver: 'Ana' } }, null],
  ['You released control.', { phase: 'idle', ended: { code: 'released', driver: null } }, null],
  ['You lost control.', { phase: 'idle', ended: { code: 'lease_lost', driver: null } }, null],
  ['The emergency stop is on.', { phase: 'idle' }, latched],
  ['The emergency stop is on.', { robot: latched }, null],
  ['Connection lost, robot stopped.', { phase: 'lost', refusal: 'moving' }, null],
  ['Moving while you hold.', { robot: moved({ mode: 'hold' }) }, null],
  ['unplugged or not responding', { robot: moved({ refusal: 'robot_away' }) }, null],
  ['too late. Wait', { robot: moved({}), refusal: 'picture_stale', letGoFirst: true }, null],
  ['Let go of every control', { robot: moved({ stopped: 'stop' }), letGoFirst: true }, null],
  ['Stopped: someone pressed STOP.', { robot: moved({ stopped: 'stop' }) }, null],
  ['Ready to drive.', { robot: moved({}) }, null],
  ['The driver has been asked.', { phase: 'asking' }, null],
  ['Ana has been asked.', { phase: 'asking' }, anas],
])('%s', (sentence, change, robot) => {
  const said = driveSentence({ ...ready, ...change }, robot, words, (code) => `said of ${code}`);
  expect(said).toContain(sentence);
});

test('until those words are here, a problem is told without its code', () => {
  const problem = { status: 503, code: 'busy' };
  expect(driveSentence({ ...ready, phase: 'idle', problem }, null, words)).toBe(
    'That didn’t work. Try again.',
  );
});
