import { expect, test } from 'vitest';

const files = import.meta.glob<string>('./**/*.{ts,svelte}', {
  query: '?raw',
  import: 'default',
  eager: true,
});
const sources = Object.entries(files)
  .map(([path, text]) => ({ name: path.slice(2), text }))
  .filter(({ name }) => !name.includes('.test.'));
const under = (folder: string) => sources.filter((s) => s.name.startsWith(`${folder}/`));
const imports = (text: string) => [...text.matchAll(/from '([^']+)'/g)].map((m) => m[1] ?? '');

test('ui and screens ask the network for nothing', () => {
  expect(under('ui').length).toBeGreaterThan(3);
  expect(under('screens').length).toBeGreaterThan(3);
  for (const { name, text } of [...under('ui'), ...under('screens')]) {
    expect([
      name,
      /\b(fetch|WebSocket|XMLHttpRequest|RTCPeerConnection|EventSource|getUserMedia)\b/.test(text),
    ]).toEqual([name, false]);
  }
});

test('data knows no framework, no ui and no screens', () => {
  expect(under('data').length).toBeGreaterThan(3);
  for (const { name, text } of under('data')) {
    for (const from of imports(text)) {
      expect([name, from]).toEqual([
        name,
        expect.stringMatching(/^\.\/|^\.\.\/(api|lib\/\w+)\/[\w-]+$/),
      ]);
    }
  }
});

test('lib knows no framework, no ui and no data', () => {
  expect(under('lib').length).toBeGreaterThan(5);
  for (const { name, text } of under('lib')) {
    for (const from of imports(text)) {
      expect([name, from]).toEqual([
        name,
        expect.stringMatching(/^\.\/|^\.\.\/\w+\/[\w-]+$|^\.\.\/\.\.\/api\/types$/),
      ]);
    }
  }
});

test('no HTML is made from text', () => {
  for (const { name, text } of sources) {
    expect([name, /innerHTML|outerHTML|insertAdjacentHTML|document\.write/.test(text)]).toEqual([
      name,
      false,
    ]);
  }
});

test('nothing is asked of another host', () => {
  for (const { name, text } of sources) {
    const hosts = [...text.matchAll(/https?:\/\/[^'"`\s]+/g)].map((m) => m[0]);
    expect([name, hosts.filter((h) => h !== 'http://www.w3.org/2000/svg')]).toEqual([name, []]);
  }
});
