import { expect, test } from 'vitest';
import { speak } from './spoken';

test.each(['ro', 'en'] as const)(
  '%s has words for the page, for driving and for the panel',
  async (language) => {
    const { page, drive, panel, now, ...spoken } = await speak(language);
    expect(spoken).toEqual({ language });
    for (const words of [page, drive, panel, now]) expect(words.language).toBe(language);
    expect(drive.text('stop')).toBe('STOP');
  },
);
