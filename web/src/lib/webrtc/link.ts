// What the page says about the link: one word for everything that is known, the most telling cause first. Frames
// that come are believed before anything else; only when they do not is a cause looked for, from the operator's
// own network outwards.

import type { Process, Status } from '../../api/types';
import type { EventsState } from '../core/events';
import type { PlayerState } from './player';

export type Link =
  | { kind: 'signed-out' }
  | { kind: 'connecting' }
  | { kind: 'live' }
  /** The picture is live, but the robot says nothing of itself any more. */
  | { kind: 'no-news' }
  /** The picture moves, but is old. */
  | { kind: 'late'; ms: number }
  /** The picture stands still; `ms` up to 400: it comes again, and is not trusted yet. */
  | { kind: 'lost'; ms: number }
  /** The way to the robot is well; the camera gives nothing. */
  | { kind: 'camera-away'; why: 'off' | 'away' | 'silent' | 'private' }
  /** A person has switched the publishers off. */
  | { kind: 'stopped' }
  | { kind: 'server-restarting' }
  /** This device has no network. */
  | { kind: 'offline' }
  /** This device has a network, but the robot does not answer. */
  | { kind: 'unreachable' };

export type LinkKind = Link['kind'];

export interface LinkInput {
  signedIn: boolean | null;
  /** `navigator.onLine`: trusted only when it says no and nothing contradicts it. */
  online: boolean;
  events: EventsState;
  /** The daemon's newest word; stale while `events` is not `open`. */
  status: Status | null;
  player: Pick<PlayerState, 'phase' | 'freshness' | 'lateMs' | 'serverLost'>;
}

export function linkOf(input: LinkInput): Link {
  if (input.signedIn === false || input.player.phase === 'refused') return { kind: 'signed-out' };
  const status = input.events === 'open' ? input.status : null;
  if (input.player.phase === 'playing') return moving(input, status);
  if (input.events === 'lost') return { kind: input.online ? 'unreachable' : 'offline' };
  const cause = noPicture(input, status);
  if (cause !== null) return cause;
  if (input.player.phase !== 'stalled') return { kind: 'connecting' };
  return { kind: 'lost', ms: input.player.lateMs ?? 0 };
}

/** Frames come, or did a moment ago. They may be the media server's stand-in for a camera that is away. */
function moving(input: LinkInput, status: Status | null): Link {
  const cause = noPicture(input, status);
  if (cause !== null) return cause;
  if (input.player.freshness === 'fresh') {
    return { kind: input.events === 'lost' ? 'no-news' : 'live' };
  }
  return { kind: 'late', ms: input.player.lateMs ?? 0 };
}

function noPicture(input: LinkInput, status: Status | null): Link | null {
  const server = status === null ? null : processNamed(status, 'mediamtx');
  if (server?.state === 'stopped') return { kind: 'stopped' };
  const away = server !== null && server.state !== 'running';
  // Its publishers go down with it; until its successor shows something they are no news of their own.
  if (away || input.player.serverLost) return { kind: 'server-restarting' };
  if (status === null) return null;
  if (!status.streaming) return { kind: 'stopped' };
  return cameraAway(status);
}

function cameraAway(status: Status): Link | null {
  const device = status.devices.camera.state;
  // Its publisher is stopped as well then, and the switch is why.
  if (device !== 'live') return { kind: 'camera-away', why: device };
  const camera = processNamed(status, 'camera');
  if (camera === null || camera.state === 'running') return null;
  return camera.state === 'stopped' ? { kind: 'stopped' } : { kind: 'camera-away', why: 'silent' };
}

/** What a new status means for the players. */
export interface MediaNews {
  serverLost: boolean;
  /** Something that the picture or the sound waits for has come back. */
  back: boolean;
  /** The camera publisher is another one than before. */
  cameraAnew: boolean;
}

export function mediaNews(before: Status | null, after: Status): MediaNews {
  const was = before === null ? null : processNamed(before, 'mediamtx');
  const is = processNamed(after, 'mediamtx');
  const lost = was?.state === 'running' && (is?.state !== 'running' || was.pid !== is.pid);
  const came = (name: string): boolean => {
    const old = before === null ? null : processNamed(before, name);
    const now = processNamed(after, name);
    return now?.state === 'running' && (old?.state !== 'running' || old.pid !== now.pid);
  };
  const camera = came('camera');
  const cameraLive =
    after.devices.camera.state === 'live' && before?.devices.camera.state !== 'live';
  const microphoneLive =
    after.devices.microphone.state === 'live' && before?.devices.microphone.state !== 'live';
  return {
    serverLost: lost,
    back: came('mediamtx') || camera || came('microphone') || cameraLive || microphoneLive,
    cameraAnew: camera || cameraLive,
  };
}

export function processNamed(status: Status, name: string): Process | null {
  return status.processes.find((p) => p.name === name) ?? null;
}

/** Whether what is on the screen came from the camera: of anything else no age is worth telling. */
export function isCameraPicture(kind: LinkKind): boolean {
  return kind === 'live' || kind === 'no-news' || kind === 'late' || kind === 'lost';
}
