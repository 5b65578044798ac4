// An HTTP connection that stays open, as a browser's does, and nothing around it: head and body of a POST leave in one
// write, and the answer is read to its end. What it adds to a measured time is next to nothing.
import { connect } from 'node:net'

/** Opens a connection to a port on loopback. `post` resolves to the status; one request at a time. */
export async function openHttp(port, headers = {}) {
  const socket = connect({ host: '127.0.0.1', port })
  socket.setNoDelay(true)
  await new Promise((resolve, reject) => { socket.once('connect', resolve); socket.once('error', reject) })
  const fixed = Object.entries({ host: `127.0.0.1:${port}`, 'content-type': 'application/json', ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`).join('')
  let rest = ''
  let waiting
  socket.setEncoding('latin1')
  socket.on('data', (text) => {
    rest += text
    const head = rest.indexOf('\r\n\r\n')
    if (head < 0) return
    const length = Number(/content-length: (\d+)/i.exec(rest.slice(0, head))?.[1] ?? 0)
    if (rest.length < head + 4 + length) return
    const answer = { status: Number(rest.slice(9, 12)), body: rest.slice(head + 4, head + 4 + length) }
    rest = rest.slice(head + 4 + length)
    waiting?.resolve(answer)
  })
  const broken = (error) => waiting?.reject(error ?? new Error('the connection was closed'))
  socket.on('error', broken)
  socket.on('close', () => broken())
  return {
    post: (path, body) => {
      const text = JSON.stringify(body)
      socket.write(`POST ${path} HTTP/1.1\r\n${fixed}content-length: ${text.length}\r\n\r\n${text}`)
      return new Promise((resolve, reject) => { waiting = { resolve, reject } })
    },
    end: () => socket.destroy(),
  }
}
