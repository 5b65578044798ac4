// Tests of the suite, built for release and asked for more rounds than the suite gives them (HAVATAR_ROUNDS).
import { spawnSync } from 'node:child_process'

/** Runs them under nextest's profile `counts`; a failure ends the benchmark. */
export function suite(crate, filter, rounds) {
  const args = ['nextest', 'run', '--release', '--locked', '--profile', 'counts', '-p', crate, '-E', filter]
  const { status } = spawnSync('cargo', args, { stdio: ['ignore', 2, 2], env: { ...process.env, HAVATAR_ROUNDS: String(rounds) } })
  if (status !== 0) throw new Error(`${crate}: ${filter} failed with ${rounds} rounds`)
}
