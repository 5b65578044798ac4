// The stories of the virtual robot. usage: see scripts/rig
import { createHash } from 'node:crypto'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../bench/lib/own.mjs'
import { root } from '../bench/lib/programs.mjs'
import { at, buildImage } from './image.mjs'
import { GuestRobot } from './robot.mjs'
import { Vm } from './vm.mjs'
import { stories } from './stories/index.mjs'

const [verb, ...rest] = process.argv.slice(2)
const packages = join(root, 'target/rig/packages')

/** The newest package that scripts/rig has built. */
function thePackage() {
  const name = readdirSync(packages).filter((file) => file.endsWith('_amd64.deb')).sort().at(-1)
  if (!name) throw new Error('no package in target/rig/packages: scripts/release --arch amd64')
  return join(packages, name)
}

const sha = (...files) => files.reduce((hash, file) => hash.update(readFileSync(file)), createHash('sha256')).digest('hex')

/** A disk on which the package is installed, for the stories that begin with that. */
async function installed() {
  buildImage()
  const deb = thePackage()
  const stamp = `${readFileSync(at('image.stamp'), 'utf8')} ${sha(deb)}`
  if (existsSync(at('installed.stamp')) && readFileSync(at('installed.stamp'), 'utf8') === stamp) return null
  rmSync(at('installed.stamp'), { force: true })
  cpSync(at('base.img'), at('installed.img'))
  const vm = await Vm.boot({ disk: at('installed.img') })
  const began = performance.now()
  await vm.ok('mkdir -p /root/packages')
  await vm.put([deb], '/root/packages')
  const said = await vm.ok('DEBIAN_FRONTEND=noninteractive dpkg -i /root/packages/*.deb 2>&1')
  const tookMs = Math.round(performance.now() - began)
  const robot = await new GuestRobot(vm).connect()
  await robot.is('the daemon answers', () => true)
  const answersMs = Math.round(performance.now() - began)
  await vm.ok('while systemctl is-active --quiet havatar-upgrade || [ -f /var/lib/havatar-versions/pending ]; do sleep 0.5; done; sync')
  await vm.stop()
  writeFileSync(at('installed.stamp'), stamp)
  return { said, tookMs, answersMs, bootedMs: vm.bootedMs }
}

async function test(args) {
  const all = args.includes('--all')
  const named = args.filter((arg) => !arg.startsWith('--'))
  if (args.includes('--list')) {
    for (const { name, about, slow } of stories) console.log(`${name.padEnd(12)} ${about}${slow ? ' (--all)' : ''}`)
    return
  }
  const unknown = named.find((name) => !stories.some((story) => story.name === name))
  if (unknown) throw new Error(`no story is called ${unknown}: ${stories.map(({ name }) => name).join(', ')}`)
  const install = await installed()
  const results = []
  for (const story of stories.filter(({ name, slow }) => (named.length > 0 ? named.includes(name) : all || !slow))) {
    console.log(`\n== ${story.name}: ${story.about}`)
    const figures = {}
    const began = performance.now()
    const vms = []
    const rig = {
      install,
      package: thePackage(),
      boot: async (options) => {
        const vm = await Vm.boot(options)
        vms.push(vm)
        return vm
      },
      connect: (vm, port) => new GuestRobot(vm, port).connect(),
      figure: (name, value) => {
        figures[name] = value
        console.log(`   ${name}: ${value}`)
      },
    }
    let fault = null
    try {
      await story.run(rig)
    } catch (error) {
      fault = error
      console.log(`   FAILED: ${error.message}`)
      const last = vms.at(-1)
      const log = await last?.sh('journalctl -u havatard -u havatar-upgrade --no-pager -n 40 -o short-monotonic', { timeoutMs: 60_000 })
      if (log?.out) console.log(log.out.replace(/^/gm, '   | '))
    }
    for (const vm of vms) await vm.cut().catch(() => undefined)
    results.push({ name: story.name, ok: fault === null, seconds: Math.round((performance.now() - began) / 1000), figures })
  }
  console.log(`\n${results.map(({ name, ok, seconds, figures }) =>
    `${ok ? 'ok    ' : 'FAILED'} ${name.padEnd(12)} ${String(seconds).padStart(4)} s  ${Object.entries(figures).map(([k, v]) => `${k} ${v}`).join(', ')}`).join('\n')}`)
  writeFileSync(at('results.json'), JSON.stringify(results))
  if (results.some(({ ok }) => !ok)) process.exitCode = 1
}

const verbs = {
  image: () => buildImage(true),
  async disk() {
    buildImage()
    const vm = await Vm.boot({ bare: true })
    console.log(`The bare disk starts within ${Math.round(vm.bootedMs / 1000)} s.`)
    await vm.cut()
  },
  async boot() {
    await installed()
    const vm = await Vm.boot({ stays: true })
    console.log(`The virtual robot is up after ${Math.round(vm.bootedMs / 1000)} s: scripts/rig shell; scripts/rig cut ends it.`)
  },
  async shell() {
    process.exitCode = await Vm.running().shell(rest.join(' '))
  },
  cut: () => Vm.running().cut(),
  test: () => test(rest),
}
await run(async () => {
  if (!verbs[verb]) throw new Error(`scripts/rig has no ${verb}: ${Object.keys(verbs).join(', ')}`)
  await verbs[verb]()
})
