// A board of letters, for those who write with a switch or a pointer alone.

/** From the most to the least frequent one in running text, with what is written beside letters. A space is a letter as well. */
const BY_USE = {
  ro: ' eiarnutclsoădpmșîvfțbgâzhjxkywq.,?!-0123456789',
  en: " etaoinshrdlcumwfgypbvkjxqz.,?!'-0123456789",
} as const;
const ALPHABET = {
  ro: 'aăâbcdefghiîjklmnopqrsștțuvwxyz .,?!-0123456789',
  en: "abcdefghijklmnopqrstuvwxyz .,?!'-0123456789",
} as const;
export const COLUMNS = 6;

/** Where a person looks for a letter: in its place in the alphabet. */
export function alphabetically(language: 'ro' | 'en'): string[][] {
  return rows([...ALPHABET[language]]);
}

/**
 * Where a highlight comes to the most frequent ones first. Row after row and then letter after letter, it takes as many steps to a letter
 * as its row and its column are from the first.
 */
export function byScanSteps(language: 'ro' | 'en'): string[][] {
  const letters = [...BY_USE[language]];
  const cost = (n: number) => Math.floor(n / COLUMNS) + (n % COLUMNS);
  const places = letters.map((_, n) => n).sort((a, b) => cost(a) - cost(b) || a - b);
  const board: string[] = [];
  for (const [n, place] of places.entries()) board[place] = letters[n] ?? '';
  return rows(board);
}

function rows(board: readonly string[]): string[][] {
  const from = Array.from({ length: Math.ceil(board.length / COLUMNS) }, (_, n) => n * COLUMNS);
  return from.map((start) => board.slice(start, start + COLUMNS));
}

/** Without the last letter, however many code units it has. */
export function withoutLetter(text: string): string {
  return [...text].slice(0, -1).join('');
}

/** Without the last word, and what follows it. */
export function withoutWord(text: string): string {
  return text.replace(/\S+\s*$|\s+$/u, '');
}
