// An operator who listens and talks through havatard's own page, and the daemon whose sound card is a rig.
import { launchHavatard, signIn } from './daemon.mjs'

/** What the robot's configuration says for each way to a sound card. */
const cards = {
  pulse: { microphone: { source: 'pulse' }, speaker: { output: 'pulse' } },
  alsa: { microphone: { source: 'alsa', device: 'robot_mic' }, speaker: { output: 'alsa', device: 'robot_speaker' } },
}

/** A daemon that hears and speaks through `sound` (lib/sound.mjs). `output` is pulse or alsa. */
export async function startVoice({ sound, output = 'pulse' }) {
  const daemon = await launchHavatard({ sound, camera: { size: '320x240' }, ...cards[output] })
  await daemon.ready()
  return daemon
}

/** The page, ready to be joined. What it promises is told in voice.mjs. */
export async function openVoicePage(page, daemon) {
  await page.context().grantPermissions(['microphone'], { origin: daemon.origin })
  await signIn(page, daemon)
  return {
    join: async () => {
      await page.goto(daemon.origin)
      await page.locator('#sound').click()
      await page.waitForFunction(() => window.havatarEyes.peers.length > 0)
      return page.evaluate(() => Math.min(...window.havatarEyes.peers.map(({ at }) => at)))
    },
    ready: async () => {
      await page.waitForSelector('#talk[data-talk="ready"]')
      await page.evaluate(() => {
        document.querySelector('#talk').addEventListener('click', (event) => {
          window.pressedAt = performance.timeOrigin + event.timeStamp
        }, { capture: true })
      })
    },
    press: async (on) => {
      await page.locator('#talk').click()
      await page.waitForSelector(`#talk[data-talk="${on ? 'talking' : 'ready'}"]`)
      return page.evaluate(() => window.pressedAt)
    },
  }
}
