// Sound by a real ALSA card, the kernel's loop: what is played at its other end is heard by a viewer, what is spoken comes out there.
import { assert, CONFIG } from './expect.mjs'

/** The loudest sample, dB, that ffmpeg finds in what `input` gives in so many seconds. */
const loudest = async (vm, input, seconds) => {
  const out = await vm.ok(`ffmpeg -hide_banner -nostdin ${input} -t ${seconds} -vn -af volumedetect -f null - 2>&1 | grep max_volume || true`)
  return Number(out.match(/max_volume: (-?[\d.]+|-inf)/)?.[1]?.replace('-inf', '-200') ?? -200)
}

export const sound = {
  name: 'sound',
  about: 'a sound card appears; its microphone is heard by a viewer, speech comes out of its loudspeaker; it goes and comes back',
  async run(rig) {
    const vm = await rig.boot()
    const robot = await rig.connect(vm)
    await robot.configure(CONFIG.sound)
    const both = ({ devices, voice }) => devices.microphone.state === 'live' && voice.speaker.state === 'live'
    await vm.ok('modprobe snd-aloop')
    rig.figure('card_to_live_ms', await robot.is('microphone and loudspeaker are live', both))

    rig.figure('live_to_joined_ms', await robot.joinedFlows())
    const listen = `-rtsp_transport tcp -i "rtsp://me:$(cat /var/lib/havatar/watch-token)@127.0.0.1:8554/havatar"`
    const quiet = await loudest(vm, listen, 3)
    await vm.ok('systemd-run --quiet --unit=tone --collect ffmpeg -v error -nostdin -re -f lavfi -i sine=1000:sample_rate=48000:duration=120 -ac 1 -f alsa plughw:Loopback,1,0')
    await vm.ok('sleep 3')
    const tone = await loudest(vm, listen, 3)
    rig.figure('microphone_db', `${quiet} silent, ${tone} with a tone`)
    assert.ok(tone > -40 && tone > quiet + 20, `the viewer hears ${tone} dB of the tone, ${quiet} without`)
    const heard = await robot.api('/api/v1/devices/tests/microphone', { method: 'POST', body: {} })
    rig.figure('microphone_test_db', `${heard.rms_db} mean, ${heard.peak_db} at the loudest`)
    assert.ok(heard.source === 'process' && heard.peak_db > -40, JSON.stringify(heard))
    await vm.ok('systemctl stop tone')

    await vm.ok('systemd-run --quiet --unit=ear --collect arecord -q -D plughw:Loopback,1,0 -f S16_LE -r 48000 -c 1 -d 40 /root/heard.wav; sleep 1')
    await robot.api('/api/v1/robot/speak', { method: 'POST', body: { text: 'Unu, doi, trei', language: 'ro' } })
    await robot.is('it has been said', ({ voice }) => voice.speech.speaking === null && voice.speech.waiting.length === 0)
    await vm.ok('sleep 2; systemctl stop ear || true')
    rig.figure('loudspeaker_log', JSON.stringify(await vm.ok('havatarctl logs speaker | tail -n 3')))
    const said = await loudest(vm, '-i /root/heard.wav', 60)
    rig.figure('speech_db', said)
    assert.ok(said > -40, `the loudspeaker gave ${said} dB`)
    assert.equal((await robot.status()).voice.speech.failed, null)
    const played = await robot.api('/api/v1/devices/tests/speaker', { method: 'POST', body: {} })
    rig.figure('speaker_test', JSON.stringify(played))
    assert.ok(played.passed && played.source === 'process', JSON.stringify(played))

    await vm.ok('echo snd_aloop.0 >/sys/bus/platform/drivers/snd_aloop/unbind')
    rig.figure('unplug_told_ms', await robot.is('the loss is told', ({ devices, voice }) => devices.microphone.state !== 'live' && voice.speaker.state !== 'live'))
    await vm.ok('echo snd_aloop.0 >/sys/bus/platform/drivers/snd_aloop/bind')
    rig.figure('replug_to_live_ms', await robot.is('both are live again', both))
  },
}
