// Backup and update by one command each: what was saved is there again after a purge, and an update tells what became of it.
import { exe, repacked, settled } from './package.mjs'
import { assert } from './expect.mjs'

const SEALED = '/root/robot.age --passphrase-file /root/passphrase'
const CONFIG = '# written by hand\nserver: {}\n'
const PHRASES = { categories: [{ name: 'Mine', phrases: [{ text: 'Bună ziua!', language: 'ro' }] }] }
const own = (vm) => vm.ok('stat -c "%U:%G %a %n" /etc/havatar /etc/havatar/* /var/lib/havatar /var/lib/havatar/admin-token /var/lib/havatar/phrases-*')

export const backup = {
  name: 'backup',
  about: 'a backup brings config, phrases and tokens back after a purge, without sign-ins; an e-stop of today stays latched',
  async run(rig) {
    const vm = await rig.boot()
    let robot = await rig.connect(vm)
    const token = robot.token()
    await robot.configure(CONFIG)
    await vm.ok('install -m 640 -g havatar /dev/null /etc/havatar/camera-url; echo secret >/etc/havatar/camera-url')
    await robot.api('/api/v1/phrases', { method: 'PUT', body: PHRASES })
    const before = await own(vm)
    await vm.ok("install -m 600 /dev/null /root/passphrase; echo 'correct horse battery' >/root/passphrase")
    const began = performance.now()
    assert.match(await vm.ok(`havatarctl backup ${SEALED}`), /Saved \/root\/robot\.age/)
    rig.figure('backup_ms', Math.round(performance.now() - began))
    assert.equal(await vm.ok('stat -c %a /root/robot.age; head -n 1 /root/robot.age'), '600\nage-encryption.org/v1')
    assert.equal(await vm.ok('grep -c secret /root/robot.age || true'), '0')

    await vm.ok('dpkg --purge havatar 2>&1; rm -rf /etc/havatar; DEBIAN_FRONTEND=noninteractive dpkg -i /root/packages/*_amd64.deb 2>&1')
    await vm.ok(settled)
    robot = await rig.connect(vm)
    await robot.is('a new robot answers', () => true)
    assert.notEqual(robot.token(), token)
    const refused = await vm.sh(`havatarctl restore ${SEALED} --yes`)
    assert.equal(refused.code, 1)
    assert.match(refused.err, /systemctl stop havatard/)

    await robot.api('/api/v1/robot/estop', { method: 'POST', body: {} })
    await vm.ok('systemctl stop havatard')
    const restoring = performance.now()
    const { code, out, err } = await vm.sh(`havatarctl restore ${SEALED} --yes`)
    rig.figure('restore_ms', Math.round(performance.now() - restoring))
    assert.equal(code, 0, `${out}${err}`)
    assert.match(out, /havatard takes the config/)
    assert.match(err, /The e-stop is latched, and stays so/)
    assert.equal(await own(vm), before)
    assert.equal(await vm.ok('ls -d /var/lib/havatar/sessions.json 2>/dev/null || true'), '')
    assert.equal(await vm.ok('ls -d /etc/havatar.before-restore-* /var/lib/havatar.before-restore-* | wc -l'), '2')
    await vm.ok('systemctl start havatard')
    robot = await rig.connect(vm)
    await robot.is('the robot of before answers', () => true)
    assert.equal(robot.token(), token)
    assert.equal(`${await vm.ok('cat /etc/havatar/havatar.yaml')}\n`, CONFIG)
    assert.equal(await vm.ok('cat /etc/havatar/camera-url'), 'secret')
    assert.deepEqual(await robot.api('/api/v1/phrases'), PHRASES)
    assert.equal((await robot.status()).robot.estop.latched, true)
  },
}

export const update = {
  name: 'update',
  about: 'an update is done once the new version has stayed up, and fails with the reason when it went back by itself',
  async run(rig) {
    const vm = await rig.boot()
    const robot = await rig.connect(vm)
    await vm.put([repacked(rig.package, '9.1'), repacked(rig.package, '9.2', { broken: true })], '/root/packages')
    // apt goes by the ending of the name.
    await vm.ok('cd /root/packages; for version in 9.1 9.2; do mv test_$version.deb.test /root/havatar_$version.deb; done')
    const to = async (version, options = '') => {
      const { code, out, err } = await vm.sh(`havatarctl --output json update /root/havatar_${version}.deb ${options}`)
      return { code, err, answer: out.trim() && JSON.parse(out) }
    }
    const began = performance.now()
    const good = await to('9.1')
    rig.figure('update_to_good_ms', Math.round(performance.now() - began))
    assert.equal(good.code, 0, good.err)
    assert.equal(good.answer.outcome, 'good')
    assert.match(await vm.ok('havatar-rollback --show'), /runs: 9\.1\nkept: 9\.1/)
    assert.equal((await to('9.1')).answer.outcome, 'unchanged')

    const bad = await to('9.2')
    assert.equal(bad.code, 1, bad.err)
    assert.deepEqual(bad.answer, { from: '9.1', to: '9.2', outcome: 'rolled_back', runs: '9.1' })
    await robot.is('the version before answers', () => true)
    assert.equal(await exe(vm), '/var/lib/havatar-versions/good/havatard')
    const again = await to('9.2')
    assert.equal(again.code, 1)
    assert.match(again.err, /has failed here before/)
    assert.equal((await to('9.2', '--again')).answer.outcome, 'rolled_back')
    const older = await to('9.1')
    assert.match(older.err, /is older than 9\.2/)
    assert.equal((await to('9.1', '--downgrade')).answer.outcome, 'good')
    assert.equal(await exe(vm), '/usr/lib/havatar/havatard')
  },
}
