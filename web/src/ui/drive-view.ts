// The one sentence that says how driving stands: what keeps the robot from moving before what moves it, before what
// stopped it last.

import type { RobotState } from '../api/types';
import type { DriveWords } from '../i18n/drive';
import type { RequestProblem } from '../lib/core/problem';
import type { DriveState } from '../lib/drive/state';

/** What there is to say of a code that driving has no words for. */
export type SayProblem = (code: string) => string;

/** `robot`: as it is known from elsewhere while the drive socket says nothing; null if it is not. */
export function driveSentence(
  state: DriveState,
  robot: RobotState | null,
  words: DriveWords,
  say?: SayProblem,
): string {
  const known = state.robot ?? robot;
  const emergency = known?.estop.latched === true || known?.estop.button === true;
  const barrier = known?.motion.refusal ?? null;
  // Without a driver the robot gives that as its reason, which is no news to the page.
  const says = barrier === 'no_lease' ? null : barrier;
  if (emergency) {
    return words.text(known.estop.button ? 'refusal.estop_button' : 'refusal.estop_latched');
  }
  if (state.phase === 'idle')
    return says === null ? idle(state, words, say) : words.text(`refusal.${says}`);
  if (state.phase !== 'ready') {
    const who = known?.driver?.who ?? words.text('driver.unnamed');
    return words.text(`phase.${state.phase}`, { who });
  }
  if (says !== null) return words.text(`refusal.${says}`);
  const mode = known?.motion.mode ?? null;
  if (mode !== null) return words.text(`moving.${mode}`);
  if (state.refusal !== null) return words.text(`refusal.${state.refusal}`);
  if (state.letGoFirst) return words.text('refusal.neutral_first');
  const stopped = known?.motion.stopped ?? null;
  return words.text(stopped === null ? 'phase.ready' : `stopped.${stopped}`);
}

/** Why a request about driving was refused. */
export function problemSentence(
  { status, code }: RequestProblem,
  words: DriveWords,
  say: SayProblem | undefined,
): string {
  if (status === 0) return words.text('problem.network');
  const refusal = `refusal.${code}`;
  if (words.has(refusal)) return words.text(refusal);
  return say?.(code) ?? words.text('problem.other');
}

function idle(
  { ended, problem, refusal }: DriveState,
  words: DriveWords,
  say: SayProblem | undefined,
): string {
  if (problem !== null) return problemSentence(problem, words, say);
  if (ended === null) return words.text(refusal === null ? 'phase.idle' : `refusal.${refusal}`);
  if (ended.driver !== null) return words.text('ended.to', { driver: ended.driver });
  const { code } = ended;
  const own = code === 'released' || code === 'signed_out' || code === 'unreachable';
  return words.text(own ? `ended.${code}` : `refusal.${code}`);
}
