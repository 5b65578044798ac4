import { expect, test } from 'vitest';
import { settle } from '../../testing/fake-clock';
import { KeepAwake, type Sentinel } from './keep-awake';

class FakePage extends EventTarget {
  hidden = false;
  show(is: boolean): void {
    this.hidden = !is;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

class FakeLock implements Sentinel {
  released = false;
  async release(): Promise<undefined> {
    this.released = true;
  }
}

function bench(refused = false) {
  const page = new FakePage();
  const locks: FakeLock[] = [];
  let asked = 0;
  const awake = new KeepAwake({
    page: page as unknown as Document,
    request: async () => {
      asked += 1;
      if (refused) throw new Error('NotAllowedError');
      const lock = new FakeLock();
      locks.push(lock);
      return lock;
    },
  });
  const held = () => locks.filter(({ released }) => !released).length;
  return { page, locks, awake, held, asked: () => asked };
}

test('the screen stays on while it is watched, with one lock, and may go dark afterwards', async () => {
  const { awake, held, asked } = bench();
  awake.want(true);
  awake.want(true);
  await settle();
  expect([held(), asked()]).toEqual([1, 1]);
  awake.want(false);
  expect(held()).toBe(0);
});

test('a lock that went with the hidden page is asked for again once the page is seen', async () => {
  const { page, locks, awake, held, asked } = bench();
  awake.want(true);
  await settle();
  for (const lock of locks) lock.released = true;
  page.show(false);
  await settle();
  expect(asked()).toBe(1);
  page.show(true);
  await settle();
  expect(held()).toBe(1);
});

test('what nobody wants any more when it comes is given back', async () => {
  const { awake, held, asked } = bench();
  awake.want(true);
  awake.want(false);
  await settle();
  expect([held(), asked()]).toEqual([0, 1]);
});

test('an end is an end, whatever is seen afterwards', async () => {
  const { page, awake, held, asked } = bench();
  awake.want(true);
  await settle();
  awake.dispose();
  page.show(true);
  await settle();
  expect([held(), asked()]).toEqual([0, 1]);
});

test('a browser that refuses, or has no such lock, is asked no more often than it is looked at', async () => {
  const { page, awake, asked } = bench(true);
  awake.want(true);
  await settle();
  page.show(true);
  await settle();
  expect(asked()).toBe(2);
  const none = new KeepAwake({ page: new FakePage() as unknown as Document, request: null });
  none.want(true);
  none.dispose();
});
