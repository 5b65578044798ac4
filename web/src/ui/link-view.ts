import type { Words } from '../i18n';
import type { Link } from '../lib/webrtc/link';
import type { Shape } from './shapes';

/** How a link state looks and what it says. */
export interface LinkView {
  shape: Shape;
  /** A few words, for the chip. */
  words: string;
  /** A sentence with what happens or what to do; null where the picture speaks for itself. */
  why: string | null;
}

const SHAPES: Record<Link['kind'], Shape> = {
  'signed-out': 'key',
  connecting: 'dots',
  live: 'disc',
  late: 'clock',
  lost: 'clock-crossed',
  'camera-away': 'camera-crossed',
  stopped: 'square',
  'server-restarting': 'restart',
  offline: 'link-broken',
  unreachable: 'robot',
};

export function linkView(link: Link, words: Words): LinkView {
  const shape = SHAPES[link.kind];
  switch (link.kind) {
    case 'late':
      return { shape, words: words.text('link.late', { ms: link.ms }), why: null };
    case 'lost': {
      const seconds = Math.max(1, Math.round(link.ms / 1000));
      return { shape, words: words.text('link.lost'), why: words.text('why.lost', { seconds }) };
    }
    case 'camera-away': {
      const why = words.text(`why.camera.${link.why}`);
      return { shape, words: words.text('link.camera-away'), why };
    }
    case 'live':
    case 'signed-out':
      return { shape, words: words.text(`link.${link.kind}`), why: null };
    default:
      return {
        shape,
        words: words.text(`link.${link.kind}`),
        why: words.text(`why.${link.kind}`),
      };
  }
}
