import type { Words } from '../i18n';
import type { NowWords } from '../i18n/now';
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
  'no-news': 'question',
  late: 'clock',
  lost: 'clock-crossed',
  'camera-away': 'camera-crossed',
  stopped: 'square',
  'server-restarting': 'restart',
  offline: 'link-broken',
  unreachable: 'robot',
};

/** Older than this it is not driven by, ms; younger, what is lost comes back. */
const STALE_MS = 400;

export function linkView(link: Link, words: Words, now: NowWords): LinkView {
  const shape = SHAPES[link.kind];
  switch (link.kind) {
    case 'late':
      return { shape, words: words.text('link.late', { ms: link.ms }), why: null };
    case 'no-news':
      // No more than that: it would lie over a picture that is live.
      return { shape, words: now.text('link.no-news'), why: null };
    case 'lost': {
      // It moves, as everybody sees: nothing is said of how long it stood.
      if (link.ms <= STALE_MS) {
        return { shape, words: now.text('link.returning'), why: now.text('why.returning') };
      }
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
