import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock, settle } from '../../testing/fake-clock';
import type { FrameTimes } from './picture-age';
import { figuresOf, Player, type Session } from './player';
import type { Screen } from './screen';
import { SessionError, type SessionEvents } from './webrtc-http';
import type { Medium } from './whep';

class FakeSession implements Session {
  packets = 0;
  frames = 0;
  packetAt = 0;
  closed = false;
  jitterMs: number | null = null;
  restarts = 0;
  refuse: SessionError | null = null;
  readonly servers: readonly RTCIceServer[];
  readonly events: SessionEvents;
  readonly track = {} as MediaStreamTrack;

  constructor(servers: readonly RTCIceServer[], events: SessionEvents) {
    this.servers = servers;
    this.events = events;
  }
  open(): Promise<void> {
    if (robot.refuse !== null) return Promise.reject(robot.refuse);
    this.events.onTrack?.(this.track);
    return Promise.resolve();
  }
  restartIce(): Promise<void> {
    this.restarts += 1;
    return Promise.resolve();
  }
  jitter(ms: number): void {
    this.jitterMs = ms;
  }
  /** How long closing takes. */
  closing: Promise<void> = Promise.resolve();
  async close(): Promise<void> {
    this.closed = true;
    await this.closing;
  }
  stats(): Promise<RTCStatsReport> {
    const inbound = {
      type: 'inbound-rtp',
      kind: robot.medium,
      packetsReceived: this.packets,
      framesDecoded: this.frames,
      lastPacketReceivedTimestamp: performance.timeOrigin + this.packetAt,
    };
    return Promise.resolve(new Map([['in', inbound]]) as unknown as RTCStatsReport);
  }
}

class FakeScreen implements Screen {
  countsFrames = true;
  onFrame: ((times: FrameTimes) => void) | null = null;
  shown: MediaStreamTrack[] = [];
  cleared = 0;
  resumed = 0;
  show(track: MediaStreamTrack): void {
    this.shown.push(track);
  }
  clear(): void {
    this.cleared += 1;
  }
  resume(): void {
    this.resumed += 1;
  }
}

const robot = { refuse: null as SessionError | null, medium: 'video' as Medium };
let clock: FakeClock;
let screen: FakeScreen;
let sessions: FakeSession[];
let refused: number;
let player: Player;

function make(medium: Medium): void {
  robot.refuse = null;
  robot.medium = medium;
  clock = new FakeClock();
  screen = new FakeScreen();
  screen.countsFrames = medium === 'video';
  sessions = [];
  refused = 0;
  player = new Player(medium, {
    clock,
    screen,
    createSession: (servers, events) => {
      const session = new FakeSession(servers, events);
      sessions.push(session);
      return session;
    },
    onRefused: () => {
      refused += 1;
    },
  });
}

/** Lets `flowing` sessions bring media for `ms`; the one on the screen presents it. */
async function run(ms: number, ...flowing: number[]): Promise<void> {
  for (let t = 0; t < ms; t += 25) {
    await clock.advance(25);
    for (const i of flowing) {
      const session = sessions[i];
      if (session === undefined || session.closed) continue;
      session.packets += 3;
      session.packetAt = clock.now();
      session.frames += 1;
      if (screen.shown.at(-1) === session.track) {
        screen.onFrame?.({ shownAt: clock.now(), receivedAt: clock.now() });
      }
    }
  }
}

describe('picture', () => {
  beforeEach(() => make('video'));

  test('connects at once, shows the track as it comes, plays with the first frame', async () => {
    player.start();
    expect(sessions).toHaveLength(1);
    expect(player.state.value.phase).toBe('connecting');
    await settle();
    expect(screen.shown).toEqual([sessions[0]?.track]);
    await run(100, 0);
    expect(player.state.value.phase).toBe('playing');
    expect(player.state.value.firstFrameAt).toBe(25);
  });

  test('stands still: late, then stalled within 500 ms, then a session beside it takes over', async () => {
    player.start();
    await run(1000, 0);
    await run(300);
    expect(player.state.value.freshness).toBe('late');
    expect(player.state.value.lateMs).toBeGreaterThan(250);
    await run(200);
    expect(player.state.value.phase).toBe('stalled');
    expect(sessions).toHaveLength(1);
    await run(300);
    expect(sessions).toHaveLength(2);
    expect(sessions[0]?.closed).toBe(false);
    expect(screen.shown).toHaveLength(1);
    await run(300, 1);
    expect(screen.shown.at(-1)).toBe(sessions[1]?.track);
    expect(sessions[0]?.closed).toBe(true);
    expect(player.state.value.phase).toBe('playing');
  });

  test('a media server that died and is back within a second: a new picture at once', async () => {
    player.start();
    await run(1000, 0);
    robot.refuse = new SessionError(502, 'mediamtx_away', '');
    player.serverLost();
    await run(800);
    expect(player.state.value.serverLost).toBe(true);
    expect(player.state.value.failure).toBe('mediamtx_away');
    robot.refuse = null;
    const before = sessions.length;
    player.nudge();
    expect(sessions).toHaveLength(before + 1);
    await run(300, before);
    expect(screen.shown.at(-1)).toBe(sessions[before]?.track);
    expect(player.state.value).toMatchObject({
      phase: 'playing',
      serverLost: false,
      failure: null,
    });
    expect(sessions.filter((s) => !s.closed && s !== sessions[before])).toHaveLength(before - 1);
  });

  test('a jitter target holds for the session that runs and for those to come', async () => {
    player.jitter(80);
    player.start();
    await run(300, 0);
    expect(sessions[0]?.jitterMs).toBe(80);
    player.jitter(0);
    expect(sessions[0]?.jitterMs).toBe(0);
    player.serverLost();
    await run(500);
    expect(sessions[1]?.jitterMs).toBe(0);
  });

  test('signed out: nothing is tried any more', async () => {
    robot.refuse = new SessionError(401, 'not_signed_in', '');
    player.start();
    await run(5000);
    expect(refused).toBe(1);
    expect(sessions).toHaveLength(1);
    expect(player.state.value.phase).toBe('refused');
    expect(clock.pending).toBe(0);
  });

  test('ICE servers of one session are there for the next', async () => {
    player.start();
    sessions[0]?.events.onIceServers([{ urls: 'stun:s.example' }]);
    await run(500, 0);
    sessions[0]?.events.onGone();
    expect(sessions[1]?.servers).toEqual([{ urls: 'stun:s.example' }]);
  });

  test('a picture that the browser has paused is played on', async () => {
    player.start();
    await run(500, 0);
    for (let t = 0; t < 2000; t += 50) {
      await clock.advance(50);
      const session = sessions[0];
      if (session !== undefined) session.frames += 1;
    }
    expect(screen.resumed).toBeGreaterThan(0);
  });

  test('stop closes all, empties the screen and leaves no timer', async () => {
    player.start();
    await run(500, 0);
    player.stop();
    expect(sessions.every((s) => s.closed)).toBe(true);
    expect(screen.cleared).toBe(1);
    expect(clock.pending).toBe(0);
    player.start();
    expect(sessions).toHaveLength(2);
  });

  test('closed is told once every session is, and not before', async () => {
    player.start();
    await run(500, 0);
    expect(player.state.value.closed).toBe(false);
    let end: () => void = () => undefined;
    for (const session of sessions) session.closing = new Promise((resolve) => (end = resolve));
    player.stop();
    await settle();
    expect(player.state.value).toMatchObject({ phase: 'idle', closed: false });
    end();
    await settle();
    expect(player.state.value.closed).toBe(true);
  });

  test('without frame callbacks the decoder is asked', async () => {
    make('video');
    screen.countsFrames = false;
    player.start();
    for (let t = 0; t < 1000; t += 25) {
      await clock.advance(25);
      const session = sessions[0];
      if (session !== undefined) {
        session.frames += 1;
        session.packets += 1;
        session.packetAt = clock.now();
      }
    }
    expect(player.state.value).toMatchObject({ phase: 'playing', freshness: 'fresh' });
    expect(sessions).toHaveLength(1);
  });
});

describe('sound', () => {
  beforeEach(() => make('audio'));

  test('is judged by packets, and its loss is said after 1.5 s', async () => {
    player.start();
    await run(2000, 0);
    expect(player.state.value).toMatchObject({ phase: 'playing', freshness: 'fresh' });
    expect(sessions).toHaveLength(1);
    await run(2200);
    expect(player.state.value.phase).toBe('stalled');
    expect(sessions.length).toBeGreaterThan(1);
  });
});

test('figures come from the right medium and the pair in use', () => {
  const report = new Map<string, unknown>([
    ['v', { type: 'inbound-rtp', kind: 'video', packetsReceived: 9 }],
    [
      'a',
      {
        type: 'inbound-rtp',
        kind: 'audio',
        packetsReceived: 5,
        jitterBufferDelay: 2,
        jitterBufferEmittedCount: 40,
      },
    ],
    ['p', { type: 'candidate-pair', nominated: false, currentRoundTripTime: 9 }],
    ['q', { type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.02 }],
  ]) as unknown as RTCStatsReport;
  expect(figuresOf(report, 'audio')).toMatchObject({
    packetsReceived: 5,
    jitterBufferMs: 50,
    roundTripMs: 20,
    newestPacketAt: null,
  });
});
