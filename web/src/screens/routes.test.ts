import { expect, test } from 'vitest';
import { pathOf, routeAt, SHEETS, type SheetName } from './routes';

const sheets = Object.keys(SHEETS) as SheetName[];

test('each route has an address of its own, which leads to it', () => {
  const routes = ['drive' as const, ...sheets];
  expect(new Set(routes.map(pathOf)).size).toBe(routes.length);
  for (const route of routes) expect(routeAt(pathOf(route))).toBe(route);
  expect(pathOf('drive')).toBe('#/drive');
  expect(pathOf('settings')).toBe('#/settings');
});

test('any other fragment is no route, and neither is the code of a sign-in link', () => {
  for (const hash of ['', '#', '#code=abc', '#/nowhere', '#settings', '#/settings/x']) {
    expect(routeAt(hash)).toBeNull();
  }
  expect(routeAt('#/')).toBe('drive');
});
