// What the distance of key frames costs and buys: the time until a viewer sees the first frame, against bit rate and
// picture quality, on a bare MediaMTX. The default of `media.camera.gop` was chosen from this table.
// usage: scripts/bench gop [--quick] [--gops 30,15,12,10,8] [--joins 20]
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join as joinPath } from 'node:path'
import { parseArgs } from 'node:util'
import { joinBare, startBare } from './lib/bare.mjs'
import { openBrowser } from './lib/browser.mjs'
import { lastLine, max, percentile, table } from './lib/figures.mjs'
import { ownFolder, run } from './lib/own.mjs'
import { ffmpeg, havatarSim } from './lib/programs.mjs'
import { encoder, FPS, rawInput, SIZE } from './lib/source.mjs'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    gops: { type: 'string', default: '30,15,12,10,8' },
    joins: { type: 'string' },
  },
})
const gops = options.gops.split(',').map(Number)
const joins = Number(options.joins ?? (options.quick ? 5 : 20))
const film = { seconds: options.quick ? 10 : 30, from: 1_764_000_012_345 }

await run(async () => {
  const rows = [['gop', 'joins', 'join p50 ms', 'join p95 ms', 'max ms', 'connected p50 ms', 'kbit/s', 'PSNR-Y dB', 'SSIM-Y']]
  const figures = {}
  for (const gop of gops) {
    const took = await measureJoins(gop)
    const { kbps, psnr, ssim } = encode(gop)
    const press = took.map((one) => one.press)
    figures[`gop${gop}_join_p50_ms`] = percentile(press, 50)
    figures[`gop${gop}_join_p95_ms`] = percentile(press, 95)
    figures[`gop${gop}_bitrate_kbps`] = kbps
    figures[`gop${gop}_psnr_db`] = psnr
    figures[`gop${gop}_ssim`] = ssim
    rows.push([
      gop, press.length, percentile(press, 50), percentile(press, 95), max(press),
      percentile(took.map((one) => one.connected), 50), kbps.toFixed(0), psnr.toFixed(2), ssim.toFixed(4),
    ])
  }
  table(rows)
  lastLine('gop', figures)
})

async function measureJoins(gop) {
  const bare = await startBare({ gop })
  const { browser, end } = await openBrowser()
  const took = []
  while (took.length < joins) took.push(await joinBare(browser, bare))
  await end()
  await bare.end()
  return took
}

/** The same film, encoded with each distance and compared with itself. */
function encode(gop) {
  const file = joinPath(ownFolder(), 'film.mp4')
  const camera = `exec '${havatarSim()}' camera --size ${SIZE} --fps ${FPS} --frames ${film.seconds * FPS} --film-from ${film.from}`
  const through = (args) => {
    // The film is 40 MB a second, so it is made anew each time and never stored.
    const done = spawnSync('sh', ['-c', `${camera} | "$@"`, 'sh', ffmpeg, '-hide_banner', '-nostats', ...rawInput(), ...args], { encoding: 'utf8' })
    if (done.status !== 0) throw new Error(`ffmpeg: ${done.stderr}`)
    return done.stderr
  }
  through([...encoder(gop), '-f', 'mp4', file])
  const words = through(['-i', file, '-lavfi', '[0][1]ssim;[0][1]psnr', '-f', 'null', '-'])
  return {
    kbps: (statSync(file).size * 8) / film.seconds / 1000,
    psnr: Number(/PSNR y:([\d.]+)/.exec(words)[1]),
    ssim: Number(/SSIM Y:([\d.]+)/.exec(words)[1]),
  }
}
