// A gamepad: a pure machine that is shown the pads again and again, with no poll, no page and no clock of its own.
//
// Axes and buttons give shares of the allowed speed; every other binding is a press. A pad that was just plugged in, or
// any stop, asks for the centre first: nothing that is held then ever drives. A pad that is gone stops at once.

import type { Shares } from '../drive/intent';
import { curve } from './curve';
import {
  type Binding,
  type Bindings,
  PAD_HELD,
  PAD_KEEPS,
  PAD_PRESSED,
  type PadDeed,
  type PadHeld,
  type PadPressed,
  type PadSettings,
} from './pad-bindings';

/** What is needed of the browser's own `Gamepad`. */
export interface PadLook {
  readonly index: number;
  readonly id: string;
  readonly connected: boolean;
  readonly axes: readonly number[];
  readonly buttons: readonly { readonly pressed: boolean; readonly value: number }[];
}

export type PadAction =
  | ({ do: 'hold' } & Shares)
  | { do: 'let-go' }
  | { do: 'press'; deed: PadPressed }
  /** What was pressed is up again. */
  | { do: 'release'; deed: PadPressed }
  | { do: 'stop' }
  /** A button was bound; `taken` is the deed that had it before and has none now. */
  | { do: 'learned'; bindings: Bindings; deed: PadDeed; taken: PadDeed | null };

export interface PadState {
  /** Its name; null while no pad is plugged in. */
  pad: string | null;
  /** It has been at its centre since it came, and since the newest stop. */
  centred: boolean;
  /** The deed that waits for its button. */
  learning: PadDeed | null;
}

/** A trigger is pressed, and an axis bound to a press or being learned is meant, from here on. */
const PRESSED = 0.5;
const MEANT = 0.7;

interface Known {
  index: number;
  id: string;
  /** Bindings that were down at the last look, by `keyOf`. */
  down: Set<string>;
}

export class PadCore {
  #settings: PadSettings;
  #known: Known | null = null;
  #centred = false;
  #holding = false;
  #learning: PadDeed | null = null;
  /** What was held when learning began must be let go before it can be learned. */
  #learnFresh = false;

  constructor(settings: PadSettings) {
    this.#settings = settings;
  }

  get state(): PadState {
    return { pad: this.#known?.id ?? null, centred: this.#centred, learning: this.#learning };
  }

  /** New settings ask for the centre as well: what is held may mean something else now. */
  configure(settings: PadSettings): readonly PadAction[] {
    this.#settings = settings;
    return this.stopped();
  }

  /** The robot was stopped, by whatever. What is held counts again after the centre. */
  stopped(): readonly PadAction[] {
    this.#centred = false;
    return this.#letGo();
  }

  /** "Press the button you want": the next one is bound to `deed`. Null ends it with nothing changed. */
  learn(deed: PadDeed | null): readonly PadAction[] {
    this.#learning = deed;
    this.#learnFresh = false;
    return this.stopped();
  }

  /** The pads as they are. `moving`: the robot moves, or is asked to. */
  look(pads: readonly (PadLook | null)[], moving: boolean): readonly PadAction[] {
    const pad = this.#choose(pads);
    const before = this.#known;
    if (pad === null) {
      this.#known = null;
      if (before === null) return [];
      const held = this.#holding;
      this.#learning = null;
      const actions = [...this.#releases([...before.down]), ...this.stopped()];
      return held || moving ? [...actions, { do: 'stop' }] : actions;
    }
    const down = this.#down(pad);
    if (before === null || before.index !== pad.index || before.id !== pad.id) {
      // Also another pad in the place of the first: what the first one held is over.
      const held = this.#holding;
      this.#known = { index: pad.index, id: pad.id, down };
      const actions = this.stopped();
      return held ? [...actions, { do: 'stop' }] : actions;
    }
    const fresh = [...down].filter((key) => !before.down.has(key));
    const up = this.#releases([...before.down].filter((key) => !down.has(key)));
    before.down = down;
    if (moving && this.#stops(fresh)) return [...up, ...this.stopped(), ...this.#stopBy(fresh)];
    if (this.#learning !== null) return [...up, ...this.#learn(pad, this.#learning, fresh, down)];
    return [...up, ...this.#presses(fresh), ...this.#drive(pad)];
  }

  /** The one that is known already; else one with something pressed or moved; else none is forced on anybody. */
  #choose(pads: readonly (PadLook | null)[]): PadLook | null {
    const present = pads.filter((pad): pad is PadLook => pad?.connected === true);
    const known = this.#known;
    const same = present.find(({ index, id }) => index === known?.index && id === known.id);
    // A second pad does not take over from one that is gone: that would hide the loss.
    if (same !== undefined || known !== null) return same ?? null;
    // What the browser takes for a pad may be none; the one that a person touches is theirs.
    const touched = present.find((pad) => this.#down(pad).size > 0);
    return touched ?? (present.length === 1 ? (present[0] ?? null) : null);
  }

  #down(pad: PadLook): Set<string> {
    const down = new Set<string>();
    for (const [index, { pressed, value }] of pad.buttons.entries()) {
      if (pressed || value > PRESSED) down.add(keyOf({ kind: 'button', index }));
    }
    for (const [index, value] of pad.axes.entries()) {
      if (Math.abs(value) > MEANT) {
        down.add(keyOf({ kind: 'axis', index, sign: value > 0 ? 1 : -1 }));
      }
    }
    return down;
  }

  #stops(fresh: readonly string[]): boolean {
    const { bindings, anyButtonStops } = this.#settings;
    const bound = (deed: PadDeed) => bindings[deed] && keyOf(bindings[deed]);
    if (bound('stop') !== undefined && fresh.includes(bound('stop') ?? '')) return true;
    if (!anyButtonStops && bindings.stop !== undefined) return false;
    const drives = PAD_HELD.map(bound);
    return fresh.some((key) => key.startsWith('button') && !drives.includes(key));
  }

  /** STOP; but the e-stop is one as well, and a switch that alone was pressed knows what it is for then. */
  #stopBy(fresh: readonly string[]): readonly PadAction[] {
    const kept = this.#presses(fresh).filter(
      (action) => action.do === 'press' && PAD_KEEPS.includes(action.deed),
    );
    const estop = kept.filter((action) => action.do === 'press' && action.deed === 'estop');
    if (estop.length > 0) return estop;
    return kept.length > 0 && fresh.length === 1 ? kept : [{ do: 'stop' }];
  }

  #learn(
    pad: PadLook,
    deed: PadDeed,
    fresh: readonly string[],
    down: ReadonlySet<string>,
  ): readonly PadAction[] {
    // The press that chose to learn, or a trigger that rests half way, is not the answer.
    if (!this.#learnFresh) {
      this.#learnFresh = down.size === 0 || fresh.length === 0;
      if (down.size > 0) return [];
    }
    const binding = bindingsOf(pad).find((one) => fresh.includes(keyOf(one)));
    if (binding === undefined) return [];
    const { bindings } = this.#settings;
    const key = keyOf(binding);
    const others = Object.entries(bindings) as [PadDeed, Binding][];
    const taken = others.find(([other, one]) => other !== deed && keyOf(one) === key)?.[0] ?? null;
    const kept = others.filter(([other]) => other !== taken && other !== deed);
    const learned: Bindings = { ...Object.fromEntries(kept), [deed]: binding };
    this.#settings = { ...this.#settings, bindings: learned };
    this.#learning = null;
    this.#centred = false;
    return [{ do: 'learned', bindings: learned, deed, taken }];
  }

  #presses(fresh: readonly string[]): PadAction[] {
    const { bindings } = this.#settings;
    return PAD_PRESSED.flatMap<PadAction>((deed) => {
      const binding = bindings[deed];
      if (binding === undefined || !fresh.includes(keyOf(binding))) return [];
      return deed === 'stop' ? [...this.stopped(), { do: 'stop' }] : [{ do: 'press', deed }];
    });
  }

  #releases(gone: readonly string[]): PadAction[] {
    const { bindings } = this.#settings;
    return PAD_PRESSED.filter((deed) => {
      const binding = bindings[deed];
      return binding !== undefined && gone.includes(keyOf(binding));
    }).map((deed) => ({ do: 'release', deed }));
  }

  #drive(pad: PadLook): readonly PadAction[] {
    const shares = this.#shares(pad);
    const still = shares.linear === 0 && shares.angular === 0 && !this.#anyHeld(pad);
    if (still) {
      this.#centred = true;
      return this.#letGo();
    }
    if (!this.#centred) return [];
    this.#holding = true;
    return [{ do: 'hold', ...shares }];
  }

  #shares(pad: PadLook): Shares {
    const { bindings, deadzone, expo } = this.#settings;
    const part = (deed: PadHeld): number => {
      const binding = bindings[deed];
      return binding === undefined ? 0 : curve(travelOf(pad, binding), deadzone, expo);
    };
    return {
      linear: clamp(part('forward') - part('back')),
      angular: clamp(part('left') - part('right')),
    };
  }

  /** Forward and back at once add up to nothing, and yet are no centre. */
  #anyHeld(pad: PadLook): boolean {
    const { bindings, deadzone } = this.#settings;
    return PAD_HELD.some((deed) => {
      const binding = bindings[deed];
      return binding !== undefined && travelOf(pad, binding) > deadzone;
    });
  }

  #letGo(): readonly PadAction[] {
    if (!this.#holding) return [];
    this.#holding = false;
    return [{ do: 'let-go' }];
  }
}

/** 0 to 1: how far the binding is pressed or moved in its direction. */
function travelOf(pad: PadLook, binding: Binding): number {
  if (binding.kind === 'axis') {
    return Math.max(0, finite(pad.axes[binding.index]) * binding.sign);
  }
  const button = pad.buttons[binding.index];
  // Buttons without a way of their own say 0 or 1.
  return button === undefined ? 0 : Math.max(finite(button.value), button.pressed ? 1 : 0);
}

function finite(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) ? value : 0;
}

function clamp(value: number): number {
  return Math.min(1, Math.max(-1, value));
}

function bindingsOf(pad: PadLook): Binding[] {
  return [
    ...pad.buttons.map((_, index): Binding => ({ kind: 'button', index })),
    ...pad.axes.flatMap((_, index): Binding[] => [
      { kind: 'axis', index, sign: 1 },
      { kind: 'axis', index, sign: -1 },
    ]),
  ];
}

/** The same for the same place on a pad. */
export function keyOf(binding: Binding): string {
  return binding.kind === 'button'
    ? `button ${binding.index}`
    : `axis ${binding.index} ${binding.sign}`;
}
