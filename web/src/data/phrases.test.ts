import { beforeEach, describe, expect, test, vi } from 'vitest';
import { ApiError } from '../api/request';
import type { Language, Phrases, SpeakRequest } from '../api/types';
import { settle } from '../testing/fake-clock';
import { faultIn, PhraseBoard, withoutPhrase, withPhrase } from './phrases';

const PHRASES: Phrases = {
  categories: [
    { name: 'salut', phrases: [{ text: 'Bună ziua!', language: 'ro' }] },
    { name: 'cereri', phrases: [] },
  ],
};

const api = {
  phrases: vi.fn(async (_: Language) => PHRASES),
  savePhrases: vi.fn(async (_: Phrases) => undefined),
  speak: vi.fn(async ({ text }: SpeakRequest) => ({ id: 7, who: 'ana', text })),
  attention: vi.fn(async () => ({ id: 8, who: 'ana', text: null })),
  cancel: vi.fn(async (_: number) => undefined),
  cancelAll: vi.fn(async () => undefined),
  setVolume: vi.fn(async (_: number) => ({}) as never),
};
let board: PhraseBoard;

beforeEach(() => {
  for (const one of Object.values(api)) one.mockClear();
  api.phrases.mockImplementation(async () => PHRASES);
  api.savePhrases.mockImplementation(async () => undefined);
  api.speak.mockImplementation(async ({ text }) => ({ id: 7, who: 'ana', text }));
  api.cancel.mockImplementation(async () => undefined);
  board = new PhraseBoard(api);
});

describe('phrases', () => {
  test('are loaded once, and again after a failure', async () => {
    api.phrases.mockRejectedValueOnce(new ApiError(0, 'network', ''));
    await board.load('ro');
    expect(board.state.value).toMatchObject({
      phrases: null,
      loading: false,
      problem: { deed: 'load', code: 'network' },
    });
    await Promise.all([board.load('ro'), board.load('ro')]);
    await board.load('ro');
    expect(api.phrases).toHaveBeenCalledTimes(2);
    expect(board.state.value).toMatchObject({ phrases: PHRASES, problem: null });
  });

  test('are asked for anew in another language, and stay until they have come, and where a change waits to be saved', async () => {
    const english: Phrases = { categories: [{ name: 'Greetings', phrases: [] }] };
    await board.load('ro');
    api.phrases.mockRejectedValueOnce(new ApiError(0, 'network', ''));
    await board.load('en');
    expect(board.state.value.phrases).toBe(PHRASES);
    api.phrases.mockImplementation(async (language) => (language === 'en' ? english : PHRASES));
    await board.load('en');
    await board.load('en');
    expect(api.phrases.mock.calls).toEqual([['ro'], ['en'], ['en']]);
    expect(board.state.value.phrases).toBe(english);
    api.savePhrases.mockRejectedValueOnce(new ApiError(503, 'busy', ''));
    await board.change(PHRASES);
    await board.load('ro');
    expect(api.phrases).toHaveBeenCalledTimes(3);
  });

  test('are another person’s after another sign-in', async () => {
    await board.load('ro');
    board.forget();
    expect(board.state.value.phrases).toBeNull();
    await board.load('ro');
    expect(api.phrases).toHaveBeenCalledTimes(2);
  });

  test('are changed here at once, and saved as they are at last, however slow the daemon is', async () => {
    await board.load('ro');
    let saved: () => void = () => undefined;
    api.savePhrases.mockImplementationOnce(
      () => new Promise((resolve) => (saved = () => resolve(undefined))),
    );
    const first = withPhrase(PHRASES, 1, { text: 'Apă', language: 'ro' });
    const second = withPhrase(first, 1, { text: 'Water', language: 'en' });
    const third = withoutPhrase(second, 1, 0);
    void board.change(first);
    void board.change(second);
    void board.change(third);
    expect(board.state.value).toMatchObject({ phrases: third, unsaved: true });
    saved();
    await settle();
    expect(api.savePhrases.mock.calls.map(([one]) => one)).toEqual([first, third]);
    expect(board.state.value.unsaved).toBe(false);
    expect(third.categories[1]?.phrases).toEqual([{ text: 'Water', language: 'en' }]);
  });

  test('that could not be saved stay, and are saved by the next try', async () => {
    await board.load('ro');
    api.savePhrases.mockRejectedValueOnce(new ApiError(503, 'busy', ''));
    await board.change(withoutPhrase(PHRASES, 0, 0));
    expect(board.state.value).toMatchObject({
      unsaved: true,
      problem: { deed: 'save', code: 'busy' },
    });
    expect(board.state.value.phrases?.categories[0]?.phrases).toEqual([]);
    await board.save();
    expect(board.state.value).toMatchObject({ unsaved: false, problem: null });
  });

  test('out of bounds are refused by name, and change nothing', async () => {
    await board.load('ro');
    const long = withPhrase(PHRASES, 1, { text: 'x'.repeat(501), language: 'ro' });
    expect(await board.change(long)).toEqual({ what: 'text', category: 1, phrase: 0 });
    expect(board.state.value.phrases).toBe(PHRASES);
    expect(api.savePhrases).not.toHaveBeenCalled();
    expect(faultIn({ categories: [{ name: ' ', phrases: [] }] })).toEqual({
      what: 'name',
      category: 0,
    });
    const many = Array.from({ length: 51 }, () => ({ text: 'x', language: 'ro' as const }));
    expect(faultIn({ categories: [{ name: 'x', phrases: many }] })).toEqual({
      what: 'too_many_phrases',
      category: 0,
    });
    const categories = Array.from({ length: 21 }, () => ({ name: 'x', phrases: [] }));
    expect(faultIn({ categories })).toEqual({ what: 'too_many_categories' });
    // One letter as a reader sees it, two units as JavaScript counts.
    const emoji = { name: '🙂'.repeat(40), phrases: [] };
    expect(faultIn({ categories: [emoji] })).toBeNull();
  });
});

describe('speech', () => {
  test('is asked for in the words as they are, without the space around them', async () => {
    const said = await board.speak('  Vino, te rog! ', 'ro', true);
    expect(said?.id).toBe(7);
    expect(api.speak).toHaveBeenCalledWith({
      text: 'Vino, te rog!',
      language: 'ro',
      attention: true,
    });
  });

  test('nothing is nothing to say, and a press that is under way is not doubled', async () => {
    expect(await board.speak('   ', 'ro')).toBeNull();
    void board.speak('a', 'ro');
    expect(await board.speak('a', 'ro')).toBeNull();
    await settle();
    expect(api.speak).toHaveBeenCalledTimes(1);
  });

  test('can be repeated, also after a refusal', async () => {
    expect(await board.again()).toBeNull();
    api.speak.mockRejectedValueOnce(new ApiError(409, 'quiet_hours', ''));
    expect(await board.speak('Hello', 'en')).toBeNull();
    expect(board.state.value.problem).toEqual({ deed: 'speak', code: 'quiet_hours' });
    expect(await board.again()).toMatchObject({ text: 'Hello' });
    expect(board.state.value.problem).toBeNull();
  });

  test('what has been said meanwhile need not be cancelled', async () => {
    api.cancel.mockRejectedValueOnce(new ApiError(404, 'no_such_utterance', ''));
    await board.cancel(3);
    expect(board.state.value.problem).toBeNull();
    api.cancel.mockRejectedValueOnce(new ApiError(0, 'network', ''));
    await board.cancel(4);
    expect(board.state.value.problem).toEqual({ deed: 'cancel', code: 'network' });
  });

  test('the volume is a whole percentage', async () => {
    await board.setVolume(140);
    await board.setVolume(33.4);
    expect(api.setVolume.mock.calls).toEqual([[100], [33]]);
  });
});

describe('what is being written', () => {
  test('is said, and gone once the robot has taken it', async () => {
    board.write({ text: 'Vin acum', language: 'ro' });
    await board.speakDraft('ro');
    expect(api.speak).toHaveBeenCalledWith({ text: 'Vin acum', language: 'ro', attention: false });
    expect(board.state.value.draft).toEqual({ text: '', language: 'ro' });
  });

  test('stays if the robot does not take it', async () => {
    board.write({ text: 'Vin acum' });
    api.speak.mockRejectedValueOnce(new ApiError(409, 'quiet_hours', ''));
    await board.speakDraft('ro');
    expect(board.state.value.draft.text).toBe('Vin acum');
  });

  test('stays if it was changed while the robot took what was there before', async () => {
    board.write({ text: 'Vin' });
    const said = board.speakDraft('ro');
    board.write({ text: 'Vin acum' });
    await said;
    expect(board.state.value.draft.text).toBe('Vin acum');
  });

  test('grows no longer than what the daemon takes, and loses nothing of it', () => {
    board.write({ text: 'ș'.repeat(500) });
    board.write({ text: 'ș'.repeat(501) });
    expect([...board.state.value.draft.text].length).toBe(500);
  });

  test('is nobody else’s', () => {
    board.write({ text: 'al meu' });
    board.forget();
    expect(board.state.value.draft).toEqual({ text: '', language: null });
  });
});
