import { expect, test, vi } from 'vitest';
import { SettingsStore } from '../../data/settings';
import { chooseLanguage } from '../../i18n';
import { speak } from '../../i18n/spoken';
import { Observable } from '../../lib/core/observable';
import { type ScreenDeps, ScreenModel } from './screen-model.svelte';

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

/** A model with nothing behind it but what language has to do with. */
async function modelIn(language: 'ro' | 'en') {
  const store = new Kept() as unknown as Storage;
  const settings = new SettingsStore(store);
  const still = { state: new Observable({ doing: null }), level: new Observable({}) };
  const [app, drive, talk, board, levels] = Array(5).fill(still);
  const spoken = await speak(language);
  const deps = { app, drive, talk, board, levels, settings, store, spoken };
  return { model: new ScreenModel(deps as ScreenDeps), settings, store };
}

test('another language is spoken once its words are here, and kept', async () => {
  const { model, settings, store } = await modelIn('ro');
  await model.locale.speak('en');
  expect([model.locale.language, model.locale.page.text('signout')]).toEqual(['en', 'Sign out']);
  expect(settings.state.value.language).toBe('en');
  expect(chooseLanguage(store, ['ro'])).toBe('en');
});

test.each([
  ['ro', 'en'],
  ['en', 'ro'],
] as const)('%s goes on being spoken if the words of %s cannot be fetched', async (now, other) => {
  const { model, settings, store } = await modelIn(now);
  const before = model.locale.page;
  vi.mocked(speak).mockRejectedValueOnce(new TypeError('Failed to fetch'));
  await model.locale.speak(other);
  expect(model.locale.language).toBe(now);
  expect(model.locale.page).toBe(before);
  expect(settings.state.value.language).toBeNull();
  expect(chooseLanguage(store, [now])).toBe(now);

  // It is no refusal for ever.
  await model.locale.speak(other);
  expect(model.locale.language).toBe(other);
});
