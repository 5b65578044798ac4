// The attacks of under-attack.mjs: what they are, and the process that runs one.
import { fileURLToPath } from 'node:url'
import { own } from './own.mjs'

/** `signedIn`: by one client with a session of its own; the others are strangers'. `tls`: only against a daemon that speaks it. */
export const attacks = {
  connections: {},
  bodies: {},
  sign_ins: {},
  handshakes: { tls: true },
  frames: { signedIn: true },
  fragments: { signedIn: true },
  pings: { signedIn: true },
  requests: { signedIn: true },
  whep: { signedIn: true },
}

/** Starts one. `end` resolves to what it has done. */
export async function startAttack(name, { daemon, strangers, tls }) {
  const cookie = attacks[name].signedIn ? await signIn(daemon) : undefined
  let begun = false
  let done = 'nothing'
  const attacker = own('nice', ['-n', '19', process.execPath, fileURLToPath(new URL('attacker.mjs', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'pipe'],
    onLine: (line) => {
      if (line === 'begun') begun = true
      else if (line.startsWith('done ')) done = line.slice(5)
    },
  })
  attacker.child.stdin.write(`${JSON.stringify({ name, origin: daemon.origin, cookie, strangers, tls: Boolean(tls) })}\n`)
  return {
    begun: () => daemon.whileRunning(`the attack ${name} is under way`, () => {
      if (!attacker.running()) throw new Error(`the attacker ended: ${attacker.lines.join('\n')}`)
      return begun
    }, { timeoutMs: 120_000 }),
    end: async () => {
      attacker.child.stdin.end()
      await attacker.exited
      return done
    },
  }
}

async function signIn(daemon) {
  const link = await daemon.newLink()
  const response = await fetch(`${daemon.origin}/api/v1/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: daemon.origin },
    body: JSON.stringify({ code: link.split('#code=')[1] }),
  })
  return response.headers.get('set-cookie').split(';')[0]
}
