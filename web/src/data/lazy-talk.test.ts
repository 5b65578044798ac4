import { beforeEach, expect, test, vi } from 'vitest';
import { Observable } from '../lib/core/observable';
import { silent, type TalkLevel, type TalkState } from '../lib/talk/state';
import { FakeClock, settle } from '../testing/fake-clock';
import { LazyTalk, type TalkCore } from './lazy-talk';

const core = () => ({
  state: new Observable<TalkState>(silent),
  level: new Observable<TalkLevel>({ db: -90 }),
  begin: vi.fn(async () => undefined),
  press: vi.fn(),
  extend: vi.fn(),
  hangUp: vi.fn(),
  heard: vi.fn(),
  serverLost: vi.fn(),
  nudge: vi.fn(),
  configure: vi.fn(),
});
const settings = { autoMuteMs: 60_000, muteWarningMs: 10_000 };
const ana = { who: 'Ana', talking: true } as NonNullable<Parameters<LazyTalk['heard']>[0]>;

let clock: FakeClock;
let made: ReturnType<typeof core>;
let load: ReturnType<typeof vi.fn<() => Promise<TalkCore>>>;
let talk: LazyTalk;

beforeEach(() => {
  clock = new FakeClock();
  made = core();
  load = vi.fn(async () => made);
  talk = new LazyTalk({ clock, settings, load });
});

test('nothing is fetched before it is asked for', async () => {
  talk.configure(settings);
  talk.heard(null);
  talk.hangUp();
  await clock.advance(10_000);
  expect(load).not.toHaveBeenCalled();
});

test('begun, it is fetched once, and its state is passed on', async () => {
  talk.begin();
  talk.begin();
  await settle();
  expect(load).toHaveBeenCalledOnce();
  expect(made.begin).toHaveBeenCalledOnce();
  made.state.set({ phase: 'ready' });
  made.level.set({ db: -20 });
  expect(talk.state.value.phase).toBe('ready');
  expect(talk.level.value.db).toBe(-20);
});

test('a press before it is here is shown at once and counts when it comes', async () => {
  talk.press();
  expect(talk.state.value.wanted).toBe(true);
  await settle();
  expect(made.press).toHaveBeenCalledOnce();
  expect(made.begin).not.toHaveBeenCalled();
});

test('a second press, or hanging up, takes the first one back', async () => {
  talk.press();
  talk.press();
  await settle();
  expect(made.press).not.toHaveBeenCalled();
  const other = new LazyTalk({ clock, settings, load });
  other.press();
  other.hangUp();
  await settle();
  expect(made.press).not.toHaveBeenCalled();
  expect(other.state.value.wanted).toBe(false);
});

test('a talker who is heard brings it, with the newest word', async () => {
  talk.heard(ana);
  await settle();
  expect(made.heard).toHaveBeenLastCalledWith(ana);
});

test('a part that cannot be fetched is said after a press, and tried again where it was begun', async () => {
  load.mockRejectedValue(new TypeError('Failed to fetch'));
  talk.press();
  await settle();
  expect(talk.state.value).toMatchObject({ wanted: false, failure: 'network' });
  await clock.advance(5000);
  expect(load).toHaveBeenCalledOnce();
  talk.begin();
  await settle();
  load.mockResolvedValue(made);
  await clock.advance(2000);
  expect(made.begin).toHaveBeenCalledOnce();
});
