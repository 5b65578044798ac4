import { expect, test } from 'vitest';
import type { RobotLinkState } from '../api/types';
import { aRobot } from '../testing/status';
import { robotWord } from './facts';

const linked = (state: RobotLinkState, change: Parameters<typeof aRobot>[0] = {}) =>
  aRobot({ ...change, link: { ...aRobot().link, state } });
const latched = { estop: { ...aRobot().estop, latched: true } };
const driven = { motion: { ...aRobot().motion, mode: 'hold' as const } };

test('nothing is said of a robot before the daemon has', () => {
  expect(robotWord(null)).toBe('unknown');
});

test.each<[RobotLinkState, string]>([
  ['off', 'off'],
  ['away', 'away'],
  ['refused', 'refused'],
  ['unknown', 'unknown'],
  ['up', 'up'],
])('a link that is %s', (state, word) => {
  expect(robotWord(linked(state))).toBe(word);
});

test('a robot under way is told, but only while its controller answers', () => {
  expect(robotWord(linked('up', driven))).toBe('moving');
  expect(robotWord(linked('away', driven))).toBe('away');
});

test('the e-stop comes before all but the absence of a robot', () => {
  expect(robotWord(linked('up', { ...driven, ...latched }))).toBe('estop');
  expect(robotWord(linked('away', latched))).toBe('estop');
  expect(robotWord(linked('up', { estop: { ...aRobot().estop, button: true } }))).toBe('estop');
  expect(robotWord(linked('off', latched))).toBe('off');
});
