// Units and the words of every amount, for the dictionaries of the sheets, and times of day.

import type { Language } from './index';

export const unitsRo = {
  ms: '{n} ms',
  percent: '{n} %',
  less: 'Mai puțin',
  more: 'Mai mult',
} as const;

export const unitsEn: Record<keyof typeof unitsRo, string> = {
  ms: '{n} ms',
  percent: '{n}%',
  less: 'Less',
  more: 'More',
};

/** By 24 hours in both languages: "16:50". */
export function timeOfDay(language: Language, at: Date): string {
  const format = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  return new Intl.DateTimeFormat(language, format).format(at);
}
