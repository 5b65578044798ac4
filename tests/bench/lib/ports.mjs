// Free ports on loopback, for TCP and UDP at once.
//
// They are drawn at random below the range that the kernel gives to outgoing connections, each is tried out, and each is
// held by a file that names its owner: two runs side by side never draw the same. The tests in Rust draw from another
// range, in a way of their own.
import { createSocket } from 'node:dgram'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const FIRST = 10_000
const LAST = 19_999
const folder = join(tmpdir(), 'havatar-ports-held')
const held = new Set()

process.once('exit', () => {
  for (const file of held) rmSync(file, { force: true })
})

/** Ours until this process ends. */
export async function freePort() {
  mkdirSync(folder, { recursive: true })
  for (let tries = 0; tries < 200; tries += 1) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1))
    if (hold(port) && (await freeTcp(port)) && (await freeUdp(port))) return port
  }
  throw new Error(`no free port between ${FIRST} and ${LAST}`)
}

/** An object with a free port for each name. */
export async function freePorts(...names) {
  const ports = {}
  for (const name of names) ports[name] = await freePort()
  return ports
}

/** Puts our name on a port. The file of an owner who is gone is free to take. */
function hold(port) {
  const file = join(folder, String(port))
  try {
    const owner = existsSync(file) ? readFileSync(file, 'utf8') : ''
    if (owner !== '' && !existsSync(`/proc/${owner}`)) rmSync(file, { force: true })
    writeFileSync(file, String(process.pid), { flag: 'wx' })
  } catch {
    return false
  }
  held.add(file)
  return true
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
