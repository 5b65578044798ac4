// Which sounds there are for what changes, for those who look away from the screen. What is heard is said by words and shapes as well.

import type { DriveState } from '../../lib/drive/state';

export interface Heard extends Pick<DriveState, 'askedBy' | 'lease' | 'stop'> {
  /** The picture is not to be driven by. */
  locked: boolean;
  moving: boolean;
}

export interface CueSettings {
  /** What a person should hear of: a lost picture, a request. */
  alerts: boolean;
  /** That the robot begins to move, has stopped, and has confirmed STOP. */
  moves: boolean;
}

export type Cue = 'lost' | 'asked' | 'arrived' | 'moves' | 'stopped' | 'confirmed';

/** What has changed, in the order in which it is heard. */
export function cuesOf(before: Heard, now: Heard, { alerts, moves }: CueSettings): Cue[] {
  const alert: [Cue, boolean][] = [
    ['lost', now.locked && !before.locked && now.lease !== null],
    ['asked', now.askedBy !== null && now.askedBy !== before.askedBy],
  ];
  const confirmed = now.stop === 'confirmed' && before.stop !== 'confirmed';
  const move: [Cue, boolean][] = [
    ['moves', now.moving && !before.moving],
    // A stop that is confirmed in the same moment says both.
    ['stopped', !now.moving && before.moving && !confirmed],
    ['confirmed', confirmed],
  ];
  return [...(alerts ? alert : []), ...(moves ? move : [])]
    .filter(([, is]) => is)
    .map(([cue]) => cue);
}
