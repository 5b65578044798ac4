import { expect, test } from 'vitest';
import { AutoMute, SPEECH_DB } from './auto-mute';

test('warns in whole seconds, and ends at nothing', () => {
  const mute = new AutoMute({ autoMuteMs: 60_000, muteWarningMs: 10_000 });
  mute.extend(1000);
  expect(mute.leftMs(50_999)).toBeNull();
  expect(mute.leftMs(51_000)).toBe(10_000);
  expect(mute.leftMs(51_001)).toBe(10_000);
  expect(mute.leftMs(60_999)).toBe(1000);
  expect(mute.leftMs(61_000)).toBe(0);
  expect(mute.leftMs(99_000)).toBe(0);
});

test('a word begins anew, the noise of a room does not', () => {
  const mute = new AutoMute({ autoMuteMs: 60_000, muteWarningMs: 10_000 });
  mute.heard(SPEECH_DB, 55_000);
  expect(mute.leftMs(55_000)).toBe(5000);
  mute.heard(SPEECH_DB + 1, 55_000);
  expect(mute.leftMs(55_000)).toBeNull();
});

test('a short time leaves half of itself without a warning', () => {
  const mute = new AutoMute({ autoMuteMs: 8000, muteWarningMs: 60_000 });
  expect(mute.leftMs(3999)).toBeNull();
  expect(mute.leftMs(4000)).toBe(4000);
});

test('none is never', () => {
  const mute = new AutoMute({ autoMuteMs: 0, muteWarningMs: 10_000 });
  expect(mute.leftMs(1e9)).toBeNull();
});
