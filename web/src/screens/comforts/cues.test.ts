import { expect, test } from 'vitest';
import { cuesOf, type Heard } from './cues';

const calm: Heard = { askedBy: null, lease: 1, stop: 'idle', locked: false, moving: false };
const all = { alerts: true, moves: true };
const cues = (before: Partial<Heard>, now: Partial<Heard>, settings = all) =>
  cuesOf({ ...calm, ...before }, { ...calm, ...now }, settings);

test.each<[Partial<Heard>, Partial<Heard>, string[]]>([
  [{}, {}, []],
  [{}, { locked: true }, ['lost']],
  [{ locked: true }, { locked: true }, []],
  [{ lease: null }, { lease: null, locked: true }, []],
  [{}, { askedBy: 'Ana' }, ['asked']],
  [{ askedBy: 'Ana' }, { askedBy: 'Ana' }, []],
  [{ askedBy: 'Ana' }, { askedBy: 'Ion' }, ['asked']],
  [{ askedBy: 'Ana' }, {}, []],
  [{}, { moving: true }, ['moves']],
  [{ moving: true }, {}, ['stopped']],
  [{ moving: true, stop: 'sending' }, { stop: 'confirmed' }, ['confirmed']],
  [{ stop: 'sending' }, { stop: 'confirmed' }, ['confirmed']],
  [{ stop: 'confirmed' }, { stop: 'confirmed' }, []],
])('from %j to %j', (before, now, heard) => {
  expect(cues(before, now)).toEqual(heard);
});

test('what is turned off is not heard', () => {
  const [before, now] = [{}, { locked: true, moving: true }];
  expect(cues(before, now, { alerts: false, moves: true })).toEqual(['moves']);
  expect(cues(before, now, { alerts: true, moves: false })).toEqual(['lost']);
  expect(cues(before, now, { alerts: false, moves: false })).toEqual([]);
});
