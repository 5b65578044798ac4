// Requests made from docs/openapi.json by schemathesis, as admin: no answer may be a server error that is not ours.
// usage: scripts/bench schemathesis [--quick] [--cases N]
//   --cases  at least so many requests by token, and as many by a session's cookie: 500 when quick, 5000 otherwise
//
// SDP offers and ICE fragments are made by lib/schemathesis_hooks.py: as a browser's, with damage. A 500 is an error, and so is
// an answer above it without a problem's `code`; MediaMTX must not have ended. Needs python3 with venv.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startDriven } from './lib/driven.mjs'
import { lastLine, table } from './lib/figures.mjs'
import { own, ownFolder, run } from './lib/own.mjs'
import { root } from './lib/programs.mjs'

const VERSION = '4.32.5'
const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, cases: { type: 'string' } },
})
const wanted = Number(options.cases ?? (options.quick ? 500 : 5000))

/** The program, in a Python environment of its own below target/tools. */
function installed() {
  const folder = join(root, 'target/tools/schemathesis')
  const program = join(folder, 'bin/st')
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true })
    execFileSync('python3', ['-m', 'venv', folder], { stdio: ['ignore', 2, 2] })
    execFileSync(join(folder, 'bin/pip'), ['install', '--quiet', `schemathesis==${VERSION}`], { stdio: ['ignore', 2, 2] })
  }
  return program
}

/** One pass over every operation; gives how often each was answered how. */
async function pass(program, daemon, proof, examples, seed) {
  const folder = ownFolder()
  const counts = join(folder, 'counts.json')
  const args = ['run', '--no-color', join(root, 'docs/openapi.json'), '--url', daemon.origin, '--max-examples', String(examples)]
  const st = own(program, [...args, '--seed', String(seed), '--checks', 'not_a_server_error', '--continue-on-failure', '--no-shrink',
    '--generation-database', 'none', '--request-timeout', '120', '--suppress-health-check', 'all', '--warnings', 'off'], {
    env: {
      SCHEMATHESIS_HOOKS: join(root, 'tests/bench/lib/schemathesis_hooks.py'),
      HAVATAR_ORIGIN: daemon.origin,
      HAVATAR_PROOF: proof,
      HAVATAR_TOKEN_FILE: daemon.tokenFile,
      HAVATAR_COUNTS: counts,
    },
  })
  await st.exited
  if (!existsSync(counts)) throw new Error(`schemathesis ended without counts: ${st.lines.slice(-30).join('\n')}`)
  return JSON.parse(readFileSync(counts, 'utf8'))
}

await run(async () => {
  const program = installed()
  const { daemon } = await startDriven({ camera: { size: '320x180' }, microphone: {} })
  await daemon.ready()
  const mediamtx = () => daemon.processNamed('mediamtx')
  const first = await mediamtx()
  const rows = [['proof', 'requests', '2xx', '4xx', '500', '501 and up', 'errors that are not ours']]
  const figures = {}
  const errors = []
  for (const proof of ['token', 'session']) {
    const by = new Map()
    const before = errors.length
    let total = 0
    for (let round = 1; total < wanted; round += 1) {
      const seen = await pass(program, daemon, proof, Math.ceil(wanted / 40), round)
      errors.push(...seen.errors)
      const added = Object.values(seen.answers).reduce((sum, count) => sum + count, 0)
      if (added === 0) throw new Error('schemathesis sent nothing')
      total += added
      for (const [answer, count] of Object.entries(seen.answers)) {
        const status = Number(answer.split(' ').at(-1))
        const kind = status === 500 ? '500' : `${Math.floor(status / 100)}xx`
        by.set(kind, (by.get(kind) ?? 0) + count)
      }
    }
    const of = (kind) => by.get(kind) ?? 0
    rows.push([proof, total, of('2xx'), of('4xx'), of('500'), of('5xx'), errors.length - before])
    figures[`${proof}_requests`] = total
    figures[`${proof}_500`] = of('500')
    figures[`${proof}_501_and_up`] = of('5xx')
  }
  const after = await mediamtx()
  table(rows)
  for (const error of errors) console.log(error)
  const restarts = after.restarts - first.restarts
  console.log(`restarts of MediaMTX: ${restarts} (those asked for by the API are among them)`)
  lastLine('schemathesis', { ...figures, errors: errors.length, mediamtx_restarts: restarts })
  if (errors.length > 0) process.exitCode = 1
})
