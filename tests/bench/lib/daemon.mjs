// The real havatard, on ports and folders of its own.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { own, ownFolder } from './own.mjs'
import { commandLine, descendants } from './proc.mjs'
import { havatard, havatarLaunch, mediamtx } from './programs.mjs'
import { firstFrame } from './eyes.mjs'
import { randomPhase, until } from './wait.mjs'

/** A folder that several starts of one daemon share; the first start draws its ports. */
export const prepareHavatard = () => ({ folder: ownFolder() })

/** Keys of a group of the config by their dotted names. */
const keys = (group, values) => Object.entries(values).map(([key, value]) => [`${group}.${key}`, value])

/**
 * Launches the daemon and returns at once; `ready()` waits until picture and sound are there. `camera`, `microphone`, `speaker` and
 * `robot` are keys of the config; the first two are added to the test sources. `network` is one of lib/network.mjs, by whose address
 * the daemon is then known, and `sound` a rig of lib/sound.mjs, which is its sound card. Without a place it gets a new one. With
 * `tls` it shows a certificate that nobody has signed, which this process then takes for good.
 *
 * tests/support/bin/launch.rs writes the config, starts the daemon and asks it to stop when this process is gone.
 */
export async function launchHavatard({ place = prepareHavatard(), sound, network, camera = {}, microphone = {}, speaker, robot = {}, tls = false } = {}) {
  const at = place
  if (tls) at.certificate ??= makeCertificate(at.folder)
  let link
  let launched
  const launcher = own(havatarLaunch(), [], {
    death: 'TERM',
    stdio: ['pipe', 'pipe', 'pipe'],
    onLine: (line) => {
      if (line.startsWith('{"pid":')) launched ??= JSON.parse(line)
      link ??= /https?:\/\/\S+\/#code=\S+/.exec(line)?.[0]
    },
  })
  launcher.child.stdin.write(`${JSON.stringify({
    dir: at.folder,
    ports: at.ports ?? null,
    program: havatard(),
    address: network?.address ?? null,
    within: network?.within ?? [],
    config: [
      ['media.mediamtx.binary', mediamtx()],
      ...keys('media.camera', { source: 'test', size: '1280x720', fps: 30, ...camera }),
      ...keys('media.microphone', { source: 'test', ...microphone }),
      ['media.speaker', speaker ?? null],
      ...keys('robot', robot),
      ...(tls ? keys('server.tls', at.certificate) : []),
    ],
    env: sound?.env ?? {},
  })}\n`)
  const gone = launcher.exited.then(() => { throw new Error(`the launcher ended: ${launcher.lines.slice(-20).join('\n')}`) })
  await Promise.race([gone, until('havatard is launched', () => launched, { timeoutMs: 30_000, everyMs: 2 })])
  Object.assign(at, { ports: launched.ports, state: launched.state, runtime: launched.runtime })
  const daemon = { ...launcher, pid: launched.pid }
  const gateway = network?.passOn(at.ports.http)
  const origin = `http${tls ? 's' : ''}://${network?.address ?? '127.0.0.1'}:${at.ports.http}`
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
    startedAt: launched.started_at,
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

function makeCertificate(folder) {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const make = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=havatar']
  execFileSync('openssl', [...make, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate], { stdio: 'ignore' })
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  return { certificate, key }
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
