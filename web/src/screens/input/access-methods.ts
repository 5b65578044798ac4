// Scanning and dwelling on the drive screen. Fetched by those who use them.

import { mount, unmount } from 'svelte';
import type { Settings } from '../../data/settings';
import { renewalOffer } from '../../lib/drive/latch-renewal';
import { REST } from '../../lib/input/dwell';
import { Dweller } from '../../lib/input/dweller';
import { Scanner } from '../../lib/input/scanner';
import type { ScreenModel } from '../model/screen-model.svelte';
import type { PadSwitch } from './pads';
import ScanRest from './ScanRest.svelte';
import { ScanTargets, STOP_ID } from './scan-targets';
import { typing } from './typing';

/** The control that renews a latch. */
const RENEW_ID = 'latch-renew';

/** Where the dwell ring is drawn. */
export interface Ring {
  progress: number;
  x: number;
  y: number;
}

export interface AccessMethod {
  moves(moving: boolean): void;
  /** A switch that is no key went down, or up. False if switches press nothing here. */
  press(which: PadSwitch, down: boolean): boolean;
  dispose(): void;
}

export function scanning(model: ScreenModel, settings: Settings): AccessMethod {
  const targets = new ScanTargets(document);
  const scanner = new Scanner(settings.scan, targets.groups(), {
    clock: model.deps.clock,
    attention: model.attention,
    target: window,
    keys: settings.switchKeys,
    typing,
    onActivate: (id) => targets.press(id),
    onStop: () => model.drive.stop(),
  });
  scanner.state.watch(({ highlight }) => {
    targets.mark(highlight?.path.at(-1) ?? null, highlight?.leaving ?? false);
  });
  const target = document.getElementById('panel') ?? document.body;
  const rest = mount(ScanRest, { target, props: { model, scanner } });
  const unwatch = model.drive.state.watch(({ doing }) => {
    const offer = renewalOffer(doing, settings.scan.stepMs);
    scanner.offers(offer && { ...offer, id: RENEW_ID });
  });
  const page = new MutationObserver(() => scanner.show(targets.groups()));
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
      void unmount(rest);
      page.disconnect();
      out();
      scanner.dispose();
      targets.mark(null, false);
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
  model: ScreenModel,
  settings: Settings,
  onRing: (ring: Ring | null) => void,
): AccessMethod {
  const targets = new ScanTargets(document);
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
    clock: model.deps.clock,
    attention: model.attention,
    root: document.documentElement,
    stopId: STOP_ID,
    keeps: (id) => targets.keeps(id),
    targetAt: (event) => {
      const { target } = event;
      const control = targets.target(target);
      if (control === STOP_ID) return control;
      if (pressed !== null && within(event, pressed.place)) return pressed.id;
      pressed = null;
      if (control !== null) return control;
      return target instanceof Element && target.closest('[data-rest]') !== null ? REST : null;
    },
    onActivate: (id) => {
      const place = targets.find(id)?.getBoundingClientRect();
      pressed = place === undefined ? null : { id, place };
      targets.press(id);
    },
    onStop: () => model.drive.stop(),
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
