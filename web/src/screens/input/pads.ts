// What a gamepad's buttons do on the drive screen. Fetched when the page has time; browsers tell of a pad only once one of its
// buttons has been pressed.

import { DrivePad } from '../../lib/input/drive-pad';
import type { PadPressed } from '../../lib/input/pad-bindings';
import { aimsOf } from '../camera/aims.svelte';
import type { Way } from '../model/drive-model.svelte';
import type { ScreenModel } from '../model/screen-model.svelte';
import { phrasesOf } from '../phrases/phrase-model.svelte';

/** How far one press turns the head, degrees. */
const HEAD_DEG = 15;

/** What a button of a pad is, where it is a switch for scanning. */
export type PadSwitch = 'scan_select' | 'scan_step';

/** A second press on the e-stop's release that comes sooner is a hand that trembles, ms. */
const DELIBERATE_MS = 600;

/** `onSwitch` says whether anything is worked by switches. */
export function padOf(
  model: ScreenModel,
  onSwitch: (which: PadSwitch, down: boolean) => boolean,
): DrivePad {
  const releaseEstop = estopRelease(model);
  const { drive } = model;
  const pad = new DrivePad(model.settings.pad, {
    clock: model.deps.clock,
    attention: model.attention,
    getPads: () => navigator.getGamepads?.() ?? [],
    nextFrame: (work) => {
      const id = requestAnimationFrame(work);
      return () => cancelAnimationFrame(id);
    },
    drive: {
      state: drive.state,
      hold: (control, shares) => {
        tryOut(model, shares.linear, shares.angular);
        // Always, so that what is pushed while it must not count has to be let go before it can.
        drive.hold(control, shares);
      },
      letGo: (control) => {
        model.trying?.('still');
        drive.letGo(control);
      },
      stop: () => drive.stop(),
    },
    onPress: (deed) => {
      if (deed === 'stop') drive.stop();
      else if (deed === 'estop') drive.estop();
      else if (isSwitch(deed)) {
        // Any button of a pad stops a robot that moves.
        if (!onSwitch(deed, true) && model.driving.moving) drive.stop();
      } else if (model.nav.sheet === 'settings') model.trying?.(deed);
      else if (deed === 'estop_release') releaseEstop();
      else if (deed === 'nod') aimsOf(model).nod();
      else press(model, deed);
    },
    onRelease: (deed) => {
      if (isSwitch(deed)) onSwitch(deed, false);
    },
    onLearned: (bindings) => model.set({ pad: { ...model.settings.pad, bindings } }),
  });
  window.addEventListener('gamepadconnected', () => pad.nudge());
  window.addEventListener('gamepaddisconnected', () => pad.nudge());
  return pad;
}

const isSwitch = (deed: PadPressed): deed is PadSwitch =>
  deed === 'scan_select' || deed === 'scan_step';

/** The two steps, of one button: the first asks for the code, the second, which cannot be the first one's tremor, uses it. */
export function estopRelease({ drive, deps }: ScreenModel): () => void {
  let askedAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = deps.clock.now();
    if (drive.state.value.releaseCode === null) {
      askedAt = now;
      void drive.releaseEstop();
    } else if (now - askedAt >= DELIBERATE_MS) void drive.confirmReleaseEstop();
  };
}

/** Takes the robot, or asks anyone who has it; gives up asking, or gives it back. */
export function takeOrGive({ drive, driving }: Pick<ScreenModel, 'drive' | 'driving'>): void {
  if (drive.state.value.phase !== 'idle') void drive.release();
  else void drive.acquire(driving.situation.holder.kind === 'other' ? 'ask' : 'refuse');
}

/** Tells anyone who tries an input. Nothing drives while a sheet lies open. */
function tryOut({ trying }: ScreenModel, linear: number, angular: number): void {
  if (linear === 0 && angular === 0) return;
  if (Math.abs(angular) > Math.abs(linear)) trying?.(angular > 0 ? 'left' : 'right');
  else trying?.(linear > 0 ? 'forward' : 'back');
}

function press(model: ScreenModel, deed: PadPressed): void {
  if (model.hungUp && (deed === 'robot' || deed === 'hang_up')) model.comeBack();
  if (!model.watching) return;
  switch (deed) {
    case 'robot':
      takeOrGive(model);
      break;
    case 'step_forward':
    case 'step_back':
    case 'step_left':
    case 'step_right':
      model.driving.step(deed.slice('step_'.length) as Way);
      break;
    case 'talk':
      model.talkPress();
      break;
    case 'phrases':
      if (model.nav.sheet === 'phrases') model.close();
      else model.nav.open('phrases');
      break;
    case 'attention':
      void phrasesOf(model).board.attention();
      break;
    case 'head_up':
    case 'head_down':
      aimsOf(model).turn(0, deed === 'head_up' ? HEAD_DEG : -HEAD_DEG);
      break;
    case 'light':
      aimsOf(model).light((light) => (light > 0 ? 0 : 255));
      break;
    case 'hang_up':
      model.hangUp();
      break;
    default:
      break;
  }
}
