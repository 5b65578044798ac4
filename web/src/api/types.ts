// The words of the daemon's contract, as crates/havatar-api defines them. Times are RFC 3339 strings.

export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
}

export type Login = { code: string } | { token: string };

export interface Me {
  name: string;
  role: 'admin';
}

export type ProcessState = 'stopped' | 'waiting' | 'starting' | 'running' | 'stopping' | 'backoff';

export interface Process {
  name: string;
  state: ProcessState;
  pid: number | null;
  since: string;
  uptime_s: number | null;
  restarts: number;
  last_exit: string | null;
  why: string | null;
  retry_at: string | null;
}

export interface Stream {
  name: string;
  active: boolean;
  readers: number;
  bytes_received: number;
  bytes_sent: number;
  bitrate_kbps: number;
  fps: number | null;
  codecs: string[];
  width: number | null;
  height: number | null;
}

export interface Streams {
  live: boolean;
  streams: Stream[];
}

export type DeviceState = 'off' | 'away' | 'silent' | 'live';

export interface Device {
  name: string;
  state: DeviceState;
  why: string | null;
}

export interface Devices {
  camera: Device;
  microphone: Device;
}

export interface RecordingStatus {
  wanted: boolean;
  recording: boolean;
  id: string | null;
  since: string | null;
  size_bytes: number | null;
  fault: string | null;
}

export interface Missing {
  code: string;
  message: string;
}

export interface Readiness {
  ready: boolean;
  missing: Missing[];
}

export interface ConfigFault {
  file: string;
  line: number | null;
  key: string;
  message: string;
  fix: string | null;
}

export interface ConfigStatus {
  file: string | null;
  loaded_at: string;
  faults: ConfigFault[];
}

export interface Encoder {
  name: string;
  test_fps: number | null;
  why: string;
}

export interface Status {
  version: string;
  mediamtx_version: string | null;
  started_at: string;
  streaming: boolean;
  readiness: Readiness;
  config: ConfigStatus;
  devices: Devices;
  encoder: Encoder | null;
  processes: Process[];
  streams: Streams;
  recording: RecordingStatus;
}

export type Event =
  | { type: 'snapshot'; status: Status }
  | { type: 'processes'; processes: Process[] }
  | { type: 'streams'; streams: Streams }
  | { type: 'recording'; recording: RecordingStatus }
  | { type: 'devices'; devices: Devices }
  | { type: 'readiness'; readiness: Readiness; streaming: boolean }
  | { type: 'config'; config: ConfigStatus }
  | { type: 'encoder'; encoder: Encoder | null };
