// A driver at the panel in a Chromium of its own, and the faults that can happen to that browser.
import { firstTab, startChromium } from './devtools.mjs'
import { monotonic } from './drive.mjs'
import { until } from './wait.mjs'

/** A picture older than this slows the robot down, ms. */
const FRESH_MS = 200
const ARROW_UP = { key: 'ArrowUp', code: 'ArrowUp', windowsVirtualKeyCode: 38 }

/**
 * Opens the page, signs in and takes the robot; resolves once it may be driven and the picture is fresh. `hold` presses
 * the key that drives forward and keeps it down. Each fault resolves to the moment just before it was made, on
 * CLOCK_MONOTONIC.
 */
export async function drivePage(daemon) {
  const chromium = await startChromium()
  const tab = await firstTab(chromium)
  await tab.command('Page.navigate', { url: `${daemon.origin}/` })
  const is = (name) => tab.ask(`document.body?.dataset.${name}`)
  await until('the page asks who is there', () => tab.ask(`document.querySelector('#token') !== null && document.body.dataset.view === 'sign-in'`))
  await tab.ask(`(() => {
    document.querySelector('#token').value = ${JSON.stringify(daemon.token())}
    document.querySelector('#sign-in').requestSubmit()
  })()`)
  await until('the page shows the robot’s picture', async () => (await is('link')) === 'live', { timeoutMs: 30_000 })
  await until('the page may drive', async () => {
    const drive = await is('drive')
    // Taken over where it is still reserved for a driver who was cut off a moment ago.
    if (drive === 'idle') await tab.ask(`(document.querySelector('#drive-take') ?? document.querySelector('#drive-acquire')).click()`)
    return drive === 'ready' && (await is('lock')) === 'false' && (await tab.ask('window.havatar.stats.ageMs')) < FRESH_MS
  }, { everyMs: 100 })

  const at = async (fault) => {
    const before = monotonic()
    await fault()
    return before
  }
  return {
    /** What a person reads of how the driving stands. */
    said: () => tab.ask(`document.querySelector('#drive-state').textContent`),
    hold: () => tab.command('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...ARROW_UP }),
    letGo: () => tab.command('Input.dispatchKeyEvent', { type: 'keyUp', ...ARROW_UP }),
    /** All processes of the browser, with SIGKILL. */
    browser_kill: () => at(() => chromium.signal('SIGKILL')),
    /** All of them halted, with their connections open. */
    stop: () => at(() => chromium.signal('SIGSTOP')),
    /** The tab, as the browser halts one to save power. */
    freeze: () => at(() => tab.command('Page.setWebLifecycleState', { state: 'frozen' })),
    /** Another tab is opened in front of it. */
    hidden: () => at(() => chromium.send('Target.createTarget', { url: 'about:blank' })),
    /**
     * Another window comes to the front. Without a screen no window takes the focus from another, so the page gets the
     * event that it would get, and nothing else.
     */
    blur: () => at(() => tab.ask(`window.dispatchEvent(new FocusEvent('blur')), true`)),
    end: () => chromium.end(),
  }
}
