// The disk of the virtual robot: Debian (12, unless asked otherwise) with a kernel, its drivers and what the package depends on. Made once, from Debian's
// packages, and again when this file changes.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from '../bench/lib/programs.mjs'

/** Which Debian: bookworm (12), or another one in a folder of its own. */
const suite = process.env.HAVATAR_RIG_SUITE ?? 'bookworm'
export const folder = join(root, suite === 'bookworm' ? 'target/rig' : `target/rig-${suite}`)
export const at = (name) => join(folder, name)

const PACKAGES = [
  'linux-image-amd64', 'systemd-sysv', 'udev', 'dbus', 'kmod', 'openssh-server', 'iproute2', 'procps', 'psmisc', 'curl', 'jq', 'socat',
  'usbutils', 'v4l-utils', 'ca-certificates',
  // What the package depends on: the virtual robot has no network to fetch it.
  'ffmpeg', 'espeak-ng', 'alsa-utils', 'init-system-helpers',
]
/** Without these the boot takes twice as long, and the clock of the stories moves by itself. */
const UNUSED = [
  'apt-daily.timer', 'apt-daily-upgrade.timer', 'dpkg-db-backup.timer', 'e2scrub_all.timer', 'fstrim.timer', 'e2scrub_reap.service',
  'systemd-timesyncd.service',
]
const SIZE = '5G'

/** The disk, the kernel and the key, built if they are not there or `anew`. */
export function buildImage(anew = false) {
  const recipe = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url))).digest('hex')
  const stamp = at('image.stamp')
  if (!anew && existsSync(stamp) && readFileSync(stamp, 'utf8') === recipe) return
  console.error('==> the disk of the virtual robot, from the packages of Debian (about 5 minutes, once)')
  mkdirSync(folder, { recursive: true })
  rmSync(stamp, { force: true })
  const tree = at('tree')
  rmSync(tree, { recursive: true, force: true })
  const run = (program, ...args) => execFileSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  run('mmdebstrap', '--quiet', '--variant=minbase', `--include=${PACKAGES.join(',')}`, suite, tree)
  const put = (path, text, mode = 0o644) => {
    const file = join(tree, path)
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, text, { mode })
  }
  if (!existsSync(at('key'))) run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', at('key'))
  put('root/.ssh/authorized_keys', readFileSync(at('key.pub')), 0o600)
  put('etc/ssh/sshd_config.d/rig.conf', 'UseDNS no\nMaxSessions 100\nPermitRootLogin prohibit-password\nUsePAM no\n')
  put('etc/systemd/network/10-all.network', '[Match]\nName=en* eth*\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n')
  put('etc/fstab', '/dev/vda / ext4 rw 0 1\n')
  put('etc/hostname', 'robot\n')
  put('etc/hosts', '127.0.0.1 localhost robot\n')
  mkdirSync(join(tree, 'var/log/journal'), { recursive: true })
  const inside = (...args) => run('chroot', tree, ...args)
  inside('systemctl', 'enable', '--quiet', 'systemd-networkd', 'ssh')
  for (const unit of UNUSED) {
    try {
      inside('systemctl', 'mask', '--quiet', unit)
    } catch {
      // Not in this release of Debian.
    }
  }
  // A small one: with all modules in it the boot takes 10 s more.
  const conf = join(tree, 'etc/initramfs-tools/initramfs.conf')
  put('etc/initramfs-tools/initramfs.conf', readFileSync(conf, 'utf8').replace(/^MODULES=.*/m, 'MODULES=list'))
  put('etc/initramfs-tools/modules', 'virtio_pci\nvirtio_blk\next4\nvirtio_net\n')
  inside('update-initramfs', '-u', '-k', 'all')
  for (const file of readdirSync(join(tree, 'boot'))) {
    if (file.startsWith('vmlinuz-')) cpSync(join(tree, 'boot', file), at('vmlinuz'))
    if (file.startsWith('initrd.img-')) cpSync(join(tree, 'boot', file), at('initrd'))
  }
  rmSync(at('base.img'), { force: true })
  run('mke2fs', '-q', '-t', 'ext4', '-d', tree, at('base.img.new'), SIZE)
  renameSync(at('base.img.new'), at('base.img'))
  rmSync(tree, { recursive: true, force: true })
  writeFileSync(stamp, recipe)
}
