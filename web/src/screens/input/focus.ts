// A control that goes away takes the focus with it, and the next Tab would begin at the top of the page again. What it lay in has the
// focus then; and not another control, which a key that is still down would press.

const PLACES = 'section, [role="dialog"], .carried';

export function keepFocus(page: Document): void {
  /** The control that had the focus last, and what it lies in. */
  let last: HTMLElement[] = [];
  page.addEventListener('focusin', ({ target }) => {
    last = [];
    for (let one = target as HTMLElement | null; one !== null; one = one.parentElement)
      last.push(one);
  });
  new MutationObserver(() => {
    const [control, ...around] = last;
    if (control === undefined || control.isConnected || page.activeElement !== page.body) return;
    last = [];
    const place = around.find((one) => one.isConnected && one.matches(PLACES));
    if (place === undefined) return;
    place.tabIndex = -1;
    place.focus({ preventScroll: true });
  }).observe(page.body, { childList: true, subtree: true });
}
