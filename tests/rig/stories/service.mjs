// systemd: a daemon that is killed or hangs is started again, with nothing left of the one before.
import { assert } from './expect.mjs'

const main = (vm) => vm.ok('systemctl show --property MainPID --value havatard')
/** Waits in the guest, without a connection for each look. */
const newMain = (vm, old) =>
  vm.ok(`while :; do p=$(systemctl show --property MainPID --value havatard); [ "$p" != ${old} ] && [ "$p" != 0 ] && break; sleep 0.2; done; cut -d' ' -f1 /proc/uptime`)
const uptime = async (vm) => Number(await vm.ok("cut -d' ' -f1 /proc/uptime"))

export const watchdog = {
  name: 'watchdog',
  about: 'a killed and a hung daemon are started again, and leave no process behind',
  async run(rig) {
    const vm = await rig.boot()
    const robot = await rig.connect(vm)
    await robot.is('it runs', () => true)
    let [pid, began] = [await main(vm), await uptime(vm)]
    await vm.ok(`children=$(pgrep -u havatar | grep -v ^${pid}$); kill -9 ${pid}; for c in $children; do while kill -0 $c 2>/dev/null; do sleep 0.05; done; done`)
    rig.figure('children_gone_s', ((await uptime(vm)) - began).toFixed(1))
    rig.figure('new_daemon_after_kill_s', (Number(await newMain(vm, pid)) - began).toFixed(1))
    await robot.is('it answers again', () => true)
    ;[pid, began] = [await main(vm), await uptime(vm)]
    await vm.ok(`kill -STOP ${pid}`)
    const hung = Number(await newMain(vm, pid)) - began
    rig.figure('new_daemon_after_hang_s', hung.toFixed(1))
    assert.ok(hung < 45, `a hung daemon was replaced after ${hung} s`)
    await robot.is('it answers again', () => true)
  },
}
