import { beforeEach, expect, test, vi } from 'vitest';
import { Observable } from '../lib/core/observable';
import { type DriveState, undriven } from '../lib/drive/state';
import { aRobot } from '../testing/status';
import { returnLease } from './lease-return';
import { StatusSections, type StatusState } from './status';

const driver = (lease: number) => ({
  lease,
  who: 'admin',
  account: 'admin',
  since: '2026-01-01T00:00:00Z',
  connected: false,
  asked_by: null,
});

function memory(): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  } as Storage;
}

let tab: Storage;
let hidden = false;

/** A page of the tab, that has not driven yet. */
function aPage() {
  const unheard = new StatusSections({
    createEvents: () => ({}) as never,
    onEvent: () => undefined,
    onBack: () => undefined,
    onSignedOut: () => undefined,
    onRefused: () => undefined,
  }).state.value;
  const status = new Observable<StatusState>(unheard);
  const state = new Observable<DriveState>(undriven);
  const acquire = vi.fn(async () => undefined);
  returnLease({ drive: { state, acquire }, status, attention: { hidden: () => hidden }, tab });
  const robotIs = (change: Parameters<typeof aRobot>[0]) =>
    status.set({ events: 'open', robot: aRobot(change) });
  return { state, acquire, robotIs };
}

/** A page that drives by lease 7. */
function driving() {
  const page = aPage();
  page.state.set({ phase: 'ready', lease: 7 });
  page.robotIs({ driver: driver(7) });
  expect(page.acquire).not.toHaveBeenCalled();
  return page;
}
const reserved = { reserved: { lease: 7, who: 'admin' } };

beforeEach(() => {
  tab = memory();
  hidden = false;
});

test.each([
  ['before the robot has noticed', { driver: driver(7) }],
  ['once it has', reserved],
])('after a reload the robot is acquired again, %s', (_, robot) => {
  driving();
  const { acquire, robotIs } = aPage();
  expect(acquire).not.toHaveBeenCalled();
  robotIs(robot);
  robotIs(robot);
  expect(acquire).toHaveBeenCalledTimes(1);
});

test('so is one that was lost to the network', () => {
  const { state, acquire, robotIs } = driving();
  state.set({ phase: 'idle', lease: null, ended: { code: 'unreachable', driver: null } });
  robotIs(reserved);
  expect(acquire).toHaveBeenCalledTimes(1);
});

test.each([
  ['given back', { code: 'released' as const, driver: null }],
  ['signed out', { code: 'signed_out' as const, driver: null }],
  ['taken', { code: 'lease_lost' as const, driver: 'Ana' }],
])('one that was %s is not, nor after a reload', (_, ended) => {
  const { state, acquire, robotIs } = driving();
  state.set({ phase: 'idle', lease: null, ended });
  robotIs({ driver: driver(7) });
  robotIs(reserved);
  const again = aPage();
  again.robotIs(reserved);
  expect([acquire, again.acquire].map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
});

test('nor one that another client has, or another tab, or that is free by now', () => {
  driving();
  for (const robot of [{ driver: driver(8) }, { reserved: { lease: 8, who: 'admin' } }, {}]) {
    const { acquire, robotIs } = aPage();
    robotIs(robot);
    expect(acquire).not.toHaveBeenCalled();
  }
});

test('a page that nobody sees waits until it is seen', () => {
  driving();
  hidden = true;
  const { acquire, robotIs } = aPage();
  robotIs(reserved);
  expect(acquire).not.toHaveBeenCalled();
  hidden = false;
  robotIs(reserved);
  expect(acquire).toHaveBeenCalledTimes(1);
});
