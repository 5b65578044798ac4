// Reads the simulated camera's frame clock inside a page, and notes when what happened there.
//
// Injected before any script of the page, so it needs no help from the page: it finds the video element itself
// and sees each peer connection being made. The squares are places in proportion to the picture's width, as
// crates/havatar-sim/src/frame_clock.rs defines them: 40 columns, row 4, from column 3 a white marker, 32 bits of
// Unix milliseconds, highest first, and a black marker.

/** Runs in the page; must not refer to anything outside of itself. */
function openEyes(keep) {
  if (window.havatarEyes) return
  const eyes = {
    /** Every decoded frame: wall clock when it was shown, and its stamp, or -1 if it carries none. */
    frames: [],
    /** Each peer connection, with the wall clock when it was made and when it was connected. */
    peers: [],
    /** Wall clock of the first frame with a stamp since `forget`. */
    firstAt: 0,
    seen: 0,
    forget() {
      eyes.frames = []
      eyes.firstAt = 0
    },
  }
  window.havatarEyes = eyes

  const Peer = window.RTCPeerConnection
  window.RTCPeerConnection = class extends Peer {
    constructor(...args) {
      const at = Date.now()
      super(...args)
      const note = { at, connectedAt: 0, peer: this }
      eyes.peers.push(note)
      this.addEventListener('connectionstatechange', () => {
        if (this.connectionState === 'connected') note.connectedAt ||= Date.now()
      })
    }
  }

  const squares = 34
  const scale = 4
  const canvas = new OffscreenCanvas(40 * scale, scale)
  const context = canvas.getContext('2d', { willReadFrequently: true })
  /** Stamp in an image whose picture is `width` wide and begins at `left` and `top`; -1 if there is none. */
  eyes.readFrom = (image, width, left = 0, top = 0) => {
    const square = width / 40
    context.drawImage(image, left, top + 4 * square, width, square, 0, 0, 40 * scale, scale)
    const pixels = context.getImageData(0, 0, 40 * scale, scale).data
    let stamp = 0
    for (let index = 0; index < squares; index += 1) {
      let sum = 0
      for (const [x, y] of [[1, 1], [2, 1], [1, 2], [2, 2]]) sum += pixels[(y * 40 * scale + (3 + index) * scale + x) * 4 + 1]
      const light = sum / 4
      if (light > 90 && light < 165) return -1
      const lit = light >= 165
      if (index === 0 ? !lit : index === squares - 1 && lit) return -1
      if (index > 0 && index < squares - 1) stamp = ((stamp << 1) | (lit ? 1 : 0)) >>> 0
    }
    return stamp
  }

  const watched = new WeakSet()
  const watch = (video) => {
    if (watched.has(video)) return
    watched.add(video)
    const look = () => {
      const at = Date.now()
      video.requestVideoFrameCallback(look)
      if (video.videoWidth === 0) return
      const stamp = eyes.readFrom(video, video.videoWidth)
      eyes.seen += 1
      eyes.frames.push([at, stamp])
      if (eyes.frames.length > keep) eyes.frames.shift()
      if (stamp >= 0 && eyes.firstAt === 0) eyes.firstAt = at
    }
    video.requestVideoFrameCallback(look)
  }
  const find = () => {
    const video = document.querySelector('#robot-video') ?? document.querySelector('video')
    if (video) watch(video)
  }
  new MutationObserver(find).observe(document, { childList: true, subtree: true })
  find()
}

/** For every page of a context, from its first script on. */
export const watchContext = (context, keep = 2000) => context.addInitScript(openEyes, keep)
/** For a page that is already there. */
export const watchPage = (page, keep = 2000) => page.evaluate(openEyes, keep)

/** Resolves to the wall clock of the first frame with a stamp since the page was loaded or told to forget. */
export async function firstFrame(page, timeoutMs = 15_000) {
  await page.waitForFunction(() => window.havatarEyes?.firstAt > 0, undefined, { timeout: timeoutMs, polling: 10 })
  return page.evaluate(() => window.havatarEyes.firstAt)
}

/** What the newest join of a page took, in ms: from its making of a peer connection, and from navigation. */
export async function join(page, timeoutMs) {
  const first = await firstFrame(page, timeoutMs)
  return page.evaluate((shownAt) => {
    // A page may have a second connection, for sound; the picture came by the first one that was made.
    const { at, connectedAt } = window.havatarEyes.peers[0]
    return { press: shownAt - at, connected: connectedAt - at, navigation: shownAt - performance.timeOrigin }
  }, first)
}

/** Wall clock of the first frame that was *taken* after `after` (wall clock in ms): the picture lives again. */
export async function frameTakenAfter(page, after, timeoutMs = 20_000) {
  const handle = await page.waitForFunction(
    (limit) => {
      const younger = ([, stamp]) => stamp >= 0 && ((stamp - limit) | 0) > 0
      return window.havatarEyes?.frames.find(younger)?.[0]
    },
    after % 2 ** 32,
    { timeout: timeoutMs, polling: 10 },
  )
  return handle.jsonValue()
}

/** Latencies in ms from glass to glass of at least `count` frames from now on, and what the browser says of them. */
export async function glass(page, count, timeoutMs = 60_000) {
  await page.evaluate(() => window.havatarEyes.forget())
  const before = await videoStats(page)
  await page.waitForFunction((n) => window.havatarEyes.frames.length >= n, count, { timeout: timeoutMs, polling: 100 })
  const after = await videoStats(page)
  const frames = await page.evaluate(() => window.havatarEyes.frames)
  const ages = frames.filter(([, stamp]) => stamp >= 0).map(([at, stamp]) => (at - stamp) | 0)
  const seconds = (after.timestamp - before.timestamp) / 1000
  return {
    ages,
    unreadable: frames.length - ages.length,
    fps: ((frames.length - 1) * 1000) / (frames.at(-1)[0] - frames[0][0]),
    kbps: ((after.bytesReceived - before.bytesReceived) * 8) / seconds / 1000,
    jitterMs: (1000 * (after.jitterBufferDelay - before.jitterBufferDelay))
      / (after.jitterBufferEmittedCount - before.jitterBufferEmittedCount),
    dropped: after.framesDropped - before.framesDropped,
  }
}

/** The browser's figures of the newest connection that carries video. */
export async function videoStats(page) {
  const stats = await page.evaluate(async () => {
    for (const { peer } of window.havatarEyes.peers.toReversed()) {
      if (peer.connectionState === 'closed') continue
      for (const report of (await peer.getStats()).values()) {
        if (report.type === 'inbound-rtp' && report.kind === 'video') return report
      }
    }
    return null
  })
  if (!stats) throw new Error('the page has no connection that carries video')
  return stats
}
