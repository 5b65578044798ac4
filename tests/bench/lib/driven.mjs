// A daemon with a simulated robot, and unless asked for, without camera and microphone: what drives is measured, not what shows.
import { launchHavatard } from './daemon.mjs'
import { startRobot } from './robot.mjs'

/** `settings` are keys of the config's `robot`; `robot` and `place` are those of an earlier daemon. */
export async function startDriven({ robot, place, settings = {}, network, sound, speaker, camera = { source: 'off' }, microphone = { source: 'off' }, tls } = {}) {
  const controller = robot ?? (await startRobot())
  const daemon = await launchHavatard({
    place,
    network,
    sound,
    camera,
    microphone,
    speaker,
    tls,
    robot: { port: controller.link, ...settings },
  })
  await linkUp(daemon)
  return { daemon, robot: controller }
}

/** Releases the e-stop in its two steps. */
export async function releaseEstop(daemon) {
  const release = (body) => daemon.api('/api/v1/robot/estop/release', { method: 'POST', body })
  await release({ confirm: (await release({})).confirm })
}

/** Waits until the daemon knows who is at the end of its cable. */
export const linkUp = (daemon) => daemon.whileRunning('the motor controller answers', async () => (await daemon.api('/api/v1/robot/state')).link.state === 'up')
