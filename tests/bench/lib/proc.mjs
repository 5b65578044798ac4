// What /proc knows of processes: descendants, marks, processor time and memory.
import { readdirSync, readFileSync } from 'node:fs'

const TICKS_PER_SECOND = 100

const read = (pid, file) => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return ''
  }
}

export const pids = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number)

/** Fields of /proc/PID/stat from the state (0) on; the name before them may hold anything. */
const stat = (pid) => {
  const text = read(pid, 'stat')
  return text === '' ? undefined : text.slice(text.lastIndexOf(')') + 2).split(' ')
}

export const commandLine = (pid) => read(pid, 'cmdline').split('\0').slice(0, -1)
/** The kernel's letter for what it does: R runs, S sleeps, D waits for a device, Z is dead. */
export const state = (pid) => stat(pid)?.[0]
export const alive = (pid) => ![undefined, 'Z', 'X'].includes(state(pid))

/** Tells a process from a later one with the same number. `undefined` if it is gone. */
export const identity = (pid) => {
  const began = stat(pid)?.[19]
  return began && `${pid} ${began}`
}

/** Everything that descends from a process. */
export function descendants(root) {
  const children = new Map()
  for (const pid of pids()) {
    const parent = Number(stat(pid)?.[1])
    children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const found = []
  for (const queue = [root]; queue.length > 0;) {
    const next = children.get(queue.shift()) ?? []
    found.push(...next)
    queue.push(...next)
  }
  return found
}

/** Value of a variable in a process's environment, as it was when the process began. */
export function variable(pid, name) {
  const entry = read(pid, 'environ').split('\0').find((one) => one.startsWith(`${name}=`))
  return entry?.slice(name.length + 1)
}

/** Whether a command line or an environment mentions a text. */
export const mentions = (pid, text) => read(pid, 'cmdline').includes(text) || read(pid, 'environ').includes(text)

/** Processor seconds used so far, by all its threads. */
export function cpuSeconds(pid) {
  const fields = stat(pid)
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** How many descriptors are open. */
export function descriptors(pid) {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return 0
  }
}

/** Memory in MiB: all that is resident, and the part that is its own and not mapped from files. */
export function memory(pid) {
  const status = read(pid, 'status')
  const mib = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024
  return { resident: mib('VmRSS'), own: mib('RssAnon') }
}
