// The table of what can be open: its address behind `#/`, and the chunk that brings it, with its own words.

import type { Component } from 'svelte';
import type { ScreenModel } from './model/screen-model.svelte';

export type SheetName = 'menu' | 'phrases' | 'letters' | 'edit' | 'camera' | 'settings';
export type Route = 'drive' | SheetName;

export type SheetComponent = Component<{ model: ScreenModel }>;

interface Entry {
  path: string;
  load: () => Promise<{ default: SheetComponent }>;
}

/** The drive screen is the first route and is never fetched later: it carries STOP. */
const DRIVE_PATH = 'drive';

export const SHEETS: Readonly<Record<SheetName, Entry>> = {
  menu: { path: 'menu', load: () => import('./menu/Menu.svelte') },
  phrases: { path: 'phrases', load: () => import('./phrases/PhraseSheet.svelte') },
  letters: { path: 'phrases/letters', load: () => import('./phrases/LettersSheet.svelte') },
  edit: { path: 'phrases/edit', load: () => import('./phrases/PhraseEditor.svelte') },
  camera: { path: 'camera', load: () => import('./camera/CameraSheet.svelte') },
  settings: { path: 'settings', load: () => import('./settings/SettingsSheet.svelte') },
};

/** Parts of the drive screen that come when there is something to show in them. STOP and what drives are none of them. */
export const PARTS = {
  live: () => import('./drive/Live.svelte'),
  facts: () => import('./drive/Facts.svelte'),
  topMore: () => import('./drive/TopMore.svelte'),
  lag: () => import('./drive/Lag.svelte'),
  sheetTop: () => import('./SheetTop.svelte'),
  dock: () => import('./drive/Dock.svelte'),
  wait: () => import('./Wait.svelte'),
  estop: () => import('./drive/Estop.svelte'),
  hungUp: () => import('./drive/HungUp.svelte'),
  asked: () => import('./drive/Asked.svelte'),
  stick: () => import('./drive/Stick.svelte'),
  talkNote: () => import('./drive/TalkNote.svelte'),
  dwellRing: () => import('./drive/DwellRing.svelte'),
  quickPhrases: () => import('./phrases/QuickPhrases.svelte'),
  statistics: () => import('./drive/Statistics.svelte'),
  comforts: () => import('./comforts/Comforts.svelte'),
  zoomChip: () => import('./comforts/ZoomChip.svelte'),
  latchBar: () => import('./comforts/LatchBar.svelte'),
};

/** Fetches whatever may still be asked for, once the page is idle: it is there without a network as well then. */
export function fetchLater(): void {
  const sheets = Object.values(SHEETS).map(({ load }) => load);
  const all: (() => Promise<unknown>)[] = [...Object.values(PARTS), ...sheets];
  for (const load of all) load().catch(() => undefined);
}

/** The address of a route, to be put behind the page's own. */
export function pathOf(route: Route): string {
  return `#/${route === 'drive' ? DRIVE_PATH : SHEETS[route].path}`;
}

/** The route of an address's fragment; null if it is none, as with the code of a sign-in link. */
export function routeAt(hash: string): Route | null {
  if (hash === `#/${DRIVE_PATH}` || hash === '#/') return 'drive';
  const names = Object.keys(SHEETS) as SheetName[];
  return names.find((name) => hash === `#/${SHEETS[name].path}`) ?? null;
}
