// The page in a browser of this machine, as an operator elsewhere has it: through forwarded ports, with picture, sound and wheels.
import { openBrowser, openPage } from '../../bench/lib/browser.mjs'
import { freePort } from '../../bench/lib/ports.mjs'
import { until } from '../../bench/lib/wait.mjs'
import { at } from '../image.mjs'
import { cable, camera } from '../robot.mjs'
import { assert } from './expect.mjs'

/** It is emulated, and so is the network to it. */
const PATIENCE = { timeoutMs: 180_000, everyMs: 200 }

/** What the page's connections have received. */
const received = (page) => page.evaluate(async () => {
  const sums = { frames: 0, energy: 0 }
  for (const { peer } of window.havatarEyes.peers) {
    if (peer.connectionState === 'closed') continue
    for (const report of (await peer.getStats()).values()) {
      if (report.type !== 'inbound-rtp') continue
      if (report.kind === 'video') sums.frames += report.framesDecoded ?? 0
      else sums.energy += report.totalAudioEnergy ?? 0
    }
  }
  return sums
})

export const panel = {
  name: 'panel',
  about: 'a browser outside: picture of the camera, sound of the card, and the firmware behind the serial cable driven by a key',
  async run(rig) {
    const [port, udp] = [await freePort(), await freePort()]
    const vm = await rig.boot({ udp })
    await cable.make(vm)
    await cable.plug(vm)
    await camera.load(vm)
    await vm.ok('modprobe snd-aloop')
    await vm.ok('systemd-run --quiet --unit=tone --collect ffmpeg -v error -nostdin -re -f lavfi -i sine=1000:sample_rate=48000:duration=600 -ac 1 -f alsa plughw:Loopback,1,0')
    await vm.ok('cat >/etc/havatar/havatar.yaml && havatard check >&2 && systemctl restart havatard', {
      input: `server: {listen: "127.0.0.1:${port}"}
media:
  camera: {source: v4l2, size: 320x180, fps: 10, bitrate: 400k}
  microphone: {source: alsa}
  speaker: {output: off}
  mediamtx: {webrtc_udp_address: "0.0.0.0:${udp}", webrtc_additional_hosts: ["127.0.0.1"]}
robot: {port: "${await cable.name(vm)}"}
`,
    })
    const robot = await rig.connect(vm, port)
    await robot.pictureFlows()
    await robot.is('the controller answers', ({ robot: { link } }) => link.state === 'up')
    await robot.is('the microphone is live', ({ devices }) => devices.microphone.state === 'live')
    await vm.forward(port, port)

    const { browser, end } = await openBrowser()
    const { page } = await openPage(browser, { locale: 'en-GB' })
    const link = (await vm.ok('havatarctl link')).match(/http:\S+#code=\S+/)?.[0]
    assert.ok(link?.startsWith(robot.origin), `${link} leads to the page`)
    const began = performance.now()
    await page.goto(link)
    await page.waitForFunction(() => window.havatarEyes?.seen > 0, undefined, { timeout: PATIENCE.timeoutMs, polling: 20 })
    rig.figure('link_to_picture_ms', Math.round(performance.now() - began))
    const [before, from] = [await received(page), performance.now()]
    await until('pictures keep coming', async () => (await received(page)).frames >= before.frames + 30, PATIENCE)
    rig.figure('frames_a_second', (30_000 / (performance.now() - from)).toFixed(1))

    const pressed = performance.now()
    await page.locator('#sound').click()
    await until('the tone is heard', async () => (await received(page)).energy > 0.001, PATIENCE)
    rig.figure('press_to_sound_ms', Math.round(performance.now() - pressed))

    const is = (name) => page.evaluate((key) => document.body.dataset[key], name)
    await until('the page may drive', async () => {
      if ((await is('drive')) === 'idle') await page.locator('#drive-take, #drive-acquire').first().click()
      return (await is('drive')) === 'ready' && (await is('lock')) === 'false'
    }, PATIENCE)
    await page.keyboard.down('ArrowUp')
    const turned = async () => (await cable.timeline(vm)).some((line) => Object.values(line.duty ?? {}).some((duty) => duty !== 0))
    await until('the wheels turn', turned, PATIENCE)
    await page.screenshot({ path: at('panel.png') })
    await page.keyboard.up('ArrowUp')
    await robot.is('the wheels stand', ({ robot: { motion } }) => motion.mode === null)

    const unplugged = performance.now()
    await camera.unplug(vm)
    await until('the page says that the picture is gone', async () => (await is('link')) !== 'live' || (await is('lock')) === 'true', PATIENCE)
    rig.figure('unplug_to_told_ms', Math.round(performance.now() - unplugged))
    await camera.plug(vm)
    await until('the picture is back', async () => (await is('link')) === 'live', PATIENCE)
    rig.figure('replug_to_picture_ms', Math.round(performance.now() - unplugged))
    await end()
  },
}
