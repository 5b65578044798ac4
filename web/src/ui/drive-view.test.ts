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
const ready: DriveState = { ...undriven, phase: 'ready', lease: 1 };

test.each<[string, Partial<DriveState>, RobotState | null]>([
  ['You do not have the robot.', { phase: 'idle' }, null],
  ['You do not have the robot.', { phase: 'idle' }, moved({ refusal: 'no_lease' })],
  ['No robot is set up.', { phase: 'idle' }, moved({ refusal: 'robot_off' })],
  [
    'Somebody else has the robot.',
    { phase: 'idle', problem: { status: 409, code: 'lease_held' } },
    null,
  ],
  ['Check your network.', { phase: 'idle', problem: { status: 0, code: 'network' } }, null],
  ['said of busy', { phase: 'idle', problem: { status: 503, code: 'busy' } }, null],
  ['Ana has the robot now.', { phase: 'idle', ended: { code: 'lease_lost', driver: 'Ana' } }, null],
  ['You gave the robot back.', { phase: 'idle', ended: { code: 'released', driver: null } }, null],
  [
    'You no longer have the robot.',
    { phase: 'idle', ended: { code: 'lease_lost', driver: null } },
    null,
  ],
  ['The emergency stop is on.', { phase: 'idle' }, latched],
  ['The emergency stop is on.', { robot: latched }, null],
  ['The drive link broke', { phase: 'lost', refusal: 'moving' }, null],
  ['Moving while you hold.', { robot: moved({ mode: 'hold' }) }, null],
  ['unplugged or silent', { robot: moved({ refusal: 'robot_away' }) }, null],
  ['too old. Wait', { robot: moved({}), refusal: 'picture_stale', letGoFirst: true }, null],
  ['Let go of every control', { robot: moved({ stopped: 'stop' }), letGoFirst: true }, null],
  ['Standing: somebody pressed stop.', { robot: moved({ stopped: 'stop' }) }, null],
  ['Ready to drive.', { robot: moved({}) }, null],
])('%s', (sentence, change, robot) => {
  const said = driveSentence({ ...ready, ...change }, robot, words, (code) => `said of ${code}`);
  expect(said).toContain(sentence);
});

test('until those words are here, a problem is told without its code', () => {
  const problem = { status: 503, code: 'busy' };
  expect(driveSentence({ ...ready, phase: 'idle', problem }, null, words)).toBe(
    'That did not work. Try again.',
  );
});
