import type { PanelWords } from '../../i18n/panel';
import type { TalkState } from '../../lib/talk-state';
import type { Shape } from '../../ui/shapes';

/** How the button to talk looks and what it says. */
export function talkLook(talk: TalkState, words: PanelWords): { shape: Shape; words: string } {
  if (talk.wanted && talk.phase !== 'talking') {
    return { shape: 'dots', words: words.text('talk.connecting') };
  }
  switch (talk.phase) {
    case 'talking':
      return { shape: 'microphone', words: words.text('talk.stop') };
    case 'unavailable':
      return { shape: 'microphone-crossed', words: words.text('talk.unavailable') };
    case 'held':
      return { shape: 'people', words: words.text('talk.held') };
    default:
      return { shape: 'microphone-crossed', words: words.text('talk.start') };
  }
}

/** What there is to say about talking beside the button; empty where the button says it all. */
export function talkSentence(talk: TalkState, words: PanelWords): string {
  if (talk.phase === 'held') {
    return words.text('talk.held-by', { who: talk.heldBy ?? words.text('talk.somebody') });
  }
  if (talk.phase === 'talking') return words.text('talk.on');
  if (talk.phase === 'lost') return words.text('talk.lost');
  if (talk.closed !== null) return words.text(`talk.closed.${talk.closed}`);
  return '';
}

/** -60 dB and less is nothing to look at; 0 dB is all of it. */
export function loudness(db: number | null): number {
  return db === null ? 0 : Math.min(1, Math.max(0, (db + 60) / 60));
}
