import type { Words } from '../i18n';
import type { NowWords } from '../i18n/now';
import type { Clock } from '../lib/core/clock';
import type { Link, LinkKind } from '../lib/webrtc/link';
import { setText } from './dom';
import { linkView } from './link-view';

/** A state is read out once it has lasted so long: what flickers by helps nobody, in ms. */
const SETTLE_MS = 600;

/** States in which the operator no longer sees the robot: said at once, into whatever is being read. */
const LOST: ReadonlySet<LinkKind> = new Set([
  'lost',
  'camera-away',
  'server-restarting',
  'offline',
  'unreachable',
]);

/**
 * Says changes of the link to assistive technology: politely, unless the picture is lost. Figures are left out,
 * so that an age that changes is not read out again and again.
 */
export class Announcer {
  readonly #polite: HTMLElement;
  readonly #urgent: HTMLElement;
  readonly #clock: Clock;
  #kind: LinkKind | null = null;
  #hadPicture = false;
  #saidLost = false;
  #cancel: (() => void) | null = null;

  constructor(polite: HTMLElement, urgent: HTMLElement, clock: Clock) {
    this.#polite = polite;
    this.#urgent = urgent;
    this.#clock = clock;
  }

  link(link: Link, words: Words, now: NowWords): void {
    if (link.kind === this.#kind) return;
    this.#kind = link.kind;
    this.#cancel?.();
    this.#cancel = null;
    const lost = LOST.has(link.kind);
    if (link.kind === 'live') this.#hadPicture = true;
    if (lost && this.#hadPicture && !this.#saidLost) {
      this.#saidLost = true;
      setText(this.#polite, '');
      setText(this.#urgent, sentence(link, words, now));
      return;
    }
    this.#cancel = this.#clock.after(SETTLE_MS, () => {
      if (!lost) this.#saidLost = false;
      setText(this.#urgent, '');
      setText(this.#polite, sentence(link, words, now));
    });
  }

  /** Says `text` politely. */
  say(text: string): void {
    setText(this.#polite, text);
  }
}

function sentence(link: Link, words: Words, now: NowWords): string {
  if (link.kind === 'late') return words.text('say.late');
  if (link.kind === 'lost') return `${words.text('link.lost')}.`;
  const view = linkView(link, words, now);
  return view.why === null ? view.words : `${view.words}. ${view.why}`;
}
