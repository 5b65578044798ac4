// Sound that was on when the page was left, whether by a reload or by hanging up and closing it, is tried again by the next visit, once
// and as soon as there is something to hear. A browser that refuses is not asked a second time: the page says so in its usual words.

import type { MediaLink } from './media-link';
import type { Session } from './session';
import { read, write } from './storage';

const KEY = 'havatar.sound';

export interface SoundMemoryDeps {
  media: Pick<MediaLink, 'state' | 'toggleSound'>;
  session: Pick<Session, 'state'>;
  store: Storage | null;
}

/** Follows the page for as long as it lives. */
export function rememberSound({ media, session, store }: SoundMemoryDeps): void {
  let due = read(store, KEY) !== null && !media.state.value.sound;
  let on = media.state.value.sound;
  if (on) write(store, KEY, 'on');
  media.state.watchFields(['sound', 'audio'], ({ sound, audio }) => {
    if (sound !== on) {
      on = sound;
      // A person has decided meanwhile.
      due = false;
      write(store, KEY, on ? 'on' : null);
    }
    // Muted before: what does not come yet cannot be refused either.
    if (!due || audio.phase !== 'playing') return;
    due = false;
    void media.toggleSound();
  });
  session.state.watchFields(['signedIn'], ({ signedIn }) => {
    if (signedIn !== false) return;
    due = false;
    // The next person at this device begins in silence.
    write(store, KEY, null);
  });
}
