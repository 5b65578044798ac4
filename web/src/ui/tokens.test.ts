// The contrasts of every theme, in every situation that the stylesheet tells apart.

import { describe, expect, test } from 'vitest';
import source from './tokens.css?raw';

interface Situation {
  theme: 'auto' | 'dark' | 'light' | 'contrast';
  dark: boolean;
  scheme: 'dark' | 'light';
  more: boolean;
}
interface Block {
  media: string;
  selectors: string[];
  tokens: Record<string, string>;
}

const css = source.replace(/\/\*.*?\*\//gs, '');
const blocks = [...blocksOf(css)];

function* blocksOf(text: string, media = ''): Generator<Block> {
  for (const { groups } of text.matchAll(/(?<head>[^{}]+)\{(?<body>(?:[^{}]|\{[^{}]*\})*)\}/g)) {
    const head = groups?.['head']?.trim() ?? '';
    const body = groups?.['body'] ?? '';
    if (head.startsWith('@media')) yield* blocksOf(body, head);
    else {
      const tokens = [...body.matchAll(/(--[\w-]+):\s*([^;]+);/g)].map((m) => [m[1], m[2]]);
      // A comma within :not(...) parts no selectors.
      const selectors = head.split(/,(?![^(]*\))/).map((one) => one.trim());
      yield { media, selectors, tokens: Object.fromEntries(tokens) };
    }
  }
}

/** Selectors of this file are `:root`, with attributes that it must have, or in `:not()` must not. */
function fits(selector: string, at: Situation): boolean {
  const attributes: Record<string, string> = {
    'data-theme': at.theme,
    'data-dark': String(at.dark),
    'data-size': 'normal',
  };
  const has = (text: string) =>
    [...text.matchAll(/\[([\w-]+)="(\w+)"\]/g)].map(
      ([, name = '', value]) => attributes[name] === value,
    );
  const [wanted = '', banned = ''] = selector.split(':not');
  return has(wanted).every(Boolean) && !has(banned).some(Boolean);
}

function mediaFits(media: string, { scheme, more }: Situation): boolean {
  if (media.includes('contrast: more') && !more) return false;
  return !media.includes('scheme: light') || scheme === 'light';
}

/** Each rule but the bare `:root` weighs the same, so the last one that fits counts. */
function tokensOf(at: Situation): Record<string, string> {
  const fitting = blocks.filter(
    ({ media, selectors }) => mediaFits(media, at) && selectors.some((one) => fits(one, at)),
  );
  return Object.assign({}, ...fitting.map(({ tokens }) => tokens)) as Record<string, string>;
}

function light(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((from) => {
    const share = Number.parseInt(colour.slice(from, from + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [dim = 0, bright = 0] = [light(one), light(other)].sort((a, b) => a - b);
  return (bright + 0.05) / (dim + 0.05);
}

const PAIRS: Record<3 | 4.5, readonly (readonly [string, string])[]> = {
  3: [
    ['line', 'ground'],
    ['line', 'panel'],
    ['edge', 'ground'],
    ['edge', 'panel'],
    ['accent', 'ground'],
    ['accent', 'panel'],
    ['dot', 'ground'],
    ['focus', 'ring'],
  ],
  4.5: [
    ['text', 'ground'],
    ['text', 'panel'],
    ['soft', 'ground'],
    ['soft', 'panel'],
    ['on-accent', 'accent'],
    ['on-amber', 'amber'],
    ['on-stop', 'stop'],
  ],
};

const SITUATIONS: Situation[] = (['auto', 'dark', 'light', 'contrast'] as const).flatMap((theme) =>
  (['dark', 'light'] as const).flatMap((scheme) =>
    [false, true].flatMap((more) => [false, true].map((dark) => ({ theme, scheme, more, dark }))),
  ),
);

describe.each(SITUATIONS)(
  'theme $theme, system $scheme, more contrast $more, driving $dark',
  (at) => {
    const tokens = tokensOf(at);
    const of = (name: string) => tokens[`--${name}`] ?? '';

    test('what is to be told apart is, and what is to be read can be', () => {
      const found = ([3, 4.5] as const).flatMap((least) =>
        PAIRS[least].flatMap(([one, other]) => {
          expect(of(one), one).toMatch(/^#[\da-f]{6}$/);
          expect(of(other), other).toMatch(/^#[\da-f]{6}$/);
          const now = contrast(of(one), of(other));
          return now < least ? [`${one} on ${other}: ${now.toFixed(2)}, not ${least}`] : [];
        }),
      );
      expect(found).toEqual([]);
    });
  },
);

const ground = (change: Partial<Situation>) =>
  tokensOf({ theme: 'auto', dark: true, scheme: 'light', more: false, ...change })['--ground'];

test('while driving the system’s light theme is dark; high contrast and a chosen theme stay', () => {
  const dark = ground({ theme: 'dark' });
  expect(ground({})).toBe(dark);
  expect(ground({ dark: false })).not.toBe(dark);
  expect(ground({ theme: 'light' })).not.toBe(dark);
  for (const change of [{ more: true }, { theme: 'contrast' as const }])
    expect(ground(change)).toBe(ground({ ...change, dark: false }));
});
