import { ask } from './request';
import type { Language, Phrases, SpeakRequest, Utterance, ViewerReport, Voice } from './types';

const SPEAK = '/api/v1/robot/speak';
/** A page that is being left still gets these through. */
const LASTING: RequestInit = { keepalive: true };

/** The daemon's routes around sound, speech and what a viewer measures. Every method rejects with `ApiError`. */
export class VoiceApi {
  readonly #fetch: typeof fetch;

  constructor(fetcher: typeof fetch) {
    this.#fetch = fetcher;
  }

  async speak(request: SpeakRequest): Promise<Utterance> {
    const response = await ask(this.#fetch, 'POST', SPEAK, request);
    return (await response.json()) as Utterance;
  }

  async attention(): Promise<Utterance> {
    const response = await ask(this.#fetch, 'POST', '/api/v1/robot/attention');
    return (await response.json()) as Utterance;
  }

  /** Everything that is being said or waits. */
  async cancelAll(): Promise<void> {
    await ask(this.#fetch, 'DELETE', SPEAK);
  }

  async cancel(id: number): Promise<void> {
    await ask(this.#fetch, 'DELETE', `${SPEAK}/${id}`);
  }

  /** 0 to 100 percent of what the config allows. */
  async setVolume(percent: number): Promise<Voice> {
    const response = await ask(this.#fetch, 'PUT', '/api/v1/robot/volume', { percent });
    return (await response.json()) as Voice;
  }

  /** Opens or closes the microphone of the talk line's session. */
  async talk(session: string, on: boolean): Promise<void> {
    await ask(this.#fetch, 'PUT', '/api/v1/talk', { session, on }, LASTING);
  }

  /** The account's own, or a starter set in `language`. */
  async phrases(language: Language): Promise<Phrases> {
    const headers = { 'accept-language': language };
    const response = await ask(this.#fetch, 'GET', '/api/v1/phrases', undefined, { headers });
    return (await response.json()) as Phrases;
  }

  async savePhrases(phrases: Phrases): Promise<void> {
    await ask(this.#fetch, 'PUT', '/api/v1/phrases', phrases);
  }

  async report(report: ViewerReport): Promise<void> {
    await ask(this.#fetch, 'PUT', '/api/v1/stats/viewer', report);
  }
}
