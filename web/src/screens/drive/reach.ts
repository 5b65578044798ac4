// What scanning and dwelling find on the page. Groups are marked in the markup (`data-scan`, with the group's name, and
// `data-scan-order`), so that a new control is reached by being in one. While a sheet lies open, only what is in it, and STOP.

import type { ScanNode } from '../../lib/scan';

const CONTROLS = 'button, textarea, input';
const LAST = 5;
/** The id by which the cores know STOP. */
export const STOP_ID = 'drive-stop';

export class Reach {
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
    return [...root.querySelectorAll<HTMLElement>('[data-scan]')]
      .map((group) => ({ group, order: orderOf(group) }))
      .sort((a, b) => a.order - b.order)
      .map(({ group }) => ({
        id: this.idOf(group),
        children: [...group.querySelectorAll<HTMLElement>('button')]
          .filter((item) => item.closest('[data-scan]') === group && canBeUsed(item))
          .map((item) => ({ id: this.idOf(item) })),
      }));
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
