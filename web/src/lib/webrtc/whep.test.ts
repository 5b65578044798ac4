import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock, settle } from '../../testing/fake-clock';
import { SessionError } from './webrtc-http';
import { WhepSession } from './whep';

const ENDPOINT = 'https://robot.example/api/mediamtx/webrtc/whep?path=havatar_camera';
const ANSWER = 'v=0\r\nm=video 9 X 1\r\na=mid:0\r\na=ice-ufrag:srv\r\na=ice-pwd:srvpwd\r\n';

interface Call {
  method: string;
  url: string;
  headers: Headers;
  body: string;
  keepalive: boolean;
}

/** As much of RTCPeerConnection as a session touches. */
class FakePeer {
  generation = 1;
  connectionState = 'new';
  localDescription: { sdp: string } | null = null;
  remote: string[] = [];
  configs: RTCConfiguration[] = [];
  closed = false;
  receiver = { jitterBufferTarget: null as number | null };
  onicecandidate: ((e: { candidate: unknown }) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  ontrack: unknown = null;
  directions: string[] = [];

  addTransceiver(kind: string, init: { direction: string }) {
    this.directions.push(`${kind} ${init.direction}`);
    return { receiver: this.receiver };
  }
  createOffer(options?: { iceRestart?: boolean }) {
    if (options?.iceRestart === true) this.generation += 1;
    const sdp = `v=0\r\nm=video 9 X 1\r\na=mid:0\r\na=ice-ufrag:own${this.generation}\r\na=ice-pwd:p\r\n`;
    return Promise.resolve({ type: 'offer', sdp });
  }
  setLocalDescription(d: { type: string; sdp?: string }) {
    if (d.type === 'offer') this.localDescription = { sdp: d.sdp ?? '' };
    return Promise.resolve();
  }
  setRemoteDescription(d: { sdp: string }) {
    this.remote.push(d.sdp);
    return Promise.resolve();
  }
  setConfiguration(config: RTCConfiguration) {
    this.configs.push(config);
  }
  close() {
    this.closed = true;
  }
  candidate(n: number | null) {
    const candidate = n === null ? null : { candidate: `candidate:${n} host`, sdpMid: '0' };
    this.onicecandidate?.({ candidate });
  }
  become(state: string) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

let clock: FakeClock;
let peer: FakePeer;
let calls: Call[];
let answers: ((call: Call) => Response | Promise<Response>)[];
let said: string[];

const created = (headers: Record<string, string> = {}) =>
  new Response(ANSWER, {
    status: 201,
    headers: { location: '/api/mediamtx/webrtc/whep/secret', etag: '*', ...headers },
  });

function session(medium: 'video' | 'audio' = 'video', iceServers: RTCIceServer[] = []) {
  return new WhepSession(
    { endpoint: ENDPOINT, medium, iceServers },
    {
      clock,
      createPeer: (config) => {
        peer.configs.push(config);
        return peer as unknown as RTCPeerConnection;
      },
      fetch: (async (url: string, init: RequestInit) => {
        const call = {
          method: init.method ?? '',
          url,
          headers: new Headers(init.headers),
          body: String(init.body ?? ''),
          keepalive: init.keepalive === true,
        };
        calls.push(call);
        const answer = answers.shift();
        if (answer === undefined) throw new Error(`unexpected ${call.method}`);
        return new Promise<Response>((resolve, reject) => {
          init.signal?.addEventListener('abort', () => reject(new Error('aborted')));
          Promise.resolve(answer(call)).then(resolve, reject);
        });
      }) as typeof fetch,
    },
    {
      onTrack: () => said.push('track'),
      onConnected: () => said.push('connected'),
      onGone: () => said.push('gone'),
      onIceServers: (servers) => said.push(`servers ${servers.length}`),
    },
  );
}

beforeEach(() => {
  clock = new FakeClock();
  peer = new FakePeer();
  calls = [];
  answers = [];
  said = [];
});

describe('opening', () => {
  test('one POST, at once, with no OPTIONS and no wait for candidates', async () => {
    answers = [() => created()];
    await session().open();
    expect(calls.map((c) => `${c.method} ${c.url}`)).toEqual([`POST ${ENDPOINT}`]);
    expect(calls[0]?.headers.get('content-type')).toBe('application/sdp');
    expect(calls[0]?.body).toContain('a=ice-ufrag:own1');
    expect(peer.directions).toEqual(['video recvonly']);
    expect(peer.remote).toEqual([ANSWER]);
  });

  test('the jitter target is zero for the picture and untouched for sound', async () => {
    answers = [() => created(), () => created()];
    await session('video').open();
    expect(peer.receiver.jitterBufferTarget).toBe(0);
    peer = new FakePeer();
    const sound = session('audio');
    sound.jitter(200);
    await sound.open();
    expect(peer.receiver.jitterBufferTarget).toBeNull();
  });

  test('a jitter target that is asked for holds before and after the session has opened', async () => {
    answers = [() => created()];
    const picture = session('video');
    picture.jitter(120);
    await picture.open();
    expect(peer.receiver.jitterBufferTarget).toBe(120);
    picture.jitter(40);
    expect(peer.receiver.jitterBufferTarget).toBe(40);
  });

  test('problem+json becomes status and code', async () => {
    answers = [
      () =>
        new Response(JSON.stringify({ code: 'stream_offline', detail: 'no stream' }), {
          status: 404,
          headers: { 'content-type': 'application/problem+json' },
        }),
    ];
    const error = await session()
      .open()
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SessionError);
    expect(error).toMatchObject({ status: 404, code: 'stream_offline', retryAfterMs: null });
    expect(peer.closed).toBe(true);
  });

  test('an answer without a body still has a code, and Retry-After is kept', async () => {
    answers = [() => new Response('busy', { status: 503, headers: { 'retry-after': '2' } })];
    await expect(session().open()).rejects.toMatchObject({
      status: 503,
      code: 'http_503',
      retryAfterMs: 2000,
    });
  });

  test('nobody there is status 0', async () => {
    answers = [() => Promise.reject(new TypeError('failed'))];
    await expect(session().open()).rejects.toMatchObject({ status: 0, code: 'network' });
  });

  test('an answer that never comes is given up', async () => {
    answers = [() => new Promise<Response>(() => undefined)];
    const opening = session()
      .open()
      .catch((e: unknown) => e);
    await settle();
    await clock.advance(8000);
    expect(await opening).toMatchObject({ code: 'timeout' });
  });

  test.each([
    [{ location: 'https://elsewhere.example/x' }],
    [{ location: 'http://robot.example/x' }],
  ])('a Location on another origin is refused: %o', async (headers) => {
    answers = [() => created(headers)];
    await expect(session().open()).rejects.toMatchObject({ code: 'bad_location' });
  });

  test('a missing Location is refused', async () => {
    answers = [() => new Response(ANSWER, { status: 201 })];
    await expect(session().open()).rejects.toMatchObject({ code: 'bad_location' });
  });

  test('an answer that is not SDP is refused, and the session deleted', async () => {
    answers = [
      () =>
        new Response('<html>', {
          status: 201,
          headers: { location: '/api/mediamtx/webrtc/whep/s' },
        }),
      () => new Response(null, { status: 200 }),
    ];
    await expect(session().open()).rejects.toMatchObject({ code: 'bad_answer' });
    expect(calls.at(-1)?.method).toBe('DELETE');
  });
});

describe('trickle', () => {
  test('candidates before the answer go together; later ones wait for the request under way', async () => {
    let answerPost: (r: Response) => void = () => undefined;
    let answerPatch: (r: Response) => void = () => undefined;
    answers = [
      () => new Promise((resolve) => (answerPost = resolve)),
      () => new Promise((resolve) => (answerPatch = resolve)),
      () => new Response(null, { status: 204 }),
    ];
    const opening = session().open();
    await settle();
    peer.candidate(1);
    peer.candidate(2);
    await settle();
    expect(calls).toHaveLength(1);
    answerPost(created());
    await opening;
    await settle();
    expect(calls).toHaveLength(2);
    expect(calls[1]).toMatchObject({
      method: 'PATCH',
      url: 'https://robot.example/api/mediamtx/webrtc/whep/secret',
    });
    expect(calls[1]?.headers.get('content-type')).toBe('application/trickle-ice-sdpfrag');
    expect(calls[1]?.headers.get('if-match')).toBe('*');
    expect(calls[1]?.body.match(/a=candidate:/g)).toHaveLength(2);
    peer.candidate(3);
    peer.candidate(4);
    peer.candidate(null);
    await settle();
    expect(calls).toHaveLength(2);
    answerPatch(new Response(null, { status: 204 }));
    await settle();
    expect(calls).toHaveLength(3);
    expect(calls[2]?.body.match(/a=candidate:/g)).toHaveLength(2);
    expect(calls[2]?.body).toContain('a=end-of-candidates');
    expect(calls[2]?.body).not.toContain('candidate:1 ');
  });

  test('a server that no longer knows the session ends it', async () => {
    answers = [() => created(), () => new Response(null, { status: 404 })];
    await session().open();
    peer.candidate(1);
    await settle();
    expect(said).toContain('gone');
  });

  test('a PATCH that cannot be sent ends nothing', async () => {
    answers = [() => created(), () => Promise.reject(new TypeError('failed'))];
    await session().open();
    peer.candidate(1);
    await settle();
    expect(said).not.toContain('gone');
  });
});

describe('ICE servers', () => {
  const link = { link: '<stun:s.example>; rel="ice-server"' };
  const fragment =
    'm=video 9 X 1\r\na=mid:0\r\na=ice-ufrag:new\r\na=ice-pwd:newpwd\r\na=candidate:7 host\r\n';

  test('late servers are taken up by an ICE restart when the session has not connected', async () => {
    answers = [() => created(link), () => new Response(fragment, { status: 200 })];
    await session().open();
    expect(said).toContain('servers 1');
    await clock.advance(399);
    expect(calls).toHaveLength(1);
    await clock.advance(2);
    expect(peer.configs.at(-1)?.iceServers).toEqual([{ urls: 'stun:s.example' }]);
    expect(calls[1]?.method).toBe('PATCH');
    expect(calls[1]?.headers.get('if-match')).toBe('*');
    expect(calls[1]?.body).toContain('a=ice-ufrag:own2');
    expect(peer.remote.at(-1)).toContain('a=ice-ufrag:new');
  });

  test('a session that connected without them is left alone', async () => {
    answers = [() => created(link)];
    await session().open();
    peer.become('connected');
    await clock.advance(1000);
    expect(calls).toHaveLength(1);
    expect(said).toContain('connected');
  });

  test('servers that were known already cost nothing', async () => {
    answers = [() => created(link)];
    await session('video', [{ urls: 'stun:s.example' }]).open();
    expect(peer.configs[0]?.iceServers).toEqual([{ urls: 'stun:s.example' }]);
    await clock.advance(1000);
    expect(calls).toHaveLength(1);
  });
});

describe('the end', () => {
  test('disconnected is no end; failed is', async () => {
    answers = [() => created()];
    await session().open();
    peer.become('connected');
    peer.become('disconnected');
    expect(said).not.toContain('gone');
    peer.become('failed');
    expect(said).toContain('gone');
  });

  test('close deletes the resource, then closes the peer', async () => {
    let closedAtDelete: boolean | null = null;
    answers = [
      () => created(),
      () => {
        closedAtDelete = peer.closed;
        return new Response(null, { status: 200 });
      },
    ];
    const s = session();
    await s.open();
    s.close();
    s.close();
    await settle();
    expect(calls.map((c) => c.method)).toEqual(['POST', 'DELETE']);
    expect(calls[1]).toMatchObject({
      url: 'https://robot.example/api/mediamtx/webrtc/whep/secret',
      keepalive: true,
    });
    expect(closedAtDelete).toBe(false);
    expect(peer.closed).toBe(true);
  });

  test('a server that does not answer DELETE holds the peer open for a second at most', async () => {
    answers = [() => created(), () => new Promise<Response>(() => undefined)];
    const s = session();
    await s.open();
    let told = false;
    void s.close().then(() => {
      told = true;
    });
    await clock.advance(999);
    expect([peer.closed, told]).toEqual([false, false]);
    await clock.advance(1);
    expect([peer.closed, told]).toEqual([true, true]);
  });

  test('closed while the answer is on its way: what was created is deleted', async () => {
    let answerPost: (r: Response) => void = () => undefined;
    answers = [
      () => new Promise((resolve) => (answerPost = resolve)),
      () => new Response(null, { status: 200 }),
    ];
    const s = session();
    const opening = s.open();
    await settle();
    s.close();
    answerPost(created());
    await opening;
    await settle();
    expect(calls.map((c) => c.method)).toEqual(['POST', 'DELETE']);
    expect(peer.remote).toEqual([]);
  });
});
