// How driving stands, and why a request about it was refused, in words.

import type { Said } from '../data/situation';
import type { Spoken } from '../i18n/spoken';
import type { RequestProblem } from '../lib/core/problem';

/** What there is to say of a code that driving has no words for. */
export type SayProblem = (code: string) => string;

export type DriveSpoken = Pick<Spoken, 'drive' | 'panel' | 'now'>;

export function sayLine(line: readonly Said[], spoken: DriveSpoken, say: SayProblem): string {
  return line.map((one) => sayOne(one, spoken, say)).join(' ');
}

function sayOne({ key, who, code }: Said, spoken: DriveSpoken, say: SayProblem): string {
  if (code !== undefined) return sayCode(code, spoken, say);
  const { drive, now, panel } = spoken;
  const name = who === null ? drive.text('driver.unnamed') : who;
  const values = name === undefined ? {} : { who: name, driver: name };
  if (drive.has(key)) return drive.text(key, values);
  if (now.has(key)) return now.text(key, values);
  return panel.has(key) ? panel.text(key, values) : '';
}

/** Why a request about driving was refused. `known`: the robot is heard, whatever became of the request. */
export function problemSentence(
  { status, code }: RequestProblem,
  known: boolean,
  spoken: DriveSpoken,
  say: SayProblem,
): string {
  if (status === 0) return spoken.drive.text(known ? 'problem.other' : 'problem.network');
  return sayCode(code, spoken, say);
}

function sayCode(code: string, { drive }: DriveSpoken, say: SayProblem): string {
  const refusal = `refusal.${code}`;
  return drive.has(refusal) ? drive.text(refusal) : say(code);
}
