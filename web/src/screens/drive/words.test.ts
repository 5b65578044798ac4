import { describe, expect, test } from 'vitest';
import { NotesWords } from '../../i18n/notes';
import { PhrasesWords } from '../../i18n/phrases';
import { type Spoken, speak } from '../../i18n/spoken';
import { TalkWords } from '../../i18n/talk';
import type { SpeedNotice } from '../../lib/drive/speed-notice';
import { silent, type TalkState } from '../../lib/talk/state';
import { aVoice } from '../../testing/status';
import { loudness } from '../../ui/loudness';
import { saidOf } from '../phrases/speech-words';
import { noticeWords } from './notice-words';
import { heardAt, talkLook, talkLoudness } from './talk-look';
import { talkRefused, talkSentence } from './talk-words';

const NOTICES: readonly SpeedNotice[] = [
  { code: 'slow', percent: 30, cause: 'link', ms: 340.4 },
  { code: 'steps_only', cause: 'picture', ms: 600 },
  { code: 'lag_too_long', cause: 'link', ms: 900 },
  { code: 'picture_stale', ms: 512.6 },
  { code: 'picture_unknown' },
  { code: 'lifting' },
];

describe.each(['ro', 'en'] as const)('in %s', (language) => {
  test('every reason of slowness is said, with its figure and no hole left', async () => {
    const { panel, now } = await speak(language);
    const said = NOTICES.map((notice) => noticeWords(notice, panel, now));
    expect(said.join('\n')).not.toMatch(/[{}]/);
    expect(said.every((text) => text !== '')).toBe(true);
    expect(said[0]).toContain('340\u00a0ms');
    expect(said[3]).toContain('513\u00a0ms');
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
  const { panel, now }: Spoken = await speak('ro');
  const slow: SpeedNotice = { code: 'slow', percent: 30, cause: 'link', ms: 340 };
  expect(noticeWords(slow, panel, now)).toBe('Viteză 30\u00a0%: conexiunea întârzie 340\u00a0ms');
});

test('what the sentence of driving says already is not said twice', async () => {
  const { panel, now } = await speak('ro');
  expect(noticeWords({ code: 'link', phase: 'lost' }, panel, now)).toBe('');
  expect(noticeWords({ code: 'blocked', why: 'estop_latched' }, panel, now)).toBe('');
});

test('why the microphone closed by itself is said until it is opened again', () => {
  expect(
    talkSentence({ ...silent, phase: 'ready', closed: 'silence' }, new TalkWords('en'), 'yes'),
  ).toMatch(/quiet/);
  expect(talkSentence({ ...silent, phase: 'ready' }, new TalkWords('en'), 'yes')).toBe('');
  expect(
    talkSentence({ ...silent, phase: 'held', heldBy: 'Ana' }, new TalkWords('en'), 'yes', true),
  ).toBe('Ana is talking. You’re driving: press “Line busy” and you talk instead.');
  expect(
    talkSentence({ ...silent, phase: 'held', heldBy: 'Ana' }, new TalkWords('en'), 'yes'),
  ).toMatch(/^Ana/);
});

test('that somebody hears is said only while a loudspeaker works and is not turned to nothing', () => {
  const talking: TalkState = { ...silent, phase: 'talking', wanted: true };
  const away = aVoice({ speaker: { name: '', state: 'away', why: null } });
  const cases = [
    [aVoice(), /next to the robot can hear you/],
    [away, /nobody can hear/],
    [aVoice({ volume: 0 }), /volume is 0/],
    [null, /Can’t tell/],
  ] as const;
  for (const [voice, sentence] of cases) {
    expect(talkSentence(talking, new TalkWords('en'), heardAt(voice))).toMatch(sentence);
  }
});

test('a talk that was refused is told with what to do, once, and until the next press', () => {
  const refused = (change: Partial<TalkState>) =>
    talkRefused({ ...silent, ...change }, new TalkWords('en'), () => 'Sign in again.');
  expect(refused({ failure: 'not_signed_in' })).toMatch(/isn’t getting your voice. Sign in again/);
  expect(refused({ failure: 'stream_offline' })).toMatch(/no loudspeaker/);
  expect(refused({ phase: 'unavailable', reason: 'denied' })).toMatch(/allow the microphone/);
  expect(refused({ failure: 'network', closed: 'line_lost' })).toBe('');
  expect(refused({ phase: 'connecting', failure: 'network' })).toBe('');
  expect(refused({})).toBe('');
});

test('the level of a microphone is shown while it is heard, and where it is measured', () => {
  const level = (phase: TalkState['phase'], db: number) => talkLoudness({ ...silent, phase }, db);
  expect([level('talking', -30), level('talking', -90)]).toEqual([0.5, 0]);
  for (const phase of ['ready', 'connecting', 'held', 'lost', 'free', 'unavailable'] as const) {
    expect([phase, level(phase, -30)]).toEqual([phase, null]);
  }
  expect(level('talking', 0)).toBeNull();
});

test('silence shows nothing, full scale all', () => {
  expect([null, -90, -60, -30, 0, 6].map(loudness)).toEqual([0, 0, 0, 0.5, 1, 1]);
});

test('what nobody hears is said of speech as it is of talking, and other words are not asked for', () => {
  const w = new PhrasesWords('en');
  const notes = new NotesWords('en');
  const utterance = { id: 1, text: 'Hello', language: 'en' as const, attention: false };
  const failed = { utterance, why: 'no device' } as never;
  const speech = { speaking: null, waiting: [], quiet: false, failed };
  const away = aVoice({ speech, speaker: { name: '', state: 'away', why: null } });
  expect(saidOf(away, null, w)).toBe(notes.text('speech.away'));
  expect(saidOf(aVoice({ volume: 0 }), null, w)).toBe(notes.text('speech.mute'));
  expect(saidOf(null, null, w)).toBe(notes.text('speech.unknown'));
  expect(saidOf(aVoice(), null, w)).toBe(w.text('speech.silent'));
  expect(saidOf(aVoice({ speech }), null, w)).toContain('Hello');
  const off = aVoice({ speaker: { name: '', state: 'off', why: null } });
  expect(saidOf(off, null, w)).toBe(w.text('speech.no-speaker'));
});
