import { describe, expect, test } from 'vitest';
import type { SpeedLimit } from '../../api/types';
import { aRobot } from '../../testing/status';
import { speedNotice } from './speed-notice';
import type { DrivePhase } from './state';

const limited = (limit: Partial<SpeedLimit>, pictureMs: number | null = 40) => {
  const robot = aRobot();
  const motion = { ...robot.motion, limit: { ...robot.motion.limit, ...limit } };
  return speedNotice({ phase: 'ready', robot: aRobot({ motion }) }, pictureMs);
};

describe('what limits the speed', () => {
  test('nothing, while all is well', () => {
    expect(limited({})).toBeNull();
  });

  test('the link, with its part of the lag', () => {
    const limit = { percent: 30, lag_ms: 380, picture_ms: 40, command_ms: 340 };
    expect(limited(limit)).toEqual({ code: 'slow', percent: 30, cause: 'link', ms: 340 });
  });

  test('the picture, with its age', () => {
    const limit = { percent: 60, lag_ms: 240, picture_ms: 200, command_ms: 40 };
    expect(limited(limit)).toEqual({ code: 'slow', percent: 60, cause: 'picture', ms: 200 });
  });

  test('steps alone, and nothing at all', () => {
    const slow = { lag_ms: 600, picture_ms: 100, command_ms: 500 };
    const steps = limited({ ...slow, percent: 0, steps_only: true });
    expect(steps).toEqual({ code: 'steps_only', cause: 'link', ms: 500 });
    const slower = { ...slow, lag_ms: 900, command_ms: 800 };
    const none = limited({ ...slower, percent: 0, steps_only: false });
    expect(none).toEqual({ code: 'lag_too_long', cause: 'link', ms: 800 });
  });

  test('a picture that is too old is said before anything about speed, from the page’s own look first', () => {
    expect(limited({ percent: 0 }, 900)).toEqual({ code: 'picture_stale', ms: 900 });
    const told = { percent: 0, lag_ms: 480, picture_ms: 450, command_ms: 30 };
    expect(limited(told, null)).toEqual({ code: 'picture_stale', ms: 450 });
  });

  test('a limit that has outlasted its reason is said to be about to end, and gives no figure for a reason', () => {
    const well = { lag_ms: 84, picture_ms: 84, command_ms: 0 };
    for (const limit of [
      { ...well, percent: 0, steps_only: false },
      { ...well, percent: 0, steps_only: true },
      { ...well, percent: 60 },
      // The page sees a picture that is young again, and the robot has not been told.
      { percent: 0, lag_ms: 480, picture_ms: 450, command_ms: 30 },
      // Steps are allowed again, and nothing is yet.
      { percent: 0, steps_only: false, lag_ms: 600, picture_ms: 100, command_ms: 500 },
    ]) {
      expect(limited(limit)).toEqual({ code: 'lifting' });
    }
  });

  test('a figure that is given is one that asks for the limit, for every lag and limit', () => {
    const asks = (lag: number) => (lag <= 200 ? 100 : lag <= 300 ? 60 : lag <= 500 ? 30 : 0);
    for (let lag = 0; lag <= 1000; lag += 20) {
      for (const percent of [0, 30, 60, 100]) {
        for (const steps of percent === 0 ? [false, true] : [false]) {
          const limit = { percent, steps_only: steps, lag_ms: lag, picture_ms: 0, command_ms: lag };
          const notice = limited(limit);
          if (notice?.code === 'slow') expect(asks(lag)).toBeLessThanOrEqual(notice.percent);
          if (notice?.code === 'steps_only') expect(lag).toBeGreaterThan(500);
          if (notice?.code === 'lag_too_long') expect(lag).toBeGreaterThan(800);
        }
      }
    }
  });

  test('a picture of an age that nobody can tell', () => {
    const unknown = { percent: 0, lag_ms: null, picture_ms: null };
    expect(limited(unknown, null)).toEqual({ code: 'picture_unknown' });
    // The page knows it, and has only not told yet.
    expect(limited(unknown, 40)).toBeNull();
  });
});

describe('what stops everything', () => {
  test('the e-stop, by its button or by its latch, before any lag', () => {
    const motion = { ...aRobot().motion, limit: { ...aRobot().motion.limit, percent: 30 } };
    const estop = { ...aRobot().estop, latched: true };
    const ready = { phase: 'ready' as const };
    const latched = speedNotice({ ...ready, robot: aRobot({ estop, motion }) }, 40);
    expect(latched).toEqual({ code: 'blocked', why: 'estop_latched' });
    const pressed = aRobot({ estop: { ...estop, button: true } });
    expect(speedNotice({ ...ready, robot: pressed }, 40)).toEqual({
      code: 'blocked',
      why: 'estop_button',
    });
  });

  test('a robot that is away', () => {
    const link = { ...aRobot().link, state: 'away' as const };
    const robot = aRobot({ link });
    expect(speedNotice({ phase: 'ready', robot }, 40)).toEqual({
      code: 'blocked',
      why: 'robot_away',
    });
  });

  test.each(['opening', 'quiet', 'lost'] as const)('a link that is %s', (phase) => {
    expect(speedNotice({ phase, robot: null }, 40)).toEqual({ code: 'link', phase });
  });

  test.each<DrivePhase>(['idle', 'acquiring', 'asking'])('nobody is told while %s', (phase) => {
    expect(speedNotice({ phase, robot: aRobot() }, 900)).toBeNull();
  });
});
