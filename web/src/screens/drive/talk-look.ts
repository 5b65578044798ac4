import type { Voice } from '../../api/types';
import type { PanelWords } from '../../i18n/panel';
import type { TalkState } from '../../lib/talk/state';
import { loudness } from '../../ui/loudness';
import type { Shape } from '../../ui/shapes';

/** Whether the people beside the robot hear the talker; `away`: there is no loudspeaker that works. */
export type Heard = 'yes' | 'away' | 'mute' | 'unknown';

export function heardAt(voice: Voice | null): Heard {
  if (voice === null) return 'unknown';
  if (voice.speaker.state !== 'live') return 'away';
  return voice.volume === 0 ? 'mute' : 'yes';
}

/**
 * How loud a person's own microphone is, 0 to 1; null for no bar. Before anyone is heard, and muted, the microphone gives silence: a bar
 * that stays empty would say that it is broken. A level of 0 is none that a microphone has: the browser measures nothing.
 */
export function talkLoudness({ phase }: TalkState, db: number): number | null {
  return phase === 'talking' && db < 0 ? loudness(db) : null;
}

/** How the button to talk looks and what it says; whether anyone hears is told beside it. */
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
