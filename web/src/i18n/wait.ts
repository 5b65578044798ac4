// Apart from the units, which the sign-in form does without.

import type { Language } from './index';

/** How long to wait, as it stands after "in": rounded up, in minutes from 90 s on. */
export function waitText(language: Language, seconds?: number): string {
  if (seconds === undefined) return language === 'ro' ? 'un minut' : 'a minute';
  const [n, unit] = seconds < 90 ? [seconds, 'second'] : [seconds / 60, 'minute'];
  const format = { style: 'unit', unit, unitDisplay: 'long' } as const;
  return new Intl.NumberFormat(language, format).format(Math.max(1, Math.ceil(n)));
}
