import { expect, test } from 'vitest';
import { iceServersFromLink } from './link-header';

test('no header, no servers', () => {
  expect(iceServersFromLink(null)).toEqual([]);
  expect(iceServersFromLink('')).toEqual([]);
});

test('several servers, joined by commas as fetch joins repeated headers', () => {
  const header =
    '<stun:stun.example.net:3478>; rel="ice-server", ' +
    '<turn:turn.example.net?transport=udp>; rel="ice-server"; username="u"; credential="p"; credential-type="password"';
  expect(iceServersFromLink(header)).toEqual([
    { urls: 'stun:stun.example.net:3478' },
    { urls: 'turn:turn.example.net?transport=udp', username: 'u', credential: 'p' },
  ]);
});

test('credentials keep their commas, quotes, backslashes and angle brackets', () => {
  const header =
    String.raw`<turns:t.example:443>; rel="ice-server"; username="a,b;c"; credential="q\"<x>\\, y"` +
    ', <stun:s.example>; rel=ice-server';
  expect(iceServersFromLink(header)).toEqual([
    { urls: 'turns:t.example:443', username: 'a,b;c', credential: String.raw`q"<x>\, y` },
    { urls: 'stun:s.example' },
  ]);
});

test('other relations and other kinds of address are left out', () => {
  const header =
    '<https://example.net/x>; rel="ice-server", </next>; rel="next", <stun:s.example>; rel="ice-server"';
  expect(iceServersFromLink(header)).toEqual([{ urls: 'stun:s.example' }]);
});

test('an unfinished header gives what was whole', () => {
  expect(iceServersFromLink('<stun:s.example>; rel="ice-server", <turn:t')).toEqual([
    { urls: 'stun:s.example' },
  ]);
});
