// A bad network between a client and something that listens on loopback: havatar-sim's relay.
import { own } from './own.mjs'
import { havatarSim } from './programs.mjs'
import { until } from './wait.mjs'

/** Another loopback address: with the same port, a daemon behind it knows itself by it. */
const HOST = '127.0.0.2'

/** Leads to `port`; the same `seed` does the same to the same messages. `manner` are flags of `havatar-sim relay`, without dashes. */
export async function startRelay(port, { seed = 1, ...manner } = {}) {
  const flags = Object.entries(manner).flatMap(([name, value]) => [`--${name}`, String(value)])
  const said = []
  const relay = own(havatarSim(), ['relay', '--listen', `${HOST}:${port}`, '--to', `127.0.0.1:${port}`, '--seed', String(seed), ...flags], {
    stdio: ['pipe', 'pipe', 'pipe'],
    onLine: (line) => said.push(JSON.parse(line)),
  })
  await until('the relay listens', () => {
    if (!relay.running()) throw new Error(`the relay ended: ${relay.lines.join('\n')}`)
    return said.some(({ event }) => event === 'ready')
  })
  return {
    ...relay,
    origin: `http://${HOST}:${port}`,
    /** One of its commands: `block on`, `block off`, `cut`, `delay 60`, `loss 0.02`. Resolves once it is obeyed. */
    tell: async (command) => {
      const before = said.length
      relay.child.stdin.write(`${command}\n`)
      await until(`the relay obeys: ${command}`, () => said.slice(before).some(({ event }) => event === 'done'), { everyMs: 5 })
    },
  }
}
