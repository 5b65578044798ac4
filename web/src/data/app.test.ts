import { beforeEach, expect, test, vi } from 'vitest';
import { Api } from '../api/client';
import type { Event } from '../api/types';
import type { EventsClient, EventsDeps } from '../lib/core/events';
import { Observable } from '../lib/core/observable';
import type { Player, PlayerState } from '../lib/webrtc/player';
import { FakeClock, settle } from '../testing/fake-clock';
import { aProcess, aStatus } from '../testing/status';
import { App } from './app';

class FakePlayer {
  state = new Observable<PlayerState>({
    phase: 'idle',
    freshness: 'fresh',
    lateMs: null,
    serverLost: false,
    failure: null,
    sessions: 0,
    firstFrameAt: null,
    closed: true,
  });
  start = vi.fn();
  stop = vi.fn();
  serverLost = vi.fn();
  nudge = vi.fn();
  renew = vi.fn();
  watch = vi.fn();
  sourceChanged = vi.fn();
}

let clock: FakeClock;
let video: FakePlayer;
let audio: FakePlayer;
let events: Omit<EventsDeps, 'clock' | 'connect'>;
let socket: { start: () => void; stop: () => void; nudge: () => void };
let requests: string[];
let answer: (request: string) => Response | Promise<Response>;
let muted: boolean[];
let plays: boolean;
let remembered: boolean[];
let app: App;

const problem = (status: number, code: string) =>
  new Response(JSON.stringify({ type: 'about:blank', title: '', status, code, detail: '' }), {
    status,
  });
const me = () => new Response('{"name":"admin","role":"admin"}');

beforeEach(() => {
  clock = new FakeClock();
  video = new FakePlayer();
  audio = new FakePlayer();
  requests = [];
  answer = () => me();
  muted = [];
  plays = true;
  remembered = [];
  socket = { start: vi.fn(), stop: vi.fn(), nudge: vi.fn() };
  app = new App({
    api: new Api((async (path: string, init: RequestInit) => {
      const request = `${init.method} ${path}${init.body === undefined ? '' : ` ${init.body}`}`;
      requests.push(request);
      return answer(request);
    }) as typeof fetch),
    clock,
    video: video as unknown as Player,
    audio: audio as unknown as Player,
    createEvents: (deps) => {
      events = deps;
      return socket as unknown as EventsClient;
    },
    mute: async (on) => {
      muted.push(on);
      return on || plays;
    },
    remember: (on) => remembered.push(on),
  });
});

/** In the order of the real client. */
const say = (event: Event) => {
  events.onMessage(event);
  events.onState('open');
};

test('signed in last time: the picture is asked for before the daemon has said who we are', async () => {
  answer = () => new Promise(() => undefined);
  void app.open(null, true);
  await settle();
  expect(video.start).toHaveBeenCalledOnce();
  expect(socket.start).toHaveBeenCalledOnce();
  expect(requests).toEqual(['GET /api/v1/me']);
});

test('a first visit asks first', async () => {
  answer = () => problem(401, 'not_signed_in');
  await app.open(null, false);
  expect(video.start).not.toHaveBeenCalled();
  expect({ ...app.session.state.value, ...app.media.state.value }).toMatchObject({
    signedIn: false,
    notice: null,
  });
  expect(app.media.state.value.link.kind).toBe('signed-out');
});

test('a wrong hint ends in the form, with everything stopped', async () => {
  answer = () => problem(401, 'not_signed_in');
  await app.open(null, true);
  expect(video.stop).toHaveBeenCalled();
  expect(socket.stop).toHaveBeenCalled();
  expect(remembered).toEqual([false]);
});

test('the code of the link is exchanged, and the picture starts', async () => {
  answer = (request) => (request.startsWith('POST') ? new Response(null, { status: 204 }) : me());
  await app.open('abc', false);
  expect(requests[0]).toBe('POST /api/v1/login {"code":"abc"}');
  expect(app.session.state.value.signedIn).toBe(true);
  expect(video.start).toHaveBeenCalledOnce();
  expect(remembered).toEqual([true]);
});

test('who is signed in is known, and forgotten with the session', async () => {
  answer = (request) => (request.startsWith('POST') ? new Response(null, { status: 204 }) : me());
  await app.open('abc', false);
  await settle();
  expect(app.session.state.value.me).toEqual({ name: 'admin', role: 'admin' });
  await app.session.logout();
  expect(app.session.state.value.me).toBeNull();
});

test('a used link of somebody who is signed in does no harm', async () => {
  answer = (request) => (request.startsWith('POST') ? problem(401, 'bad_code') : me());
  await app.open('abc', false);
  expect({ ...app.session.state.value, ...app.media.state.value }).toMatchObject({
    signedIn: true,
    notice: null,
  });
});

test('a used link of anybody else says so', async () => {
  answer = () => problem(401, 'bad_code');
  await app.open('abc', false);
  expect({ ...app.session.state.value, ...app.media.state.value }).toMatchObject({
    signedIn: false,
    signingIn: false,
    notice: { kind: 'error', way: 'code', status: 401 },
  });
});

test('a daemon that is not there yet is asked again until it answers', async () => {
  answer = () => Promise.reject(new TypeError('failed'));
  await app.open(null, false);
  await clock.advance(3500);
  expect(requests.length).toBe(4);
  expect(app.session.state.value.signedIn).toBeNull();
  answer = () => me();
  await clock.advance(1000);
  expect(app.session.state.value.signedIn).toBe(true);
});

test('sound starts after the picture, or after 1.5 s without one', async () => {
  await app.open(null, true);
  expect(audio.start).not.toHaveBeenCalled();
  video.state.set({ firstFrameAt: 5 });
  expect(audio.start).toHaveBeenCalledOnce();
});

test('sound does not wait for ever', async () => {
  await app.open(null, true);
  await clock.advance(1500);
  expect(audio.start).toHaveBeenCalledOnce();
});

test('a press turns sound on, another off; a browser that refuses is said', async () => {
  await app.open(null, true);
  await app.media.toggleSound();
  expect(app.media.state.value).toMatchObject({ sound: true, soundBlocked: false });
  await app.media.toggleSound();
  expect(app.media.state.value.sound).toBe(false);
  expect(muted).toEqual([false, true]);
  plays = false;
  await app.media.toggleSound();
  expect(app.media.state.value).toMatchObject({ sound: false, soundBlocked: true });
});

test('the media server lost and back reaches both players', async () => {
  await app.open(null, true);
  say({ type: 'snapshot', status: aStatus() });
  video.nudge.mockClear();
  say({ type: 'processes', processes: [aProcess('mediamtx', 'backoff')] });
  expect(video.serverLost).toHaveBeenCalledOnce();
  expect(audio.serverLost).toHaveBeenCalledOnce();
  expect(video.nudge).not.toHaveBeenCalled();
  say({ type: 'processes', processes: [aProcess('mediamtx', 'running', 9)] });
  expect(video.nudge).toHaveBeenCalledOnce();
});

test('events that come back after they were lost make connections and hanging tries anew, once', async () => {
  await app.open(null, true);
  say({ type: 'snapshot', status: aStatus() });
  expect(video.renew).not.toHaveBeenCalled();
  events.onState('lost');
  events.onState('connecting');
  say({ type: 'snapshot', status: aStatus() });
  expect(video.renew).toHaveBeenCalledOnce();
  expect(audio.renew).toHaveBeenCalledOnce();
  expect(requests.filter((one) => one === 'GET /healthz')).toHaveLength(6);
  say({ type: 'snapshot', status: aStatus() });
  expect(video.renew).toHaveBeenCalledOnce();
});

test('recording follows what is wanted, and a refusal is shown', async () => {
  await app.open(null, true);
  await app.recording.toggle();
  say({ type: 'snapshot', status: aStatus() });
  await app.recording.toggle();
  say({ type: 'recording', recording: { ...aStatus().recording, wanted: true } });
  answer = () => problem(507, 'no_space');
  await app.recording.toggle();
  expect(requests.slice(1)).toEqual([
    'POST /api/v1/recordings/start',
    'POST /api/v1/recordings/stop',
  ]);
  expect(app.recording.state.value.error).toMatchObject({ status: 507, code: 'no_space' });
  say({ type: 'recording', recording: aStatus().recording });
  expect(app.recording.state.value.error).toBeNull();
});

test('an ended session is said as such', async () => {
  await app.open(null, true);
  events.onSignedOut();
  expect({ ...app.session.state.value, ...app.media.state.value }).toMatchObject({
    signedIn: false,
    notice: { kind: 'ended' },
  });
});

test('signing out stops everything first, whatever the daemon says', async () => {
  await app.open(null, true);
  answer = () => new Promise(() => undefined);
  void app.session.logout();
  expect(video.stop).toHaveBeenCalled();
  expect(audio.stop).toHaveBeenCalled();
  expect({ ...app.session.state.value, ...app.media.state.value }).toMatchObject({
    signedIn: false,
    notice: { kind: 'out' },
  });
});

test('after hanging up nothing comes back by itself, and everything by a press', async () => {
  await app.open(null, true);
  app.media.hangUp();
  expect(video.stop).toHaveBeenCalledTimes(1);
  expect(audio.stop).toHaveBeenCalledTimes(1);
  expect(socket.stop).toHaveBeenCalledTimes(1);
  expect({ ...app.session.state.value, ...app.media.state.value }).toMatchObject({
    signedIn: true,
    hungUp: true,
  });
  vi.mocked(video.start).mockClear();
  app.media.setOnline(true);
  app.media.setVisible(true);
  await app.enter();
  await clock.advance(10_000);
  expect(video.start).not.toHaveBeenCalled();
  expect(audio.start).not.toHaveBeenCalled();

  await app.comeBack();
  expect(video.start).toHaveBeenCalledTimes(1);
  expect(app.media.state.value.hungUp).toBe(false);
});

test('a session that ended after hanging up is said once somebody comes back', async () => {
  await app.open(null, true);
  app.media.hangUp();
  answer = () => problem(401, 'not_signed_in');
  await app.comeBack();
  expect({ ...app.session.state.value, ...app.media.state.value }).toMatchObject({
    signedIn: false,
    hungUp: false,
  });
});

test('after too many wrong tries it is told how long to wait, and then what was wrong', async () => {
  const headers = { 'retry-after': '90' };
  answer = (request) =>
    request.startsWith('POST')
      ? new Response('{"code":"too_many_tries"}', { status: 429, headers })
      : problem(401, 'not_signed_in');
  await app.open(null, false);
  await clock.advance(500);
  await app.session.login({ token: 'wrong' });
  expect(app.session.state.value.notice).toMatchObject({ status: 429, until: 90_500 });
  // Nothing keeps anyone from trying meanwhile: a right key is taken at any time.
  await app.session.login({ token: 'wrong again' });
  expect(requests.filter((one) => one.startsWith('POST'))).toHaveLength(2);
  await clock.advance(90_000);
  expect(app.session.state.value.notice).toMatchObject({ way: 'token', status: 401 });
  expect(app.session.state.value.notice).not.toHaveProperty('until');
});

test('events that are lost while the picture flows are said, and the link is live a second after their return', async () => {
  await app.open(null, true);
  say({ type: 'snapshot', status: aStatus() });
  video.state.set({ phase: 'playing' });
  expect(app.media.state.value.link.kind).toBe('live');
  events.onState('lost');
  expect(app.media.state.value.link.kind).toBe('no-news');
  say({ type: 'snapshot', status: aStatus() });
  expect(app.media.state.value.link.kind).toBe('no-news');
  // Nothing new is seen meanwhile.
  await clock.advance(1000);
  expect(app.media.state.value.link.kind).toBe('live');
});
