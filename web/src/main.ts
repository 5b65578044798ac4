// The first route: starts sign-in, video and driving, then puts the screen over them. What is not needed to see and to stop comes later.

import { mount } from 'svelte';
import { RobotApi } from './api/robot';
import { boot } from './boot';
import { LazyTalk } from './data/lazy-talk';
import { returnLease } from './data/lease-return';
import { LevelsWatch } from './data/levels';
import { SettingsStore } from './data/settings';
import { tabStore } from './data/storage';
import type { ViewerStatistics } from './data/viewer-statistics';
import { chooseLanguage } from './i18n';
import { speak } from './i18n/spoken';
import { browserAttention } from './lib/core/attention';
import { browserClock } from './lib/core/clock';
import { retriedImport } from './lib/core/retried-import';
import { Drive } from './lib/drive/drive';
import { isCameraPicture } from './lib/webrtc/link';
import { ageToTell } from './lib/webrtc/picture-age';
import { ScreenModel } from './screens/model/screen-model.svelte';
import Page from './screens/Page.svelte';
import { byId } from './ui/dom';

const levels = new LevelsWatch(browserClock);
const { app, clock, fetcher, store, video, audio } = boot((event) => levels.onEvent(event));
const settings = new SettingsStore(store);
const attention = browserAttention(document, window);

let model: ScreenModel | null = null;
const drive = new Drive({
  api: new RobotApi(fetcher),
  clock,
  attention,
  connect: () => new WebSocket('/api/v1/robot/drive'),
  sayStop: (type) => app.status.say(type),
  pictureMs,
  stopReachable: () => canBePressed('drive-stop') && canBePressed('drive-estop'),
  mayDrive: () => model?.driving.mayDrive === true,
});

returnLease({ drive, status: app.status.state, attention, tab: tabStore() });

const talk = new LazyTalk({
  clock,
  settings: settings.state.value,
  load: async (now) => {
    const { createTalk } = await import('./talk');
    return createTalk(now, {
      fetcher,
      clock,
      attention,

      onRefused: () => app.session.refused(),
    });
  },
});

let statistics: Promise<ViewerStatistics> | null = null;
function viewerStatistics(): Promise<ViewerStatistics> {
  statistics ??= import('./data/viewer-statistics').then(
    ({ ViewerStatistics }) =>
      new ViewerStatistics({
        clock,
        look: () => ({
          video: video.figures,
          audio: audio.figures,
          pictureMs: pictureMs(),
          measuredFromCapture: video.age.measuredFromCapture,
          drive: drive.state.value,
        }),
        hidden: () => document.hidden,
        fetcher,
      }),
  );
  // A fetch that failed is no reason not to try again.
  statistics.catch(() => {
    statistics = null;
  });
  return statistics;
}

let wasIn = false;
app.session.state.watchFields(['signedIn'], ({ signedIn }) => {
  if (signedIn === false && drive.state.value.phase !== 'idle') void drive.release();
  // Whatever ended the session, and whether there was a picture or not.
  if (signedIn === false && wasIn) talk.hangUp();
  wasIn = signedIn === true;
  watchPicture();
});
app.status.state.watchFields(['events', 'voice'], ({ events, voice }) => {
  talk.heard(events === 'open' ? (voice?.talker ?? null) : null);
});
// The talk line is the media server's as well.
app.media.onNews((news) => {
  if (news.serverLost) talk.serverLost();
  if (news.back) talk.nudge();
});
app.media.state.watchFields(['link'], watchPicture);

let watching = false;
/** What comes after the picture, so as not to slow it down. */
function watchPicture(): void {
  const { signedIn } = app.session.state.value;
  const now = signedIn === true && isCameraPicture(app.media.state.value.link.kind);
  if (now === watching) return;
  watching = now;
  viewerStatistics().then(
    (viewer) => viewer.report(watching),
    () => undefined,
  );
  if (now) talk.begin();
}

window.addEventListener('online', () => talk.nudge());
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) talk.nudge();
});
settings.state.watchFields(['autoMuteMs', 'muteWarningMs'], (now) => talk.configure(now));
settings.state.watchFields(['jitterMs'], ({ jitterMs }) => video.jitter(jitterMs));

void begin();

/** The screen, over a picture that is already on its way. */
async function begin(): Promise<void> {
  const language = settings.state.value.language ?? chooseLanguage(store, navigator.languages);
  const spoken = await needed(() => speak(language));
  model = new ScreenModel({
    app,
    drive,
    talk,

    fetcher,
    levels,
    settings,
    clock,
    attention,
    store,
    spoken,
    statistics: viewerStatistics,
    needed,
  });
  mount(Page, { target: byId('panel', HTMLElement), props: { model } });
}

/** A part of the page that it is no use without. */
function needed<Part>(fetched: () => Promise<Part>): Promise<Part> {
  return retriedImport(fetched, clock, async () => {
    const answer = await fetcher('/healthz', { cache: 'no-store' });
    // A one-time code is good once, so a sign-in by it is not cut short.
    if (answer.ok && !app.session.state.value.signingIn) window.location.reload();
  });
}

if ('serviceWorker' in navigator && import.meta.env.PROD) {
  // The page works without it; a browser that refuses it (plain HTTP on a network) just cannot install the page.
  navigator.serviceWorker.register('/worker.js').catch(() => undefined);
}

function pictureMs(): number | null {
  return ageToTell(video.age.ms(clock.now()), isCameraPicture(app.media.state.value.link.kind));
}

/** The button's middle is inside the window, and nothing lies over it. */
function canBePressed(id: string): boolean {
  const button = document.getElementById(id);
  if (button === null) return false;
  const { left, top, width, height } = button.getBoundingClientRect();
  const found = document.elementFromPoint(left + width / 2, top + height / 2);
  return found !== null && button.contains(found);
}
