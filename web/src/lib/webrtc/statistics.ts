// Figures of the picture, the sound and the link, for the statistics overlay and for the report to the daemon. Rates are
// taken between two looks at the players' counters; a counter that went down belongs to another session, and starts anew.

import type { ViewerReport } from '../../api/types';
import type { DriveState } from '../drive/state';
import type { Figures } from './player';

export interface MediumStatistics {
  /** kb/s. */
  bitrateKbps: number | null;
  /** Of the packets since the look before, percent. */
  lostPercent: number | null;
  /** Mean wait in the jitter buffer over the session, ms. */
  jitterBufferMs: number | null;
  roundTripMs: number | null;
}

export interface Statistics {
  video: MediumStatistics & { framesPerSecond: number | null; framesDropped: number | null };
  audio: MediumStatistics;
  /** Age of the picture on the screen, ms. */
  pictureMs: number | null;
  /** The age counts from the moment of capture; else from the quickest way that a frame has had. */
  measuredFromCapture: boolean;
  /** How old commands are on arrival, and picture and command together, as the robot bounds them, ms. */
  commandMs: number | null;
  lagMs: number | null;
  /** Of the allowed speed, percent. */
  speedPercent: number | null;
}

export interface Look {
  video: Figures | null;
  audio: Figures | null;
  pictureMs: number | null;
  measuredFromCapture: boolean;
  drive: Pick<DriveState, 'robot'> | null;
}

/** Two looks closer together than this give no rate worth reading, ms. */
const APART_MS = 250;

export class StatisticsMeter {
  readonly #video = new Rates();
  readonly #audio = new Rates();

  look(look: Look, now: number): Statistics {
    const video = this.#video.look(look.video, now);
    const audio = this.#audio.look(look.audio, now);
    const limit = look.drive?.robot?.motion.limit ?? null;
    return {
      video: {
        ...medium(video, look.video),
        framesPerSecond: video.framesPerSecond,
        framesDropped: look.video?.framesDropped ?? null,
      },
      audio: medium(audio, look.audio),
      pictureMs: look.pictureMs,
      measuredFromCapture: look.measuredFromCapture,
      commandMs: limit?.command_ms ?? null,
      lagMs: limit?.lag_ms ?? null,
      speedPercent: limit?.percent ?? null,
    };
  }
}

/** What the daemon is told of it. */
export function reportOf(statistics: Statistics): ViewerReport {
  const { video, pictureMs, measuredFromCapture } = statistics;
  return {
    picture_ms: tenth(pictureMs),
    measured_from_capture: measuredFromCapture,
    fps: tenth(video.framesPerSecond),
    bitrate_kbps: tenth(video.bitrateKbps),
    lost_percent: tenth(video.lostPercent),
    jitter_buffer_ms: tenth(video.jitterBufferMs),
    round_trip_ms: tenth(video.roundTripMs),
  };
}

interface Rate {
  bitrateKbps: number | null;
  lostPercent: number | null;
  framesPerSecond: number | null;
}

const UNKNOWN: Rate = { bitrateKbps: null, lostPercent: null, framesPerSecond: null };

class Rates {
  #last: { at: number; figures: Figures } | null = null;
  #rate: Rate = UNKNOWN;

  look(figures: Figures | null, now: number): Rate {
    const last = this.#last;
    if (figures === null) {
      this.#last = null;
      this.#rate = UNKNOWN;
    } else if (last === null || figures.packetsReceived < last.figures.packetsReceived) {
      this.#last = { at: now, figures };
      this.#rate = UNKNOWN;
    } else if (now - last.at >= APART_MS) {
      this.#rate = between(last.figures, figures, now - last.at);
      this.#last = { at: now, figures };
    }
    return this.#rate;
  }
}

function between(before: Figures, after: Figures, ms: number): Rate {
  const received = after.packetsReceived - before.packetsReceived;
  // A packet that was given up and then came makes the count of the lost go down.
  const lost = Math.max(0, after.packetsLost - before.packetsLost);
  const sent = received + lost;
  return {
    bitrateKbps: ((after.bytesReceived - before.bytesReceived) * 8) / ms,
    lostPercent: sent === 0 ? null : (lost / sent) * 100,
    framesPerSecond: ((after.framesDecoded - before.framesDecoded) * 1000) / ms,
  };
}

function medium({ bitrateKbps, lostPercent }: Rate, figures: Figures | null): MediumStatistics {
  return {
    bitrateKbps,
    lostPercent,
    jitterBufferMs: figures?.jitterBufferMs ?? null,
    roundTripMs: figures?.roundTripMs ?? null,
  };
}

/** What is no number is not known. */
function tenth(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? Math.round(value * 10) / 10 : null;
}
