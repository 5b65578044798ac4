// A camera's controls by V4L2's own interface, set by the config, the API and the command line, and read by v4l2-ctl; a picture that
// is turned.
import { until } from '../../bench/lib/wait.mjs'
import { camera as vivid } from '../robot.mjs'
import { assert, CONFIG } from './expect.mjs'

const PATIENCE = { timeoutMs: 240_000, everyMs: 1000 }
const CONTROLS = '/api/v1/devices/camera/controls'

/** What the driver says that a control is set to. */
const read = async (vm, name) => Number((await vm.ok(`v4l2-ctl --device /dev/video0 --get-ctrl ${name}`)).match(/: (-?\d+)/)?.[1])

/** How light the left and the right edge of the picture are, 0 to 255: vivid's bars go from white to black. */
async function edges(vm) {
  const at = async (x) => Number(await vm.ok(
    `ffmpeg -v error -nostdin -rtsp_transport tcp -i "rtsp://me:$(cat /var/lib/havatar/watch-token)@127.0.0.1:8554/havatar_camera" -frames:v 1 -an -vf 'crop=8:8:${x}:ih/2,scale=1:1' -f rawvideo -pix_fmt gray - | od -An -tu1`,
  ))
  return [await at('0'), await at('iw-8')]
}

export const controls = {
  name: 'controls',
  about: 'a camera is set by config, API and command line, remembers it over an unplug and a restart, and is turned',
  async run(rig) {
    const vm = await rig.boot()
    const robot = await rig.connect(vm)
    await vivid.load(vm)
    await robot.configure(CONFIG.cameraWith('controls: {brightness: 200, contrast: 100, focus_absolute: 1, saturation: 999}'))
    await robot.pictureFlows()
    await until('the config has set it', async () => (await read(vm, 'brightness')) === 200, PATIENCE)
    assert.equal(await read(vm, 'contrast'), 100)
    const { devices } = await robot.status()
    rig.figure('what_is_wrong', devices.camera.why)
    assert.match(devices.camera.why, /focus_absolute is not a control of this camera: it has .*brightness/)
    assert.match(devices.camera.why, /saturation: 999 is out of range: use 0 to 255/)

    const listed = (await robot.api('/api/v1/devices')).cameras[0].controls
    const brightness = listed.find(({ name }) => name === 'brightness')
    assert.deepEqual([brightness.kind, brightness.value, brightness.default, brightness.range], ['integer', 200, 128, { min: 0, max: 255, step: 1 }])
    assert.ok(listed.some(({ kind, choices }) => kind === 'menu' && choices.length > 1), 'a menu with its words')

    const before = await robot.frames(2)
    const set = await robot.api(CONTROLS, { method: 'PUT', body: { brightness: 60, gain_automatic: false, gain: 99 } })
    assert.equal(set.controls.find(({ name }) => name === 'brightness').value, 60, 'read back')
    assert.deepEqual([await read(vm, 'brightness'), await read(vm, 'gain')], [60, 99])
    assert.ok(before > 0 && (await robot.frames(2)) > 0, 'the picture goes on')
    for (const [body, why] of [
      [{ brightness: 60, contrast: 256 }, /422.*contrast: 256 is out of range/],
      [{ contrast: 50, zoom_absolute: 1 }, /422.*zoom_absolute is not a control of this camera/],
      [{ gain_automatic: true, gain: 50 }, /422.*gain has no effect while gain_automatic governs it/],
    ]) await assert.rejects(() => robot.api(CONTROLS, { method: 'PUT', body }), why)
    assert.deepEqual([await read(vm, 'contrast'), await read(vm, 'gain_automatic')], [100, 0], 'all or none')

    await robot.api(CONTROLS, { method: 'PUT', body: { brightness: null } })
    assert.equal(await read(vm, 'brightness'), 200, 'back to the config')
    const said = await vm.ok("havatarctl devices controls brightness=90 'test_pattern=75% Colorbar'")
    assert.match(said, /brightness +90 +128 +0 to 255/)
    assert.equal(await read(vm, 'brightness'), 90)

    await vm.ok('systemctl restart havatard')
    await vivid.unplug(vm)
    await robot.is('the loss is told', ({ devices }) => devices.camera.state !== 'live')
    await assert.rejects(() => robot.api(CONTROLS, { method: 'PUT', body: { brightness: 1 } }), /409.*camera/)
    await vivid.plug(vm)
    await robot.pictureFlows()
    assert.equal(await read(vm, 'brightness'), 90, 'a camera that was plugged in again is set again')

    await robot.api(CONTROLS, { method: 'PUT', body: { brightness: null } })
    await robot.configure(CONFIG.cameraWith('rotate: 0'))
    await robot.pictureFlows()
    await until('white bars are at the left', async () => {
      const [left, right] = await edges(vm)
      return left > right + 40
    }, PATIENCE)
    await robot.configure(CONFIG.cameraWith('rotate: 180'))
    await robot.pictureFlows()
    await until('white bars are at the right', async () => {
      const [left, right] = await edges(vm)
      rig.figure('turned_left_right', `${left} ${right}`)
      return right > left + 40
    }, PATIENCE)
    await robot.configure(CONFIG.cameraWith('rotate: 90'))
    const portrait = ({ streams }) => streams.streams.some(({ name, width, height }) => name === 'havatar_camera' && width === 180 && height === 320)
    rig.figure('portrait_ms', await robot.is('the picture stands upright', portrait))
  },
}
