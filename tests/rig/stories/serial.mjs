// The robot's cable: pulled while it is driven, replugged, and answered by something that is no robot.
import { monotonic, openDriver } from '../../bench/lib/drive.mjs'
import { until } from '../../bench/lib/wait.mjs'
import { cable } from '../robot.mjs'
import { assert, CONFIG, within } from './expect.mjs'

const up = ({ robot }) => robot.link.state === 'up'

export const serial = {
  name: 'serial',
  about: 'the cable of a driven robot is pulled and plugged in again; an echo is no robot',
  async run(rig) {
    const vm = await rig.boot()
    const robot = await rig.connect(vm)
    await cable.make(vm)
    await cable.plug(vm)
    await robot.configure(CONFIG.robot(await cable.name(vm)))
    rig.figure('plug_to_up_ms', await robot.is('the controller answers', up))

    const driver = await openDriver(robot, { via: robot.via })
    await until('neutral is taken', () => {
      driver.neutral()
      return driver.state()?.motion.neutral_first === false
    }, { timeoutMs: 60_000, everyMs: 300 })
    driver.hold(1)
    await until('the wheels turn', () => driver.state()?.motion.mode === 'hold', { timeoutMs: 60_000 })
    const pulled = monotonic()
    await cable.pull(vm)
    await until('the loss is told to the driver', () => driver.state()?.link.state !== 'up', { timeoutMs: 60_000, everyMs: 5 })
    rig.figure('pull_by_ssh_to_told_ms', Math.round(Number(monotonic() - pulled) / 1e6))
    driver.end()
    const stopped = (await cable.timeline(vm)).filter((line) => 'brake' in line || 'duty' in line || 'motors' in line).at(-1)
    rig.figure('last_of_the_motors', JSON.stringify(stopped))

    await cable.plug(vm)
    within(rig, 'replug_to_up_ms', await robot.is('the controller answers again', up), 60_000)

    await cable.pull(vm)
    await robot.is('the loss is told', (status) => !up(status))
    await vm.ok("echo dummy_udc.0 >/sys/kernel/config/usb_gadget/esp32/UDC; sleep 1; systemd-run --quiet --unit=echo --collect sh -c 'stty -F /dev/ttyGS0 raw -echo; cat /dev/ttyGS0 >/dev/ttyGS0'")
    await robot.is('an echo is told', ({ robot: { link } }) => /sends back/.test(link.why ?? ''))
    const { robot: { link } } = await robot.status()
    rig.figure('echo_is_told_as', JSON.stringify(link.why))
    assert.notEqual(link.state, 'up', 'what sends back what it is sent drives nothing')
  },
}
