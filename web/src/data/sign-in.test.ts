import { expect, test } from 'vitest';
import { signedInHint, takeCode } from './sign-in';

function at(address: string) {
  const url = new URL(address);
  const replaced: string[] = [];
  const history = {
    state: null,
    replaceState: (_state: unknown, _title: string, to: string) => replaced.push(to),
  };
  return {
    code: takeCode(url as unknown as Location, history as unknown as History),
    replaced,
  };
}

test('the code is taken and leaves the address bar', () => {
  expect(at('http://robot.example/?x=1#code=A-b_9')).toEqual({
    code: 'A-b_9',
    replaced: ['/?x=1'],
  });
});

test('an empty code is removed and is no code', () => {
  expect(at('http://robot.example/#code=')).toEqual({ code: null, replaced: ['/'] });
});

test('another fragment is left alone', () => {
  expect(at('http://robot.example/#settings')).toEqual({ code: null, replaced: [] });
  expect(at('http://robot.example/')).toEqual({ code: null, replaced: [] });
});

test('a browser without storage forgets, and nothing breaks', () => {
  signedInHint.set(null, true);
  expect(signedInHint.get(null)).toBe(false);
  const refusing = {
    getItem: () => {
      throw new Error('denied');
    },
    setItem: () => {
      throw new Error('denied');
    },
  } as unknown as Storage;
  signedInHint.set(refusing, true);
  expect(signedInHint.get(refusing)).toBe(false);
});
