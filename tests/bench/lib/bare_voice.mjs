// Voice both ways as one would first build it: ffmpeg captures from ALSA and publishes, ffmpeg reads and plays to ALSA, and
// MediaMTX stands between them and the browser.
import { startMediaMtx } from './bare.mjs'
import { own } from './own.mjs'
import { ffmpeg } from './programs.mjs'
import { delay, until } from './wait.mjs'

const MICROPHONE = 'havatar_audio'
const TALK = 'havatar_talk'
const quiet = ['-hide_banner', '-nostats', '-loglevel', 'warning', '-nostdin']

/** MediaMTX and the capture; the player as soon as the talk path has a publisher, for it cannot wait for a path. */
export async function startBareVoice({ sound }) {
  const server = await startMediaMtx([MICROPHONE, TALK])
  const capture = own(ffmpeg, [
    ...quiet, '-f', 'alsa', '-sample_rate', '48000', '-channels', '1', '-i', 'robot_mic',
    '-c:a', 'libopus', '-b:a', '64k', '-application', 'lowdelay', '-frame_duration', '20',
    '-f', 'rtsp', '-rtsp_transport', 'tcp', server.address(MICROPHONE),
  ], { env: sound.env })
  await until('the robot’s microphone is on its path', async () => {
    if (!capture.running()) throw new Error(`the capture ended: ${capture.lines.join('\n')}`)
    return (await server.path(MICROPHONE)).ready
  })
  let player
  return {
    ...server,
    play: async () => {
      await until('somebody talks', async () => (await server.path(TALK)).ready)
      player = own(ffmpeg, [
        ...quiet, '-rtsp_transport', 'tcp', '-i', server.address(TALK),
        '-f', 'alsa', 'robot_speaker',
      ], { env: sound.env })
      await delay(0)
    },
    lines: () => [...capture.lines, ...(player?.lines ?? [])],
    end: async () => {
      await player?.end()
      await capture.end()
      await server.end()
    },
  }
}

/** A page of MediaMTX's own origin that can listen, be ready to talk, and talk: no more than a viewer needs. */
export async function openBareVoicePage(page, server) {
  await page.context().grantPermissions(['microphone'], { origin: server.origin })
  await page.goto(`${server.origin}/favicon.ico/none`)
  await page.evaluate(({ microphone, talk }) => {
    const exchange = async (peer, address) => {
      await peer.setLocalDescription(await peer.createOffer())
      // All candidates at once: simple, and nothing is measured before the connection is there.
      await new Promise((resolve) => {
        const check = () => peer.iceGatheringState === 'complete' && resolve()
        peer.addEventListener('icegatheringstatechange', check)
        check()
      })
      const headers = { 'content-type': 'application/sdp' }
      const response = await fetch(address, { method: 'POST', headers, body: peer.localDescription.sdp })
      if (response.status !== 201) throw new Error(`${address} answered ${response.status}`)
      await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() })
    }
    document.body.innerHTML = '<audio autoplay></audio>'
    window.listen = async () => {
      const peer = new RTCPeerConnection()
      peer.ontrack = (event) => { document.querySelector('audio').srcObject = new MediaStream([event.track]) }
      peer.addTransceiver('audio', { direction: 'recvonly' })
      await exchange(peer, `/${microphone}/whep`)
    }
    let track
    window.readyToTalk = async () => {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true })
      track = stream.getAudioTracks()[0]
      track.enabled = false
      const peer = new RTCPeerConnection()
      peer.addTransceiver(track, { direction: 'sendonly', streams: [stream] })
      await exchange(peer, `/${talk}/whip`)
    }
    window.talk = (on) => { track.enabled = on }
  }, { microphone: MICROPHONE, talk: TALK })
}
