// Free ports on loopback, for TCP and UDP at once.
//
// They are drawn at random below the range that the kernel gives to outgoing connections, and each is tried out:
// two benchmarks side by side hardly ever draw the same, and nothing else is handed one in between.
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

const FIRST = 20_000
const LAST = 32_000
const given = new Set()

export async function freePort() {
  for (let tries = 0; tries < 200; tries += 1) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST))
    if (!given.has(port) && (await freeTcp(port)) && (await freeUdp(port))) {
      given.add(port)
      return port
    }
  }
  throw new Error(`no free port between ${FIRST} and ${LAST}`)
}

/** An object with a free port for each name. */
export async function freePorts(...names) {
  const ports = {}
  for (const name of names) ports[name] = await freePort()
  return ports
}

function freeTcp(port) {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}

function freeUdp(port) {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.once('error', () => resolve(false))
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => socket.close(() => resolve(true)))
  })
}
