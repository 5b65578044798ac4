// The real havatard, on ports and folders of its own.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { own, ownFolder } from './own.mjs'
import { freePorts } from './ports.mjs'
import { commandLine, descendants } from './proc.mjs'
import { havatard, mediamtx } from './programs.mjs'
import { firstFrame } from './eyes.mjs'
import { randomPhase, until } from './wait.mjs'

/** Ports and folders that several starts of one daemon share. */
export async function prepareHavatard() {
  const ports = await freePorts('http', 'api', 'rtsp', 'webrtc', 'udp', 'hls', 'metrics')
  const folder = ownFolder()
  return { ports, folder, state: join(folder, 'state'), runtime: join(folder, 'run'), config: join(folder, 'havatar.yaml') }
}

/**
 * The config that a start writes. `camera`, `microphone`, `speaker` and `robot` are objects of plain values; the first two are
 * added to the test sources. `network` is one of lib/network.mjs, by whose address the daemon is then known.
 */
export function writeConfig(place, { camera = {}, microphone = {}, speaker, robot, network } = {}) {
  const { ports } = place
  const lines = (values) => Object.entries(values).map(([key, value]) => `    ${key}: ${value}`).join('\n')
  writeFileSync(place.config, `
server:
  listen: 127.0.0.1:${ports.http}
  hosts: [${network?.address ?? ''}]
media:
  mediamtx:
    binary: ${mediamtx()}
    api_address: 127.0.0.1:${ports.api}
    metrics_address: 127.0.0.1:${ports.metrics}
    rtsp_address: 127.0.0.1:${ports.rtsp}
    webrtc_address: 127.0.0.1:${ports.webrtc}
    webrtc_udp_address: ${network?.address ?? '127.0.0.1'}:${ports.udp}
    hls_address: 127.0.0.1:${ports.hls}
  camera:
${lines({ source: 'test', size: '1280x720', fps: 30, ...camera })}
  microphone:
${lines({ source: 'test', ...microphone })}
${speaker ? `  speaker:\n${lines(speaker)}\n` : ''}${robot ? `robot:\n${lines(robot)}\n` : ''}`)
}

/**
 * Launches the daemon and returns at once; `ready()` waits until picture and sound are there. Without a place it
 * gets a new one; with a rig (lib/sound.mjs) that is its sound card. Its children are its own affair: it is asked to end with SIGTERM, and it ends them.
 */
export async function launchHavatard({ place, sound, ...config } = {}) {
  const at = place ?? (await prepareHavatard())
  writeConfig(at, config)
  let link
  const startedAt = Date.now()
  const [program, ...before] = [...(config.network?.within ?? []), havatard()]
  const daemon = own(
    program,
    [...before, 'run', '--demo', '--config', at.config, '--state-dir', at.state, '--runtime-dir', at.runtime],
    {
      death: 'TERM',
      env: sound?.env,
      onLine: (line) => { link ??= /https?:\/\/\S+\/#code=\S+/.exec(line)?.[0] },
    },
  )
  const gateway = config.network?.passOn(at.ports.http)
  const origin = `http://${config.network?.address ?? '127.0.0.1'}:${at.ports.http}`
  const tokenFile = join(at.state, 'admin-token')
  const token = () => readFileSync(tokenFile, 'utf8').trim()
  const whileRunning = (what, probe, limits) => until(what, () => {
    if (!daemon.running()) throw new Error(`havatard ended: ${daemon.lines.slice(-20).join('\n')}`)
    return probe()
  }, limits)

  const api = async (path, { method = 'GET', body } = {}) => {
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: { authorization: `Bearer ${token()}`, ...(body && { 'content-type': 'application/json' }) },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(5000),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`)
    return text === '' ? undefined : JSON.parse(text)
  }
  const status = () => api('/api/v1/status')
  const processNamed = async (name) => {
    const found = (await status()).processes.find((one) => one.name === name)
    if (!found) throw new Error(`no process is called ${name}`)
    return found
  }

  return {
    ...daemon,
    end: async () => {
      await daemon.end()
      await gateway?.end()
    },
    place: at,
    origin,
    startedAt,
    tokenFile,
    token,
    api,
    status,
    processNamed,
    /** The printed address that signs a browser in, once. */
    link: () => whileRunning('the sign-in link is printed', () => existsSync(tokenFile) && link),
    /** A further such address. */
    newLink: async () => `${origin}${(await api('/api/v1/login/link', { method: 'POST' })).path}`,
    ready: () => whileRunning('picture and sound are ready', async () => (await fetch(`${origin}/readyz`)).ok, { timeoutMs: 30_000 }),
    whileRunning,
    /** The ffmpeg that encodes the camera. */
    cameraEncoder: () => {
      const found = descendants(daemon.pid).find((pid) => {
        const [program, ...args] = commandLine(pid)
        return /(^|\/)ffmpeg$/.test(program ?? '') && args.includes('rawvideo')
      })
      if (found === undefined) throw new Error('no ffmpeg encodes the camera')
      return found
    },
  }
}

/** Launches and waits for picture and sound. */
export async function startHavatard(options) {
  const daemon = await launchHavatard(options)
  await daemon.ready()
  return daemon
}

/**
 * Leaves the page as a browser does that keeps it for the way back, and comes back to it at a random moment: the page is
 * loaded and signed in, and joins anew. Resolves to the ms from coming back to the first frame.
 */
export async function joinAgain(page) {
  await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })))
  await page.waitForFunction(() => window.havatarEyes.peers.every(({ peer }) => peer.connectionState === 'closed'))
  await randomPhase(1000)
  const at = await page.evaluate(() => {
    window.havatarEyes.forget()
    const now = Date.now()
    window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))
    return now
  })
  return (await firstFrame(page)) - at
}

/** Signs a fresh profile in with the printed link and leaves it on the page. */
export async function signIn(page, daemon) {
  await page.goto(await daemon.link())
  await page.waitForSelector('body[data-view="watch"]')
}
