// The daemon's status, section by section: each event replaces its own section and leaves the others as they are.

import type { Event, Status } from '../api/types';
import type { EventsClient, EventsDeps, EventsState } from '../lib/core/events';
import { Observable } from '../lib/core/observable';

type Sections = { [Section in keyof Status]: Status[Section] | null };

export interface StatusState extends Sections {
  events: EventsState;
  /** The snapshot has been received: every section is filled. */
  known: boolean;
}

export interface StatusDeps {
  createEvents: (deps: Omit<EventsDeps, 'clock' | 'connect'>) => EventsClient;
  /** An event has been applied. */
  onEvent: (event: Event) => void;
  /** The events are open again after they were lost. */
  onBack: () => void;
  onSignedOut: () => void;
  onRefused: () => void;
}

const UNKNOWN: Omit<StatusState, 'events'> = {
  known: false,
  config: null,
  devices: null,
  encoder: null,
  machine: null,
  mediamtx_version: null,
  presence: null,
  processes: null,
  readiness: null,
  recording: null,
  robot: null,
  started_at: null,
  streaming: null,
  streams: null,
  version: null,
  voice: null,
};

export class StatusSections {
  readonly state = new Observable<StatusState>({ events: 'idle', ...UNKNOWN });
  readonly #deps: StatusDeps;
  readonly #events: EventsClient;
  /** The events were lost and are not back yet. */
  #lost = false;

  constructor(deps: StatusDeps) {
    this.#deps = deps;
    this.#events = deps.createEvents({
      onMessage: (message) => this.#onEvent(message as Event),
      onState: (events) => this.#onState(events),
      onSignedOut: deps.onSignedOut,
      onRefused: deps.onRefused,
    });
  }

  start(): void {
    this.#events.start();
  }

  stop(): void {
    this.#events.stop();
  }

  nudge(): void {
    this.#events.nudge();
  }

  /** Says a stop on the events' socket. */
  say(type: 'stop' | 'estop'): void {
    this.#events.say(type);
  }

  /** Forgets every section until the next snapshot. */
  clear(): void {
    this.state.set(UNKNOWN);
  }

  #onEvent(event: Event): void {
    const sections = sectionsOf(event);
    if (event.type === 'snapshot') this.state.set({ ...sections, known: true, events: 'open' });
    else if (!this.state.value.known) return;
    else this.state.set({ ...sections, events: 'open' });
    this.#deps.onEvent(event);
  }

  #onState(events: EventsState): void {
    this.state.set({ events });
    const back = events === 'open' && this.#lost;
    if (events !== 'connecting') this.#lost = events === 'lost';
    if (back) this.#deps.onBack();
  }
}

/** The sections as the daemon's status, or null before the snapshot. */
export function statusOf(state: StatusState): Status | null {
  return state.known ? (state as Status) : null;
}

/** The sections that `event` replaces. An event of a kind unknown here replaces none. */
export function sectionsOf(event: Event): Partial<Status> {
  switch (event.type) {
    case 'snapshot':
      return event.status;
    case 'processes':
      return { processes: event.processes };
    case 'streams':
      return { streams: event.streams };
    case 'recording':
      return { recording: event.recording };
    case 'devices':
      return { devices: event.devices };
    case 'readiness':
      return { readiness: event.readiness, streaming: event.streaming };
    case 'config':
      return { config: event.config };
    case 'encoder':
      return { encoder: event.encoder };
    case 'robot':
      return { robot: event.robot };
    case 'machine':
      return { machine: event.machine };
    case 'voice':
      return { voice: event.voice };
    case 'presence':
      return { presence: event.presence };
    // Levels are published five times a second and are watched by meters alone (`data/levels.ts`).
    default:
      return {};
  }
}
