import type { DeviceState, RecordingStatus, Status } from '../api/types';
import type { AppState } from '../data/app';
import type { Words } from '../i18n';
import { byId } from './dom';
import { drawWithWords, type Shape } from './shapes';

const DEVICE_SHAPES: Record<DeviceState | 'unknown', Shape> = {
  live: 'disc',
  silent: 'dots',
  away: 'ring',
  off: 'dash',
  unknown: 'question',
};

/** The quiet bar: camera, microphone, recording, viewers. Says `unknown` rather than what was true before. */
export class Facts {
  readonly #camera = byId('fact-camera', HTMLElement);
  readonly #microphone = byId('fact-microphone', HTMLElement);
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
