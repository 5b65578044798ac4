// What a page knows of its own microphone and of the way to the robot's loudspeaker. Reasons are stable codes; words are
// found for them elsewhere.

/**
 * Why there is no microphone to talk with. `insecure`: the page did not come over HTTPS. `denied`: the person, or the
 * browser for them, has refused. `no_device`: there is none. `unplugged`: it was taken away while it was in use. `busy`:
 * another program has it. `unsupported`: this browser cannot. A press tries again in any case.
 */
export type NoMicrophone =
  | 'insecure'
  | 'denied'
  | 'no_device'
  | 'unplugged'
  | 'busy'
  | 'unsupported';

/**
 * `free`: nothing is open; a press opens it all. `connecting`: the microphone is being asked for, or the line being opened.
 * `ready`: the line is open and silent; a press is heard at once. `talking`: what is said is heard. `held`: another person
 * is talking. `lost`: the line is gone and comes back by itself.
 */
export type TalkPhase =
  | 'unavailable'
  | 'free'
  | 'connecting'
  | 'ready'
  | 'talking'
  | 'held'
  | 'lost';

export interface TalkState {
  phase: TalkPhase;
  /** Set while `unavailable`. */
  reason: NoMicrophone | null;
  /** Who talks, while `held`. */
  heldBy: string | null;
  /** A press is meant to be heard as soon as the line is there. */
  wanted: boolean;
  /** Set while `talking` and warned: the microphone is muted in so many ms, unless a press or a word comes. */
  mutesInMs: number | null;
  /** Why the microphone was closed by itself, the last time; null once it has been opened again. */
  closed: 'silence' | 'line_lost' | 'taken' | 'hidden' | null;
  /** The newest failure's code; null once the line is open. */
  failure: string | null;
  /** The device is held, or its line not closed yet. */
  open: boolean;
}

export const silent: TalkState = {
  phase: 'free',
  reason: null,
  heldBy: null,
  wanted: false,
  mutesInMs: null,
  closed: null,
  failure: null,
  open: false,
};

/** How loud the microphone is, apart from the state, which changes seldom. */
export interface TalkLevel {
  /** Decibels under full scale, -90 (silence) to 0. */
  db: number;
}

/** What talking needs of its methods' users: a press toggles, or extends while `mutesInMs` is set. */
export interface TalkSettings {
  /** Silence after which the microphone is muted, ms; 0: never. */
  autoMuteMs: number;
  /** So long before that the warning begins, ms. */
  muteWarningMs: number;
}
