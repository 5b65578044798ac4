// Chance that can be repeated.

/** Numbers from 0 up to 1, always the same ones for a seed (mulberry32). */
export function* random(seed) {
  for (let state = seed >>> 0; ;) {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    yield ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Orders of the numbers below `count`, for ever. */
export function* shuffled(count, seed = 1) {
  const chance = random(seed)
  for (;;) {
    const order = Array.from({ length: count }, (_, index) => index)
    for (let last = count - 1; last > 0; last -= 1) {
      const other = Math.floor(chance.next().value * (last + 1))
      ;[order[last], order[other]] = [order[other], order[last]]
    }
    yield order
  }
}
