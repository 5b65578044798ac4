// Where the operator is: on the drive screen alone, or with a sheet open beside the video. The address follows (`#/settings`), and
// an address that is entered or changed by hand leads there.

import { tick } from 'svelte';
import { pathOf, routeAt, type SheetName } from '../routes';

export interface NavigationDeps {
  location: Pick<Location, 'hash'>;
  history: Pick<History, 'state' | 'replaceState'>;
  /** A sheet is about to open: it may lie over the whole video. */
  onOpen: () => void;
}

export class Navigation {
  readonly #deps: NavigationDeps;
  /** What lies beside the video. One at a time. */
  sheet = $state<SheetName | null>(null);
  /** The sheet is fetched and shown: only then does it take the page's other controls away. */
  shown = $state(false);
  /** The newest sheet could not be fetched. */
  failed = $state(false);
  #opener: Element | null = null;

  constructor(deps: NavigationDeps) {
    this.#deps = deps;
  }

  open(sheet: SheetName): void {
    // Once it is inert it has lost the focus already.
    if (this.sheet === null) this.#opener = document.activeElement;
    this.#deps.onOpen();
    this.failed = false;
    if (sheet !== this.sheet) this.shown = false;
    this.sheet = sheet;
    this.#write(sheet);
  }

  /** Closes the sheet; the focus goes back to what opened it. */
  close(): void {
    if (this.sheet === null) return;
    this.sheet = null;
    this.shown = false;
    this.#write('drive');
    const opener = this.#opener;
    void tick().then(() => {
      if (opener instanceof HTMLElement) opener.focus();
    });
  }

  /** Goes where the address points. An address that is no route changes nothing. */
  follow(): void {
    const route = routeAt(this.#deps.location.hash);
    if (route === null || route === (this.sheet ?? 'drive')) return;
    if (route === 'drive') this.close();
    else this.open(route);
  }

  /** Without an entry in the history: going back leaves the page, as the browser's own button promises. */
  #write(route: SheetName | 'drive'): void {
    const { history } = this.#deps;
    history.replaceState(history.state, '', pathOf(route));
  }
}
