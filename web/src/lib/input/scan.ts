// Scanning with one or two switches, row by row: a pure machine, with no timers, no page and no clock of its own.
//
// A highlight goes over groups; a press enters the group, the highlight goes over what is in it, and a press activates
// that. After the last one the group itself is highlighted once more: a press there leaves it. STOP is always the first
// group, whatever the page shows, and of one item, so that one press activates it. While the robot moves every press of
// every switch is STOP, as it goes down, whatever the settings about holding and trembling say; but what is offered (`offers`) is
// highlighted in its place then, and taken by a press of the switch that takes.

import type { RenewalOffer } from '../drive/latch-renewal';
import type { ScanSettings } from './scan-settings';

/** Something that can be highlighted: an item, or a group of them. A group of one item is that item. */
export interface ScanNode {
  id: string;
  children?: readonly ScanNode[];
}

/** `select` takes what is highlighted; `step`, of two switches, moves the highlight on. */
export type SwitchRole = 'select' | 'step';

/** The first group of every tree. */
export const STOP = 'stop';

/** What is highlighted: ids from the top down. */
export interface Highlight {
  path: readonly string[];
  /** The group is highlighted from inside: a press leaves it. */
  leaving: boolean;
}

export type ScanAction = { do: 'activate'; id: string } | { do: 'stop' };

const NONE: readonly ScanAction[] = [];
const STOPPED: readonly ScanAction[] = [{ do: 'stop' }];
/** A group that was entered by mistake lets go after so many rounds. */
const GROUP_ROUNDS = 2;

export class Scan {
  readonly #settings: ScanSettings;
  #tree: readonly ScanNode[];
  /** The groups that have been entered, from the top down. */
  #entered: ScanNode[] = [];
  #index = 0;
  #round = 0;
  #resting = true;
  #moving = false;
  #offer: (RenewalOffer & { id: string }) | null = null;
  /** It is highlighted. */
  #offering = false;
  /** When the highlight moves on; null while it rests, is held or is moved by a switch. */
  #nextAt: number | null = null;
  /** The press under way: when it began, and whether it has already had its effect. */
  #held: { name: string; role: SwitchRole; at: number; done: boolean } | null = null;
  readonly #upAt = new Map<string, number>();

  constructor(settings: ScanSettings, groups: readonly ScanNode[] = []) {
    this.#settings = settings;
    this.#tree = withStop(groups);
  }

  /** Null while the highlight rests. */
  get highlight(): Highlight | null {
    if (this.#resting) return null;
    if (this.#moving && this.#offering && this.#offer !== null) {
      return { path: [this.#offer.id], leaving: false };
    }
    const inside = this.#entered.map(({ id }) => id);
    const node = this.#row()[this.#index];
    return node === undefined
      ? { path: inside, leaving: true }
      : { path: [...inside, node.id], leaving: false };
  }

  /** The time of the next `tick` that has something to do; null while nothing is due. */
  get dueAt(): number | null {
    const held = this.#held;
    if (held !== null && !held.done) return held.at + this.#settings.holdMs;
    if (this.#moving) return this.#offering ? null : (this.#offer?.shownAt ?? null);
    return held === null ? this.#nextAt : null;
  }

  /** What the page shows now, without STOP. The highlight stays where it is if that is still there. */
  show(groups: readonly ScanNode[], now: number): void {
    const at = this.highlight;
    this.#tree = withStop(groups);
    if (at === null || this.#find(at)) return;
    this.#top(now);
  }

  /** Whether the robot moves, or is asked to. */
  moves(moving: boolean, now: number): void {
    if (moving === this.#moving) return;
    this.#moving = moving;
    // A press that was meant for the motion and comes just after its end finds STOP under the highlight.
    this.#top(now);
  }

  /**
   * While the robot moves, a press may be for control `id` instead of STOP, for a while; null: for nothing else. Anyone who has to
   * hold a press before it counts is offered nothing: a press that has to stop at once cannot wait and see.
   */
  offers(offer: (RenewalOffer & { id: string }) | null): void {
    if (offer?.shownAt === this.#offer?.shownAt) return;
    this.#offer = this.#settings.holdMs === 0 ? offer : null;
    this.#offering = false;
  }

  /** Switch `name` goes down. Its repeats must not be told. */
  down(name: string, role: SwitchRole, now: number): readonly ScanAction[] {
    if (this.#moving) {
      this.#held = { name, role, at: now, done: true };
      const offer = this.#offering ? this.#offer : null;
      if (offer === null || role === 'step' || now < offer.countsAt) return STOPPED;
      this.#offer = null;
      return [{ do: 'activate', id: offer.id }];
    }
    const upAt = this.#upAt.get(name);
    // Whether it counts or not, the one that is down already goes first.
    if (this.#held !== null) return NONE;
    if (upAt !== undefined && now - upAt < this.#settings.tremorMs) return NONE;
    this.#held = { name, role, at: now, done: false };
    return this.#settings.holdMs === 0 ? this.#accept(now) : NONE;
  }

  /** Switch `name` goes up. */
  up(name: string, now: number): readonly ScanAction[] {
    this.#upAt.set(name, now);
    const held = this.#held;
    if (held?.name !== name) return NONE;
    const actions = held.done || now - held.at < this.#settings.holdMs ? NONE : this.#accept(now);
    this.#held = null;
    if (!this.#resting && !this.#moving) this.#wait(now);
    return actions;
  }

  /** Nobody can tell any more what is down: the page was hidden, or has lost the keyboard. The highlight rests. */
  forget(): void {
    this.#held = null;
    this.#rest();
  }

  tick(now: number): readonly ScanAction[] {
    const held = this.#held;
    if (held !== null && !held.done) {
      // What is highlighted when a switch goes down is what the press is for, so the highlight waits for it.
      return now - held.at < this.#settings.holdMs ? NONE : this.#accept(now);
    }
    if (this.#moving) {
      this.#offering = this.#offer !== null && now >= this.#offer.shownAt;
      return NONE;
    }
    if (held !== null) return NONE;
    // One step at a time, however late the look is: nobody has seen the others.
    if (this.#nextAt !== null && now >= this.#nextAt) this.#advance(now);
    return NONE;
  }

  #accept(now: number): readonly ScanAction[] {
    const held = this.#held;
    if (held === null) return NONE;
    held.done = true;
    if (this.#resting) {
      this.#top(now);
      return NONE;
    }
    this.#round = 0;
    if (held.role === 'step' && this.#settings.switches === 'two') {
      this.#advance(now);
      return NONE;
    }
    const node = this.#row()[this.#index];
    if (node === undefined) {
      this.#top(now);
      return NONE;
    }
    const item = single(node);
    if (item === null) {
      this.#entered.push(node);
      this.#begin(now);
      return NONE;
    }
    this.#top(now);
    return item.id === STOP ? STOPPED : [{ do: 'activate', id: item.id }];
  }

  #advance(now: number): void {
    const inside = this.#entered.length > 0;
    // Inside a group there is one place more: the way out.
    const places = this.#row().length + (inside ? 1 : 0);
    this.#index += 1;
    if (this.#index < places) {
      this.#wait(now);
      return;
    }
    this.#index = 0;
    this.#round += 1;
    if (this.#settings.switches === 'one') {
      if (inside && this.#round >= GROUP_ROUNDS) {
        this.#top(now);
        return;
      }
      if (!inside && this.#round >= this.#settings.rounds) {
        this.#rest();
        return;
      }
    }
    this.#wait(now);
  }

  /** From the first group again. */
  #top(now: number): void {
    this.#entered = [];
    this.#begin(now);
  }

  #begin(now: number): void {
    this.#index = 0;
    this.#round = 0;
    this.#resting = false;
    this.#wait(now);
  }

  #wait(now: number): void {
    const { switches, stepMs, firstExtraMs } = this.#settings;
    const byItself = switches === 'one' && !this.#moving;
    this.#nextAt = byItself ? now + stepMs + (this.#index === 0 ? firstExtraMs : 0) : null;
  }

  #rest(): void {
    this.#entered = [];
    this.#index = 0;
    this.#round = 0;
    this.#resting = true;
    this.#nextAt = null;
  }

  #row(): readonly ScanNode[] {
    return this.#entered.at(-1)?.children ?? this.#tree;
  }

  /** Takes up `highlight` in the tree as it is now; false if it is not there any more. */
  #find({ path, leaving }: Highlight): boolean {
    const entered: ScanNode[] = [];
    let row = this.#tree;
    for (const id of leaving ? path : path.slice(0, -1)) {
      const node = row.find((one) => one.id === id);
      if (node === undefined || single(node) !== null) return false;
      entered.push(node);
      row = node.children ?? [];
    }
    const index = leaving ? row.length : row.findIndex(({ id }) => id === path.at(-1));
    if (index < 0) return false;
    this.#entered = entered;
    this.#index = index;
    return true;
  }
}

/**
 * How long after the highlight has begun at the first group item `item` of group `group` (both from 0) is highlighted, if
 * the group is entered as soon as it is, ms: what the layout of a page is judged by.
 */
export function highlightAfterMs(group: number, item: number, settings: ScanSettings): number {
  const until = (n: number) => (n === 0 ? 0 : settings.firstExtraMs + n * settings.stepMs);
  return until(group) + until(item);
}

/** The item that a press on `node` activates at once; null if the press enters a group. */
function single(node: ScanNode): ScanNode | null {
  if (node.children === undefined) return node;
  const only = node.children[0];
  return node.children.length === 1 && only !== undefined ? single(only) : null;
}

/** STOP first; and no group with nothing in it, where a press would lead nowhere. */
function withStop(groups: readonly ScanNode[]): readonly ScanNode[] {
  const others = groups.filter(
    ({ id, children }) => id !== STOP && (children === undefined || children.length > 0),
  );
  return [{ id: STOP }, ...others];
}
