// Driving by a gamepad: shows the pads to the core, frame by frame, and does what it says. The poll follows the screen,
// about 60 times a second; without a pad the browser is asked twice a second, because not every one tells of a new pad.

import type { Attention } from '../core/attention';
import type { Clock } from '../core/clock';
import { Observable } from '../core/observable';
import type { Drive } from '../drive/drive';
import { type PadAction, PadCore, type PadLook, type PadState } from './pad';
import type { Bindings, PadDeed, PadPressed, PadSettings } from './pad-bindings';

export interface DrivePadDeps {
  drive: Pick<Drive, 'hold' | 'letGo' | 'stop' | 'state'>;
  clock: Clock;
  attention: Attention;
  getPads: () => readonly (PadLook | null)[];
  /** Runs `work` at the next frame of the screen; the result cancels it. A hidden page has no frames. */
  nextFrame: (work: () => void) => () => void;
  /** A binding that drives nothing by itself was pressed. */
  onPress: (deed: PadPressed) => void;
  /** It is up again. */
  onRelease: (deed: PadPressed) => void;
  onLearned: (bindings: Bindings, deed: PadDeed, taken: PadDeed | null) => void;
}

const CONTROL = 'pad';
const SEARCH_MS = 500;

export class DrivePad {
  readonly state: Observable<PadState>;
  readonly #deps: DrivePadDeps;
  readonly #core: PadCore;
  readonly #unwatch: (() => void)[];
  #cancel: (() => void) | null = null;
  #lettingGo = false;

  constructor(settings: PadSettings, deps: DrivePadDeps) {
    this.#deps = deps;
    this.#core = new PadCore(settings);
    this.state = new Observable(this.#core.state);
    let wasDoing = deps.drive.state.value.doing !== null;
    this.#unwatch = [
      deps.drive.state.watch(({ doing }) => {
        // Whatever else than its own centre ended a motion, the centre has to be seen before the next.
        if (wasDoing && doing === null && !this.#lettingGo) this.#run(this.#core.stopped());
        wasDoing = doing !== null;
      }),
      // The driver's core forgets what is held when nobody looks; a stick held all the while must not be news to it.
      deps.attention.watch(() => this.#run(this.#core.stopped())),
    ];
    this.#look();
  }

  configure(settings: PadSettings): void {
    this.#run(this.#core.configure(settings));
  }

  /** "Press the button you want"; null ends it. */
  learn(deed: PadDeed | null): void {
    this.#run(this.#core.learn(deed));
  }

  /** A pad was plugged in or out: look now, not at the next frame. */
  nudge(): void {
    this.#look();
  }

  dispose(): void {
    this.#cancel?.();
    this.#cancel = null;
    for (const end of this.#unwatch) end();
    this.#run(this.#core.stopped());
  }

  #look(): void {
    this.#cancel?.();
    const { clock, drive, getPads, nextFrame } = this.#deps;
    const { doing, robot } = drive.state.value;
    const moving = doing !== null || (robot !== null && robot.motion.mode !== null);
    this.#run(this.#core.look(getPads(), moving));
    const again = () => this.#look();
    this.#cancel = this.#core.state.pad === null ? clock.after(SEARCH_MS, again) : nextFrame(again);
  }

  #letGo(): void {
    this.#lettingGo = true;
    this.#deps.drive.letGo(CONTROL);
    this.#lettingGo = false;
  }

  #run(actions: readonly PadAction[]): void {
    const { drive, onLearned, onPress, onRelease } = this.#deps;
    for (const action of actions) {
      if (action.do === 'hold') drive.hold(CONTROL, action);
      else if (action.do === 'let-go') this.#letGo();
      else if (action.do === 'stop') drive.stop();
      else if (action.do === 'press') onPress(action.deed);
      else if (action.do === 'release') onRelease(action.deed);
      else onLearned(action.bindings, action.deed, action.taken);
    }
    this.state.set(this.#core.state);
  }
}
