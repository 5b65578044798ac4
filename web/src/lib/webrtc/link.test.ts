import { describe, expect, test } from 'vitest';
import { aProcess, aStatus } from '../../testing/status';
import { type LinkInput, linkOf, mediaNews } from './link';

const playing = { phase: 'playing', freshness: 'fresh', lateMs: null, serverLost: false } as const;
const stalled = { phase: 'stalled', freshness: 'stale', lateMs: 900, serverLost: false } as const;
const joining = {
  phase: 'connecting',
  freshness: 'fresh',
  lateMs: null,
  serverLost: false,
} as const;

const given = (change: Partial<LinkInput>): LinkInput => ({
  signedIn: true,
  online: true,
  events: 'open',
  status: aStatus(),
  player: playing,
  ...change,
});
const kind = (change: Partial<LinkInput>) => linkOf(given(change)).kind;

const camera = (state: 'away' | 'silent' | 'off') =>
  aStatus({
    devices: {
      camera: { name: 'c', state, why: null },
      microphone: { name: 'm', state: 'live', why: null },
    },
  });
const serverDown = aStatus({
  processes: [aProcess('mediamtx', 'backoff'), aProcess('camera', 'waiting')],
});

describe('one word for all that is known', () => {
  test.each<[string, Partial<LinkInput>]>([
    ['signed-out', { signedIn: false }],
    ['signed-out', { player: { ...playing, phase: 'refused' } }],
    ['live', {}],
    ['no-news', { events: 'lost', online: false }],
    ['late', { events: 'lost', player: { ...playing, freshness: 'late', lateMs: 300 } }],
    ['late', { player: { ...playing, freshness: 'late', lateMs: 300 } }],
    ['lost', { player: stalled }],
    ['connecting', { player: joining }],
    ['connecting', { player: joining, events: 'connecting', status: null }],
    ['camera-away', { status: camera('away') }],
    ['camera-away', { status: camera('silent'), player: stalled }],
    ['camera-away', { status: aStatus({ processes: [aProcess('camera', 'backoff')] }) }],
    ['stopped', { status: aStatus({ streaming: false }) }],
    ['stopped', { status: aStatus({ streaming: false }), player: joining }],
    ['server-restarting', { status: serverDown }],
    ['server-restarting', { status: serverDown, player: joining }],
    ['server-restarting', { player: { ...stalled, serverLost: true } }],
    ['server-restarting', { status: camera('silent'), player: { ...stalled, serverLost: true } }],
    ['offline', { player: stalled, events: 'lost', online: false }],
    ['unreachable', { player: stalled, events: 'lost' }],
    ['unreachable', { player: joining, events: 'lost', status: serverDown }],
  ])('%s', (expected, change) => {
    expect(kind(change)).toBe(expected);
  });

  test('a status from before the events were lost is not believed', () => {
    expect(kind({ events: 'lost', status: camera('away') })).toBe('no-news');
  });

  test('the figures go with the word', () => {
    expect(linkOf(given({ player: stalled }))).toEqual({ kind: 'lost', ms: 900 });
    expect(linkOf(given({ status: camera('off') }))).toEqual({ kind: 'camera-away', why: 'off' });
  });
});

describe('what a new status means for the players', () => {
  const well = aStatus();
  const quiet = { serverLost: false, back: false, cameraAnew: false };

  test('nothing new', () => {
    expect(mediaNews(well, aStatus())).toEqual(quiet);
  });

  test('the media server went, and came back as another process', () => {
    expect(mediaNews(well, serverDown)).toEqual({ ...quiet, serverLost: true });
    expect(mediaNews(serverDown, well).back).toBe(true);
  });

  test('seen only afterwards, by its process id', () => {
    const other = aStatus({
      processes: [aProcess('mediamtx', 'running', 77), aProcess('camera', 'running', 2)],
    });
    expect(mediaNews(well, other)).toMatchObject({ serverLost: true, back: true });
  });

  test('a camera that is back sets a new zero for the age', () => {
    expect(mediaNews(camera('away'), well)).toEqual({ ...quiet, back: true, cameraAnew: true });
  });
});
