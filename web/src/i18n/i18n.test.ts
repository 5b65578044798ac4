import { describe, expect, test } from 'vitest';
import { DriveWords, Words } from './both';
import { cameraEn } from './camera-en';
import { cameraRo } from './camera-ro';
import { cardsEn } from './cards-en';
import { cardsRo } from './cards-ro';
import { comfortsEn } from './comforts-en';
import { comfortsRo } from './comforts-ro';
import { driveEn } from './drive-en';
import { driveRo } from './drive-ro';
import { en as pageEn } from './en';
import { FactsWords } from './facts';
import { factsEn } from './facts-en';
import { factsRo } from './facts-ro';
import { chooseLanguage, Phrases } from './index';
import { menuEn } from './menu-en';
import { menuRo } from './menu-ro';
import { notesEn } from './notes-en';
import { notesRo } from './notes-ro';
import { nowEn } from './now-en';
import { nowRo } from './now-ro';
import { panelEn } from './panel-en';
import { panelRo } from './panel-ro';
import { phrasesEn } from './phrases-en';
import { phrasesRo } from './phrases-ro';
import { ro as pageRo } from './ro';
import { settingsEn } from './settings-en';
import { settingsRo } from './settings-ro';
import { statisticsEn } from './statistics-en';
import { statisticsRo } from './statistics-ro';
import { talkEn } from './talk-en';
import { talkRo } from './talk-ro';
import { timeOfDay } from './units';
import { waitText } from './wait';

const texts = (dictionary: Record<string, unknown>): [string, string][] =>
  Object.entries(dictionary).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string'
      ? [[key, value]]
      : Object.entries(value as Record<string, string>).map(([form, text]) => [
          `${key}.${form}`,
          text,
        ]),
  );
const holes = (text: string): string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1] ?? '').sort();

describe.each([
  ['every page', pageRo, pageEn, ['app.name', 'language.ro', 'language.en']],
  // On every machine in both countries the word for it is STOP.
  ['driving', driveRo, driveEn, ['stop']],
  // Units, and what both languages call alike.
  ['the drive screen', panelRo, panelEn, ['drive.cm', 'drive.deg', 'drive.seconds', 'drive.stick']],
  ['what is so just now', nowRo, nowEn, []],
  ['what comes now and then', notesRo, notesEn, []],
  ['what is so at the robot', factsRo, factsEn, ['bar.robot']],
  ['the menu', menuRo, menuEn, []],
  ['the cards', cardsRo, cardsEn, []],
  ['talking', talkRo, talkEn, []],
  ['phrases', phrasesRo, phrasesEn, ['ms']],
  ['camera and light', cameraRo, cameraEn, ['ms']],
  ['comforts', comfortsRo, comfortsEn, []],
  ['statistics', statisticsRo, statisticsEn, ['ms']],
  ['settings', settingsRo, settingsEn, ['seconds', 'ms', 'pad.title']],
] as const)('dictionaries of %s', (_, ro, en, alike) => {
  test('have the same keys', () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(ro).sort());
  });

  test('have the same holes to fill', () => {
    const english = new Map(texts(en));
    for (const [key, text] of texts(ro)) {
      const other = english.get(key);
      if (other !== undefined) expect([key, holes(other)]).toEqual([key, holes(text)]);
    }
  });

  test('have no empty text', () => {
    for (const [key, text] of [...texts(ro), ...texts(en)])
      expect([key, text.trim()]).not.toEqual([key, '']);
  });

  test('Romanian has comma-below letters, never a cedilla, and composed ones', () => {
    const all = texts(ro)
      .map(([, text]) => text)
      .join(' ');
    expect(all).not.toMatch(/[ŞşŢţ]/);
    expect(all).toMatch(/[șț]/);
    expect(all).toBe(all.normalize('NFC'));
  });

  test('plurals have the forms that their language uses', () => {
    for (const [language, dictionary] of [
      ['ro', ro],
      ['en', en],
    ] as const) {
      const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
      for (const [key, value] of Object.entries(dictionary)) {
        if (typeof value === 'string') continue;
        expect([key, Object.keys(value).sort()]).toEqual([key, [...wanted].sort()]);
      }
    }
  });

  test('no Romanian text is left as it is in English', () => {
    const same: readonly string[] = alike;
    const english = new Map(texts(en));
    for (const [key, text] of texts(ro)) {
      if (!same.includes(key)) expect([key, text]).not.toEqual([key, english.get(key)]);
    }
  });
});

test.each([
  [0, '0 persoane privesc'],
  [1, '1 persoană privește'],
  [2, '2 persoane privesc'],
  [19, '19 persoane privesc'],
  [20, '20 de persoane privesc'],
  [101, '101 persoane privesc'],
])('%i viewers in Romanian', (n, text) => {
  expect(new FactsWords('ro').count('viewers.count', n)).toBe(text);
});

test('one and many in English', () => {
  const words = new FactsWords('en');
  expect(words.count('viewers.count', 1)).toBe('1 person watching');
  expect(words.count('viewers.count', 20)).toBe('20 people watching');
});

test('Romanian, unless the browser puts English first or somebody has chosen', () => {
  expect(chooseLanguage(null, [])).toBe('ro');
  expect(chooseLanguage(null, ['ro-RO', 'en'])).toBe('ro');
  expect(chooseLanguage(null, ['hu', 'en'])).toBe('ro');
  expect(chooseLanguage(null, ['en-GB', 'ro'])).toBe('en');
  const kept = { getItem: () => 'ro' } as unknown as Storage;
  expect(chooseLanguage(kept, ['en-GB'])).toBe('ro');
});

test('figures are written as the language writes them', () => {
  expect(new Words('ro').text('why.lost', { seconds: 1.5 })).toContain('1,5\u00a0s');
  expect(new Words('en').text('link.late', { ms: 310 })).toContain('310\u00a0ms');
});

test('driving has words of its own, in the language of the page', () => {
  expect(new DriveWords('ro').text('refusal.lease_held')).toBe('Altcineva conduce.');
  expect(new DriveWords('en').text('ended.to', { driver: 'Ana' })).toContain('Ana is driving');
});

test('a figure stays on one line with its unit, and a short word with its hyphen; what is filled in stays as it is', () => {
  const words = new Phrases('ro', { one: 'Verific-o la {n} %, {ms} ms, {who} să vină: {who}' });
  expect(words.text('one', { n: 92, ms: 7, who: 'Ana-Maria' })).toBe(
    'Verific\u2011o la 92\u00a0%, 7\u00a0ms, Ana-Maria să vină: Ana-Maria',
  );
  const english = new Phrases('en', { one: 'Sign-in in {n} s: {percent}%' });
  expect(english.text('one', { n: 3, percent: 92 })).toBe('Sign-in in 3\u00a0s: 92%');
});

test('times are by 24 hours, and a time to wait is said in its own unit', () => {
  const afternoon = new Date(2026, 0, 5, 16, 50);
  for (const language of ['ro', 'en'] as const) {
    expect(timeOfDay(language, afternoon)).toBe('16:50');
    expect(timeOfDay(language, new Date(2026, 0, 5, 0, 5))).toBe('00:05');
  }
  const waits = [undefined, 0, 1, 29.2, 89, 90, 900, 1200];
  expect(waits.map((seconds) => waitText('ro', seconds))).toEqual([
    'un minut',
    '1 secundă',
    '1 secundă',
    '30 de secunde',
    '89 de secunde',
    '2 minute',
    '15 minute',
    '20 de minute',
  ]);
  expect(waits.map((seconds) => waitText('en', seconds))).toEqual([
    'a minute',
    '1 second',
    '1 second',
    '30 seconds',
    '89 seconds',
    '2 minutes',
    '15 minutes',
    '20 minutes',
  ]);
});
