import { expect, test } from 'vitest';
import { lowLatencyOpus } from './opus';
import { iceFragment, restartedAnswer } from './sdp';

const OFFER = [
  'v=0',
  'o=- 1 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0 1',
  'm=video 9 UDP/TLS/RTP/SAVPF 108',
  'a=mid:0',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:secret',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=mid:1',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:secret',
  '',
].join('\r\n');

const lines = (text: string) => text.split('\r\n').filter((l) => l !== '');

test('a fragment carries the credentials and the candidates under their medium', () => {
  const fragment = iceFragment(OFFER, [
    { candidate: 'candidate:1 1 udp 1 192.0.2.1 1 typ host', sdpMid: '0' },
    { candidate: 'candidate:2 1 udp 1 192.0.2.1 2 typ host', sdpMid: '0' },
  ]);
  expect(lines(fragment)).toEqual([
    'a=ice-ufrag:abcd',
    'a=ice-pwd:secret',
    'm=video 9 UDP/TLS/RTP/SAVPF 108',
    'a=mid:0',
    'a=candidate:1 1 udp 1 192.0.2.1 1 typ host',
    'a=candidate:2 1 udp 1 192.0.2.1 2 typ host',
  ]);
});

test('the end of candidates is said once, under the first medium', () => {
  const text = iceFragment(OFFER, [], { end: true });
  expect(lines(text).filter((l) => l === 'a=end-of-candidates')).toHaveLength(1);
  expect(text).not.toContain('m=audio');
});

test('a restart names every medium, even without candidates', () => {
  const text = iceFragment(OFFER, [], { withAllMedia: true });
  expect(text).toContain('m=video');
  expect(text).toContain('m=audio');
});

test('a restarted answer has the new credentials and only the new candidates', () => {
  const answer = [
    'v=0',
    'm=video 9 UDP/TLS/RTP/SAVPF 108',
    'a=mid:0',
    'a=ice-ufrag:old',
    'a=ice-pwd:oldpwd',
    'a=fingerprint:sha-256 AA',
    'a=candidate:9 1 udp 1 127.0.0.1 1 typ host',
    'a=end-of-candidates',
    '',
  ].join('\r\n');
  const fragment = [
    'a=ice-options:trickle ice2',
    'm=video 9 UDP/TLS/RTP/SAVPF 108',
    'a=mid:0',
    'a=ice-ufrag:new',
    'a=ice-pwd:newpwd',
    'a=candidate:5 1 udp 1 127.0.0.1 2 typ host',
    '',
  ].join('\r\n');
  expect(lines(restartedAnswer(answer, fragment) ?? '')).toEqual([
    'v=0',
    'm=video 9 UDP/TLS/RTP/SAVPF 108',
    'a=mid:0',
    'a=ice-ufrag:new',
    'a=ice-pwd:newpwd',
    'a=fingerprint:sha-256 AA',
    'a=candidate:5 1 udp 1 127.0.0.1 2 typ host',
  ]);
});

test('a fragment without credentials restarts nothing', () => {
  expect(restartedAnswer('v=0\r\n', 'a=candidate:1\r\n')).toBeNull();
});

test('Opus is asked for in short packets of one channel, with nothing left out; other media stay as they are', () => {
  const answer = [
    'v=0',
    'm=video 9 X 108',
    'a=rtpmap:108 H264/90000',
    'a=fmtp:108 packetization-mode=1',
    'm=audio 9 X 96',
    'a=mid:1',
    'a=rtpmap:96 opus/48000/2',
    'a=fmtp:96 minptime=20; useinbandfec=1;stereo=1;maxaveragebitrate=32000',
    'a=ptime:20',
    'a=maxptime:60',
    '',
  ].join('\r\n');
  expect(lines(lowLatencyOpus(answer, 10))).toEqual([
    'v=0',
    'm=video 9 X 108',
    'a=rtpmap:108 H264/90000',
    'a=fmtp:108 packetization-mode=1',
    'm=audio 9 X 96',
    'a=mid:1',
    'a=rtpmap:96 opus/48000/2',
    'a=fmtp:96 maxaveragebitrate=32000;minptime=10;stereo=0;usedtx=0;useinbandfec=1',
    'a=ptime:10',
  ]);
});

test('an answer that says nothing of its format, or has no Opus at all', () => {
  const bare = 'v=0\r\nm=audio 9 X 96\r\na=rtpmap:96 opus/48000/2\r\n';
  expect(lines(lowLatencyOpus(bare, 20))).toEqual([
    'v=0',
    'm=audio 9 X 96',
    'a=rtpmap:96 opus/48000/2',
    'a=fmtp:96 minptime=20;stereo=0;usedtx=0;useinbandfec=1',
    'a=ptime:20',
  ]);
  const without = 'v=0\r\nm=audio 9 X 0\r\na=rtpmap:0 PCMU/8000\r\n';
  expect(lowLatencyOpus(without, 10)).toBe(without);
});
