export interface ScanSettings {
  /** `one` switch with a highlight that moves by itself, or `two`: one moves it, the other takes. */
  switches: 'one' | 'two';
  /** How long something is highlighted, 300 to 5000 ms. */
  stepMs: number;
  /** So much longer the first one of a row, ms. */
  firstExtraMs: number;
  /** A press counts once it has been held for so long, 0 to 2000 ms. */
  holdMs: number;
  /** For so long after a switch has gone up its next press is taken for a tremor, 0 to 2000 ms. */
  tremorMs: number;
  /** After so many rounds without a press the highlight rests. */
  rounds: number;
}

export const SCAN_DEFAULTS: ScanSettings = {
  switches: 'one',
  stepMs: 1200,
  firstExtraMs: 400,
  holdMs: 0,
  tremorMs: 0,
  rounds: 3,
};
