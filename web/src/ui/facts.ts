import type { DeviceState, RecordingStatus, RobotState, RobotWarning, Status } from '../api/types';
import type { AppState } from '../data/app';
import type { Words } from '../i18n';
import { byId, setHidden } from './dom';
import { drawWithWords, type Shape } from './shapes';

const DEVICE_SHAPES: Record<DeviceState | 'unknown', Shape> = {
  live: 'disc',
  silent: 'dots',
  away: 'ring',
  off: 'dash',
  private: 'hand',
  unknown: 'question',
};

/** The quiet bar: camera, microphone, robot, recording, viewers. Says `unknown` rather than what was true before. */
export class Facts {
  readonly #camera = byId('fact-camera', HTMLElement);
  readonly #microphone = byId('fact-microphone', HTMLElement);
  readonly #robot = byId('fact-robot', HTMLElement);
  readonly #limits = byId('fact-limits', HTMLElement);
  readonly #recording = byId('fact-recording', HTMLElement);
  readonly #viewers = byId('fact-viewers', HTMLElement);
  readonly #list = byId('facts', HTMLElement);

  update(state: AppState, words: Words): void {
    const status = state.events === 'open' ? state.status : null;
    this.#list.setAttribute('aria-label', words.text('bar.label'));
    const camera = status?.devices.camera.state ?? 'unknown';
    const microphone = status?.devices.microphone.state ?? 'unknown';
    fact(this.#camera, camera, words.text('bar.camera'), words.text(`device.${camera}.f`));
    fact(
      this.#microphone,
      microphone,
      words.text('bar.microphone'),
      words.text(`device.${microphone}`),
    );
    const robot = robotWord(status?.robot ?? null);
    this.#robot.dataset['state'] = robot;
    const robotWords = `${words.text('bar.robot')}: ${words.text(`robot.${robot}`)}`;
    drawWithWords(this.#robot, ROBOT_SHAPES[robot], robotWords);
    const limits = status?.robot.link.warnings ?? [];
    setHidden(this.#limits, limits.length === 0);
    const list = limits.map((warning) => warningWords(warning, words)).join(', ');
    drawWithWords(this.#limits, 'warning', `${words.text('bar.limits')}: ${list}`);
    const recording = recordingState(status?.recording ?? null);
    this.#recording.dataset['state'] = recording;
    drawWithWords(
      this.#recording,
      RECORDING_SHAPES[recording],
      `${words.text('bar.recording')}: ${words.text(`recording.${recording}`)}`,
    );
    drawWithWords(this.#viewers, 'people', viewers(status, words));
  }
}

export type RecordingState = 'off' | 'starting' | 'on' | 'stopping' | 'fault' | 'unknown';

const RECORDING_SHAPES: Record<RecordingState, Shape> = {
  off: 'dash',
  starting: 'dots',
  on: 'disc',
  stopping: 'dots',
  fault: 'ring',
  unknown: 'question',
};

/** `on` only while a file grows. */
export function recordingState(recording: RecordingStatus | null): RecordingState {
  if (recording === null) return 'unknown';
  if (recording.recording) return recording.wanted ? 'on' : 'stopping';
  if (!recording.wanted) return 'off';
  return recording.fault === null ? 'starting' : 'fault';
}

export type RobotWord = 'off' | 'away' | 'refused' | 'unknown' | 'up' | 'moving' | 'estop';

const ROBOT_SHAPES: Record<RobotWord, Shape> = {
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

const WARNINGS = ['no_watchdog', 'no_acknowledgement', 'no_estop_latch', 'no_odometry'] as const;

/** In the page's language; a limit that the page has not heard of is told in the daemon's words. */
function warningWords(warning: RobotWarning, words: Words): string {
  const code = WARNINGS.find((known) => known === warning.code);
  return code === undefined ? warning.message : words.text(`robot.warning.${code}`);
}

function fact(
  holder: HTMLElement,
  state: DeviceState | 'unknown',
  name: string,
  word: string,
): void {
  holder.dataset['state'] = state;
  drawWithWords(holder, DEVICE_SHAPES[state], `${name}: ${word}`);
}

function viewers(status: Status | null, words: Words): string {
  const camera = status?.streams.streams.find((s) => s.name === 'havatar_camera');
  if (status?.streams.live !== true || camera === undefined) {
    return `${words.text('bar.viewers')}: ${words.text('viewers.unknown')}`;
  }
  return words.count('viewers.count', camera.readers);
}
