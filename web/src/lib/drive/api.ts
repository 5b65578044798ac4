import type { EstopReleased, IfHeld, LeaseAnswer } from '../../api/types';

/**
 * The daemon's routes around driving, as the driver's core needs them. Every method rejects with something that carries
 * the problem's stable `code` (`lease_held`, `no_lease`, `network`, ...) and its HTTP `status`, 0 without an answer.
 */
export interface DriveApi {
  acquire(ifHeld: IfHeld): Promise<LeaseAnswer>;
  release(token: string): Promise<void>;
  answer(token: string, handOver: boolean): Promise<void>;
  /** Degrees: pan -90 to 90, positive to the left; tilt -45 to 45, positive upwards. */
  head(token: string, pan: number, tilt: number): Promise<void>;
  /** 0 to 255. */
  light(token: string, light: number): Promise<void>;
  stop(): Promise<void>;
  estop(): Promise<void>;
  /** Without a code the first step, which gives one out; with it the second. */
  releaseEstop(confirm: string | null): Promise<EstopReleased>;
}

/** A whole number from `-most` to `most`. */
export function within(value: number, most: number): number {
  return Math.round(Math.min(most, Math.max(-most, value)));
}
