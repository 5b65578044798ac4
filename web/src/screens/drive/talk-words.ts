import type { Voice } from '../../api/types';
import type { PanelWords } from '../../i18n/panel';
import type { TalkState } from '../../lib/talk/state';
import type { Shape } from '../../ui/shapes';

/** Whether somebody beside the robot can hear who talks; `away`: there is no loudspeaker that works. */
export type Heard = 'yes' | 'away' | 'mute' | 'unknown';

export function heardAt(voice: Voice | null): Heard {
  if (voice === null) return 'unknown';
  if (voice.speaker.state !== 'live') return 'away';
  return voice.volume === 0 ? 'mute' : 'yes';
}

/** How the button to talk looks and what it says. */
export function talkLook(
  talk: TalkState,
  words: PanelWords,
  heard: Heard,
): { shape: Shape; words: string } {
  if (talk.wanted && talk.phase !== 'talking') {
    return { shape: 'dots', words: words.text('talk.connecting') };
  }
  switch (talk.phase) {
    case 'talking':
      return {
        shape: 'microphone',
        words: words.text(heard === 'yes' ? 'talk.stop' : 'talk.close'),
      };
    case 'unavailable':
      return { shape: 'microphone-crossed', words: words.text('talk.unavailable') };
    case 'held':
      return { shape: 'people', words: words.text('talk.held') };
    default:
      return { shape: 'microphone-crossed', words: words.text('talk.start') };
  }
}

/** What there is to say about talking beside the button; empty where the button says it all. */
export function talkSentence(talk: TalkState, words: PanelWords, heard: Heard): string {
  if (talk.phase === 'held') {
    return words.text('talk.held-by', { who: talk.heldBy ?? words.text('talk.somebody') });
  }
  if (talk.phase === 'talking') return words.text(`talk.on.${heard}`);
  if (talk.phase === 'lost') return words.text('talk.lost');
  if (talk.closed !== null) return words.text(`talk.closed.${talk.closed}`);
  return '';
}

/** Why there is nothing to talk with, or why the robot did not take it; `explained`: what a code comes to. Empty if nothing is. */
export function talkRefused(
  talk: TalkState,
  words: PanelWords,
  explained: (code: string) => string,
): string {
  const { phase, reason, failure, closed } = talk;
  if (phase === 'unavailable') return reason === null ? '' : words.text(`talk.no.${reason}`);
  if (phase !== 'free' || failure === null || closed !== null) return '';
  return failure === 'stream_offline'
    ? words.text('talk.no-speaker')
    : words.text('talk.failed', { why: explained(failure) });
}

/** -60 dB and less is nothing to look at; 0 dB is all of it. */
export function loudness(db: number | null): number {
  return db === null ? 0 : Math.min(1, Math.max(0, (db + 60) / 60));
}
