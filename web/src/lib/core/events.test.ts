import { beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../../testing/fake-clock';
import { CLOSE_SIGNED_OUT, EventsClient, type EventsState } from './events';

class FakeSocket {
  onopen: (() => void) | null = null;
  onmessage: ((e: { data: unknown }) => void) | null = null;
  onclose: ((e: { code: number }) => void) | null = null;
  closed = false;
  readyState = 0;
  readonly sent: string[] = [];
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.closed = true;
  }
  say(message: unknown): void {
    this.readyState = 1;
    this.onopen?.();
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

let clock: FakeClock;
let sockets: FakeSocket[];
let messages: unknown[];
let states: EventsState[];
let out: string[];
let client: EventsClient;
const newest = (): FakeSocket => sockets.at(-1) ?? new FakeSocket();

beforeEach(() => {
  clock = new FakeClock();
  sockets = [];
  messages = [];
  states = [];
  out = [];
  client = new EventsClient({
    clock,
    connect: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    onMessage: (m) => messages.push(m),
    onState: (s) => states.push(s),
    onSignedOut: () => out.push('signed out'),
    onRefused: () => out.push('refused'),
  });
  client.start();
});

test('open means that the snapshot has come', () => {
  expect(states).toEqual(['connecting']);
  newest().say({ type: 'snapshot' });
  expect(states).toEqual(['connecting', 'open']);
  expect(messages).toEqual([{ type: 'snapshot' }]);
});

test('a lost socket is replaced after 250 ms at first, at most 4 s later on, for ever', async () => {
  newest().say({});
  const waits: number[] = [];
  for (let i = 0; i < 12; i += 1) {
    const before = sockets.length;
    newest().onclose?.({ code: 1006 });
    const from = clock.now();
    while (sockets.length === before) await clock.advance(10);
    waits.push(clock.now() - from);
  }
  expect(states).toEqual(['connecting', 'open', 'lost']);
  expect(waits[0]).toBeLessThanOrEqual(260);
  expect(waits[0]).toBeGreaterThanOrEqual(250);
  expect(Math.max(...waits)).toBeLessThanOrEqual(4000);
  expect(waits.at(-1)).toBeGreaterThanOrEqual(2000);
  newest().say({});
  expect(states.at(-1)).toBe('open');
});

test('4401 is signed out, and nothing is tried any more', async () => {
  newest().say({});
  newest().onclose?.({ code: CLOSE_SIGNED_OUT });
  expect(out).toEqual(['signed out']);
  expect(states.at(-1)).toBe('idle');
  await clock.advance(60_000);
  expect(sockets).toHaveLength(1);
});

test('a socket refused before it opened is said, so that somebody can ask why', () => {
  newest().onclose?.({ code: 1006 });
  expect(out).toEqual(['refused']);
});

test('a socket that falls silent is replaced, and what it says later is not heard', async () => {
  newest().say({});
  const old = newest();
  await clock.advance(8000);
  expect(old.closed).toBe(true);
  expect(states.at(-1)).toBe('lost');
  await clock.advance(300);
  expect(sockets).toHaveLength(2);
  old.onmessage?.({ data: '{"late":true}' });
  expect(messages).toHaveLength(1);
});

test('a nudge cuts the wait short, and leaves an open socket alone', async () => {
  newest().say({});
  client.nudge();
  expect(sockets).toHaveLength(1);
  for (let i = 0; i < 5; i += 1) {
    newest().onclose?.({ code: 1006 });
    await clock.advance(4000);
  }
  newest().onclose?.({ code: 1006 });
  const before = sockets.length;
  client.nudge();
  expect(sockets).toHaveLength(before + 1);
});

test('a nudge replaces a socket that hangs, open or not, and no other', async () => {
  newest().say({});
  await clock.advance(4000);
  client.nudge();
  expect(sockets).toHaveLength(1);
  await clock.advance(2000);
  const hung = newest();
  client.nudge();
  expect([sockets.length, hung.closed, states.at(-1)]).toEqual([2, true, 'lost']);
  await clock.advance(1500);
  client.nudge();
  expect(sockets).toHaveLength(2);
  await clock.advance(1000);
  client.nudge();
  expect(sockets).toHaveLength(3);
  await clock.advance(1900);
  newest().onopen?.();
  await clock.advance(1900);
  client.nudge();
  expect(sockets).toHaveLength(3);
  newest().say({});
  expect(states.at(-1)).toBe('open');
});

test('what is not JSON is passed over', () => {
  newest().onmessage?.({ data: 'nonsense' });
  expect(messages).toEqual([]);
});

test('stop leaves no timer and no socket', () => {
  newest().say({});
  client.stop();
  expect(newest().closed).toBe(true);
  expect(clock.pending).toBe(0);
});

test('a stop is said on an open socket, and on no other', async () => {
  const first = newest();
  client.say('stop');
  expect(first.sent).toEqual([]);
  first.say({});
  client.say('stop');
  client.say('estop');
  expect(first.sent.map((text) => JSON.parse(text))).toEqual([{ type: 'stop' }, { type: 'estop' }]);
  first.readyState = 2;
  client.say('stop');
  first.onclose?.({ code: 1006 });
  client.say('stop');
  expect(first.sent).toHaveLength(2);
  client.stop();
  client.say('estop');
  expect(sockets.flatMap(({ sent }) => sent)).toHaveLength(2);
});
