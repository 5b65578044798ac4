import { expect, test } from 'vitest';
import { Recovery } from './recovery';

function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/** Ten minutes on a machine that stands still again and again; sessions opened. `moving`: for how long it goes between, ms. */
function starved(
  seed: number,
  moving: [number, number],
  stalls: [number, number],
  late: boolean,
): number {
  const random = chances(seed);
  const between = ([from, to]: [number, number]) => from + random() * (to - from);
  const recovery = new Recovery(random, 150);
  const flowsAt = new Map<number, number>();
  let sessions = 0;
  let now = 0;
  const take = (actions: ReturnType<Recovery['tick']>) => {
    for (const action of actions) {
      if (action.do === 'connect') {
        sessions += 1;
        flowsAt.set(action.id, now + between([300, 5000]));
      } else if (action.do === 'close') flowsAt.delete(action.id);
    }
  };
  take(recovery.start(0));
  let stallAt = between(moving);
  let lateUntil = 0;
  while (now < 600_000) {
    now += 50;
    if (now >= stallAt) {
      // The page stands still as well: what it would have seen meanwhile it sees at once, and late.
      now += between(stalls);
      if (late) lateUntil = now + between([0, 4000]);
      stallAt = now + between(moving);
    }
    take(recovery.tick(now));
    for (const id of [recovery.shownId, recovery.nextId]) {
      if (id === null) continue;
      const flows = now >= (flowsAt.get(id) ?? Number.POSITIVE_INFINITY);
      recovery.packets(id, flows, now);
      if (flows) take(recovery.frame(id, now, now >= lateUntil));
    }
  }
  return sessions;
}

const MOVING: [number, number][] = [
  [1000, 3000],
  [3000, 8000],
  [10_000, 20_000],
  [30_000, 40_000],
];

/** Stalls, and the most sessions of a medium in ten minutes of them. A link that is cut for so long takes a new one each time. */
test.each<[[number, number], number]>([
  [[500, 1500], 16],
  [[1000, 4000], 16],
  [[4000, 12_000], 24],
])(
  'frames that arrive late after stalls of %j ms bring at most %i sessions in ten minutes',
  (stalls, most) => {
    for (const moving of MOVING) {
      for (let seed = 1; seed <= 5; seed += 1) {
        for (const late of [true, false]) {
          expect([moving, seed, late, starved(seed, moving, stalls, late) <= most]).toEqual([
            moving,
            seed,
            late,
            true,
          ]);
        }
      }
    }
  },
);
