// A network of the robot's own, and air between it and this one: what is in the air can be lost without either side being
// told, as by radio. Two namespaces and two pairs of virtual interfaces with a bridge between them. It takes root.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { onEnd, own } from './own.mjs'
import { havatarSim } from './programs.mjs'

/** The owner's pid follows. */
const NAME = 'havatar-bench-'

const ip = (args) => {
  const done = spawnSync('ip', args.split(' '), { encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`ip ${args}: ${done.error?.message ?? done.stderr.trim()}`)
}

/** Lays it. Throws, with the reason, where that is not allowed. */
export function layNetwork() {
  sweep()
  const name = `${NAME}${process.pid}`
  const air = `${name}-air`
  const near = `hv${process.pid}`
  // From the range that is set aside for measuring networks; a /30 that follows from our pid.
  const block = (process.pid * 4) % 65_536
  const address = (host) => `198.18.${block >> 8}.${(block & 0xff) + host}`
  ip(`netns add ${name}`)
  const endRobot = onEnd(() => ip(`netns del ${name}`))
  ip(`netns add ${air}`)
  const endAir = onEnd(() => ip(`netns del ${air}`))
  ip(`-n ${air} link add air type bridge`)
  ip(`link add ${near} type veth peer name here netns ${air}`)
  ip(`-n ${air} link add there type veth peer name robot netns ${name}`)
  for (const port of ['here', 'there']) ip(`-n ${air} link set ${port} master air up`)
  ip(`-n ${air} link set air up`)
  ip(`addr add ${address(2)}/30 dev ${near}`)
  ip(`link set ${near} up`)
  ip(`-n ${name} addr add ${address(1)}/30 dev robot`)
  ip(`-n ${name} link set robot up`)
  ip(`-n ${name} link set lo up`)
  const within = ['ip', 'netns', 'exec', name]
  return {
    /** Where the robot is found. */
    address: address(1),
    /** Before a command that is to run on the robot's side. */
    within,
    /** The daemon speaks plain HTTP on loopback only; this hands on what comes to the same port of the cable. */
    passOn: (port) => own(within[0], [...within.slice(1), havatarSim(), 'relay', '--listen', `${address(1)}:${port}`, '--to', `127.0.0.1:${port}`]),
    /** Not a packet more, either way, and no word of it to anybody. */
    pull: () => ip(`-n ${air} link set there nomaster`),
    plug: () => ip(`-n ${air} link set there master air`),
    end: async () => {
      await endAir()
      await endRobot()
    },
  }
}

/** Those of benchmarks that were killed before they could end them. */
function sweep() {
  for (const name of existsSync('/run/netns') ? readdirSync('/run/netns') : []) {
    if (name.startsWith(NAME) && !existsSync(`/proc/${Number.parseInt(name.slice(NAME.length), 10)}`)) ip(`netns del ${name}`)
  }
}
