import { type Language, Phrases } from './index';
import { problemsEn } from './problems-en';
import { type ProblemDictionary, problemsRo } from './problems-ro';
import { waitText } from './wait';

/** What is said of a problem's code. Those of driving have words of their own. */
const SAID: Readonly<Record<keyof ProblemDictionary, readonly string[]>> = {
  network: ['network', 'unknown'],
  slow: ['timeout', 'took_too_long', 'http_408'],
  busy: ['busy', 'flood'],
  tries: ['too_many_tries'],
  media: ['mediamtx_away', 'mediamtx_refused', 'mediamtx_odd', 'bad_answer', 'bad_location'],
  stream: ['stream_offline', 'no_such_stream', 'device_not_running'],
  closing: ['shutting_down'],
  space: ['no_space'],
  disk: ['phrases_unavailable', 'recordings_unavailable', 'recording_unreadable'],
  recording: ['recording_in_progress'],
  over: [
    'no_such_session',
    'no_such_utterance',
    'no_such_recording',
    'no_such_process',
    'no_such_item',
    'no_such_range',
  ],
  lacking: ['not_supported'],
  quiet: ['quiet_hours'],
  range: ['out_of_range', 'too_large'],
  version: [
    'bad_request',
    'bad_sdp',
    'unsupported_tracks',
    'wrong_content_type',
    'method_not_allowed',
    'no_such_route',
    'websocket_only',
  ],
  signin: ['not_signed_in', 'sign_in_refused'],
  address: ['wrong_host', 'foreign_origin'],
  held: ['talk_held'],
  device: [
    'no_such_device',
    'device_in_use',
    'device_not_permitted',
    'device_failed',
    'camera_away',
    'camera_unavailable',
  ],
  private: ['private'],
  keeper: ['admin_token_only'],
  internal: ['internal'],
};

const dictionaries: Record<Language, ProblemDictionary> = { ro: problemsRo, en: problemsEn };

/** What there is to say of `code`; null if nobody has thought of it. */
export function knownProblem(language: Language, code: string): string | null {
  const keys = Object.keys(SAID) as (keyof ProblemDictionary)[];
  const key = keys.find((one) => SAID[one].includes(code));
  if (key === undefined) return null;
  return new Phrases(language, dictionaries[language]).text(key, { time: waitText(language) });
}

/** A sentence for a person in any case, and never the code. */
export function sayProblem(language: Language, code: string): string {
  return knownProblem(language, code) ?? dictionaries[language].internal;
}
