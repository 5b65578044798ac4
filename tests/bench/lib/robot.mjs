// The simulated robot: the firmware that ships, on a pty, with a timeline on the clock that everybody shares.
import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { own, ownFolder } from './own.mjs'
import { havatarSim } from './programs.mjs'
import { until } from './wait.mjs'

/** Starts one. `flags` are further arguments of `havatar-sim esp32`. */
export async function startRobot({ seed = 1, flags = [] } = {}) {
  const folder = ownFolder()
  const link = join(folder, 'robot')
  const file = join(folder, 'timeline.jsonl')
  const said = []
  const sim = own(havatarSim(), ['esp32', '--link', link, '--timeline', file, '--seed', String(seed), ...flags], {
    stdio: ['pipe', 'pipe', 'pipe'],
    onLine: (line) => said.push(line),
  })
  await until('the simulated robot is there', () => {
    if (!sim.running()) throw new Error(`havatar-sim ended: ${sim.lines.join('\n')}`)
    return existsSync(link)
  })
  const timeline = followTimeline(file)
  return { ...sim, link, timeline, said, tell: (command) => sim.child.stdin.write(`${command}\n`) }
}

/** Reads what has been added to a timeline since it was last looked at, and answers questions about it. */
function followTimeline(file) {
  let offset = 0
  let rest = ''
  /** Changes of what the motors are told: `[t, moving]`. */
  const drives = []
  /** What arrived: `{ t, type, ... }`. */
  const received = []
  const buffer = Buffer.alloc(1 << 16)
  const take = (line) => {
    const entry = JSON.parse(line)
    const t = BigInt(entry.t_ns)
    if (entry.event === 'duty') drives.push([t, entry.left !== 0 || entry.right !== 0, entry.gap_ns])
    else if (entry.event === 'rx') received.push({ ...entry, t })
  }
  const update = () => {
    const handle = openSync(file, 'r')
    for (;;) {
      const read = readSync(handle, buffer, 0, buffer.length, offset)
      if (read === 0) break
      offset += read
      const parts = (rest + buffer.toString('latin1', 0, read)).split('\n')
      rest = parts.pop()
      for (const line of parts) take(line)
    }
    closeSync(handle)
  }
  return {
    received: () => { update(); return received },
    /** Whether the motors were driven at that moment. */
    movingAt: (t) => {
      update()
      return drives.findLast(([at]) => at <= t)?.[1] ?? false
    },
    /** Whether the motors were driven at any moment from then on. */
    movingSince: (t) => {
      update()
      return (drives.findLast(([at]) => at <= t)?.[1] ?? false) || drives.some(([at, moving]) => moving && at > t)
    },
    /** When each motion ended that has, and for how many ns before the simulated board had not been run. */
    motions: () => {
      update()
      return drives.filter(([, moving], index) => !moving && drives[index - 1]?.[1]).map(([end, , gap]) => ({ end, gap }))
    },
    /** The first moment from `t` on after which the motors were never driven again, as far as is known by now. */
    zeroAfter: (t) => {
      update()
      const last = drives.findLastIndex(([, moving]) => moving)
      if (last < 0) return t
      const end = drives[last + 1]?.[0]
      if (end === undefined) return undefined
      return end > t ? end : t
    },
    /** Forgets what is past, so that a long benchmark stays small. */
    forget: () => {
      update()
      drives.splice(0, Math.max(0, drives.length - 1))
      received.length = 0
    },
  }
}
