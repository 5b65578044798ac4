// Which button of a gamepad does what: what is remembered of it, apart from the machine that uses it.

/** What drives while it is held. */
export const PAD_HELD = ['forward', 'back', 'left', 'right'] as const;
/** What is done once for each press. */
export const PAD_PRESSED = [
  'stop',
  'estop',
  'estop_release',
  'robot',
  'step_forward',
  'step_back',
  'step_left',
  'step_right',
  'talk',
  'phrases',
  'attention',
  'nod',
  'head_up',
  'head_down',
  'light',
  'hang_up',
  'scan_select',
  'scan_step',
] as const;

export type PadHeld = (typeof PAD_HELD)[number];
export type PadPressed = (typeof PAD_PRESSED)[number];
export type PadDeed = PadHeld | PadPressed;

/** What these do is done while the robot moves as well: each stops it, or knows what a press is for then. */
export const PAD_KEEPS: readonly PadPressed[] = ['estop', 'scan_select', 'scan_step'];

export type Binding =
  | { kind: 'button'; index: number }
  /** One direction of an axis. */
  | { kind: 'axis'; index: number; sign: 1 | -1 };

export type Bindings = Readonly<Partial<Record<PadDeed, Binding>>>;

export interface PadSettings {
  bindings: Bindings;
  /** Share of an axis' way that counts as its centre, 0.05 to 0.5. */
  deadzone: number;
  /** 0: as the stick is; 1: fine near the centre. */
  expo: number;
  /** While the robot moves, any button that does not drive is a stop. Always so where no button is bound to `stop`. */
  anyButtonStops: boolean;
}

/** The standard layout: left stick, cross, and the face buttons. */
export const PAD_BINDINGS: Bindings = {
  forward: { kind: 'axis', index: 1, sign: -1 },
  back: { kind: 'axis', index: 1, sign: 1 },
  left: { kind: 'axis', index: 0, sign: -1 },
  right: { kind: 'axis', index: 0, sign: 1 },
  stop: { kind: 'button', index: 1 },
  estop: { kind: 'button', index: 8 },
  estop_release: { kind: 'button', index: 4 },
  robot: { kind: 'button', index: 9 },
  talk: { kind: 'button', index: 0 },
  phrases: { kind: 'button', index: 3 },
  attention: { kind: 'button', index: 2 },
  step_forward: { kind: 'button', index: 12 },
  step_back: { kind: 'button', index: 13 },
  step_left: { kind: 'button', index: 14 },
  step_right: { kind: 'button', index: 15 },
};

export const PAD_DEFAULTS: PadSettings = {
  bindings: PAD_BINDINGS,
  deadzone: 0.15,
  expo: 0.4,
  anyButtonStops: true,
};
