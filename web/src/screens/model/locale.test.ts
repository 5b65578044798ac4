import { expect, test, vi } from 'vitest';
import { SettingsStore } from '../../data/settings';
import { chooseLanguage } from '../../i18n';
import { speak } from '../../i18n/spoken';
import { Locale } from './locale.svelte';

vi.mock('../../i18n/spoken', async (original) => {
  const { speak, ...rest } = await original<typeof import('../../i18n/spoken')>();
  return { ...rest, speak: vi.fn(speak) };
});

class Kept {
  readonly #items = new Map<string, string>();
  getItem = (key: string) => this.#items.get(key) ?? null;
  setItem = (key: string, value: string) => void this.#items.set(key, value);
  removeItem = (key: string) => void this.#items.delete(key);
}

async function localeIn(language: 'ro' | 'en') {
  const store = new Kept() as unknown as Storage;
  const settings = new SettingsStore(store);
  const spoken = await speak(language);
  return { locale: new Locale({ settings, store, spoken }), settings, store };
}

test('another language is spoken once its words are here, and kept', async () => {
  const { locale, settings, store } = await localeIn('ro');
  await locale.speak('en');
  expect([locale.language, locale.page.text('signout')]).toEqual(['en', 'Sign out']);
  expect(settings.state.value.language).toBe('en');
  expect(chooseLanguage(store, ['ro'])).toBe('en');
});

test.each([
  ['ro', 'en'],
  ['en', 'ro'],
] as const)('%s goes on being spoken if the words of %s cannot be fetched', async (now, other) => {
  const { locale, settings, store } = await localeIn(now);
  const before = locale.page;
  vi.mocked(speak).mockRejectedValueOnce(new TypeError('Failed to fetch'));
  await locale.speak(other);
  expect(locale.language).toBe(now);
  expect(locale.page).toBe(before);
  expect(settings.state.value.language).toBeNull();
  expect(chooseLanguage(store, [now])).toBe(now);

  // It is no refusal for ever.
  await locale.speak(other);
  expect(locale.language).toBe(other);
});
