// A driver for measurements: a lease, a drive socket, and stamps, as docs/driving.md asks for them.
import { openWebSocket } from './websocket.mjs'
import { until } from './wait.mjs'

/** CLOCK_MONOTONIC in ns, the clock that the simulator stamps its timeline with. */
export const monotonic = () => process.hrtime.bigint()
export const ms = (ns) => Number(ns) / 1e6

const REPEAT_MS = 50

/**
 * Acquires the robot of `daemon` and opens the drive socket. `via` goes through something else than the daemon's own
 * port. `hold`, `latch`, `step` and so on are those of the protocol; what is held is repeated by itself.
 */
export async function openDriver(daemon, { via } = {}) {
  const grant = await daemon.api('/api/v1/robot/lease', { method: 'POST', body: { if_held: 'take' } })
  let seq = 0
  let press = 0
  let beat = { n: 0, at: 0 }
  let state
  let ended
  let timer
  const refusals = []
  const now = () => performance.now()
  const stamp = () => ({ seq: (seq += 1), t: now(), beat: beat.n, beat_t: beat.at, picture_ms: 30 })
  const socket = await openWebSocket(`${daemon.origin.replace('http', 'ws')}/api/v1/robot/drive`, {
    via,
    headers: { authorization: `Bearer ${daemon.token()}` },
    onText: (text) => {
      const event = JSON.parse(text)
      if (event.type === 'beat') beat = { n: event.n, at: now() }
      else if (event.type === 'state') state = event.robot
      else if (event.type === 'refused') refusals.push(event.code)
      else if (event.type === 'ended') refusals.push(event.code)
    },
    onEnd: (why) => { ended ??= why; clearInterval(timer) },
  })
  const say = (message) => socket.text(JSON.stringify(message))
  const keep = (make) => {
    clearInterval(timer)
    say(make())
    timer = setInterval(() => say(make()), REPEAT_MS)
  }
  say({ type: 'hello', token: grant.token, rate_hz: 10 })
  const alive = () => keep(() => ({ type: 'alive', at: stamp() }))
  const driver = {
    token: grant.token,
    state: () => state,
    refusals,
    ended: () => ended,
    stamp,
    say,
    alive,
    /** One message that drives, and its moment: taken just before it is handed to the socket. */
    once: (linear, angular = 0) => {
      const text = JSON.stringify({ type: 'hold', at: stamp(), linear, angular })
      const at = monotonic()
      socket.text(text)
      return at
    },
    hold: (linear, angular = 0) => keep(() => ({ type: 'hold', at: stamp(), linear, angular })),
    /** Full speed ahead, each message with a turn that none of the hundred before it has; noted in `sent`. */
    wander: (sent) => keep(() => {
      const at = stamp()
      const angular = (((at.seq * 37) % 101) - 50) / 50
      sent.push({ at: monotonic(), angular })
      return { type: 'hold', at, linear: 1, angular }
    }),
    neutral: () => { alive(); say({ type: 'neutral', at: stamp() }) },
    latch: (linear, forMs = 8000) => {
      press += 1
      const this_ = press
      keep(() => ({ type: 'latch', at: stamp(), press: this_, linear, angular: 0, for_ms: forMs, stop_reachable: true }))
    },
    step: (move) => { alive(); press += 1; say({ type: 'step', at: stamp(), press, move }) },
    stop: () => { alive(); say({ type: 'stop' }) },
    estop: () => say({ type: 'estop' }),
    silent: () => clearInterval(timer),
    cut: () => socket.cut(),
    end: () => { clearInterval(timer); socket.close() },
  }
  await until('the driver is welcome', () => ended || (beat.n > 0 && state), { everyMs: 5 })
  if (ended) throw new Error(`the drive socket ended: ${ended} ${refusals}`)
  // Not before: behind a network that shuffles, the hello would no longer be the first.
  alive()
  return driver
}
