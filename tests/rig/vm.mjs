// One virtual robot: started, spoken to over ssh, plugged and unplugged over QMP, and cut off like by a power failure.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { own } from '../bench/lib/own.mjs'
import { freePort } from '../bench/lib/ports.mjs'
import { delay, until } from '../bench/lib/wait.mjs'
import { at } from './image.mjs'

/** So far may a second of its clock differ from one of this machine's. A busy host misleads the kernel when it first measures its clock. */
const CLOCK_ERROR = 0.25

/** It is emulated: what takes a second elsewhere takes ten here, and more beside other work. */
const BOOT_MS = 600_000
const COMMAND_MS = 300_000

export class Vm {
  #port
  #process
  #run

  /** The robot that `scripts/rig boot` has left running. */
  static running() {
    const state = at('running.json')
    if (!existsSync(state)) throw new Error('no virtual robot is running: scripts/rig boot')
    const vm = new Vm()
    const { port, run } = JSON.parse(readFileSync(state, 'utf8'))
    vm.#port = port
    vm.#run = run
    return vm
  }

  /**
   * Boots it and waits until it can be spoken to. `disk`: a file that is written through, so that it outlives a power cut; by default
   * the one with the package, or the `bare` one, with a layer that is thrown away. `rtc`: what its clock says. `udp`: a port of this machine's loopback that leads to its
   * own of the same number. `stays`: it outlives this process.
   */
  static async boot(options = {}) {
    for (let tries = 1; ; tries += 1) {
      const vm = await Vm.#start(options)
      const rate = await vm.#clockRate()
      if (Math.abs(rate - 1) < CLOCK_ERROR) return vm
      await vm.cut()
      if (tries === 3) throw new Error(`the clock of the virtual robot runs ${rate.toFixed(1)} times as fast as this machine's: the host is too busy`)
    }
  }

  /** How many seconds pass there in one of this machine's. */
  async #clockRate() {
    const look = async () => {
      const [asked, uptime] = [performance.now(), Number((await this.ok('cat /proc/uptime')).split(' ')[0])]
      return { here: (asked + performance.now()) / 2000, there: uptime }
    }
    const first = await look()
    await delay(5000)
    const last = await look()
    return (last.there - first.there) / (last.here - first.here)
  }

  static async #start({ disk, bare = false, rtc = 'base=utc', udp, memory = 2048, stays = false, extra = [] }) {
    const vm = new Vm()
    vm.#port = await freePort()
    vm.#run = at(`run-${vm.#port}`)
    rmSync(vm.#run, { recursive: true, force: true })
    mkdirSync(vm.#run, { recursive: true })
    const drive = disk
      ? `file=${disk},format=raw,if=virtio,cache=writethrough`
      : `file=${at(bare ? 'base.img' : 'installed.img')},format=raw,if=virtio,snapshot=on,cache=unsafe`
    const args = [
      '-accel', 'tcg,thread=multi', '-cpu', 'max', '-m', String(memory), '-smp', '2',
      '-kernel', at('vmlinuz'), '-initrd', at('initrd'),
      '-append', 'root=/dev/vda rw console=ttyS0 quiet mitigations=off audit=0 tsc=reliable clocksource=tsc nowatchdog net.ifnames=0',
      '-drive', drive, '-netdev', `user,id=n,hostfwd=tcp:127.0.0.1:${vm.#port}-:22${udp ? `,hostfwd=udp:127.0.0.1:${udp}-:${udp}` : ''}`, '-device', 'virtio-net-pci,netdev=n',
      '-device', 'qemu-xhci,id=xhci', '-device', 'virtio-rng-pci', '-display', 'none', '-nodefaults',
      '-serial', `file:${vm.#run}/console`, '-qmp', `unix:${vm.#run}/qmp,server=on,wait=off`, '-rtc', rtc, ...extra,
    ]
    if (stays) {
      const child = spawn('qemu-system-x86_64', args, { stdio: 'ignore', detached: true })
      child.unref()
      vm.#process = { running: () => child.exitCode === null, lines: [], child }
      writeFileSync(at('running.json'), JSON.stringify({ port: vm.#port, run: vm.#run, pid: child.pid }))
    } else vm.#process = own('qemu-system-x86_64', args)
    const began = performance.now()
    await until('the virtual robot answers', async () => {
      if (!vm.#process.running()) throw new Error(`QEMU ended: ${vm.#process.lines.join('\n')}`)
      return (await vm.sh('true', { timeoutMs: 20_000 })).code === 0
    }, { timeoutMs: BOOT_MS, everyMs: 1000 })
    vm.bootedMs = performance.now() - began
    return vm
  }

  get #ssh() {
    return [
      '-i', at('key'), '-p', String(this.#port), '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR',
      '-o', 'ControlMaster=auto', '-o', `ControlPath=${this.#run}/ssh`, '-o', 'ControlPersist=60', '-o', 'ConnectTimeout=15',
      // An emulated processor has no instructions for AES to lend.
      '-o', 'Ciphers=chacha20-poly1305@openssh.com',
    ]
  }

  /** Runs a command; how it ended and what it said. */
  sh(command, { timeoutMs = COMMAND_MS, input } = {}) {
    return new Promise((resolve, reject) => {
      const child = spawn('ssh', [...this.#ssh, 'root@127.0.0.1', command], { timeout: timeoutMs })
      let [out, err] = ['', '']
      child.stdout.on('data', (bytes) => (out += bytes))
      child.stderr.on('data', (bytes) => (err += bytes))
      child.once('error', reject)
      // Not `close`: the shared connection may keep the pipes.
      child.once('exit', (code, signal) => resolve({ code: code ?? signal, out, err }))
      child.stdin.on('error', () => undefined)
      child.stdin.end(input)
    })
  }

  /** The same, for a command that must succeed; what it said. */
  async ok(command, options) {
    const { code, out, err } = await this.sh(command, options)
    if (code !== 0) throw new Error(`in the virtual robot: ${command}: ended with ${code}\n${out}${err}`.trim())
    return out.trim()
  }

  /** Copies files of this machine into a folder of it. */
  async put(files, into) {
    for (const file of files) await this.ok(`cat >${into}/${file.split('/').at(-1)}`, { input: readFileSync(file) })
  }

  /** An interactive shell, or one command, with this terminal. */
  shell(command) {
    const child = spawn('ssh', [...(command ? [] : ['-t']), ...this.#ssh, 'root@127.0.0.1', ...(command ? [command] : [])], { stdio: 'inherit' })
    return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
  }

  /** A port of this machine, `here`, that leads to one on its loopback, until the virtual robot ends. */
  async forward(port, here) {
    here ??= await freePort()
    await this.ok('true')
    const { code, err } = await new Promise((resolve) => {
      const child = spawn('ssh', [...this.#ssh, '-O', 'forward', '-L', `127.0.0.1:${here}:127.0.0.1:${port}`, 'root@127.0.0.1'])
      let err = ''
      child.stderr.on('data', (bytes) => (err += bytes))
      child.once('exit', (code) => resolve({ code, err }))
    })
    if (code !== 0) throw new Error(`no way to port ${port} of the virtual robot: ${err}`)
    return here
  }

  /** A command of QEMU's monitor. */
  qmp(execute, args = {}) {
    return new Promise((resolve, reject) => {
      const socket = connect(`${this.#run}/qmp`)
      let text = ''
      let greeted = false
      socket.once('error', reject)
      socket.on('data', (bytes) => {
        text += bytes
        const lines = text.split('\n')
        text = lines.pop()
        for (const line of lines.filter((it) => it.trim())) {
          const message = JSON.parse(line)
          if (message.QMP) socket.write(`${JSON.stringify({ execute: 'qmp_capabilities' })}\n`)
          else if (message.event) continue
          else if (!greeted) {
            greeted = true
            socket.write(`${JSON.stringify({ execute, arguments: args })}\n`)
          } else {
            socket.destroy()
            if (message.error) reject(new Error(`QEMU: ${message.error.desc}`))
            else resolve(message.return)
          }
        }
      })
    })
  }

  /** The power fails. */
  async cut() {
    if (this.#process?.exited) {
      this.#process.child.kill('SIGKILL')
      await this.#process.exited
      rmSync(this.#run, { recursive: true, force: true })
    } else {
      const { pid } = JSON.parse(readFileSync(at('running.json'), 'utf8'))
      process.kill(pid, 'SIGKILL')
      rmSync(at('running.json'))
    }
  }

  /** It is shut down in order. */
  async stop() {
    await this.sh('systemctl poweroff', { timeoutMs: 20_000 })
    try {
      await until('it is off', () => !this.#process.running(), { timeoutMs: 120_000, everyMs: 200 })
    } finally {
      await this.cut()
    }
  }
}
