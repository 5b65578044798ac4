// What part of the picture is seen: how many times larger, and where its middle is. Places and shares are of the element that shows the
// picture, 0 to 1 from its left upper corner. Nothing outside of it is ever seen.

export interface View {
  scale: number;
  x: number;
  y: number;
}

export const WHOLE: View = { scale: 1, x: 0.5, y: 0.5 };
export const SCALES = [1, 1.5, 2, 3, 4] as const;
export const PANS = ['up', 'down', 'left', 'right'] as const;
export type Pan = (typeof PANS)[number];

/** Of what is seen, so much one press moves it. */
const SHARE = 0.25;
/** Nearer to the whole than this is the whole, once the hand is still: nobody is left with a picture that is cut by a hair. */
const NEARLY = 1.05;
const MOST = 4;

const WAYS: Readonly<Record<Pan, readonly [x: number, y: number]>> = {
  up: [0, -1],
  down: [0, 1],
  left: [-1, 0],
  right: [1, 0],
};

/** The nearest view that there is. */
export function bound({ scale, x, y }: View): View {
  const bounded = Math.min(MOST, scale);
  // A hand that measured nothing asks for nothing.
  if (!(bounded > 1) || !Number.isFinite(x) || !Number.isFinite(y)) return WHOLE;
  const half = 0.5 / bounded;
  const inside = (at: number) => Math.min(1 - half, Math.max(half, at));
  return { scale: bounded, x: inside(x), y: inside(y) };
}

/** What a hand that is still has left. */
export function settled(view: View): View {
  return view.scale < NEARLY ? WHOLE : view;
}

/** Another scale, at which what is seen at this place stays there. */
export function zoomAt(view: View, scale: number, [px, py]: readonly [number, number]): View {
  const next = Math.min(MOST, Math.max(1, scale));
  const shift = (p: number) => (p - 0.5) / view.scale - (p - 0.5) / next;
  return bound({ scale: next, x: view.x + shift(px), y: view.y + shift(py) });
}

/** The next larger or smaller of the scales. */
export function step(view: View, way: 1 | -1): View {
  const { scale } = view;
  const next =
    way === 1
      ? SCALES.find((one) => one > scale + 0.01)
      : SCALES.findLast((one) => one < scale - 0.01);
  return bound({ ...view, scale: next ?? scale });
}

/** What is seen is dragged by these shares of the element: its middle goes the other way. */
export function drag(view: View, dx: number, dy: number): View {
  return bound({ ...view, x: view.x - dx / view.scale, y: view.y - dy / view.scale });
}

/** One press to that side. */
export function pan(view: View, way: Pan): View {
  const [x, y] = WAYS[way];
  return drag(view, -x * SHARE, -y * SHARE);
}

/** Whether there is more to see on that side. */
export function canPan(view: View, way: Pan): boolean {
  const next = pan(view, way);
  return Math.hypot(next.x - view.x, next.y - view.y) > 0.001;
}

/** For the style of an element whose origin is its middle; empty for the whole. */
export function transformOf({ scale, x, y }: View): string {
  if (scale === 1) return '';
  const percent = (at: number) => `${((0.5 - at) * scale * 100).toFixed(2)}%`;
  return `translate(${percent(x)}, ${percent(y)}) scale(${scale.toFixed(3)})`;
}
