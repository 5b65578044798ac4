import { mount } from 'svelte';
import { RobotApi } from './api/robot';
import { VoiceApi } from './api/voice';
import { boot } from './boot';
import { LevelsWatch } from './data/levels';
import { PhraseBoard } from './data/phrases';
import { SettingsStore } from './data/settings';
import { chooseLanguage } from './i18n';
import { speak } from './i18n/spoken';
import { browserAttention } from './lib/core/attention';
import { browserClock } from './lib/core/clock';
import { retriedImport } from './lib/core/retried-import';
import { Drive } from './lib/drive/drive';
import { browserMicrophone } from './lib/talk/microphone';
import { Talk } from './lib/talk/talk';
import { isCameraPicture, mediaNews } from './lib/webrtc/link';
import { ageToTell } from './lib/webrtc/picture-age';
import { Reporter } from './lib/webrtc/report';
import { reportOf, StatisticsMeter } from './lib/webrtc/statistics';
import { WhipSession } from './lib/webrtc/whip';
import DriveScreen from './screens/drive/DriveScreen.svelte';
import { ScreenModel } from './screens/drive/screen-model.svelte';
import { byId } from './ui/dom';

const levels = new LevelsWatch(browserClock);
const { app, clock, fetcher, store, video, audio } = boot((event) => levels.onEvent(event));
const settings = new SettingsStore(store);
const attention = browserAttention(document, window);
const voice = new VoiceApi(fetcher);

let model: ScreenModel | null = null;
const drive = new Drive({
  api: new RobotApi(fetcher),
  clock,
  attention,
  connect: () => new WebSocket('/api/v1/robot/drive'),
  pictureMs,
  stopReachable: () => canBePressed('drive-stop') && canBePressed('drive-estop'),
  mayDrive: () => model?.mayDrive === true,
});

const talk = new Talk(settings.state.value, {
  clock,
  attention,
  microphone: browserMicrophone({
    isSecureContext,
    mediaDevices: navigator.mediaDevices,
    permissions: navigator.permissions,
    createContext: () => new AudioContext(),
  }),
  createSession: (track, iceServers, events) =>
    new WhipSession(
      {
        endpoint: new URL('/api/mediamtx/webrtc/whip', window.location.href).href,
        iceServers,
        track,
      },
      { fetch: fetcher, createPeer: (config) => new RTCPeerConnection(config), clock },
      events,
    ),
  setTalking: (session, on) => voice.talk(session, on),
  onRefused: () => app.refused(),
});

const board = new PhraseBoard(voice);
const meter = new StatisticsMeter();
const look = () =>
  meter.look(
    {
      video: video.figures,
      audio: audio.figures,
      pictureMs: pictureMs(),
      measuredFromCapture: video.age.measuredFromCapture,
      drive: drive.state.value,
    },
    clock.now(),
  );
const reporter = new Reporter({
  clock,
  measure: () => (document.hidden ? null : reportOf(look())),
  send: (report) => voice.report(report),
});

let watching = false;
let wasIn = false;
let before = app.state.value.status;
app.state.watch(({ signedIn, status, events, link }) => {
  if (signedIn === false && drive.state.value.phase !== 'idle') void drive.release();
  if (signedIn === false) board.forget();
  // Whatever ended the session, and whether there was a picture or not.
  if (signedIn === false && wasIn) talk.hangUp();
  wasIn = signedIn === true;
  talk.heard(events === 'open' ? (status?.voice?.talker ?? null) : null);
  if (status !== null && status !== before) {
    // The talk line is the media server's as well.
    const news = mediaNews(before, status);
    before = status;
    if (news.serverLost) talk.serverLost();
    if (news.back) talk.nudge();
  }
  const now = signedIn === true && isCameraPicture(link.kind);
  if (now === watching) return;
  watching = now;
  if (!now) {
    reporter.stop();
    return;
  }
  reporter.start();
  // After the picture, so as not to slow it down.
  void talk.begin();
});
window.addEventListener('online', () => talk.nudge());
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) talk.nudge();
});
settings.state.watch((now) => {
  talk.configure(now);
  video.jitter(now.jitterMs);
});

void begin();

/** The screen, over a picture that is already on its way. */
async function begin(): Promise<void> {
  const language = settings.state.value.language ?? chooseLanguage(store, navigator.languages);
  model = new ScreenModel({
    app,
    drive,
    talk,
    board,
    levels,
    settings,
    clock,
    attention,
    store,
    spoken: await needed(() => speak(language)),
    statistics: look,
    needed,
  });
  mount(DriveScreen, { target: byId('panel', HTMLElement), props: { model } });
}

/** A part of the page that it is no use without. */
function needed<Part>(fetched: () => Promise<Part>): Promise<Part> {
  return retriedImport(fetched, clock, async () => {
    const answer = await fetcher('/healthz', { cache: 'no-store' });
    // A one-time code is good once, so a sign-in by it is not cut short.
    if (answer.ok && !app.state.value.signingIn) window.location.reload();
  });
}

if ('serviceWorker' in navigator && import.meta.env.PROD) {
  // The page works without it; a browser that refuses it (plain HTTP on a network) just cannot install the page.
  navigator.serviceWorker.register('/worker.js').catch(() => undefined);
}

function pictureMs(): number | null {
  return ageToTell(video.age.ms(clock.now()), isCameraPicture(app.state.value.link.kind));
}

/** Nothing lies over its middle, and it is inside the window. */
function canBePressed(id: string): boolean {
  const button = document.getElementById(id);
  if (button === null) return false;
  const { left, top, width, height } = button.getBoundingClientRect();
  const found = document.elementFromPoint(left + width / 2, top + height / 2);
  return found !== null && button.contains(found);
}
