// The ways of a stop to the robot: a request by a connection of its own, the socket of the events, the drive socket.
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { openWebSocket } from './websocket.mjs'
import { until } from './wait.mjs'

/** Opens what is open on a page anyway. `send` resolves once a stop or an e-stop is on its way; by a request, once it is answered. */
export async function openWays(daemon) {
  const { hostname, port, host, protocol } = new URL(daemon.origin)
  const authorization = `Bearer ${daemon.token()}`
  let events
  const open = async () => {
    events = await openWebSocket(`${daemon.origin.replace('http', 'ws')}/api/v1/events`, { headers: { authorization } })
  }
  await open()
  const ways = {
    request: (kind) => new Promise((resolve, reject) => {
      const secure = protocol === 'https:'
      const socket = secure ? connectTls({ host: hostname, port: Number(port) }) : connect({ host: hostname, port: Number(port) })
      socket.setNoDelay(true)
      socket.setTimeout(10_000, () => reject(new Error('no answer in 10 s')))
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        socket.write(`POST /api/v1/robot/${kind} HTTP/1.1\r\nhost: ${host}\r\nauthorization: ${authorization}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
      })
      let answer = ''
      socket.on('data', (bytes) => { answer += bytes })
      socket.on('error', reject)
      socket.on('close', () => (answer.startsWith('HTTP/1.1 200') ? resolve() : reject(new Error(answer.split('\r\n')[0] || 'closed without an answer'))))
    }),
    events: async (kind) => {
      if (events.ended()) {
        await until('the socket of the events is open again', () => open().then(() => true))
        throw new Error('the socket of the events had been closed')
      }
      events.text(JSON.stringify({ type: kind }))
    },
    drive: async (kind, driver) => driver[kind](),
  }
  return {
    send: (way, kind, driver) => ways[way](kind, driver),
    end: () => events.close(),
  }
}
