// The words of the daemon's contract, under their own names. schema.ts is generated from docs/openapi.json
// (npm run api), and `npm run check` fails when it is not current.
import type { components } from './schema';

type Schemas = components['schemas'];

export type Problem = Schemas['Problem'];
export type Login = Schemas['Login'];
export type Me = Schemas['Me'];
export type ProcessState = Schemas['ProcessState'];
export type Process = Schemas['Process'];
export type Stream = Schemas['Stream'];
export type Streams = Schemas['Streams'];
export type DeviceState = Schemas['DeviceState'] | 'private';
export type Device = Omit<Schemas['Device'], 'state'> & { state: DeviceState };
export type Devices = { camera: Device; microphone: Device };
export type RecordingStatus = Schemas['RecordingStatus'];
export type Missing = Schemas['Missing'];
export type Readiness = Schemas['Readiness'];
export type ConfigFault = Schemas['ConfigFault'];
export type ConfigStatus = Schemas['ConfigStatus'];
export type Encoder = Schemas['Encoder'];
export type Status = Omit<Schemas['Status'], 'devices'> & {
  devices: Devices;
  voice: Voice;
  presence: Presence;
};
export type Event =
  | Exclude<Schemas['Event'], { type: 'snapshot' | 'devices' }>
  | { type: 'snapshot'; status: Status }
  | { type: 'devices'; devices: Devices }
  | { type: 'voice'; voice: Voice }
  | { type: 'levels'; levels: Levels }
  | { type: 'presence'; presence: Presence };
export type RobotState = Schemas['RobotState'];
export type RobotLinkState = Schemas['RobotLinkState'];
export type RobotWarning = Schemas['RobotWarning'];
export type Refusal = Schemas['Refusal'];
export type StopReason = Schemas['StopReason'];
export type StepMove = Schemas['StepMove'];
export type DriveMessage = Schemas['DriveMessage'];
export type DriveEvent = Schemas['DriveEvent'];
export type Stamp = Schemas['Stamp'];
export type IfHeld = Schemas['IfHeld'];
export type LeaseAnswer = Schemas['LeaseAnswer'];
export type Estop = Schemas['Estop'];
export type EstopReleased = Schemas['EstopReleased'];
export type DriveMode = Schemas['DriveMode'];
export type SpeedLimit = Schemas['SpeedLimit'];

/** Sound at the robot: its loudspeaker, who may be heard there, and what it says. */
export interface Voice {
  speaker: Device;
  /** Percent of what the config allows, 0 to 100. */
  volume: number;
  talker: Talker | null;
  ducked: boolean;
  speech: Speech;
}

export interface Talker {
  who: string;
  since: string;
  talking: boolean;
}

export interface Speech {
  speaking: Utterance | null;
  waiting: Utterance[];
  quiet: boolean;
}

export interface Utterance {
  id: number;
  who: string;
  /** Null for the attention sound. */
  text: string | null;
}

export type Language = 'ro' | 'en';

export interface SpeakRequest {
  text: string;
  language?: Language;
  attention?: boolean;
}

export interface TalkRequest {
  session: string;
  on: boolean;
}

/** Decibels under full scale, -90 to 0. */
export interface Levels {
  speaker_db: number | null;
  microphone_db: number | null;
}

export interface Phrases {
  categories: PhraseCategory[];
}

export interface PhraseCategory {
  name: string;
  phrases: Phrase[];
}

export interface Phrase {
  text: string;
  language: Language;
}

export interface Presence {
  watchers: number;
  driven: boolean;
  shown: boolean;
  private: boolean | null;
}

export interface ViewerReport {
  picture_ms?: number | null;
  measured_from_capture?: boolean;
  fps?: number | null;
  bitrate_kbps?: number | null;
  lost_percent?: number | null;
  jitter_buffer_ms?: number | null;
  round_trip_ms?: number | null;
}
