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

const orders = pickOrders()

/** Phase of a click, in turns, after each sample. */
function phases(code, rate) {
  const count = (CLICK_MS * rate) / 1000
  const turns = new Float64Array(count)
  let phase = 0
  for (let index = 0; index < count; index += 1) {
    turns[index] = phase
    phase += (LOWEST_HZ + APART_HZ * orders[code][Math.floor((index * TONES) / count)]) / rate
  }
  return turns
}

/** One click as it is played, s16le mono; fades in and out within a millisecond. */
function click(code) {
  const turns = phases(code, RATE)
  const samples = new Int16Array(turns.length)
  const fade = RATE / 1000
  turns.forEach((turn, index) => {
    const edge = Math.min(1, (index + 1) / fade, (turns.length - index) / fade)
    samples[index] = 32_767 * LOUDNESS * edge * Math.sin(2 * Math.PI * turn)
  })
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

const templates = orders.map((_, code) => {
  const turns = phases(code, SEARCH_RATE)
  return { cos: Float32Array.from(turns, (turn) => Math.cos(2 * Math.PI * turn)), sin: Float32Array.from(turns, (turn) => Math.sin(2 * Math.PI * turn)) }
})

/**
 * How well a click fits at each place of `samples` (at SEARCH_RATE): 1 where it is and nothing else, about 0 in noise. The
 * phase that it arrives with does not matter.
 */
function fit(samples, code) {
  const { cos, sin } = templates[code]
  const length = cos.length
  const fits = new Float32Array(Math.max(0, samples.length - length + 1))
  let energy = 0
  for (let index = 0; index < length; index += 1) energy += samples[index] ** 2
  for (let at = 0; at < fits.length; at += 1) {
    // A silence fits nothing; and below this, what is left of a click is not worth a name.
    if (energy > length * 1e-6) {
      let a = 0
      let b = 0
      for (let index = 0; index < length; index += 1) {
        const sample = samples[at + index]
        a += sample * cos[index]
        b += sample * sin[index]
      }
      fits[at] = Math.sqrt((a * a + b * b) / (energy * (length / 2)))
    }
    energy += samples[at + length] ** 2 - samples[at] ** 2
  }
  return fits
}

/** Where the click fits best, in ms from the beginning of `samples`, and how well; `undefined` if it is not there. */
export function findClick(samples, code, least = 0.5) {
  const fits = fit(samples, code)
  let best = -1
  for (let at = 0; at < fits.length; at += 1) if (fits[at] >= least && (best < 0 || fits[at] > fits[best])) best = at
  return best < 0 ? undefined : { ms: (best * 1000) / SEARCH_RATE, fit: fits[best] }
}

/** All clicks of a train in `samples`, in order: code, ms from the beginning, fit. */
export function findClicks(samples, least = 0.9) {
  const found = []
  for (let code = 0; code < CODES; code += 1) {
    const fits = fit(samples, code)
    const apart = templates[0].cos.length
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
