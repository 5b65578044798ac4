// One word for what is so at the robot. Says `unknown` rather than what was true before.

import type { RecordingStatus, RobotState } from '../api/types';
import type { Shape } from './shapes';

export type RecordingState = 'off' | 'starting' | 'on' | 'stopping' | 'fault' | 'unknown';

/** `on` only while a file grows. */
export function recordingState(recording: RecordingStatus | null): RecordingState {
  if (recording === null) return 'unknown';
  if (recording.recording) return recording.wanted ? 'on' : 'stopping';
  if (!recording.wanted) return 'off';
  return recording.fault === null ? 'starting' : 'fault';
}

export type RobotWord = 'off' | 'away' | 'refused' | 'unknown' | 'up' | 'moving' | 'estop';

export const ROBOT_SHAPES: Record<RobotWord, Shape> = {
  off: 'dash',
  away: 'ring',
  refused: 'warning',
  unknown: 'question',
  up: 'disc',
  moving: 'arrows',
  estop: 'hand',
};

/** The e-stop is told before all else, whether or not the controller can be reached: nothing moves until its release. */
export function robotWord(robot: RobotState | null): RobotWord {
  if (robot === null) return 'unknown';
  if (robot.link.state === 'off') return 'off';
  if (robot.estop.latched || robot.estop.button) return 'estop';
  if (robot.link.state !== 'up') return robot.link.state;
  return robot.motion.mode === null ? 'up' : 'moving';
}
