// The browser's microphone: asked for, metered, and given up. Mono, with the echo of the robot's own sound taken out.

import type { NoMicrophone } from './state';

/** A microphone that is open. */
export interface Microphone {
  readonly track: MediaStreamTrack;
  /** How loud it is just now, decibels under full scale, -90 to 0. Hears nothing while the track is disabled. */
  db(): number;
  /** Gives the device back: the browser's sign of an open microphone goes out. */
  close(): void;
}

/** Whether a microphone can be had without asking anybody. */
export type Permission =
  | 'granted'
  | 'prompt'
  | Extract<NoMicrophone, 'insecure' | 'denied' | 'unsupported'>;

export interface MicrophoneSource {
  permission(): Promise<Permission>;
  /** Asks for it, and the person if need be. Rejects with `MicrophoneError`. */
  open(): Promise<Microphone>;
}

export class MicrophoneError extends Error {
  readonly reason: NoMicrophone;

  constructor(reason: NoMicrophone, detail: string) {
    super(detail);
    this.name = 'MicrophoneError';
    this.reason = reason;
  }
}

/** What is needed of the browser's own. */
export interface MicrophoneBrowser {
  isSecureContext: boolean;
  mediaDevices: Pick<MediaDevices, 'getUserMedia'> | undefined;
  permissions: Pick<Permissions, 'query'> | undefined;
  createContext: () => AudioContext;
}

const SILENCE_DB = -90;

export function browserMicrophone(browser: MicrophoneBrowser): MicrophoneSource {
  const { isSecureContext, mediaDevices, permissions } = browser;
  return {
    permission: async () => {
      if (!isSecureContext) return 'insecure';
      if (mediaDevices === undefined) return 'unsupported';
      try {
        const name = 'microphone' as PermissionName;
        return (await permissions?.query({ name }))?.state ?? 'prompt';
      } catch {
        // Not every browser knows the name; then only asking tells.
        return 'prompt';
      }
    },
    open: async () => {
      // Without HTTPS most browsers hide the devices as well: that is the reason to tell.
      if (!isSecureContext) throw new MicrophoneError('insecure', 'not a secure context');
      if (mediaDevices === undefined) throw new MicrophoneError('unsupported', 'no mediaDevices');
      let stream: MediaStream;
      try {
        stream = await mediaDevices.getUserMedia({
          audio: {
            echoCancellation: true,
            noiseSuppression: true,
            autoGainControl: true,
            channelCount: 1,
          },
        });
      } catch (error) {
        throw new MicrophoneError(reasonOf(error), String(error));
      }
      return opened(stream, browser.createContext);
    },
  };
}

function opened(stream: MediaStream, createContext: () => AudioContext): Microphone {
  const track = stream.getAudioTracks()[0];
  if (track === undefined) throw new MicrophoneError('no_device', 'a stream without sound');
  // Nothing may be heard before a person has pressed.
  track.enabled = false;
  const meter = meterOf(stream, createContext);
  return {
    track,
    db: meter.db,
    close: () => {
      meter.close();
      for (const one of stream.getTracks()) one.stop();
    },
  };
}

/** Without a meter a person can still talk, and is taken for speaking all the time. */
function meterOf(
  stream: MediaStream,
  createContext: () => AudioContext,
): { db: () => number; close: () => void } {
  try {
    const context = createContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 2048;
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    return {
      db: () => {
        // Opened without a press, it waits for one.
        if (context.state === 'suspended') void context.resume();
        if (context.state !== 'running') return 0;
        analyser.getFloatTimeDomainData(samples);
        return decibels(samples);
      },
      close: () => void context.close(),
    };
  } catch {
    return { db: () => 0, close: () => undefined };
  }
}

/** Root mean square, decibels under full scale. */
export function decibels(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const level = 10 * Math.log10(sum / Math.max(1, samples.length));
  return Number.isFinite(level) ? Math.min(0, Math.max(SILENCE_DB, level)) : SILENCE_DB;
}

function reasonOf(error: unknown): NoMicrophone {
  switch (error instanceof Error || error instanceof DOMException ? error.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'no_device';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return 'unsupported';
  }
}
