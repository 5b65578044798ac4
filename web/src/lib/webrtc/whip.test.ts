import { expect, test } from 'vitest';
import { FakeClock } from '../../testing/fake-clock';
import { WhipSession } from './whip';

const ANSWER = [
  'v=0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=mid:0',
  'a=ice-ufrag:srv',
  'a=ice-pwd:srvpwd',
  'a=rtpmap:111 opus/48000/2',
  'a=fmtp:111 minptime=20;usedtx=1;maxplaybackrate=48000',
  '',
].join('\r\n');

test('one track is offered, sent only, and the answer is taken with short packets and no DTX', async () => {
  const added: unknown[] = [];
  const remote: string[] = [];
  const peer = {
    connectionState: 'new',
    addTransceiver: (track: unknown, init: unknown) => added.push([track, init]),
    createOffer: async () => ({ type: 'offer', sdp: 'v=0' }),
    setLocalDescription: async () => undefined,
    setRemoteDescription: async ({ sdp }: { sdp: string }) => remote.push(sdp),
    close: () => undefined,
  };
  const track = {} as MediaStreamTrack;
  const session = new WhipSession(
    { endpoint: 'https://robot.example/api/mediamtx/webrtc/whip', iceServers: [], track },
    {
      clock: new FakeClock(),
      createPeer: () => peer as unknown as RTCPeerConnection,
      fetch: async () =>
        new Response(ANSWER, {
          status: 201,
          headers: { location: '/api/mediamtx/webrtc/whip/opaque-7' },
        }),
    },
    { onConnected: () => undefined, onGone: () => undefined, onIceServers: () => undefined },
  );
  expect(session.id).toBeNull();
  await session.open();
  expect(added).toEqual([[track, { direction: 'sendonly' }]]);
  expect(session.id).toBe('opaque-7');
  expect(remote[0]).toContain('a=ptime:10\r\n');
  expect(remote[0]).toContain('usedtx=0');
  expect(remote[0]).not.toContain('usedtx=1');
});
