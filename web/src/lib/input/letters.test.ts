import { describe, expect, test } from 'vitest';
import { alphabetically, byScanSteps, COLUMNS, withoutLetter, withoutWord } from './letters';

describe.each(['ro', 'en'] as const)('letters of %s', (language) => {
  test('are the same ones in either order, each once', () => {
    const all = (board: string[][]) => board.flat().sort();
    expect(all(byScanSteps(language))).toEqual(all(alphabetically(language)));
    expect(new Set(byScanSteps(language).flat()).size).toBe(byScanSteps(language).flat().length);
  });

  test.each([byScanSteps, alphabetically])('stand in full rows, but for the last', (order) => {
    const board = order(language);
    expect(board.slice(0, -1).every((row) => row.length === COLUMNS)).toBe(true);
    expect(board.at(-1)?.length).toBeGreaterThan(0);
    expect(board.flat().every((letter) => [...letter].length === 1)).toBe(true);
  });

  test('are reached in fewer steps by how often they are used than by the alphabet', () => {
    const steps = (board: string[][], text: string) =>
      [...text].reduce((sum, letter) => {
        const row = board.findIndex((one) => one.includes(letter));
        expect([letter, row]).not.toEqual([letter, -1]);
        return sum + row + (board[row]?.indexOf(letter) ?? 0);
      }, 0);
    const text =
      language === 'ro'
        ? 'ce mai faceți astăzi? eu sunt bine, și mi-e dor de voi. mâine vine și îngerul'
        : "how are you today? i am fine, and i miss you all. it's warm here";
    expect(steps(byScanSteps(language), text)).toBeLessThan(
      0.75 * steps(alphabetically(language), text),
    );
  });
});

test('Romanian letters are the ones with a comma below', () => {
  expect(alphabetically('ro').flat().join('')).toMatch(/ă.*â.*î.*ș.*ț/u);
});

test.each([
  ['', ''],
  ['a', ''],
  ['mâ', 'm'],
  ['da 👋', 'da '],
])('without the last letter, “%s” is “%s”', (text, rest) => {
  expect(withoutLetter(text)).toBe(rest);
});

test.each([
  ['', ''],
  ['vin', ''],
  ['vin acum', 'vin '],
  ['vin acum  ', 'vin '],
  ['   ', ''],
  ['vin, da', 'vin, '],
])('without the last word, “%s” is “%s”', (text, rest) => {
  expect(withoutWord(text)).toBe(rest);
});
