import { describe, expect, test } from 'vitest';
import { type Spoken, speak } from '../../i18n/spoken';
import type { SpeedNotice } from '../../lib/notice';
import { silent, type TalkState } from '../../lib/talk-state';
import { noticeWords } from './notice-words';
import { loudness, talkLook, talkSentence } from './talk-words';

const NOTICES: readonly SpeedNotice[] = [
  { code: 'slow', percent: 30, cause: 'link', ms: 340.4 },
  { code: 'steps_only', cause: 'picture', ms: 600 },
  { code: 'lag_too_long', cause: 'link', ms: 900 },
  { code: 'picture_stale', ms: 512.6 },
  { code: 'picture_unknown' },
];

describe.each(['ro', 'en'] as const)('in %s', (language) => {
  test('every reason of slowness is said, with its figure and no hole left', async () => {
    const { panel } = await speak(language);
    const said = NOTICES.map((notice) => noticeWords(notice, panel));
    expect(said.join('\n')).not.toMatch(/[{}]/);
    expect(said.every((text) => text !== '')).toBe(true);
    expect(said[0]).toMatch(/340 ms/);
    expect(said[3]).toMatch(/513 ms/);
  });

  test('each state of talking has words of its own on the button', async () => {
    const { panel } = await speak(language);
    const words = (change: Partial<TalkState>) => talkLook({ ...silent, ...change }, panel).words;
    const all = [
      words({ phase: 'ready' }),
      words({ phase: 'talking', wanted: true }),
      words({ phase: 'connecting', wanted: true }),
      words({ phase: 'held' }),
      words({ phase: 'unavailable', reason: 'denied' }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});

test('the slow reason reads as a person would say it', async () => {
  const { panel }: Spoken = await speak('ro');
  const slow: SpeedNotice = { code: 'slow', percent: 30, cause: 'link', ms: 340 };
  expect(noticeWords(slow, panel)).toBe('Încet (30 %): legătura 340 ms');
});

test('what the sentence of driving says already is not said twice', async () => {
  const { panel } = await speak('ro');
  expect(noticeWords({ code: 'link', phase: 'lost' }, panel)).toBe('');
  expect(noticeWords({ code: 'blocked', why: 'estop_latched' }, panel)).toBe('');
});

test('why the microphone closed by itself is said until it is opened again', async () => {
  const { panel } = await speak('en');
  expect(talkSentence({ ...silent, phase: 'ready', closed: 'silence' }, panel)).toMatch(/quiet/);
  expect(talkSentence({ ...silent, phase: 'ready' }, panel)).toBe('');
  expect(talkSentence({ ...silent, phase: 'held', heldBy: 'Ana' }, panel)).toMatch(/^Ana/);
});

test('silence shows nothing, full scale all', () => {
  expect([null, -90, -60, -30, 0, 6].map(loudness)).toEqual([0, 0, 0, 0.5, 1, 1]);
});
