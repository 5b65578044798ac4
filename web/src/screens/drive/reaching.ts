// Scanning and dwelling on the drive screen. Fetched by those who use them.

import type { Settings } from '../../data/settings';
import { REST } from '../../lib/dwell';
import { Dweller } from '../../lib/dweller';
import { offerOf } from '../../lib/go-on';
import { Scanner } from '../../lib/scanner';
import type { Desk } from './desk.svelte';
import type { PadSwitch } from './pads';
import { Reach, STOP_ID } from './reach';
import { typing } from './typing';

/** What lets a latch go on. */
const RENEW_ID = 'latch-renew';

/** Where the dwell ring is drawn. */
export interface Ring {
  progress: number;
  x: number;
  y: number;
}

export interface Reaching {
  moves(moving: boolean): void;
  /** A switch that is no key went down, or up. False if switches press nothing here. */
  press(which: PadSwitch, down: boolean): boolean;
  dispose(): void;
}

export function scanning(desk: Desk, settings: Settings): Reaching {
  const reach = new Reach(document);
  const scanner = new Scanner(settings.scan, reach.groups(), {
    clock: desk.deps.clock,
    attention: desk.attention,
    target: window,
    keys: settings.switchKeys,
    typing,
    onActivate: (id) => reach.press(id),
    onStop: () => desk.drive.stop(),
  });
  scanner.state.watch(({ highlight }) => {
    reach.mark(highlight?.path.at(-1) ?? null, highlight?.leaving ?? false);
  });
  const unwatch = desk.drive.state.watch(({ doing }) => {
    const offer = offerOf(doing, settings.scan.stepMs);
    scanner.offers(offer && { ...offer, id: RENEW_ID });
  });
  const page = new MutationObserver(() => scanner.show(reach.groups()));
  page.observe(document.body, {
    subtree: true,
    childList: true,
    attributeFilter: ['aria-disabled', 'hidden', 'inert', 'data-scan'],
  });
  const out = wayOutOfFields(settings.switchKeys.select);
  return {
    moves: (moving) => scanner.moves(moving),
    press: (which, down) => {
      if (down) scanner.down(which, which === 'scan_select' ? 'select' : 'step');
      else scanner.up(which);
      return true;
    },
    dispose: () => {
      unwatch();
      page.disconnect();
      out();
      scanner.dispose();
      reach.mark(null, false);
    },
  };
}

/**
 * A switch types into a field that has the focus. Pressed twice with no other key between, it leaves the field instead, so that
 * nobody who has one switch alone is caught in it.
 */
function wayOutOfFields(select: string): () => void {
  let last = '';
  const down = (event: KeyboardEvent): void => {
    if (event.repeat) return;
    const again = event.key === select && last === select;
    last = event.key;
    if (!again || !typing(event) || !(event.target instanceof HTMLElement)) return;
    event.preventDefault();
    event.stopPropagation();
    event.target.blur();
  };
  window.addEventListener('keydown', down, { capture: true });
  return () => window.removeEventListener('keydown', down, { capture: true });
}

export function dwelling(
  desk: Desk,
  settings: Settings,
  onRing: (ring: Ring | null) => void,
): Reaching {
  const reach = new Reach(document);
  let at = { x: 0, y: 0 };
  /** Where the newest press was, and on what: whatever comes to be there is not for this pointer until it has left. */
  let pressed: { id: string; place: DOMRect } | null = null;
  const within = ({ clientX, clientY }: PointerEvent, { left, right, top, bottom }: DOMRect) =>
    clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
  const follow = ({ clientX, clientY }: PointerEvent) => {
    at = { x: clientX, y: clientY };
  };
  const seen = () => {
    if (!document.hidden) dweller.resume();
  };
  const dweller = new Dweller(settings.dwell, {
    clock: desk.deps.clock,
    attention: desk.attention,
    root: document.documentElement,
    stopId: STOP_ID,
    keeps: (id) => reach.keeps(id),
    targetAt: (event) => {
      const { target } = event;
      const control = reach.target(target);
      if (control === STOP_ID) return control;
      if (pressed !== null && within(event, pressed.place)) return pressed.id;
      pressed = null;
      if (control !== null) return control;
      return target instanceof Element && target.closest('[data-rest]') !== null ? REST : null;
    },
    onActivate: (id) => {
      const place = reach.find(id)?.getBoundingClientRect();
      pressed = place === undefined ? null : { id, place };
      reach.press(id);
    },
    onStop: () => desk.drive.stop(),
  });
  dweller.state.watch(({ target, progress }) => {
    onRing(target === null ? null : { progress, ...at });
  });
  window.addEventListener('pointermove', follow, { capture: true });
  document.addEventListener('visibilitychange', seen);
  return {
    moves: (moving) => dweller.moves(moving),
    press: () => false,
    dispose: () => {
      window.removeEventListener('pointermove', follow, { capture: true });
      document.removeEventListener('visibilitychange', seen);
      dweller.dispose();
      onRing(null);
    },
  };
}
