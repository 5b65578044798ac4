// A control that goes away takes the focus with it, and the next Tab would begin at the top of the page again. What it lay in has the
// focus then; and not another control, which a key that is still down would press. Where that comes to be what drives, the first
// direction has the focus once a press of a hand that trembles is over: the new driver can go.

const PLACES = 'section, [role="dialog"], .carried';
const FIRST = '[data-way="forward"]';
/** A press that comes sooner was meant for what was there before, ms. */
const DELIBERATE_MS = 600;

export function keepFocus(page: Document): void {
  /** The control that had the focus last, and what it lies in. */
  let last: HTMLElement[] = [];
  /** What has the focus in its place. */
  let place: HTMLElement | undefined;
  let waiting = false;
  page.addEventListener('focusin', ({ target }) => {
    last = [];
    for (let one = target as HTMLElement | null; one !== null; one = one.parentElement)
      last.push(one);
  });
  const first = () =>
    place !== undefined && page.activeElement === place
      ? place.querySelector<HTMLElement>(FIRST)
      : null;
  new MutationObserver(() => {
    const [control, ...around] = last;
    if (control !== undefined && !control.isConnected && page.activeElement === page.body) {
      last = [];
      place = around.find((one) => one.isConnected && one.matches(PLACES));
      if (place === undefined) return;
      place.tabIndex = -1;
      place.focus({ preventScroll: true });
    }
    if (waiting || first() === null) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      first()?.focus({ preventScroll: true });
    }, DELIBERATE_MS);
  }).observe(page.body, { childList: true, subtree: true });
}
