import type { Process, ProcessState, Status } from '../api/types';

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
    mediamtx_version: 'v1.20.1',
    started_at: '2026-01-01T00:00:00Z',
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
    ...change,
  };
}
