// Head, lamp and volume as presses set them, one of each for the page: the sheets and a gamepad count from the same place.

import { Aim } from '../../lib/drive/aim';
import { HeadNod } from '../../lib/drive/head-nod';
import { Followed } from '../../ui/follow.svelte';
import type { ScreenModel } from '../model/screen-model.svelte';
import { phrasesOf } from '../phrases/phrase-model.svelte';

type At = Readonly<Aim['state']['value']>;

export interface Aims {
  head: At;
  lamp: At;
  volume: At;
  /** Degrees further, to the left and up. */
  turn(pan: number, tilt: number): void;
  centre(): void;
  nod(): void;
  /** 0 to 255. */
  light(change: (light: number) => number): void;
  /** 0 to 100. */
  loud(change: (percent: number) => number): void;
}

const all = new WeakMap<ScreenModel, Aims>();
const bound = (n: number, most: number) => Math.min(most, Math.max(-most, Math.round(n)));

export function aimsOf(model: ScreenModel): Aims {
  const known = all.get(model);
  if (known !== undefined) return known;
  const { drive, deps } = model;
  const { clock, app } = deps;
  const head = new Aim({
    clock,
    near: 2,
    send: ([pan = 0, tilt = 0]) => drive.head(pan, tilt),
  });
  const lamp = new Aim({ clock, near: 2, send: ([light = 0]) => drive.light(light) });
  const volume = new Aim({
    clock,
    near: 0,
    send: ([percent = 0]) => phrasesOf(model).board.setVolume(percent),
  });
  const nod = new HeadNod((pan, tilt) => drive.head(pan, tilt), clock);
  const look = () => {
    const telemetry = model.driving.robot?.telemetry;
    const { head: turned = null, light = null } = telemetry ?? {};
    head.reports(turned && [turned.pan, turned.tilt]);
    lamp.reports(light === null ? null : [light]);
    const voice = model.status?.voice ?? null;
    volume.reports(voice && [voice.volume]);
  };
  drive.state.watchFields(['robot'], look);
  app.status.state.watchFields(['robot', 'voice', 'events', 'known'], look);
  const aims: Aims = {
    head: new Followed(head.state).value,
    lamp: new Followed(lamp.state).value,
    volume: new Followed(volume.state).value,
    turn: (pan, tilt) => head.press(([p = 0, t = 0]) => [bound(p + pan, 90), bound(t + tilt, 45)]),
    centre: () => head.press(() => [0, 0]),
    nod: () => {
      const [pan, tilt] = head.state.value.at ?? [];
      if (pan !== undefined && tilt !== undefined) void nod.make({ pan, tilt });
    },
    light: (change) => lamp.press(([light = 0]) => [Math.min(255, Math.max(0, change(light)))]),
    loud: (change) =>
      volume.press(([percent = 0]) => [Math.min(100, Math.max(0, change(percent)))]),
  };
  all.set(model, aims);
  return aims;
}
