// The drive check: a plain page for somebody with the robot in front of them, to try every way of driving.

import { RobotApi } from '../api/robot';
import { boot } from '../boot';
import { chooseLanguage, type Language, rememberLanguage } from '../i18n';
import { CheckWords, DriveWords, Words } from '../i18n/both';
import { browserAttention } from '../lib/core/attention';
import { Drive } from '../lib/drive/drive';
import { driveByKeys } from '../lib/drive/keys';
import { isCameraPicture } from '../lib/webrtc/link';
import { ageToTell } from '../lib/webrtc/picture-age';
import { byId } from '../ui/dom';
import { CheckPage } from './page';

const { app, clock, fetcher, store, video } = boot();
const stop = byId('drive-stop', HTMLButtonElement);

const drive = new Drive({
  api: new RobotApi(fetcher),
  clock,
  attention: browserAttention(document, window),
  connect: () => new WebSocket('/api/v1/robot/drive'),
  pictureMs: () => ageToTell(video.age.ms(clock.now()), isCameraPicture(app.state.value.link.kind)),
  stopReachable: () => canBePressed(stop),
  // This page tries what the robot refuses by itself.
  mayDrive: () => true,
});
driveByKeys(drive, window, ({ target }) => target instanceof HTMLInputElement);

app.state.watch(({ signedIn }) => {
  if (signedIn === false && drive.state.value.phase !== 'idle') void drive.release();
});

new CheckPage({
  app,
  drive,
  words: wordsOf(chooseLanguage(store, navigator.languages)),
  onLanguage: (chosen) => {
    rememberLanguage(store, chosen);
    return wordsOf(chosen);
  },
});

function wordsOf(language: Language) {
  return {
    page: new Words(language),
    drive: new DriveWords(language),
    check: new CheckWords(language),
  };
}

/** Nothing lies over its middle, and it is inside the window. */
function canBePressed(button: HTMLElement): boolean {
  const { left, top, width, height } = button.getBoundingClientRect();
  const found = document.elementFromPoint(left + width / 2, top + height / 2);
  return found !== null && button.contains(found);
}
