// Scanning on a page: the keys that switches send, the one timer, and what the machine says. While scanning, this takes the
// place of driveByKeys: Space is a switch then, and Escape still stops.

import type { Attention } from '../core/attention';
import type { Clock } from '../core/clock';
import { Observable } from '../core/observable';
import type { RenewalOffer } from '../drive/latch-renewal';
import { type Highlight, Scan, type ScanAction, type ScanNode, type SwitchRole } from './scan';
import type { ScanSettings } from './scan-settings';

export type KeyTarget = Pick<Window, 'addEventListener' | 'removeEventListener'>;

export interface ScannerDeps {
  clock: Clock;
  attention: Attention;
  target: KeyTarget;
  /** Which key is which switch, by `KeyboardEvent.key`. */
  keys: Readonly<Record<SwitchRole, string>>;
  /** Whether a key is meant for a field on the page. */
  typing: (event: KeyboardEvent) => boolean;
  onActivate: (id: string) => void;
  onStop: () => void;
}

export class Scanner {
  readonly state = new Observable<{ highlight: Highlight | null }>({ highlight: null });
  readonly #deps: ScannerDeps;
  readonly #scan: Scan;
  readonly #ends: (() => void)[];
  #moving = false;
  #cancel: (() => void) | null = null;

  constructor(settings: ScanSettings, groups: readonly ScanNode[], deps: ScannerDeps) {
    this.#deps = deps;
    this.#scan = new Scan(settings, groups);
    const { attention, target } = deps;
    const keyDown = (event: KeyboardEvent) => this.#keyDown(event);
    const keyUp = (event: KeyboardEvent) => this.#keyUp(event);
    target.addEventListener('keydown', keyDown);
    target.addEventListener('keyup', keyUp);
    this.#ends = [
      () => target.removeEventListener('keydown', keyDown),
      () => target.removeEventListener('keyup', keyUp),
      attention.watch(() => {
        this.#scan.forget();
        this.#after([]);
      }),
    ];
  }

  /** What can be reached now, without STOP, which is always there. */
  show(groups: readonly ScanNode[]): void {
    this.#scan.show(groups, this.#deps.clock.now());
    this.#after([]);
  }

  /** Whether the robot moves, or is asked to. */
  moves(moving: boolean): void {
    this.#moving = moving;
    this.#scan.moves(moving, this.#deps.clock.now());
    this.#after([]);
  }

  /** What a press may be for while the robot moves, instead of STOP. */
  offers(offer: (RenewalOffer & { id: string }) | null): void {
    this.#scan.offers(offer);
    this.#after([]);
  }

  /** A switch that is no key: a pad's button, a pointer anywhere on the page. */
  down(name: string, role: SwitchRole): void {
    this.#after(this.#scan.down(name, role, this.#deps.clock.now()));
  }

  up(name: string): void {
    this.#after(this.#scan.up(name, this.#deps.clock.now()));
  }

  dispose(): void {
    this.#cancel?.();
    this.#cancel = null;
    for (const end of this.#ends) end();
  }

  #keyDown(event: KeyboardEvent): void {
    const { keys, typing, onStop } = this.#deps;
    if (event.key === 'Escape') {
      if (!event.repeat) onStop();
      return;
    }
    if (typing(event) || event.ctrlKey || event.altKey || event.metaKey) return;
    const role = roleOf(event.key, keys);
    if (role === null && !this.#moving) return;
    // Nor does this key press the button that has the focus, or scroll the page.
    event.preventDefault();
    if (event.repeat) return;
    if (role === null) onStop();
    else this.down(`key:${event.key}`, role);
  }

  #keyUp(event: KeyboardEvent): void {
    if (roleOf(event.key, this.#deps.keys) === null) return;
    // Space presses a button when it goes up.
    if (!this.#deps.typing(event)) event.preventDefault();
    this.up(`key:${event.key}`);
  }

  #after(actions: readonly ScanAction[]): void {
    const { clock, onActivate, onStop } = this.#deps;
    this.#cancel?.();
    this.#cancel = null;
    const { dueAt } = this.#scan;
    if (dueAt !== null) {
      const wait = Math.max(0, dueAt - clock.now());
      this.#cancel = clock.after(wait, () => this.#after(this.#scan.tick(clock.now())));
    }
    const { highlight } = this.#scan;
    if (!same(highlight, this.state.value.highlight)) this.state.set({ highlight });
    for (const action of actions) {
      if (action.do === 'stop') onStop();
      else onActivate(action.id);
    }
  }
}

function roleOf(key: string, keys: Readonly<Record<SwitchRole, string>>): SwitchRole | null {
  if (key === keys.select) return 'select';
  return key === keys.step ? 'step' : null;
}

function same(a: Highlight | null, b: Highlight | null): boolean {
  if (a === null || b === null) return a === b;
  return a.leaving === b.leaving && a.path.join('\n') === b.path.join('\n');
}
