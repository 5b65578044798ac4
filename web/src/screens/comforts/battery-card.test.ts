import { expect, test } from 'vitest';
import { BatteryCard, WELL_MS } from './battery-card';

const well = { low: false, critical: false };
const low = { low: true, critical: false };
const critical = { low: true, critical: true };

test('a low battery is told until it is put away, and again once it is critical', () => {
  const card = new BatteryCard();
  card.look(well, 0);
  expect(card.told).toEqual({ level: null, open: false });
  card.look(low, 1000);
  expect(card.told).toEqual({ level: 'low', open: true });
  card.putAway();
  card.look(low, 2000);
  expect(card.told.open).toBe(false);
  card.look(critical, 3000);
  expect(card.told).toEqual({ level: 'critical', open: true });
  card.putAway();
  card.look(critical, 4000);
  expect(card.told.open).toBe(false);
});

test('a charge at the limit is told once, and one that was well for a minute anew', () => {
  const card = new BatteryCard();
  card.look(low, 0);
  card.putAway();
  for (let now = 1000; now < 10_000; now += 1000) card.look(now % 2000 === 0 ? low : well, now);
  expect(card.told.open).toBe(false);
  card.look(well, 20_000);
  card.look(well, 20_000 + WELL_MS);
  expect(card.told.level).toBeNull();
  card.look(low, 90_000);
  expect(card.told.open).toBe(true);
});

test('a charge that seems better after a load is critical still', () => {
  const card = new BatteryCard();
  card.look(critical, 0);
  card.look(low, 1000);
  expect(card.told).toEqual({ level: 'critical', open: true });
});

test('while nobody can tell, what was said stays', () => {
  const card = new BatteryCard();
  card.look(null, 0);
  expect(card.told.level).toBeNull();
  card.look(low, 1000);
  card.look(null, 2000);
  expect(card.told).toEqual({ level: 'low', open: true });
});

test('another call is told what was put away in the one before', () => {
  const card = new BatteryCard();
  card.look(low, 0);
  card.putAway();
  card.forget();
  expect(card.told.open).toBe(true);
});
