export interface DwellSettings {
  /** 300 to 3000 ms. */
  dwellMs: number;
  /** On STOP while the robot moves, 100 to 1000 ms; never longer than `dwellMs`. */
  stopMs: number;
  /** Away from a target for so long, the pointer has left it, 0 to 500 ms. */
  jitterMs: number;
}

export const DWELL_DEFAULTS: DwellSettings = { dwellMs: 1000, stopMs: 250, jitterMs: 150 };
