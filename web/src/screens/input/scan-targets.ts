// What scanning and dwelling find on the page. Groups are marked in the markup (`data-scan`, with the group's name, and
// `data-scan-order`), so that a new control is reached by being in one. While a sheet lies open, only what is in it, and STOP.

import type { ScanNode } from '../../lib/input/scan';
import { KEEPS } from './keys';

const CONTROLS = 'button, textarea, input';
const LAST = 5;
/** The id by which the cores know STOP. */
export const STOP_ID = 'drive-stop';
const ESTOP_ID = 'drive-estop';
/**
 * Straight behind what is used most: before it, the last direction would be more than 7 s away for anyone who takes half a second to
 * press, and each letter would cost a step more.
 */
const ESTOP_ORDER = 1.5;

export class ScanTargets {
  readonly #page: Document;
  #ids = 0;

  constructor(page: Document) {
    this.#page = page;
  }

  /** Groups in their order; what is disabled, hidden or inert is left out, and so is text to be typed. */
  groups(): ScanNode[] {
    const roots = [...this.#page.querySelectorAll<HTMLElement>('[data-scan-root]')];
    const root = roots.find((one) => one.getAttribute('role') === 'dialog') ?? roots[0];
    if (root === undefined) return [];
    const groups = [...root.querySelectorAll<HTMLElement>('[data-scan]')].map((group) => ({
      order: orderOf(group),
      node: {
        id: this.idOf(group),
        children: [...group.querySelectorAll<HTMLElement>('button')]
          .filter((item) => item.closest('[data-scan]') === group && canBeUsed(item))
          .map((item) => ({ id: this.idOf(item) })),
      },
    }));
    return [...groups, { order: ESTOP_ORDER, node: { id: ESTOP_ID } }]
      .sort((a, b) => a.order - b.order)
      .map(({ node }) => node);
  }

  /** Whether a control does its own deed while the robot moves, instead of stopping it. */
  keeps(id: string): boolean {
    return this.find(id)?.closest(KEEPS) != null;
  }

  /** The control that a pointer at this element would press; null if none. */
  target(element: EventTarget | null): string | null {
    if (!(element instanceof Element)) return null;
    const control = element.closest<HTMLElement>(CONTROLS);
    return control === null || !canBeUsed(control) ? null : this.idOf(control);
  }

  find(id: string): HTMLElement | null {
    return this.#page.getElementById(id);
  }

  /** Presses it, as a click that no pointer made. */
  press(id: string): void {
    const element = this.find(id);
    if (element === null || !canBeUsed(element)) return;
    element.focus({ preventScroll: true });
    element.click();
  }

  /** Marks what is highlighted, and brings it into view. */
  mark(id: string | null, leaving: boolean): void {
    for (const old of this.#page.querySelectorAll('[data-here]')) old.removeAttribute('data-here');
    const element = id === null ? null : this.find(id === 'stop' ? STOP_ID : id);
    element?.setAttribute('data-here', leaving ? 'leaving' : '');
    element?.scrollIntoView({ block: 'nearest' });
  }

  idOf(element: HTMLElement): string {
    if (element.id === '') {
      this.#ids += 1;
      element.id = `reached-${this.#ids}`;
    }
    return element.id;
  }
}

function orderOf(group: HTMLElement): number {
  const order = group.closest<HTMLElement>('[data-scan-order]')?.dataset['scanOrder'];
  return order === undefined ? LAST : Number(order);
}

function canBeUsed(item: HTMLElement): boolean {
  const off = item.getAttribute('aria-disabled') === 'true' || item.closest('[inert]') !== null;
  return !off && item.getClientRects().length > 0;
}
