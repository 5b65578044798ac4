// A WebSocket client that is small enough to measure with: no library between the call and the socket, and headers of
// our own (Node's WebSocket cannot send a bearer token). Text messages, close and ping only.
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'

const TEXT = 1
const CLOSE = 8
const PING = 9
const PONG = 10

/**
 * Opens `url` (ws://host:port/path, or wss:). `via` is a port on which something stands that passes it on. Resolves once the
 * server has agreed; `onText` gets every message, `onEnd` the close code or the reason, once.
 */
export function openWebSocket(url, { headers = {}, via, onText, onEnd } = {}) {
  const { hostname, port, pathname, host, protocol } = new URL(url)
  const secure = protocol === 'wss:'
  const socket = (secure ? connectTls : connect)({ host: via?.host ?? hostname, port: via?.port ?? Number(port) })
  socket.setNoDelay(true)
  let rest = Buffer.alloc(0)
  let open = false
  let ended = false
  const end = (why) => {
    if (ended) return
    ended = true
    socket.destroy()
    onEnd?.(why)
  }
  const send = (opcode, payload) => {
    if (!socket.destroyed) socket.write(frame(opcode, payload))
  }
  return new Promise((resolve, reject) => {
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      const lines = Object.entries({
        host,
        upgrade: 'websocket',
        connection: 'Upgrade',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
        ...headers,
      }).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.write(`GET ${pathname} HTTP/1.1\r\n${lines.join('')}\r\n`)
    })
    socket.on('error', (error) => { reject(error); end(error.message) })
    socket.on('close', () => { reject(new Error('closed before it was open')); end('closed') })
    socket.on('data', (bytes) => {
      rest = Buffer.concat([rest, bytes])
      if (!open) {
        const head = rest.indexOf('\r\n\r\n')
        if (head < 0) return
        const status = rest.subarray(0, rest.indexOf('\r\n')).toString()
        if (!status.includes(' 101 ')) {
          reject(new Error(status))
          return end(status)
        }
        open = true
        rest = rest.subarray(head + 4)
        resolve({
          text: (message) => send(TEXT, Buffer.from(message)),
          close: () => { send(CLOSE, Buffer.from([0x03, 0xe8])); end('closed by us') },
          /** Without a word, as a machine that loses its power. */
          cut: () => end('cut by us'),
          ended: () => ended,
        })
      }
      for (let message = take(); message; message = take()) {
        if (message.opcode === TEXT) onText?.(message.payload.toString())
        else if (message.opcode === PING) send(PONG, message.payload)
        else if (message.opcode === CLOSE) end(message.payload.length >= 2 ? String(message.payload.readUInt16BE()) : 'closed')
      }
    })
  })

  /** Takes one whole message off the front of what has come; servers neither mask nor, here, split theirs. */
  function take() {
    if (rest.length < 2) return undefined
    let length = rest[1] & 0x7f
    let head = 2
    if (length === 126) {
      if (rest.length < 4) return undefined
      length = rest.readUInt16BE(2)
      head = 4
    } else if (length === 127) {
      if (rest.length < 10) return undefined
      length = Number(rest.readBigUInt64BE(2))
      head = 10
    }
    if (rest.length < head + length) return undefined
    const message = { opcode: rest[0] & 0x0f, payload: rest.subarray(head, head + length) }
    rest = rest.subarray(head + length)
    return message
  }
}

function frame(opcode, payload) {
  const long = payload.length > 125
  const bytes = Buffer.allocUnsafe((long ? 8 : 6) + payload.length)
  bytes[0] = 0x80 | opcode
  bytes[1] = 0x80 | (long ? 126 : payload.length)
  if (long) bytes.writeUInt16BE(payload.length, 2)
  const at = long ? 4 : 2
  const mask = randomBytes(4)
  mask.copy(bytes, at)
  for (let index = 0; index < payload.length; index += 1) bytes[at + 4 + index] = payload[index] ^ mask[index & 3]
  return bytes
}
