// The package: a first install asks nothing and tells how to sign in; an upgrade that does not start is left for the version before.
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { at } from '../image.mjs'
import { assert } from './expect.mjs'

/** The package under another version; `broken`: its daemon ends at once. */
export function repacked(deb, version, { broken = false } = {}) {
  const tree = at(`repacked-${version}`)
  const out = at(`test_${version}.deb.test`)
  const run = (program, ...args) => execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  rmSync(tree, { recursive: true, force: true })
  run('dpkg-deb', '--raw-extract', deb, tree)
  run('sed', '-i', `s/^Version: .*/Version: ${version}/`, join(tree, 'DEBIAN/control'))
  if (broken) writeFileSync(join(tree, 'usr/lib/havatar/havatard'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  run('dpkg-deb', '--root-owner-group', '-Znone', '--build', tree, out)
  rmSync(tree, { recursive: true, force: true })
  return out
}

export const settled = 'while systemctl is-active --quiet havatar-upgrade || [ -f /var/lib/havatar-versions/pending ]; do sleep 0.5; done'
export const exe = (vm) => vm.ok('readlink -f /proc/$(systemctl show --property MainPID --value havatard)/exe')

export const install = {
  name: 'install',
  about: 'the package is installed on a fresh Debian, asks nothing, starts, and tells how to sign in',
  async run(rig) {
    const vm = await rig.boot()
    rig.figure('boot_s', Math.round(vm.bootedMs / 1000))
    if (rig.install) {
      rig.figure('install_ms', rig.install.tookMs)
      rig.figure('install_to_answer_ms', rig.install.answersMs)
      assert.match(rig.install.said, /sudo havatarctl link/)
    }
    assert.equal(await vm.ok('systemctl is-enabled havatard'), 'enabled')
    const robot = await rig.connect(vm)
    rig.figure('boot_to_answer_ms', await robot.is('it answers after a boot', () => true))
    assert.match(await vm.ok('havatarctl link'), /http.*#code=/)
    assert.match(await vm.ok('havatarctl status'), /ready|missing/i)
    assert.match(await vm.ok('havatar-rollback --show'), /kept: \d/)
    assert.match(await vm.ok('man -w havatarctl 2>/dev/null || ls /usr/share/man/man1/havatarctl.1.gz'), /havatarctl\.1/)
    assert.equal(await vm.ok('id -nG havatar | tr " " "\\n" | sort | tr "\\n" " "'), 'audio dialout havatar render video')
    assert.equal(await vm.ok('stat -c "%U %a" /var/lib/havatar /var/lib/havatar-versions'), 'havatar 700\nroot 755')
    assert.equal(await vm.ok('dpkg --verify havatar'), '')
    // What root asks about the service's config is judged as the service will see it.
    const checkKey = (mode, group) => vm.sh(`install -m ${mode} -g ${group} /dev/null /etc/havatar/feed
      echo http://127.0.0.1:9/camera >/etc/havatar/feed
      printf 'media: {camera: {source: url, url_file: /etc/havatar/feed}}\n' >/etc/havatar/check.yaml
      havatard check --config /etc/havatar/check.yaml; code=$?; rm /etc/havatar/check.yaml /etc/havatar/feed; exit $code`)
    assert.equal((await checkKey(640, 'havatar')).code, 0, 'a secret that its group may read')
    assert.equal((await checkKey(600, 'root')).code, 2, 'a secret that only root can read')
  },
}

export const upgrade = {
  name: 'upgrade',
  about: 'an upgrade keeps state; one that does not start goes back by itself and is not tried again; removing keeps, purging clears',
  async run(rig) {
    const vm = await rig.boot()
    let robot = await rig.connect(vm)
    const token = robot.token()
    await vm.ok("printf 'server: {}\\n' >/etc/havatar/havatar.yaml; systemctl reload havatard")
    const packages = { good: repacked(rig.package, '9.1'), bad: repacked(rig.package, '9.2', { broken: true }), next: repacked(rig.package, '9.3') }
    await vm.put(Object.values(packages), '/root/packages')
    const upgradeTo = (version) => vm.ok(`dpkg -i --force-confold /root/packages/test_${version}.deb.test 2>&1`)

    const began = performance.now()
    await upgradeTo('9.1')
    await vm.ok(settled)
    rig.figure('upgrade_to_proven_ms', Math.round(performance.now() - began))
    assert.match(await vm.ok('havatar-rollback --show'), /runs: 9\.1\nkept: 9\.1/)
    robot = await rig.connect(vm)
    assert.equal(robot.token(), token, 'state is kept')
    assert.equal(await vm.ok('cat /etc/havatar/havatar.yaml'), 'server: {}')

    const broke = performance.now()
    await upgradeTo('9.2')
    await vm.ok(settled)
    await robot.is('the version before answers', () => true)
    rig.figure('broken_to_answer_ms', Math.round(performance.now() - broke))
    assert.match(await vm.ok('havatar-rollback --show'), /runs: 9\.1 \(installed: 9\.2, left\)/)
    assert.equal(await exe(vm), '/var/lib/havatar-versions/good/havatard')
    await vm.ok('systemctl restart havatard')
    await robot.is('it is not tried again at a restart', () => true)
    assert.equal(await exe(vm), '/var/lib/havatar-versions/good/havatard')
    const said = await upgradeTo('9.2')
    assert.match(said, /has failed here before/)
    assert.equal(await exe(vm), '/var/lib/havatar-versions/good/havatard')

    await upgradeTo('9.3')
    await vm.ok(settled)
    assert.match(await vm.ok('havatar-rollback --show'), /runs: 9\.3\nkept: 9\.3, 9\.1/)
    assert.equal(await exe(vm), '/usr/lib/havatar/havatard')

    await vm.ok('havatar-rollback')
    await robot.is('the version before answers, by one command', () => true)
    assert.equal(await exe(vm), '/var/lib/havatar-versions/good/havatard')
    assert.match(await vm.ok('havatar-rollback --show'), /runs: 9\.1 \(installed: 9\.3, left\)/)
    await vm.ok('havatar-rollback --undo')
    await robot.is('the installed version answers again', () => true)
    assert.equal(await exe(vm), '/usr/lib/havatar/havatard')

    await vm.ok('mkdir -p /var/lib/havatar/recordings/havatar; echo film >/var/lib/havatar/recordings/havatar/film.mp4; dpkg --remove havatar 2>&1')
    assert.equal(await vm.ok('ls /usr/bin/havatard 2>/dev/null || true'), '')
    assert.match(await vm.ok('ls -A /var/lib/havatar'), /admin-token/)
    assert.match(await vm.ok('dpkg --purge havatar 2>&1'), /recordings stay/)
    assert.equal(await vm.ok('find /var/lib/havatar -type f; ls -d /var/lib/havatar-versions /etc/havatar 2>/dev/null || true'), '/var/lib/havatar/recordings/havatar/film.mp4')
  },
}
