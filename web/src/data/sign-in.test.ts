import { expect, test } from 'vitest';
import { followLinks, leaseHint, signedInHint, takeCode } from './sign-in';

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

test('a link that is opened in a tab which is here already loads the page anew', () => {
  let changed: () => void = () => undefined;
  let loads = 0;
  const location = { hash: '#/settings', reload: () => (loads += 1) };
  followLinks({
    location,
    addEventListener: (name: string, listener: () => void) => {
      if (name === 'hashchange') changed = listener;
    },
  } as unknown as Window);
  changed();
  location.hash = '#code=';
  changed();
  expect(loads).toBe(0);
  location.hash = '#code=A-b_9';
  changed();
  expect(loads).toBe(1);
});

test('the newest lease of this browser outlasts its end', () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  } as unknown as Storage;
  expect(leaseHint.get(storage)).toBeNull();
  leaseHint.set(storage, 12);
  leaseHint.set(storage, null);
  expect(leaseHint.get(storage)).toBe(12);
  expect(leaseHint.get(null)).toBeNull();
});
