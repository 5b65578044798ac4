// The daemon in the virtual robot, as its API shows it through ssh, and the parts that are plugged in and pulled.
import { request } from 'node:http'
import { until } from '../bench/lib/wait.mjs'

/** An emulated robot takes its time; a story judges by figures, not by running out of this. */
const PATIENCE_MS = 240_000

export class GuestRobot {
  #vm
  #token
  #port
  via

  /** `port`: where it listens, on its own loopback alone; the tunnel's end is another one. */
  constructor(vm, port = 8080) {
    this.#vm = vm
    this.#port = port
    this.origin = `http://127.0.0.1:${port}`
  }

  async connect() {
    this.via = { port: await this.#vm.forward(this.#port) }
    await until('the daemon has a token', async () => {
      this.#token = await this.#vm.ok('cat /var/lib/havatar/admin-token')
      return this.#token !== ''
    }, { timeoutMs: PATIENCE_MS, everyMs: 500 })
    return this
  }

  token = () => this.#token

  api = async (path, { method = 'GET', body } = {}) => {
    const { status, text } = await ask({
      port: this.via.port,
      path,
      method,
      headers: { host: `127.0.0.1:${this.#port}`, authorization: `Bearer ${this.#token}`, ...(body && { 'content-type': 'application/json' }) },
    }, body && JSON.stringify(body))
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text.slice(0, 300)}`)
    return text === '' ? undefined : JSON.parse(text)
  }

  status = () => this.api('/api/v1/status')

  /** Waits until the status is so; how long that took, ms. */
  async is(what, condition, timeoutMs = PATIENCE_MS) {
    const began = performance.now()
    let last
    try {
      await until(what, async () => condition((last = await this.status())), { timeoutMs, everyMs: 100 })
    } catch (error) {
      const { devices, robot, readiness } = last ?? {}
      throw new Error(`${error.message}\n${JSON.stringify({ devices, readiness, link: robot?.link })}`)
    }
    return Math.round(performance.now() - began)
  }

  /** Another config, from now on. A reload alone, where the daemon runs. */
  async configure(yaml) {
    await this.#vm.ok('cat >/etc/havatar/havatar.yaml && havatard check >&2 && systemctl reload-or-restart havatard', { input: yaml })
  }

  pictureFlows = () => this.is('the picture flows', ({ devices, streams }) =>
    devices.camera.state === 'live' && streams.streams.some(({ name, active, bytes_received: bytes }) => name === 'havatar_camera' && active && bytes > 0))

  joinedFlows = () => this.is('the joined stream flows', ({ processes, streams }) => processes.some(({ name, state }) => name === 'muxer' && state === 'running')
    && streams.streams.some(({ name, active, bytes_received: bytes }) => name === 'havatar' && active && bytes > 0))

  /** Frames that a player gets of the joined stream in so many seconds, once it flows. */
  async frames(seconds) {
    await this.joinedFlows()
    const out = await this.#vm.ok(
      `ffmpeg -hide_banner -nostdin -rtsp_transport tcp -i "rtsp://me:$(cat /var/lib/havatar/watch-token)@127.0.0.1:8554/havatar" -t ${seconds} -an -f null - 2>&1 | tr '\\r' '\\n' | grep '^frame=' | tail -n 1`,
    )
    return Number(out.match(/frame=\s*(\d+)/)?.[1] ?? 0)
  }
}

/** Not `fetch`: that names the tunnel's port as the host. */
function ask(options, body) {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', timeout: 30_000, agent: false, ...options }, (answer) => {
      let text = ''
      answer.on('data', (bytes) => (text += bytes))
      answer.once('error', reject)
      answer.once('end', () => resolve({ status: answer.statusCode, text }))
    })
    asked.once('timeout', () => asked.destroy(new Error('no answer within 30 s')))
    asked.once('error', reject)
    asked.end(body)
  })
}

/** The kernel's virtual camera. */
export const camera = {
  load: (vm, number) => vm.ok(`modprobe vivid n_devs=1 node_types=0x1${number === undefined ? '' : ` vid_cap_nr=${number}`}`),
  unload: (vm) => vm.ok('modprobe -r vivid'),
  unplug: (vm) => vm.ok('echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind'),
  plug: (vm) => vm.ok('echo vivid.0 >/sys/bus/platform/drivers/vivid/bind'),
}

const GADGET = '/sys/kernel/config/usb_gadget/esp32'

/** A USB serial cable with the firmware behind it: the kernel's own gadget, looped back by its virtual controller. */
export const cable = {
  async make(vm) {
    await vm.ok(`set -e
      modprobe dummy_hcd; modprobe libcomposite; modprobe usb_f_acm
      mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
      mkdir -p ${GADGET}/strings/0x409 ${GADGET}/configs/c.1 ${GADGET}/functions/acm.0
      echo 0x10c4 >${GADGET}/idVendor; echo 0xea60 >${GADGET}/idProduct
      echo 0001 >${GADGET}/strings/0x409/serialnumber
      echo 'Silicon Labs' >${GADGET}/strings/0x409/manufacturer; echo 'CP2102 USB to UART' >${GADGET}/strings/0x409/product
      [ -e ${GADGET}/configs/c.1/acm.0 ] || ln -s ${GADGET}/functions/acm.0 ${GADGET}/configs/c.1/acm.0
      systemd-run --quiet --unit=firmware --collect sh -c 'sleep infinity | /usr/lib/havatar/havatar-sim esp32 --link /run/esp32 --timeline /run/timeline'
    `)
  },
  /** Plugged in; the firmware answers on it. */
  async plug(vm) {
    await vm.ok(`set -e
      echo dummy_udc.0 >${GADGET}/UDC
      for try in $(seq 100); do [ -e /run/esp32 ] && [ -c /dev/ttyGS0 ] && break; sleep 0.1; done
      systemd-run --quiet --unit=firmware-line --collect socat /run/esp32,raw,echo=0 /dev/ttyGS0,raw,echo=0
    `)
  },
  pull: (vm) => vm.ok(`echo >${GADGET}/UDC; systemctl stop firmware-line 2>/dev/null || true`),
  name: (vm) => vm.ok('for try in $(seq 300); do ls /dev/serial/by-id/* 2>/dev/null && break; sleep 0.1; done | head -n 1'),
  timeline: async (vm) => (await vm.ok('cat /run/timeline')).split('\n').filter(Boolean).map((line) => JSON.parse(line)),
}
