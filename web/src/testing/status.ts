import type { Presence, Process, ProcessState, RobotState, Status, Voice } from '../api/types';

export function aProcess(name: string, state: ProcessState, pid: number | null = 100): Process {
  return {
    name,
    state,
    pid: state === 'running' ? pid : null,
    since: '2026-01-01T00:00:00Z',
    uptime_s: null,
    restarts: 0,
    last_exit: null,
    why: null,
    retry_at: null,
  };
}

/** A robot on which all is well. */
export function aStatus(change: Partial<Status> = {}): Status {
  return {
    version: '0.1.0',
    mediamtx_version: 'v1.21.0',
    started_at: '2026-01-01T00:00:00Z',
    machine: {
      uptime_s: 60,
      motion_age_ms: 40,
      overload: null,
      board: { temperature_c: null, throttled: null, under_voltage: null },
    },
    streaming: true,
    readiness: { ready: true, missing: [] },
    config: { file: null, loaded_at: '2026-01-01T00:00:00Z', faults: [] },
    devices: {
      camera: { name: 'test picture', state: 'live', why: null },
      microphone: { name: 'test tone', state: 'live', why: null },
    },
    encoder: null,
    processes: [
      aProcess('mediamtx', 'running', 1),
      aProcess('camera', 'running', 2),
      aProcess('microphone', 'running', 3),
    ],
    streams: { live: true, streams: [] },
    recording: {
      wanted: false,
      recording: false,
      id: null,
      since: null,
      size_bytes: null,
      fault: null,
    },
    robot: aRobot(),
    voice: aVoice(),
    presence: aPresence(),
    ...change,
  };
}

/** A robot that stands, answers, and would drive; `change` replaces whole parts. */
export function aRobot(change: Partial<RobotState> = {}): RobotState {
  return {
    link: {
      state: 'up',
      port: '/dev/serial/by-id/board',
      why: null,
      device: { name: 'board', protocol: 'havatar', features: ['odometry', 'estop'], boot: 1 },
      warnings: [],
    },
    motion: {
      mode: null,
      left_ms: null,
      linear: 0,
      angular: 0,
      neutral_first: true,
      stopped: null,
      refusal: null,
      limit: { percent: 100, steps_only: false, lag_ms: 50, picture_ms: 40, command_ms: 10 },
    },
    estop: {
      latched: false,
      button: false,
      confirmed: true,
      source: null,
      by: null,
      at: null,
      saved: true,
    },
    driver: null,
    reserved: null,
    telemetry: {
      age_ms: 20,
      linear: 0,
      angular: 0,
      odometry: { x_m: 0, y_m: 0, heading_deg: 0 },
      battery: null,
      head: null,
      light: null,
      muted: null,
      watchdog_trips: 0,
      bad_frames: 0,
    },
    black_box_fault: null,
    ...change,
  };
}

/** A robot that can be heard, and says nothing. */
export function aVoice(change: Partial<Voice> = {}): Voice {
  return {
    speaker: { name: 'loudspeaker', state: 'live', why: null },
    volume: 60,
    talker: null,
    ducked: false,
    speech: { speaking: null, waiting: [], quiet: false, failed: null },
    ...change,
  };
}

/** Nobody else is there. */
export function aPresence(change: Partial<Presence> = {}): Presence {
  return { watchers: 1, driven: false, shown: true, private: false, ...change };
}
