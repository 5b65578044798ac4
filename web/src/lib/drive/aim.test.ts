import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock, settle } from '../../testing/fake-clock';
import { Aim } from './aim';

let clock: FakeClock;
let sent: string[];
let answer: () => Promise<void>;
let head: Aim;

beforeEach(() => {
  clock = new FakeClock();
  sent = [];
  answer = async () => undefined;
  head = new Aim({
    clock,
    near: 2,
    send: (values) => {
      sent.push(values.join(' '));
      return answer();
    },
  });
  head.reports([0, 0]);
});

const turn = (pan: number, tilt: number) =>
  head.press(([p = 0, t = 0]) => [Math.min(90, p + pan), Math.min(45, t + tilt)]);
const at = () => head.state.value.at;

describe('quick presses', () => {
  test('add up: up, up, left, left are two steps each, though the robot has reported none', async () => {
    turn(0, 15);
    turn(0, 15);
    turn(15, 0);
    turn(15, 0);
    expect(at()).toEqual([30, 30]);
    await settle();
    expect(sent.at(-1)).toBe('30 30');
  });

  test('add up while the robot is half way', async () => {
    turn(0, 15);
    await settle();
    head.reports([0, 6]);
    turn(15, 0);
    await settle();
    expect(sent).toEqual(['0 15', '15 15']);
  });

  test('four of a quarter are all of it', async () => {
    const lamp = new Aim({ clock, near: 2, send: async ([n]) => void sent.push(`${n}`) });
    lamp.reports([0]);
    for (let n = 0; n < 4; n += 1) {
      lamp.press(([light = 0]) => [Math.min(255, light + 63.75)]);
      if (n === 1) lamp.reports([10]);
    }
    await settle();
    expect(sent.at(-1)).toBe('255');
    expect(lamp.state.value.at).toEqual([255]);
  });

  test('are one request at a time, and the newest is the last', async () => {
    let done: () => void = () => undefined;
    answer = () => new Promise((resolve) => (done = resolve));
    turn(15, 0);
    turn(15, 0);
    turn(15, 0);
    expect(sent).toEqual(['15 0']);
    done();
    await settle();
    expect(sent).toEqual(['15 0', '45 0']);
  });
});

describe('the robot is followed again', () => {
  test('once it has arrived, so that somebody else’s turn is seen and counted from', async () => {
    turn(30, 0);
    await settle();
    head.reports([29, 0]);
    expect(at()).toEqual([29, 0]);
    head.reports([-40, 0]);
    expect(at()).toEqual([-40, 0]);
    turn(15, 0);
    await settle();
    expect(sent.at(-1)).toBe('-25 0');
  });

  test('once it rests elsewhere: it could not go there, or somebody else turned it', async () => {
    turn(30, 0);
    await settle();
    head.reports([10, 0]);
    await clock.advance(1000);
    head.reports([12, 0]);
    await clock.advance(1000);
    expect(at()).toEqual([30, 0]);
    await clock.advance(600);
    expect(at()).toEqual([12, 0]);
  });

  test('after a request that failed', async () => {
    answer = () => Promise.reject(new Error('refused'));
    turn(30, 0);
    await settle();
    await clock.advance(1600);
    expect(at()).toEqual([0, 0]);
  });

  test('but not while a request is on its way', async () => {
    answer = () => new Promise(() => undefined);
    turn(30, 0);
    await clock.advance(5000);
    expect(at()).toEqual([30, 0]);
  });
});

test('of a robot that reports none, nothing is asked', async () => {
  head.reports(null);
  turn(15, 0);
  expect(at()).toBeNull();
  expect(sent).toEqual([]);
});
