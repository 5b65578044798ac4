// A camera that comes late, is pulled in mid-stream, comes back, and comes back under another name.
import { camera as vivid } from '../robot.mjs'
import { assert, CONFIG } from './expect.mjs'

export const camera = {
  name: 'camera',
  about: 'a camera appears late, is pulled in mid-stream, and comes back, also under another number',
  async run(rig) {
    const vm = await rig.boot()
    const robot = await rig.connect(vm)
    await robot.configure(CONFIG.camera)
    await robot.is('the camera is told to be away', ({ devices }) => devices.camera.state === 'away')
    await vivid.load(vm)
    rig.figure('plug_to_picture_ms', await robot.pictureFlows())
    const frames = await robot.frames(4)
    rig.figure('frames_in_4_s', frames)
    assert.ok(frames >= 20, `${frames} frames in 4 s of a camera of 10 a second`)

    await vivid.unplug(vm)
    rig.figure('unplug_told_ms', await robot.is('the loss is told', ({ devices }) => devices.camera.state !== 'live'))
    const { devices } = await robot.status()
    assert.ok(devices.camera.why, 'with its reason')
    await vivid.plug(vm)
    rig.figure('replug_to_picture_ms', await robot.pictureFlows())

    await vivid.unplug(vm)
    await robot.is('the loss is told', ({ devices }) => devices.camera.state !== 'live')
    await vivid.unload(vm)
    await vivid.load(vm, 7)
    rig.figure('as_video7_to_picture_ms', await robot.pictureFlows())
    assert.equal(await vm.ok('ls /dev/video*'), '/dev/video7')
    assert.ok((await robot.frames(3)) >= 10)
  },
}
