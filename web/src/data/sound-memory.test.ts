import { expect, test } from 'vitest';
import { Observable } from '../lib/core/observable';
import type { MediaLinkState } from './media-link';
import type { SessionState } from './session';
import { rememberSound, type SoundMemoryDeps } from './sound-memory';

class FakeStore {
  readonly kept = new Map<string, string>();
  getItem = (key: string) => this.kept.get(key) ?? null;
  setItem = (key: string, value: string) => void this.kept.set(key, value);
  removeItem = (key: string) => void this.kept.delete(key);
}

const store = () => new FakeStore() as unknown as Storage & FakeStore;

/** A visit, in a browser that plays sound by itself or does not. */
function visit(kept: Storage, allowed = true) {
  const audio = { phase: 'connecting' } as MediaLinkState['audio'];
  const state = new Observable({ sound: false, audio } as MediaLinkState);
  const session = new Observable({ signedIn: true } as SessionState);
  let toggled = 0;
  const media = {
    state,
    toggleSound: async () => {
      toggled += 1;
      const sound = !state.value.sound;
      state.set({ sound: sound && allowed, soundBlocked: sound && !allowed });
    },
  };
  rememberSound({ media, session: { state: session }, store: kept } as SoundMemoryDeps);
  const plays = () => state.set({ audio: { ...audio, phase: 'playing' } });
  return { media, state, session, plays, toggled: () => toggled };
}

test('sound that was on starts again as soon as there is something to hear', () => {
  const kept = store();
  void visit(kept).media.toggleSound();
  const next = visit(kept);
  expect(next.toggled()).toBe(0);
  next.plays();
  expect(next.state.value.sound).toBe(true);
});

test('sound that was off, or was never on, stays off', () => {
  const kept = store();
  const first = visit(kept);
  first.plays();
  void first.media.toggleSound();
  void first.media.toggleSound();
  const next = visit(kept);
  next.plays();
  expect([first.toggled(), next.toggled()]).toEqual([2, 0]);
});

test('a browser that refuses is asked once a visit, and asked again by the next one', () => {
  const kept = store();
  void visit(kept).media.toggleSound();
  const refused = visit(kept, false);
  refused.plays();
  refused.state.set({ audio: { ...refused.state.value.audio, sessions: 2 } });
  expect([refused.toggled(), refused.state.value.soundBlocked]).toEqual([1, true]);
  const next = visit(kept);
  next.plays();
  expect(next.state.value.sound).toBe(true);
});

test('a press that comes first decides', () => {
  const kept = store();
  void visit(kept).media.toggleSound();
  const next = visit(kept);
  void next.media.toggleSound();
  void next.media.toggleSound();
  next.plays();
  expect([next.toggled(), next.state.value.sound]).toEqual([2, false]);
});

test('whoever signs out leaves nothing behind', () => {
  const kept = store();
  const first = visit(kept);
  void first.media.toggleSound();
  first.session.set({ signedIn: false });
  expect(kept.kept.size).toBe(0);
  const blocked = store();
  void visit(blocked).media.toggleSound();
  const next = visit(blocked, false);
  next.plays();
  next.session.set({ signedIn: false });
  expect(blocked.kept.size).toBe(0);
});
