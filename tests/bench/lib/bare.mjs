// The side to compare with: ffmpeg, RTSP, MediaMTX, WHEP, and nothing else.
import { writeFileSync } from 'node:fs'
import { join as joinPath } from 'node:path'
import { openPage } from './browser.mjs'
import { join } from './eyes.mjs'
import { own, ownFolder } from './own.mjs'
import { freePorts } from './ports.mjs'
import { mediamtx } from './programs.mjs'
import { startCamera } from './source.mjs'
import { randomPhase, until } from './wait.mjs'

export const PATH = 'havatar_camera'

/** Starts MediaMTX alone, with as little configuration as loopback needs. */
export async function startMediaMtx(paths = [PATH]) {
  const ports = await freePorts('api', 'rtsp', 'webrtc', 'udp')
  const folder = ownFolder()
  const file = joinPath(folder, 'mediamtx.yml')
  writeFileSync(file, `
logLevel: warn
api: true
apiAddress: 127.0.0.1:${ports.api}
rtspAddress: 127.0.0.1:${ports.rtsp}
rtspTransports: [tcp]
webrtcAddress: 127.0.0.1:${ports.webrtc}
webrtcLocalUDPAddress: 127.0.0.1:${ports.udp}
webrtcAdditionalHosts: [127.0.0.1]
hls: false
rtmp: false
srt: false
moq: false
paths:
${paths.map((path) => `  ${path}:`).join('\n')}
`)
  const server = own(mediamtx(), [file])
  const api = `http://127.0.0.1:${ports.api}/v3`
  await until('MediaMTX answers', async () => {
    if (!server.running()) throw new Error(`MediaMTX ended: ${server.lines.join('\n')}`)
    return (await fetch(`${api}/info`)).ok
  })
  return {
    ...server,
    api,
    rtsp: `rtsp://127.0.0.1:${ports.rtsp}/${paths[0]}`,
    origin: `http://127.0.0.1:${ports.webrtc}`,
    path: async (name = paths[0]) => (await fetch(`${api}/paths/get/${name}`)).json(),
    address: (name) => `rtsp://127.0.0.1:${ports.rtsp}/${name}`,
  }
}

/** MediaMTX with the simulated camera (`gop` for a plain line, or a `line`), ready to be watched. */
export async function startBare(options) {
  const server = await startMediaMtx()
  const camera = startCamera({ ...options, url: server.rtsp })
  await until('the camera is on its path', async () => {
    if (!camera.running()) throw new Error(`the camera ended: ${camera.lines().join('\n')}`)
    const path = await server.path()
    return path.ready && path.inboundBytes > 0
  })
  return {
    ...server,
    camera,
    end: async () => {
      await camera.end()
      await server.end()
    },
  }
}

/** Presses on a page that is loaded, at a moment that has nothing to do with the key frames. */
export async function joinBare(browser, server) {
  const { page, close } = await openPage(browser)
  await openBarePage(page, server)
  await randomPhase(1000)
  await page.evaluate(() => window.press())
  const took = await join(page)
  await close()
  return took
}

/** Navigates to the page that MediaMTX itself has for a viewer. */
export async function navigateBare(browser, server) {
  const { page, close } = await openPage(browser)
  await randomPhase(1000)
  await page.goto(`${server.origin}/${PATH}/`, { waitUntil: 'commit' })
  const took = await join(page)
  await close()
  return took
}

/**
 * A page of MediaMTX's own origin that can press. `window.press()` does what a minimal viewer does: offer, POST
 * without waiting for candidates, answer, and candidates by PATCH as they come.
 */
export async function openBarePage(page, server) {
  // Any address of that origin will do; this one has no page, so nothing else runs in it.
  await page.goto(`${server.origin}/favicon.ico/none`)
  await page.evaluate((path) => {
    document.body.innerHTML = '<video id="robot-video" autoplay muted playsinline style="width:100vw"></video>'
    window.press = async () => {
      window.havatarEyes.forget()
      const video = document.querySelector('#robot-video')
      const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
      peer.ontrack = (event) => { video.srcObject = new MediaStream([event.track]) }
      const transceiver = peer.addTransceiver('video', { direction: 'recvonly' })
      transceiver.receiver.jitterBufferTarget = 0
      const waiting = []
      let resource
      const patch = (lines) => {
        const ufrag = /a=ice-ufrag:.*\r\n/.exec(peer.localDescription.sdp)[0]
        const password = /a=ice-pwd:.*\r\n/.exec(peer.localDescription.sdp)[0]
        const body = `${ufrag}${password}m=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n${lines.map((line) => `a=${line}\r\n`).join('')}`
        const headers = { 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': '*' }
        return fetch(resource, { method: 'PATCH', headers, body })
      }
      peer.onicecandidate = ({ candidate }) => {
        if (!candidate?.candidate) return
        if (resource) patch([candidate.candidate])
        else waiting.push(candidate.candidate)
      }
      const offer = await peer.createOffer()
      const headers = { 'content-type': 'application/sdp' }
      const [response] = await Promise.all([
        fetch(`/${path}/whep`, { method: 'POST', headers, body: offer.sdp }),
        peer.setLocalDescription(offer),
      ])
      if (response.status !== 201) throw new Error(`WHEP answered ${response.status}`)
      resource = response.headers.get('location')
      await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() })
      if (waiting.length > 0) patch(waiting)
    }
  }, PATH)
}
