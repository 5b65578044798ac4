import type { TalkWords } from '../../i18n/talk';
import type { TalkState } from '../../lib/talk/state';
import type { Heard } from './talk-look';

/** What there is to say about talking beside the button; empty where the button says it all. */
export function talkSentence(
  talk: TalkState,
  words: TalkWords,
  heard: Heard,
  drives = false,
): string {
  if (talk.phase === 'held') {
    return words.text(drives ? 'talk.held-driver' : 'talk.held-by', {
      who: talk.heldBy ?? words.text('talk.somebody'),
    });
  }
  if (talk.phase === 'talking') return words.text(`talk.on.${heard}`);
  if (talk.phase === 'lost') return words.text('talk.lost');
  if (talk.closed !== null) return words.text(`talk.closed.${talk.closed}`);
  return '';
}

/** Why there is nothing to talk with, or why the robot did not take it; `explained`: what a code comes to. Empty if nothing is. */
export function talkRefused(
  talk: TalkState,
  words: TalkWords,
  explained: (code: string) => string,
): string {
  const { phase, reason, failure, closed } = talk;
  if (phase === 'unavailable') return reason === null ? '' : words.text(`talk.no.${reason}`);
  if (phase !== 'free' || failure === null || closed !== null) return '';
  return failure === 'stream_offline'
    ? words.text('talk.no-speaker')
    : words.text('talk.failed', { why: explained(failure) });
}
