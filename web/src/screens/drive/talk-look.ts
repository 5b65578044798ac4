import type { Voice } from '../../api/types';
import type { PanelWords } from '../../i18n/panel';
import type { TalkState } from '../../lib/talk/state';
import type { Shape } from '../../ui/shapes';

/** Whether the people beside the robot hear the talker; `away`: there is no loudspeaker that works. */
export type Heard = 'yes' | 'away' | 'mute' | 'unknown';

export function heardAt(voice: Voice | null): Heard {
  if (voice === null) return 'unknown';
  if (voice.speaker.state !== 'live') return 'away';
  return voice.volume === 0 ? 'mute' : 'yes';
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
