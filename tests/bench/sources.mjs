// How soon each kind of source shows its picture, and at what rate: the suite's stories of sources, built for release.
// usage: scripts/bench sources [--quick]
//
// A time begins with the reload that names the source and ends when its first picture has been encoded; the stop of the
// source before it is part of it. Sources of one frame a second and slower are listed, and are not in the sums.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { lastLine, max, percentile, table } from './lib/figures.mjs'

const { values: options } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
const filter = options.quick ? 'test(sources::containers)' : 'test(sources)'
const args = ['nextest', 'run', '--release', '--locked', '-p', 'havatar-tests', '--success-output', 'immediate', '-E', filter]
const { status, stdout, stderr } = spawnSync('cargo', args, { encoding: 'utf8', maxBuffer: 1 << 28 })
const output = `${stdout}\n${stderr}`
if (status !== 0) throw new Error(`the stories of sources failed:\n${output.slice(-4000)}`)

const shown = [...output.matchAll(/figure: source_shown_ms (.+) (\d+)$/gm)].map(([, name, ms]) => ({ name, ms: Number(ms) }))
const rates = [...output.matchAll(/figure: source_fps (.+?) ([\d.]+) of ([\d.]+)$/gm)]
const slow = (name) => /^(1fps|02fps|\/slow|rare)/.test(name)
table([['source', 'shown after ms'], ...shown.map(({ name, ms }) => [name, ms])])
table([['live source without a clock', 'frames/s', 'of those sent'], ...rates.map(([, name, fps, sent]) => [name, Number(fps), Number(sent)])])
const times = shown.filter(({ name }) => !slow(name)).map(({ ms }) => ms)
lastLine('sources', {
  sources: shown.length,
  shown_p50_ms: percentile(times, 50),
  shown_p95_ms: percentile(times, 95),
  shown_ms_max: max(times),
})
