import { beforeEach, expect, test, vi } from 'vitest';
import { Navigation } from './navigation.svelte';

let location: { hash: string };
let opened: number;
let nav: Navigation;

beforeEach(() => {
  vi.stubGlobal('document', { activeElement: null });
  vi.stubGlobal('HTMLElement', class {});
  location = { hash: '' };
  opened = 0;
  nav = new Navigation({
    location,
    history: {
      state: null,
      replaceState: (_state, _title, url) => {
        location.hash = String(url);
      },
    },
    onOpen: () => {
      opened += 1;
    },
  });
});

test('the address follows what is open, and what is open the address', () => {
  nav.open('settings');
  expect([nav.sheet, location.hash, opened]).toEqual(['settings', '#/settings', 1]);
  nav.close();
  expect([nav.sheet, location.hash]).toEqual([null, '#/drive']);
  location.hash = '#/phrases/letters';
  nav.follow();
  expect([nav.sheet, opened]).toEqual(['letters', 2]);
  location.hash = '#/drive';
  nav.follow();
  expect(nav.sheet).toBeNull();
});

test('an address that is no route, or where one is already, changes nothing', () => {
  nav.follow();
  location.hash = '#code=abc';
  nav.follow();
  expect([nav.sheet, location.hash, opened]).toEqual([null, '#code=abc', 0]);
  nav.open('menu');
  nav.shown = true;
  nav.follow();
  expect([nav.shown, opened]).toEqual([true, 1]);
});
