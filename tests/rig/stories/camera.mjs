// A camera that comes late, is pulled in mid-stream, comes back, and comes back under another name.
import { camera as vivid } from '../robot.mjs'
import { assert, CONFIG } from './expect.mjs'

/** A test of the camera gives a frame, by the stream or by the device itself. */
async function tested(rig, robot, source) {
  const test = await robot.api('/api/v1/devices/tests/camera', { method: 'POST', body: {} })
  rig.figure(`test_of_${source}`, `${test.width}x${test.height} ${test.format}, first frame after ${test.first_frame_ms} ms, ${test.fps} a second`)
  assert.equal(test.source, source)
  assert.deepEqual([test.width, test.height], [320, 180])
  assert.ok(Buffer.from(test.jpeg, 'base64').subarray(0, 2).equals(Buffer.from([0xff, 0xd8])), 'a JPEG')
}

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
    // Half of them and more on a host that does nothing else; here it is enough that they come.
    assert.ok(frames >= 5, `${frames} frames in 4 s of a camera of 10 a second`)
    await tested(rig, robot, 'process')
    await vm.ok('havatarctl stream stop')
    await robot.is('the camera is free', ({ processes }) => processes.find(({ name }) => name === 'camera').state === 'stopped')
    await tested(rig, robot, 'device')
    await vm.ok('havatarctl devices test camera --save /root/frame.jpg && test -s /root/frame.jpg')
    await vm.ok('havatarctl stream start')
    await robot.pictureFlows()

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
    assert.ok((await robot.frames(3)) >= 4)
  },
}
