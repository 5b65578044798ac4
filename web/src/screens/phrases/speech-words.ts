import type { Voice } from '../../api/types';
import { NotesWords } from '../../i18n/notes';
import type { PhrasesWords } from '../../i18n/phrases';
import { sayProblem } from '../../i18n/problems';
import type { RequestProblem } from '../../lib/core/problem';
import { heardAt } from '../drive/talk-look';
import type { ScreenModel } from '../model/screen-model.svelte';
import { phrasesOf } from './phrase-model.svelte';

const KNOWN = ['quiet_hours', 'busy', 'not_supported', 'network', 'out_of_range'] as const;

export function speechWords(model: ScreenModel, w: PhrasesWords): string {
  return saidOf(model.status?.voice ?? null, phrasesOf(model).state.problem, w);
}

/** What the robot says now and what waits, or why it says nothing. */
export function saidOf(
  voice: Voice | null,
  problem: Pick<RequestProblem, 'code'> | null,
  w: PhrasesWords,
): string {
  if (problem !== null) {
    const known = KNOWN.find((code) => code === problem.code);
    return known === undefined
      ? sayProblem(w.language, problem.code)
      : w.text(`speech.problem.${known}`);
  }
  if (voice?.speaker.state === 'off') return w.text('speech.no-speaker');
  // As talking knows it: whatever is said after this would be about something that nobody hears.
  const heard = heardAt(voice);
  if (heard !== 'yes') return new NotesWords(w.language).text(`speech.${heard}`);
  const speech = voice?.speech ?? null;
  if (speech?.quiet) return w.text('speech.problem.quiet_hours');
  const speaking = speech?.speaking ?? null;
  if (speaking === null) {
    const failed = speech?.failed?.utterance;
    if (failed === undefined) return w.text('speech.silent');
    return w.text('speech.failed', { what: failed.text ?? w.text('speech.attention') });
  }
  const said = w.text('speech.now', { what: speaking.text ?? w.text('speech.attention') });
  const waiting = speech?.waiting.length ?? 0;
  return waiting === 0 ? said : `${said} ${w.count('speech.waiting', waiting)}`;
}
