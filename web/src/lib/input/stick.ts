// A stick on the screen: a pointer that went down on it gives shares of the allowed speed until it goes up. A pure machine
// for the geometry, and the few listeners that feed it. One pointer at a time; whatever takes the pointer away lets go.

import type { Attention } from '../core/attention';
import type { Drive } from '../drive/drive';
import type { Shares } from '../drive/intent';
import { curve } from './curve';

export interface StickSettings {
  /** Share of the radius that counts as the centre. */
  deadzone: number;
  /** 0: as the pointer is; 1: fine near the centre. */
  expo: number;
}

export const STICK_DEFAULTS: StickSettings = { deadzone: 0.12, expo: 0.3 };

/** Where the pointer is, from the stick's centre: x to the right, y down, both in radii. */
export interface Place {
  x: number;
  y: number;
}

/** The shares that a place asks for: up is forward, left is left. The dead zone and the rim are round. */
export function sharesAt({ x, y }: Place, { deadzone, expo }: StickSettings): Shares {
  const way = Math.hypot(x, y);
  const length = curve(way, deadzone, expo);
  // `-0` would be said as such.
  return length === 0
    ? { linear: 0, angular: 0 }
    : { linear: 0 - (y / way) * length, angular: 0 - (x / way) * length };
}

/** Where to draw the knob: as the pointer is, but never outside of the stick. */
export function knobAt({ x, y }: Place): Place {
  const way = Math.max(1, Math.hypot(x, y));
  return { x: x / way, y: y / way };
}

export type StickElement = Pick<
  HTMLElement,
  | 'addEventListener'
  | 'removeEventListener'
  | 'getBoundingClientRect'
  | 'setPointerCapture'
  | 'hasPointerCapture'
  | 'releasePointerCapture'
>;

export interface StickDeps {
  drive: Pick<Drive, 'hold' | 'letGo'>;
  attention: Attention;
  /** Where the knob is; null while nobody holds it. */
  onKnob: (knob: Place | null) => void;
}

const CONTROL = 'stick';

/** Listens from now on; the result ends it. The element needs `touch-action: none`, or the browser scrolls instead. */
export function driveByStick(
  element: StickElement,
  settings: StickSettings,
  { drive, attention, onKnob }: StickDeps,
): () => void {
  let held: number | null = null;
  const place = (event: PointerEvent): Place => {
    const { left, top, width, height } = element.getBoundingClientRect();
    const radius = Math.max(1, Math.min(width, height) / 2);
    return {
      x: (event.clientX - left - width / 2) / radius,
      y: (event.clientY - top - height / 2) / radius,
    };
  };
  const move = (event: PointerEvent): void => {
    if (event.pointerId !== held) return;
    const at = place(event);
    onKnob(knobAt(at));
    drive.hold(CONTROL, sharesAt(at, settings));
  };
  const down = (event: PointerEvent): void => {
    if (held !== null || (event.pointerType === 'mouse' && event.button !== 0)) return;
    event.preventDefault();
    held = event.pointerId;
    // Without it a pointer that slips off goes up elsewhere, and nobody here would know.
    element.setPointerCapture(event.pointerId);
    move(event);
  };
  const letGo = (): void => {
    if (held === null) return;
    const pointer = held;
    held = null;
    drive.letGo(CONTROL);
    onKnob(null);
    if (element.hasPointerCapture(pointer)) element.releasePointerCapture(pointer);
  };
  const up = (event: PointerEvent): void => {
    if (event.pointerId === held) letGo();
  };
  const listeners = [
    ['pointerdown', down],
    ['pointermove', move],
    ['pointerup', up],
    ['pointercancel', up],
    ['lostpointercapture', up],
  ] as const;
  for (const [name, listener] of listeners) element.addEventListener(name, listener);
  // The driver's core forgets what is held when nobody looks; a pointer held all the while must not be news to it.
  const unwatch = attention.watch(letGo);
  return () => {
    for (const [name, listener] of listeners) element.removeEventListener(name, listener);
    unwatch();
    letGo();
  };
}
