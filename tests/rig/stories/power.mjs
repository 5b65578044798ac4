// Power cuts while it records, and clocks that lie. A disk of its own, written through.
import { cpSync } from 'node:fs'
import { at } from '../image.mjs'
import { assert, CONFIG } from './expect.mjs'

const disk = () => at('power.img')

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
    const at = Number(await vm.ok(`sleep ${20 + (cut * 7) % 15}; date +%s.%N`))
    await vm.cut()
    vm = await rig.boot({ disk: disk() })
    robot = await rig.connect(vm)
    const { items } = await robot.api('/api/v1/recordings')
    assert.deepEqual(items.filter(({ size_bytes: bytes }) => bytes === 0), [], 'no empty file is listed')
    // The newest moment that a file of before the cut holds.
    const seconds = (time) => Date.parse(time) / 1000
    const before = items.filter(({ started_at: began }) => seconds(began) < at)
    const lost = Math.max(0, at - Math.max(...before.map(({ ended_at: end }) => seconds(end))))
    worst = Math.max(worst, lost)
    rig.figure(`cut_${cut}`, `${lost.toFixed(1)} s lost, ${before.length} files, booted in ${Math.round(vm.bootedMs / 1000)} s`)
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

export const cutsTen = {
  name: 'ten-cuts',
  about: 'the same, ten times',
  slow: true,
  run: (rig) => cuts(rig, 10),
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
    const { items } = await robot.api('/api/v1/recordings')
    const open = items.filter(({ writing }) => writing)
    assert.ok(open.length <= 1, `${open.length} of ${items.length} are said to be written`)
    const old = items.find(({ writing }) => !writing)
    await robot.api(`/api/v1/recordings/${old.id}`, { method: 'DELETE' })
    await vm.ok("date -s '2029-03-01 12:00:00'")
    await vm.ok('sleep 5')
    await robot.is('it still records', ({ recording }) => recording.recording && recording.fault === null)
    rig.figure('recordings', items.length)
  },
}
