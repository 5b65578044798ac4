// What a control is called: its words, then what makes them unique, as they are written and read.

import { render } from 'svelte/server';
import { expect, test } from 'vitest';
import Press from './Press.svelte';

const parts = import.meta.glob<string>('../**/*.svelte', {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** The words of a text or an attribute that are a name's second half, in a box of their own. */
const APART = /class="unseen"[^>]*>\s*[,;:.]/;

test('no second half of a name stands in a box of its own: a space would be read before its comma', () => {
  expect(Object.keys(parts).length).toBeGreaterThan(30);
  expect(Object.keys(parts).filter((file) => APART.test(parts[file] ?? ''))).toEqual([]);
  expect('<span class="unseen">, {more}</span>').toMatch(APART);
});

test('a button is called by what it says, and by what makes that unique after it', () => {
  const { body } = render(Press, { props: { words: 'Forward', more: '20 cm' } });
  expect(body).toContain('aria-label="Forward, 20 cm"');
  expect(body).not.toMatch(/ ,/);
});

test('a button whose words are enough has no other name', () => {
  const { body } = render(Press, { props: { words: 'Menu' } });
  expect(body).not.toContain('aria-label');
  expect(body).toContain('Menu');
});
