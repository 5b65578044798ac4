// The side to compare commands with: Flask and pyserial, in a Python environment of the benchmark's own.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { monotonic } from './drive.mjs'
import { openHttp } from './http.mjs'
import { own } from './own.mjs'
import { freePort } from './ports.mjs'
import { root } from './programs.mjs'
import { until } from './wait.mjs'

const place = join(root, 'target/bench-venv')
const packages = ['flask==3.1.3', 'werkzeug==3.1.9', 'pyserial==3.5']

/** Makes the environment once. Throws, with pip's words, where the packages cannot be had. */
function environment() {
  const stamp = join(place, '.installed')
  const wanted = packages.join(' ')
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    const must = (program, args) => {
      const done = spawnSync(program, args, { encoding: 'utf8' })
      if (done.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${done.error?.message ?? done.stderr}`)
    }
    must('python3', ['-m', 'venv', place])
    must(join(place, 'bin/pip'), ['install', '--quiet', ...packages])
    writeFileSync(stamp, wanted)
  }
  return join(place, 'bin/python')
}

/**
 * Starts the server on a serial port. Its server closes the connection after each answer, whatever HTTP version it is told
 * to speak, so a browser opens one for every command; `drive` does as well. With `ahead` the connection has been opened
 * before: that is the best that a client could do. Both resolve to the moment at which the command was given.
 */
export async function startFlask(port) {
  const http = await freePort()
  let ready = false
  const server = own(environment(), [join(root, 'tests/bench/lib/flask_baseline.py'), port, String(http)], {
    onLine: (line) => { ready ||= line === 'ready' },
  })
  const open = () => openHttp(http)
  const post = async (connection, left, right) => {
    const { status, body } = await connection.post('/api/drive', { left, right })
    if (status !== 200) throw new Error(`Flask answered ${status}: ${body}`)
    connection.end()
  }
  let spare = await until('Flask answers', () => {
    if (!server.running()) throw new Error(`Flask ended: ${server.lines.join('\n')}`)
    return ready && open()
  })
  return {
    ...server,
    drive: async (left, right, ahead) => {
      const connection = spare
      const at = monotonic()
      await post(ahead ? connection : await open(), left, right)
      if (ahead) spare = await open()
      return at
    },
    end: async () => {
      spare.end()
      await server.end()
    },
  }
}
