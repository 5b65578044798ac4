// One shape per state, so that no state is told by colour alone. Each is drawn on a 24 x 24 grid with strokes of
// the text's colour; a path that starts with `!` is filled.

const SVG = 'http://www.w3.org/2000/svg';

const CLOCK = ['M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18z', 'M12 7v5l3.5 2'];
const CROSS = 'M3.5 3.5l17 17';

export const shapes = {
  disc: ['!M12 5a7 7 0 1 0 0 14a7 7 0 0 0 0-14z'],
  ring: ['M12 5a7 7 0 1 0 0 14a7 7 0 0 0 0-14z'],
  dots: [
    '!M5 10a2 2 0 1 0 0 4a2 2 0 0 0 0-4z',
    '!M12 10a2 2 0 1 0 0 4a2 2 0 0 0 0-4z',
    '!M19 10a2 2 0 1 0 0 4a2 2 0 0 0 0-4z',
  ],
  clock: CLOCK,
  'clock-crossed': [...CLOCK, CROSS],
  'camera-crossed': ['M3 7h11v10H3z', 'M14 11l6-3.5v9L14 13', CROSS],
  square: ['!M6 6h12v12H6z'],
  restart: ['M19.5 12a7.5 7.5 0 1 1-2.4-5.5', 'M19.5 3v4.5H15'],
  'link-broken': [
    'M9.5 14.5l-2 2a3.5 3.5 0 0 1-5-5l3-3',
    'M14.5 9.5l2-2a3.5 3.5 0 0 1 5 5l-3 3',
    'M9 4v2.5M4 9h2.5M15 20v-2.5M20 15h-2.5',
  ],
  warning: ['M12 4.5L21 19.5H3z', 'M12 10v4.5M12 17v.5'],
  arrows: ['M12 3.5v17M7.5 8L12 3.5L16.5 8', 'M7.5 16l4.5 4.5l4.5-4.5'],
  hand: ['M8 3h8l5 5v8l-5 5H8l-5-5V8z', 'M8 12h8'],
  robot: ['M5 9h14v10H5z', 'M12 9V5', 'M9 13.5v1.5M15 13.5v1.5', CROSS],
  key: ['M8 10a4 4 0 1 0 0 8a4 4 0 0 0 0-8z', 'M11 11l8-8M15 7l3 3'],
  check: ['M4.5 12.5l5 5L19.5 7'],
  dash: ['M5 12h14'],
  question: ['M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4', 'M12 17.5v.5'],
  speaker: ['M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z', 'M15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11'],
  'speaker-crossed': ['M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z', 'M16 9.5l5 5M21 9.5l-5 5'],
  forward: ['M12 20V5M6 11l6-6.5L18 11'],
  back: ['M12 4v15M6 13l6 6.5L18 13'],
  // Turning on the spot: round a middle that stays. Bent arrows alone would read as undo and redo.
  left: [
    'M19.5 14.5a7.5 7.5 0 0 0-15 0',
    'M1.5 11l3 4l3-4',
    '!M12 12.5a2 2 0 1 0 0 4a2 2 0 0 0 0-4z',
  ],
  right: [
    'M4.5 14.5a7.5 7.5 0 0 1 15 0',
    'M16.5 11l3 4l3-4',
    '!M12 12.5a2 2 0 1 0 0 4a2 2 0 0 0 0-4z',
  ],
  cross: ['M5.5 5.5l13 13M18.5 5.5l-13 13'],
  menu: ['M4 7h16M4 12h16M4 17h16'],
  speech: ['M4 5h16v11h-9l-4.5 3.5V16H4z', 'M8 9h8M8 12h5'],
  camera: ['M3 7h11v10H3z', 'M14 11l6-3.5v9L14 13'],
  'hang-up': ['M3 14c5-5 13-5 18 0l-2.5 3l-4-1.8v-2.6c-1.7-.5-3.3-.5-5 0v2.6l-4 1.8z'],
  microphone: [
    'M12 3.5a3 3 0 0 0-3 3v4.5a3 3 0 0 0 6 0V6.5a3 3 0 0 0-3-3z',
    'M6 11a6 6 0 0 0 12 0M12 17v3.5',
  ],
  'microphone-crossed': [
    'M12 3.5a3 3 0 0 0-3 3v4.5a3 3 0 0 0 6 0V6.5a3 3 0 0 0-3-3z',
    'M6 11a6 6 0 0 0 12 0M12 17v3.5',
    CROSS,
  ],
  battery: ['M3 8h15v8H3z', 'M21 11v2', '!M5 10h6v4H5z'],
  lamp: ['M8 14a5 5 0 1 1 8 0c-1 1-1.2 1.7-1.2 2.5H9.2C9.2 15.7 9 15 8 14z', 'M10 20h4'],
  bell: ['M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15z', 'M10.5 20.5h3'],
  people: [
    'M9 5a3 3 0 1 0 0 6a3 3 0 0 0 0-6z',
    'M3.5 19c0-3.5 2.5-5.5 5.5-5.5s5.5 2 5.5 5.5',
    'M15.5 5.4a3 3 0 0 1 0 5.2M17 13.9c2.2.7 3.5 2.4 3.5 5.1',
  ],
} as const satisfies Record<string, readonly string[]>;

export type Shape = keyof typeof shapes;

/** One of these, or the paths of one that a part of the page brings with it: what is drawn there alone weighs nothing here. */
export type Drawing = Shape | readonly string[];

/** Puts `shape` into `holder`, in place of what was there. Never read out: words stand beside it. */
export function draw(holder: HTMLElement, shape: Shape): void {
  if (holder.dataset['shape'] === shape) return;
  holder.dataset['shape'] = shape;
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  for (const line of shapes[shape]) {
    const path = document.createElementNS(SVG, 'path');
    const filled = line.startsWith('!');
    path.setAttribute('d', filled ? line.slice(1) : line);
    path.setAttribute('class', filled ? 'fill' : 'line');
    svg.append(path);
  }
  holder.replaceChildren(svg);
}

/** A labelled thing: a shape, then words. */
export function drawWithWords(holder: HTMLElement, shape: Shape, words: string): void {
  let mark = holder.querySelector<HTMLElement>(':scope > .shape');
  let text = holder.querySelector<HTMLElement>(':scope > .words');
  if (mark === null || text === null) {
    mark = document.createElement('span');
    mark.className = 'shape';
    text = document.createElement('span');
    text.className = 'words';
    holder.replaceChildren(mark, text);
  }
  draw(mark, shape);
  if (text.textContent !== words) text.textContent = words;
}
