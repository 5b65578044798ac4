// What a benchmark starts, it ends: child processes, browsers, servers and folders, on every way out.
//
// A child is ended through its handle, never by name, so nobody else's process is ever meant. It also carries a
// parent-death signal (setpriv), so that even `kill -9` of the benchmark leaves nothing running.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const GRACE_MS = 5000
/** Names of our folders; the pid of their owner follows. */
const FOLDER = 'havatar-bench-'

/** Ends come in reverse order of what was begun. */
const ends = []
const children = new Set()
const folders = new Set()
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  for (const folder of folders) removeFolder(folder)
})

/** Registers what must be undone. Returns a function that undoes it now, once. */
export function onEnd(undo) {
  let done
  const end = () => {
    const place = ends.indexOf(end)
    if (place >= 0) ends.splice(place, 1)
    done ??= Promise.resolve().then(undo)
    return done
  }
  ends.push(end)
  return end
}

export async function endAll() {
  while (ends.length > 0) {
    try {
      await ends.at(-1)()
    } catch (error) {
      process.exitCode ||= 1
      console.error(`while cleaning up: ${error.message}`)
    }
  }
}

/** A folder of our own, gone at the end; after a `kill -9` of us, the next benchmark removes it. */
export function ownFolder() {
  if (folders.size === 0) sweepFolders()
  const folder = mkdtempSync(join(tmpdir(), `${FOLDER}${process.pid}-`))
  folders.add(folder)
  onEnd(() => removeFolder(folder))
  return folder
}

/**
 * Starts a program. `lines` keeps the newest 200 of its output and error lines; `exited` resolves to how it ended.
 * `end()` asks with SIGTERM, then, after five seconds, with SIGKILL. `onBytes` takes what it puts out as it comes, instead of lines.
 */
export function own(program, args, { env, stdio = ['ignore', 'pipe', 'pipe'], onLine, onBytes, death = 'KILL' } = {}) {
  // A group of its own: Ctrl-C in the terminal reaches us alone, and we end what is ours in order.
  const child = spawn('setpriv', ['--pdeathsig', death, '--', program, ...args], {
    stdio,
    detached: true,
    env: { ...process.env, ...env },
  })
  const lines = []
  if (onBytes) child.stdout.on('data', onBytes)
  for (const stream of [onBytes ? null : child.stdout, child.stderr]) {
    if (stream) eachLine(stream, (line) => {
      lines.push(line)
      if (lines.length > 200) lines.shift()
      onLine?.(line)
    })
  }
  children.add(child)
  const exited = new Promise((resolve) => {
    child.once('error', (error) => { children.delete(child); resolve({ error }) })
    child.once('exit', (code, signal) => { children.delete(child); resolve({ code, signal }) })
  })
  const end = onEnd(async () => {
    if (!children.has(child)) return
    child.kill('SIGTERM')
    const timer = setTimeout(() => children.has(child) && child.kill('SIGKILL'), GRACE_MS)
    await exited
    clearTimeout(timer)
  })
  return { child, pid: child.pid, lines, exited, end, running: () => children.has(child) }
}

/** Runs `main`, then undoes everything, whatever happened. */
export async function run(main) {
  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]]) {
    process.once(signal, () => {
      process.exitCode = code
      endAll().finally(() => process.exit(code))
    })
  }
  process.on('uncaughtException', fail)
  process.on('unhandledRejection', fail)
  try {
    await main()
    await endAll()
  } catch (error) {
    await fail(error)
  }
}

async function fail(error) {
  console.error(error?.stack ?? String(error))
  process.exitCode = 1
  await endAll()
  process.exit(process.exitCode)
}

function sweepFolders() {
  for (const name of readdirSync(tmpdir())) {
    const owner = name.startsWith(FOLDER) && Number(name.slice(FOLDER.length).split('-')[0])
    if (owner && !existsSync(`/proc/${owner}`)) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}

function removeFolder(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  folders.delete(folder)
}

function eachLine(stream, take) {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('error', () => undefined)
  stream.on('data', (text) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop().slice(-10_000)
    for (const line of parts) take(line)
  })
}
