// A wheel, two fingers and a dragging pointer on the picture, as changes of what is seen of it. Buttons do the same
// (`ZoomButtons.svelte`): nothing here is needed by anyone who cannot do it.

import { drag, settled, type View, WHOLE, zoomAt } from './zoom';

type Point = readonly [x: number, y: number];

/** A notch of a wheel is about 100; three of them double. */
const PER_NOTCH = 0.0023;
/** A wheel that has not turned for so long is still, ms. */
const STILL_MS = 250;

export function wheeled(view: View, delta: number, at: Point): View {
  return zoomAt(view, view.scale * Math.exp(-delta * PER_NOTCH), at);
}

/** Up to two pointers that are down. One drags, two pinch and drag; more are not counted. */
export class ZoomGestures {
  readonly #down = new Map<number, Point>();

  down(id: number, at: Point): void {
    if (this.#down.size < 2) this.#down.set(id, at);
  }

  /** Whether it was one of them. */
  up(id: number): boolean {
    return this.#down.delete(id);
  }

  /** The view after pointer `id` has moved; the same one if that means nothing. */
  move(view: View, id: number, at: Point): View {
    const before = this.#down.get(id);
    if (before === undefined) return view;
    this.#down.set(id, at);
    const other = [...this.#down].find(([one]) => one !== id)?.[1];
    if (other === undefined) return drag(view, at[0] - before[0], at[1] - before[1]);
    const [was, is] = [distance(before, other), distance(at, other)];
    if (was === 0) return view;
    const middle = between(before, other);
    const now = between(at, other);
    const zoomed = zoomAt(view, view.scale * (is / was), middle);
    return drag(zoomed, now[0] - middle[0], now[1] - middle[1]);
  }
}

const distance = (a: Point, b: Point) => Math.hypot(a[0] - b[0], a[1] - b[1]);
const between = (a: Point, b: Point): Point => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];

export interface Zoomed {
  view: View;
}

/** Listens to `stage` until what this gives back is called. */
export function handle(stage: HTMLElement, zoomed: Zoomed): () => void {
  const gestures = new ZoomGestures();
  const end = new AbortController();
  const { signal } = end;
  const at = ({ clientX, clientY }: MouseEvent): Point => {
    const { left, top, width, height } = stage.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  };
  const still = () => {
    zoomed.view = settled(zoomed.view);
  };
  let wheel: ReturnType<typeof setTimeout>;
  const up = ({ pointerId }: PointerEvent) => {
    if (gestures.up(pointerId)) still();
  };
  // A page that the browser itself has enlarged has to be moved and made smaller everywhere.
  const page = window.visualViewport;
  const touch = () => {
    stage.style.touchAction = (page?.scale ?? 1) > 1.01 ? '' : 'none';
  };
  touch();
  page?.addEventListener('resize', touch, { signal });
  stage.addEventListener(
    'wheel',
    (event) => {
      // Also of a pad's pinch, which would enlarge the whole page.
      event.preventDefault();
      const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : 33;
      const pinch = event.ctrlKey ? 4 : 1;
      zoomed.view = wheeled(zoomed.view, event.deltaY * pixels * pinch, at(event));
      clearTimeout(wheel);
      wheel = setTimeout(still, STILL_MS);
    },
    { signal, passive: false },
  );
  stage.addEventListener(
    'pointerdown',
    (event) => {
      if (event.button === 0) gestures.down(event.pointerId, at(event));
    },
    { signal },
  );
  stage.addEventListener(
    'pointermove',
    (event) => {
      zoomed.view = gestures.move(zoomed.view, event.pointerId, at(event));
    },
    { signal },
  );
  // Also where it comes up outside of the picture.
  for (const name of ['pointerup', 'pointercancel'] as const)
    window.addEventListener(name, up, { signal, capture: true });
  return () => {
    end.abort();
    clearTimeout(wheel);
    stage.style.touchAction = '';
    zoomed.view = WHOLE;
  };
}
