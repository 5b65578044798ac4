// Where a player's track goes: the page's one <video> or <audio>. The element keeps one MediaStream for life and
// only the track inside is changed, so that the last frame stays on the screen until the next session has one.

import type { FrameTimes } from './picture-age';

export interface Screen {
  /** Puts `track` in place of what was there. */
  show(track: MediaStreamTrack): void;
  /** Empties it. */
  clear(): void;
  /** Plays on if the browser has paused it. */
  resume(): void;
  /** Whether `onFrame` is called for every frame; if not, only the decoder's counters tell. */
  readonly countsFrames: boolean;
  /** Called for every frame that is presented. */
  onFrame: ((times: FrameTimes) => void) | null;
}

export class ElementScreen implements Screen {
  readonly #element: HTMLMediaElement;
  readonly #stream = new MediaStream();
  readonly countsFrames: boolean;
  onFrame: ((times: FrameTimes) => void) | null = null;

  constructor(element: HTMLMediaElement) {
    this.#element = element;
    this.countsFrames =
      element instanceof HTMLVideoElement && 'requestVideoFrameCallback' in element;
    if (this.countsFrames) this.#listen(element as HTMLVideoElement);
  }

  show(track: MediaStreamTrack): void {
    const before = this.#stream.getTracks();
    if (before.includes(track)) return;
    this.#stream.addTrack(track);
    for (const old of before) this.#stream.removeTrack(old);
    if (this.#element.srcObject !== this.#stream) this.#element.srcObject = this.#stream;
    this.resume();
  }

  clear(): void {
    for (const track of this.#stream.getTracks()) this.#stream.removeTrack(track);
    this.#element.srcObject = null;
  }

  resume(): void {
    if (this.#element.srcObject === null) return;
    // Refused only for sound without a gesture; the page starts muted and unmutes on a press.
    this.#element.play().catch(() => undefined);
  }

  /** Mutes or unmutes; false if the browser refuses to play sound without another press. */
  async mute(muted: boolean): Promise<boolean> {
    this.#element.muted = muted;
    if (muted || this.#element.srcObject === null) return true;
    try {
      await this.#element.play();
      return true;
    } catch (error) {
      // Replaced by a newer play() is no refusal.
      if (error instanceof DOMException && error.name === 'AbortError') return true;
      this.#element.muted = true;
      return false;
    }
  }

  #listen(video: HTMLVideoElement): void {
    const next: VideoFrameRequestCallback = (now, frame) => {
      video.requestVideoFrameCallback(next);
      this.onFrame?.({
        shownAt: Math.min(now, frame.presentationTime),
        receivedAt: frame.receiveTime,
        capturedAt: frame.captureTime,
        rtpTimestamp: frame.rtpTimestamp,
      });
    };
    video.requestVideoFrameCallback(next);
  }
}
