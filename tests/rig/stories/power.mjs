// Power cuts while it records, and clocks that lie. A disk of its own, written through.
import { cpSync } from 'node:fs'
import { at } from '../image.mjs'
import { assert, CONFIG } from './expect.mjs'

const disk = () => at('power.img')
const NAMES = 'find /var/lib/havatar/recordings -type f -printf "%s %p\\n"'

/** A robot on a disk of its own that records the virtual camera. */
async function recording(rig) {
  cpSync(at('installed.img'), disk())
  const vm = await rig.boot({ disk: disk() })
  const robot = await rig.connect(vm)
  await vm.ok('echo vivid >/etc/modules-load.d/vivid.conf; echo options vivid n_devs=1 node_types=0x1 >/etc/modprobe.d/vivid.conf; modprobe vivid')
  await robot.configure(`${CONFIG.camera}recording: {segment: 20s}\nrobot: {port: simulated}\n`)
  await robot.pictureFlows()
  await robot.api('/api/v1/robot/estop', { method: 'POST', body: {} })
  await robot.api('/api/v1/recordings/start', { method: 'POST', body: {} })
  await robot.is('it records', ({ recording }) => recording.recording)
  return { vm, robot }
}

async function cuts(rig, count) {
  let { vm, robot } = await recording(rig)
  let worst = 0
  for (let cut = 1; cut <= count; cut += 1) {
    // Long enough for a file to be finished and another to be under way.
    await vm.ok(`sleep ${20 + (cut * 7) % 15}`)
    const before = await vm.ok(`date +%s.%N; for f in $(find /var/lib/havatar/recordings -type f | sort); do echo $f; done`)
    const at = Number(before.split('\n')[0])
    await vm.cut()
    vm = await rig.boot({ disk: disk() })
    robot = await rig.connect(vm)
    const listed = await robot.api('/api/v1/recordings')
    const files = (await vm.ok(NAMES)).split('\n').filter(Boolean).map((line) => line.split(' '))
    const empty = listed.recordings.filter(({ bytes }) => bytes === 0)
    assert.deepEqual(empty, [], 'no empty file is listed')
    // The newest moment that any file of before the cut holds, by its name's time and its length.
    const newest = await vm.ok(`for f in $(find /var/lib/havatar/recordings -type f -size +0 ! -newermt @${Math.floor(at) + 1}); do
      d=$(ffprobe -v error -show_entries format=duration -of csv=p=0 $f 2>/dev/null | tail -n 1); m=$(stat -c %Y $f); echo "$f $m $d"; done`)
    const ends = newest.split('\n').filter(Boolean).map((line) => Number(line.split(' ')[1]))
    const lost = Math.max(0, at - Math.max(...ends))
    worst = Math.max(worst, lost)
    rig.figure(`cut_${cut}`, `${lost.toFixed(1)} s lost, ${files.length} files, booted in ${Math.round(vm.bootedMs / 1000)} s`)
    assert.equal((await robot.status()).robot.estop.latched, true, 'the e-stop is still latched')
    await robot.is('it records again by itself', ({ recording }) => recording.recording)
  }
  rig.figure('worst_lost_s', worst.toFixed(1))
  assert.ok(worst <= 5, `${worst} s of a recording were lost`)
}

export const power = {
  name: 'power',
  about: 'the plug is pulled while it records: at most 5 s are lost, the e-stop stays latched, it records again by itself',
  run: (rig) => cuts(rig, 1),
}

export const clock = {
  name: 'clock',
  about: 'the clock is years behind the recordings, and then jumps ahead: it records, lists and deletes all the same',
  async run(rig) {
    let { vm, robot } = await recording(rig)
    await vm.ok('sleep 25')
    await vm.stop()
    vm = await rig.boot({ disk: disk(), rtc: 'base=2020-01-01T00:00:00' })
    robot = await rig.connect(vm)
    await robot.is('it records with a clock that is behind', ({ recording }) => recording.recording && recording.fault === null)
    const { recordings } = await robot.api('/api/v1/recordings')
    const open = recordings.filter(({ complete }) => complete === false)
    assert.ok(open.length <= 1, `${open.length} of ${recordings.length} are said to be written`)
    const old = recordings.find(({ complete }) => complete !== false)
    await robot.api(`/api/v1/recordings/${old.id}`, { method: 'DELETE' })
    await vm.ok("date -s '2029-03-01 12:00:00'")
    await vm.ok('sleep 5')
    await robot.is('it still records', ({ recording }) => recording.recording && recording.fault === null)
    rig.figure('recordings', recordings.length)
  },
}
