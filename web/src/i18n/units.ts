// Units and the words of every amount, for the dictionaries of the sheets.

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
