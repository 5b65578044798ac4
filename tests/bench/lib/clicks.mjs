// Numbered clicks, and where they are found again in a recording.
//
// A click is eight short tones, one after the other without a gap, in an order of its own. No two orders have more than a
// few tones in common however they are laid over each other, so a click is told from its neighbours although it arrives
// later than they were sent; and the band of a telephone carries it through Opus, noise suppression and gain control.
import { shuffled } from './random.mjs'

export const RATE = 48_000
/** Clicks are looked for at this rate, after averaging; enough for an eighth of a millisecond. */
export const SEARCH_RATE = 8000
const TONES = 8
const TONE_MS = 10
export const CLICK_MS = TONES * TONE_MS
/** Different clicks; the train begins anew after them. */
export const CODES = 16
const LOWEST_HZ = 700
const APART_HZ = 200
/** Tones that two orders may share in the same place, whatever the delay between them. */
const IN_COMMON = 3
const LOUDNESS = 0.5
const TONE_LENGTH = (TONE_MS * SEARCH_RATE) / 1000
/** So much sooner or later than it was made may a tone come, seen from the one before it: 2 ms. */
const SLACK = (2 * SEARCH_RATE) / 1000

const orders = pickOrders()

/** One click as it is played, s16le mono; fades in and out within a millisecond. */
function click(code) {
  const samples = new Int16Array((CLICK_MS * RATE) / 1000)
  const fade = RATE / 1000
  let turns = 0
  for (let index = 0; index < samples.length; index += 1) {
    const edge = Math.min(1, (index + 1) / fade, (samples.length - index) / fade)
    samples[index] = 32_767 * LOUDNESS * edge * Math.sin(2 * Math.PI * turns)
    turns += (LOWEST_HZ + APART_HZ * orders[code][Math.floor((index * TONES) / samples.length)]) / RATE
  }
  return samples
}

const bytesOf = (samples) => Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)

/** Clicks for ever, one every `everyMs`, as s16le at RATE. */
export function* train(everyMs) {
  for (let code = 0; ; code = (code + 1) % CODES) {
    const samples = new Int16Array((RATE * everyMs) / 1000)
    samples.set(click(code))
    yield bytesOf(samples)
  }
}

/** Clicks for ever without a pause between them: sound that is there at any moment. */
export const babble = () => train(CLICK_MS)

/** How well each tone fits the 10 ms from each place of `samples` (at SEARCH_RATE) on, whatever its phase: 1 alone, 0 not there. */
function tonesIn(samples) {
  const places = Math.max(0, samples.length - TONE_LENGTH + 1)
  return Array.from({ length: TONES }, (_, tone) => {
    const turn = (2 * Math.PI * (LOWEST_HZ + APART_HZ * tone)) / SEARCH_RATE
    const fits = new Float32Array(places)
    let [a, b, energy] = [0, 0, 0]
    const weigh = (index, sign) => {
      const sample = samples[index]
      a += sign * sample * Math.cos(turn * index)
      b += sign * sample * Math.sin(turn * index)
      energy += sign * sample ** 2
    }
    for (let index = 0; index < samples.length; index += 1) {
      weigh(index, 1)
      if (index >= TONE_LENGTH) weigh(index - TONE_LENGTH, -1)
      // A silence fits nothing; and below this, what is left of a click is not worth a name.
      if (index >= TONE_LENGTH - 1 && energy > TONE_LENGTH * 1e-6) {
        fits[index - TONE_LENGTH + 1] = Math.sqrt((a * a + b * b) / (energy * (TONE_LENGTH / 2)))
      }
    }
    return fits
  })
}

/**
 * How well a click fits that begins at each place: 1 where it is and nothing else. A jitter buffer that catches up takes
 * milliseconds out of a sound, or puts some in; so each tone may come a little before or after the end of the last.
 */
function fit(tones, code) {
  const order = orders[code]
  let fits = tones[order[TONES - 1]]
  for (let place = TONES - 2; place >= 0; place -= 1) {
    const rest = highest(fits, 2 * SLACK + 1)
    fits = tones[order[place]].slice()
    const after = TONE_LENGTH - SLACK
    for (let at = 0; at + after < fits.length; at += 1) fits[at] += rest[at + after]
  }
  return fits.map((sum) => sum / TONES)
}

/** The highest of the `length` values from each place on. */
function highest(values, length) {
  const out = values.slice()
  for (let covered = 1; covered < length;) {
    const step = Math.min(covered, length - covered)
    for (let at = 0; at + step < out.length; at += 1) if (out[at + step] > out[at]) out[at] = out[at + step]
    covered += step
  }
  return out
}

/**
 * Where the click fits best, in ms from the beginning of `samples`, and how well; `undefined` if it is not there. No other click
 * fits as well as 0.61, and 15 ms may be missing from its middle (tried for each pair, and for gaps at each place).
 */
export function findClick(samples, code, least = 0.62) {
  const fits = fit(tonesIn(samples), code)
  let best = -1
  for (let at = 0; at < fits.length; at += 1) if (fits[at] >= least && (best < 0 || fits[at] > fits[best])) best = at
  return best < 0 ? undefined : { ms: (best * 1000) / SEARCH_RATE, fit: fits[best] }
}

/** All clicks of a train in `samples`, in order: code, ms from the beginning, fit. */
export function findClicks(samples, least = 0.9) {
  const found = []
  const tones = tonesIn(samples)
  for (let code = 0; code < CODES; code += 1) {
    const fits = fit(tones, code)
    const apart = TONES * TONE_LENGTH
    for (let at = 0; at < fits.length; at += 1) {
      if (fits[at] < least) continue
      let best = at
      for (let ahead = at; ahead < Math.min(fits.length, best + apart); ahead += 1) if (fits[ahead] > fits[best]) best = ahead
      found.push({ code, ms: (best * 1000) / SEARCH_RATE, fit: fits[best] })
      at = best + apart
    }
  }
  return found.toSorted((a, b) => a.ms - b.ms)
}

/** Which milliseconds of `samples` are as loud as `level` (of full scale). */
export function* loud(samples, level = 0.02) {
  const length = SEARCH_RATE / 1000
  for (let at = 0; at + length <= samples.length; at += length) {
    let energy = 0
    for (let index = at; index < at + length; index += 1) energy += samples[index] ** 2
    if (Math.sqrt(energy / length) >= level) yield (at * 1000) / SEARCH_RATE
  }
}

/** Orders of the tones of which any two, laid over each other with any shift, agree in few places. Always the same ones. */
function pickOrders() {
  const picked = []
  const agree = (a, b, shift) => a.filter((tone, index) => b[index + shift] === tone).length
  for (const order of shuffled(TONES)) {
    const alike = picked.some((other) => {
      for (let shift = 1 - TONES; shift < TONES; shift += 1) if (agree(order, other, shift) > IN_COMMON) return true
      return false
    })
    if (!alike) picked.push(order)
    if (picked.length === CODES) return picked
  }
  throw new Error('no such orders')
}
