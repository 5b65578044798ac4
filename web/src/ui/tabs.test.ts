import { createRawSnippet } from 'svelte';
import { render } from 'svelte/server';
import { expect, test } from 'vitest';
import Tabs from './Tabs.svelte';

const { body } = render(Tabs, {
  props: {
    id: 'settings',
    label: 'Settings',
    tabs: [
      { name: 'input', words: 'Input' },
      { name: 'look', words: 'Appearance' },
    ],
    value: 'look',
    onchoose: () => undefined,
    children: createRawSnippet(() => ({ render: () => '<p>Theme</p>' })),
  },
});
const tabs = body.match(/<button[^>]*role="tab"[^>]*>/g) ?? [];

test('one tab is selected, and it alone names and controls what is shown', () => {
  expect(tabs).toHaveLength(2);
  expect(tabs.map((tab) => /aria-selected="(\w+)"/.exec(tab)?.[1])).toEqual(['false', 'true']);
  expect(tabs.filter((tab) => tab.includes('aria-controls="settings-panel"'))).toEqual([tabs[1]]);
  expect(tabs[1]).toContain('id="settings-tab-look"');
  expect(body).toMatch(/id="settings-panel"[^>]*aria-labelledby="settings-tab-look"/);
});

test('each tab is reached by Tab, and all of them by a switch', () => {
  expect(tabs.some((tab) => tab.includes('tabindex'))).toBe(false);
  expect(body).toMatch(/role="tablist"[^>]*data-scan="Settings"/);
});
