// What a gamepad's buttons do on the drive screen. Fetched when the page has time; browsers tell of a pad only once one of its
// buttons has been pressed.

import { DrivePad } from '../../lib/drive-pad';
import { Nod } from '../../lib/nod';
import type { PadPressed } from '../../lib/pad-bindings';
import type { Desk, Way } from './desk.svelte';

/** How far one press turns the head, degrees. */
const HEAD_DEG = 15;

/** What a button of a pad is, where it is a switch for scanning. */
export type PadSwitch = 'scan_select' | 'scan_step';

/** A second press on the e-stop's release that comes sooner is a hand that trembles, ms. */
const DELIBERATE_MS = 600;

/** `onSwitch` says whether anything is worked by switches. */
export function padOf(
  desk: Desk,
  onSwitch: (which: PadSwitch, down: boolean) => boolean,
): DrivePad {
  const releaseEstop = estopRelease(desk);
  const nod = new Nod((pan, tilt) => drive.head(pan, tilt), desk.deps.clock);
  const { drive } = desk;
  const pad = new DrivePad(desk.settings.pad, {
    clock: desk.deps.clock,
    attention: desk.attention,
    getPads: () => navigator.getGamepads?.() ?? [],
    nextFrame: (work) => {
      const id = requestAnimationFrame(work);
      return () => cancelAnimationFrame(id);
    },
    drive: {
      state: drive.state,
      hold: (control, shares) => {
        tryOut(desk, shares.linear, shares.angular);
        // Always, so that what is pushed while it must not count has to be let go before it can.
        drive.hold(control, shares);
      },
      letGo: (control) => {
        desk.trying?.('still');
        drive.letGo(control);
      },
      stop: () => drive.stop(),
    },
    onPress: (deed) => {
      if (deed === 'stop') drive.stop();
      else if (deed === 'estop') drive.estop();
      else if (isSwitch(deed)) {
        // Any button of a pad stops a robot that moves.
        if (!onSwitch(deed, true) && desk.moving) drive.stop();
      } else if (desk.sheet === 'settings') desk.trying?.(deed);
      else if (deed === 'estop_release') releaseEstop();
      else if (deed === 'nod') nodOnce(desk, nod);
      else press(desk, deed);
    },
    onRelease: (deed) => {
      if (isSwitch(deed)) onSwitch(deed, false);
    },
    onLearned: (bindings) => desk.set({ pad: { ...desk.settings.pad, bindings } }),
  });
  window.addEventListener('gamepadconnected', () => pad.nudge());
  window.addEventListener('gamepaddisconnected', () => pad.nudge());
  return pad;
}

const isSwitch = (deed: PadPressed): deed is PadSwitch =>
  deed === 'scan_select' || deed === 'scan_step';

/** The two steps, of one button: the first asks for the code, the second, which cannot be the first one's tremor, uses it. */
export function estopRelease({ drive, deps }: Desk): () => void {
  let askedAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = deps.clock.now();
    if (drive.state.value.releaseCode === null) {
      askedAt = now;
      void drive.releaseEstop();
    } else if (now - askedAt >= DELIBERATE_MS) void drive.confirmReleaseEstop();
  };
}

function nodOnce({ robot }: Desk, nod: Nod): void {
  const head = robot?.telemetry?.head;
  if (head) void nod.make(head);
}

/** Takes the robot, or asks whoever has it; gives up asking, or gives it back. */
export function takeOrGive({ drive, otherDriver }: Desk): void {
  if (drive.state.value.phase !== 'idle') void drive.release();
  else void drive.acquire(otherDriver === null ? 'refuse' : 'ask');
}

/** Tells whoever tries an input. Nothing drives while a sheet lies open. */
function tryOut({ trying }: Desk, linear: number, angular: number): void {
  if (linear === 0 && angular === 0) return;
  if (Math.abs(angular) > Math.abs(linear)) trying?.(angular > 0 ? 'left' : 'right');
  else trying?.(linear > 0 ? 'forward' : 'back');
}

function press(desk: Desk, deed: PadPressed): void {
  if (desk.hungUp && (deed === 'robot' || deed === 'hang_up')) desk.comeBack();
  if (!desk.watching) return;
  const telemetry = desk.robot?.telemetry;
  const head = telemetry?.head;
  switch (deed) {
    case 'robot':
      takeOrGive(desk);
      break;
    case 'step_forward':
    case 'step_back':
    case 'step_left':
    case 'step_right':
      desk.step(deed.slice('step_'.length) as Way);
      break;
    case 'talk':
      desk.talkPress();
      break;
    case 'phrases':
      if (desk.sheet === 'phrases') desk.close();
      else desk.open('phrases');
      break;
    case 'attention':
      void desk.deps.board.attention();
      break;
    case 'head_up':
    case 'head_down':
      if (head)
        void desk.drive.head(head.pan, head.tilt + (deed === 'head_up' ? HEAD_DEG : -HEAD_DEG));
      break;
    case 'light':
      void desk.drive.light((telemetry?.light ?? 0) > 0 ? 0 : 255);
      break;
    case 'hang_up':
      desk.hangUp();
      break;
    default:
      break;
  }
}
