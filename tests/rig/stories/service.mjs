// systemd: the service shares its control group out, and a daemon that is killed or hangs is started again, with nothing left of the
// one before.
import { camera } from '../robot.mjs'
import { assert, CONFIG } from './expect.mjs'

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

const GROUP = '/sys/fs/cgroup/system.slice/havatard.service'

export const groups = {
  name: 'groups',
  about: 'daemon and children have a control group each kind, with a weight; the kernel would end encoders first',
  async run(rig) {
    const vm = await rig.boot()
    const robot = await rig.connect(vm)
    await robot.configure(CONFIG.camera)
    await camera.load(vm)
    await robot.pictureFlows()
    const told = await vm.ok(`cd ${GROUP} && for g in control talk media-server picture recording rest; do
      echo "$g $(cat $g/cpu.weight) $(cat $g/memory.low) $(for p in $(cat $g/cgroup.procs); do echo "$(cat /proc/$p/comm):$(cat /proc/$p/oom_score_adj)"; done | sort -u | tr '\n' ' ')"
    done`)
    const of = Object.fromEntries(told.split('\n').map((line) => {
      const [group, weight, low, ...programs] = line.trim().split(' ')
      return [group, { weight: Number(weight), low: Number(low), programs }]
    }))
    for (const [group, { weight, programs }] of Object.entries(of)) rig.figure(group, `${weight}: ${programs.join(' ') || '-'}`)
    const weights = Object.values(of).map(({ weight }) => weight)
    assert.ok(weights.at(-1) > 0 && weights.every((weight, at) => at === 0 || weight < weights[at - 1]), `control before talk before picture before recording: ${weights}`)
    assert.ok(of.control.low > 0 && of.talk.low > 0, 'memory is kept for control and talk')
    assert.ok(of.control.programs.includes('havatard:-500'), 'the daemon is ended last')
    assert.ok(of['media-server'].programs.includes('mediamtx:100'))
    assert.ok(of.picture.programs.includes('ffmpeg:200'))
    assert.equal(await vm.ok(`cat ${GROUP}/cgroup.procs`), '', 'nobody is left in the unit\u2019s own group')
    await vm.ok('systemctl reload havatard')
    await robot.pictureFlows()
    await vm.ok('systemctl restart havatard')
    await robot.pictureFlows()
    assert.match(await vm.ok('journalctl -u havatard --no-pager -o cat'), /control groups share processor and memory/)
    assert.equal(await vm.ok(`touch /sys/fs/cgroup/system.slice/x 2>/dev/null; nsenter --target $(systemctl show --property MainPID --value havatard) --mount sh -c 'mkdir /sys/fs/cgroup/system.slice/other 2>/dev/null && echo made || echo refused'`), 'refused', 'other groups are not its to change')
  },
}
