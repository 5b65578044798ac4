// How a person works this page: kept in the browser, because it belongs to a person at a device. Every value is checked and
// brought into its range as it is read; one that makes no sense loses itself alone, and the rest is kept.

import { Observable } from '../lib/core/observable';
import { DWELL_DEFAULTS, type DwellSettings } from '../lib/input/dwell-settings';
import {
  type Binding,
  type Bindings,
  PAD_DEFAULTS,
  PAD_HELD,
  PAD_PRESSED,
  type PadDeed,
  type PadSettings,
} from '../lib/input/pad-bindings';
import { SCAN_DEFAULTS, type ScanSettings } from '../lib/input/scan-settings';
import { read, write } from './storage';

/** How a person reaches the controls. Keys, touch and a mouse work in each of them. */
export const INPUTS = ['direct', 'scan', 'dwell'] as const;
/** What a press on a direction does. */
export const DRIVE_WAYS = ['hold', 'step', 'latch'] as const;
export const THEMES = ['auto', 'dark', 'light', 'contrast'] as const;
export const HANDS = ['left', 'right'] as const;
export const LANGUAGES = ['ro', 'en'] as const;
export const STEPS_CM = [5, 20, 50] as const;
export const STEPS_DEG = [5, 15, 45, 90, 180] as const;

/** A key of the keyboard that a switch sends, as `KeyboardEvent.key` names it. */
export interface SwitchKeys {
  select: string;
  step: string;
}

export interface Settings {
  input: (typeof INPUTS)[number];
  driveBy: (typeof DRIVE_WAYS)[number];
  stepCm: (typeof STEPS_CM)[number];
  stepDeg: (typeof STEPS_DEG)[number];
  latchMs: number;
  scan: ScanSettings;
  switchKeys: SwitchKeys;
  dwell: DwellSettings;
  pad: PadSettings;
  /** Null: the browser's. */
  language: (typeof LANGUAGES)[number] | null;
  theme: (typeof THEMES)[number];
  /** With the system's theme: dark for as long as one has the robot. */
  darkDriving: boolean;
  large: boolean;
  hand: (typeof HANDS)[number];
  /** How long the picture may wait in the jitter buffer for smoothness, ms. */
  jitterMs: number;
  /** Single-key shortcuts. */
  shortcuts: boolean;
  /** Silence after which the microphone is muted, ms; 0: never. */
  autoMuteMs: number;
  /** So long before that a warning is given, ms. */
  muteWarningMs: number;
  statistics: boolean;
  /** Heard: a lost picture, a request, a person who comes; and that the robot moves, has stopped, has confirmed STOP. */
  alertSounds: boolean;
  moveSounds: boolean;
}

/** Smallest and greatest of each number. */
export const RANGES = {
  latchMs: [1000, 8000],
  'scan.stepMs': [300, 5000],
  'scan.firstExtraMs': [0, 3000],
  'scan.holdMs': [0, 2000],
  'scan.tremorMs': [0, 2000],
  'scan.rounds': [1, 10],
  'dwell.dwellMs': [300, 3000],
  'dwell.stopMs': [100, 1000],
  'dwell.jitterMs': [0, 500],
  'pad.deadzone': [0.05, 0.5],
  'pad.expo': [0, 1],
  jitterMs: [0, 500],
  autoMuteMs: [0, 600_000],
  muteWarningMs: [3000, 60_000],
} as const satisfies Record<string, readonly [number, number]>;

export const DEFAULTS: Settings = {
  input: 'direct',
  driveBy: 'hold',
  stepCm: 20,
  stepDeg: 45,
  latchMs: 3000,
  scan: SCAN_DEFAULTS,
  switchKeys: { select: ' ', step: 'Enter' },
  dwell: DWELL_DEFAULTS,
  pad: PAD_DEFAULTS,
  language: null,
  theme: 'auto',
  darkDriving: true,
  large: false,
  hand: 'right',
  jitterMs: 0,
  shortcuts: true,
  autoMuteMs: 60_000,
  muteWarningMs: 10_000,
  statistics: false,
  alertSounds: true,
  moveSounds: false,
};

const KEY = 'havatar.settings';
/** Rises when the meaning of a value changes; `upgrade` then knows what an older one meant. */
const VERSION = 1;
/** Keys that must keep their own meaning: STOP, and the way through and out of the page. */
export const FORBIDDEN_KEYS: readonly string[] = [
  'Escape',
  'Tab',
  'Shift',
  'Control',
  'Alt',
  'Meta',
];

export class SettingsStore {
  readonly state: Observable<Settings>;
  readonly #storage: Storage | null;

  constructor(storage: Storage | null) {
    this.#storage = storage;
    this.state = new Observable(parseSettings(read(storage, KEY)));
  }

  /** Changes and remembers; out of range is brought into it. */
  set(change: Partial<Settings>): void {
    const next = settingsOf({ ...this.state.value, ...change });
    this.state.set(next);
    write(this.#storage, KEY, JSON.stringify({ version: VERSION, ...next }));
  }

  /** Everything as it was at first. */
  reset(): void {
    this.state.set(DEFAULTS);
    write(this.#storage, KEY, null);
  }
}

/** Settings as they were remembered; what cannot be read is as it was at first. */
export function parseSettings(text: string | null): Settings {
  if (text === null) return DEFAULTS;
  try {
    return settingsOf(JSON.parse(text) as unknown);
  } catch {
    return DEFAULTS;
  }
}

/** Any value as settings: each field by itself, with its default where it makes no sense. */
export function settingsOf(value: unknown): Settings {
  const from = fields(value);
  const scan = fields(from['scan']);
  const dwell = fields(from['dwell']);
  const pad = fields(from['pad']);
  const d = DEFAULTS;
  return {
    input: one(from['input'], INPUTS, d.input),
    driveBy: one(from['driveBy'], DRIVE_WAYS, d.driveBy),
    stepCm: one(from['stepCm'], STEPS_CM, d.stepCm),
    stepDeg: one(from['stepDeg'], STEPS_DEG, d.stepDeg),
    latchMs: number(from['latchMs'], 'latchMs', d.latchMs),
    scan: {
      switches: one(scan['switches'], ['one', 'two'] as const, d.scan.switches),
      stepMs: number(scan['stepMs'], 'scan.stepMs', d.scan.stepMs),
      firstExtraMs: number(scan['firstExtraMs'], 'scan.firstExtraMs', d.scan.firstExtraMs),
      holdMs: number(scan['holdMs'], 'scan.holdMs', d.scan.holdMs),
      tremorMs: number(scan['tremorMs'], 'scan.tremorMs', d.scan.tremorMs),
      rounds: Math.round(number(scan['rounds'], 'scan.rounds', d.scan.rounds)),
    },
    switchKeys: keys(from['switchKeys']),
    dwell: {
      dwellMs: number(dwell['dwellMs'], 'dwell.dwellMs', d.dwell.dwellMs),
      stopMs: number(dwell['stopMs'], 'dwell.stopMs', d.dwell.stopMs),
      jitterMs: number(dwell['jitterMs'], 'dwell.jitterMs', d.dwell.jitterMs),
    },
    pad: {
      bindings: bindings(pad['bindings']),
      deadzone: number(pad['deadzone'], 'pad.deadzone', d.pad.deadzone),
      expo: number(pad['expo'], 'pad.expo', d.pad.expo),
      anyButtonStops: flag(pad['anyButtonStops'], d.pad.anyButtonStops),
    },
    language: one(from['language'], [...LANGUAGES, null], d.language),
    theme: one(from['theme'], THEMES, d.theme),
    darkDriving: flag(from['darkDriving'], d.darkDriving),
    large: flag(from['large'], d.large),
    hand: one(from['hand'], HANDS, d.hand),
    jitterMs: number(from['jitterMs'], 'jitterMs', d.jitterMs),
    shortcuts: flag(from['shortcuts'], d.shortcuts),
    autoMuteMs: number(from['autoMuteMs'], 'autoMuteMs', d.autoMuteMs),
    muteWarningMs: number(from['muteWarningMs'], 'muteWarningMs', d.muteWarningMs),
    statistics: flag(from['statistics'], d.statistics),
    alertSounds: flag(from['alertSounds'], d.alertSounds),
    moveSounds: flag(from['moveSounds'], d.moveSounds),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function one<T>(value: unknown, among: readonly T[], otherwise: T): T {
  return among.includes(value as T) ? (value as T) : otherwise;
}

function flag(value: unknown, otherwise: boolean): boolean {
  return typeof value === 'boolean' ? value : otherwise;
}

function number(value: unknown, range: keyof typeof RANGES, otherwise: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) return otherwise;
  const [least, most] = RANGES[range];
  return Math.min(most, Math.max(least, value));
}

/** Two switches on one key could not be told apart. */
function keys(value: unknown): SwitchKeys {
  const { select, step } = fields(value);
  const good = (key: unknown): key is string =>
    typeof key === 'string' && key !== '' && key.length < 30 && !FORBIDDEN_KEYS.includes(key);
  return good(select) && good(step) && select !== step ? { select, step } : DEFAULTS.switchKeys;
}

/** An empty set is a person's choice; one that cannot be read is not. */
function bindings(value: unknown): Bindings {
  if (typeof value !== 'object' || value === null) return PAD_DEFAULTS.bindings;
  const from = fields(value);
  const deeds: readonly PadDeed[] = [...PAD_HELD, ...PAD_PRESSED];
  return Object.fromEntries(
    deeds.flatMap((deed) => {
      const found = binding(from[deed]);
      return found === null ? [] : [[deed, found]];
    }),
  );
}

function binding(value: unknown): Binding | null {
  const { kind, index, sign } = fields(value);
  if (typeof index !== 'number' || !Number.isInteger(index) || index < 0 || index > 63) return null;
  if (kind === 'button') return { kind, index };
  return kind === 'axis' && (sign === 1 || sign === -1) ? { kind, index, sign } : null;
}
