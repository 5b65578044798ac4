// Where the programs are that a benchmark runs.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '../../..')

export const ffmpeg = 'ffmpeg'
export const chromium = process.env.HAVATAR_CHROMIUM ?? '/usr/bin/chromium'
/** Another build of the daemon can be named, to compare with. */
export const havatard = () => process.env.HAVATAR_DAEMON ?? built('havatard')
export const havatarSim = () => built('havatar-sim')
export const havatarLaunch = () => built('havatar-launch', 'havatar-tests')
export const mediamtx = () => present(process.env.HAVATAR_MEDIAMTX ?? join(root, 'target/mediamtx/mediamtx'), 'scripts/build-mediamtx')

/** Figures are taken from release builds; a test asks for the debug build. */
let profile = 'release'
export function useProfile(name) {
  profile = name
}

function built(name, crate = name) {
  const flag = profile === 'release' ? ' --release' : ''
  return present(join(root, 'target', profile, name), `cargo build${flag} -p ${crate}`)
}

function present(path, make) {
  if (!existsSync(path)) throw new Error(`${path} is missing. Make it with: ${make}`)
  return path
}
