import type { Event, Status } from '../api/types';

/** The status after `event`. Null until the snapshot has come; an event of a kind unknown here changes nothing. */
export function reduce(status: Status | null, event: Event): Status | null {
  if (event.type === 'snapshot') return event.status;
  if (status === null) return null;
  switch (event.type) {
    case 'processes':
      return { ...status, processes: event.processes };
    case 'streams':
      return { ...status, streams: event.streams };
    case 'recording':
      return { ...status, recording: event.recording };
    case 'devices':
      return { ...status, devices: event.devices };
    case 'readiness':
      return { ...status, readiness: event.readiness, streaming: event.streaming };
    case 'config':
      return { ...status, config: event.config };
    case 'encoder':
      return { ...status, encoder: event.encoder };
    case 'robot':
      return { ...status, robot: event.robot };
    case 'voice':
      return { ...status, voice: event.voice };
    case 'presence':
      return { ...status, presence: event.presence };
    // Levels come five times a second and are watched by meters alone (`data/levels.ts`).
    default:
      return status;
  }
}
