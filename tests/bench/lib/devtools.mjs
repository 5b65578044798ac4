// A Chromium that is spoken to over its own DevTools protocol, with nothing between. A browser driver keeps every page
// visible and in front, whatever happens to it; here a tab is hidden when another is opened, as it is for people.
import { flags } from './browser.mjs'
import { onEnd, own, ownFolder } from './own.mjs'
import { descendants } from './proc.mjs'
import { chromium } from './programs.mjs'
import { until } from './wait.mjs'
import { openWebSocket } from './websocket.mjs'

/** Starts a Chromium with a fresh profile and one empty tab. */
export async function startChromium() {
  let address
  const browser = own(chromium, [...flags, '--headless=new', '--window-size=1280,800', '--remote-debugging-port=0', `--user-data-dir=${ownFolder()}`, 'about:blank'], {
    onLine: (line) => { address ??= /DevTools listening on (ws:\S+)/.exec(line)?.[1] },
  })
  await until('Chromium listens', () => {
    if (!browser.running()) throw new Error(`Chromium ended: ${browser.lines.slice(-5).join('\n')}`)
    return address
  })
  let last = 0
  const waiting = new Map()
  const socket = await openWebSocket(address, {
    onText: (text) => {
      const { id, result, error } = JSON.parse(text)
      const one = waiting.get(id)
      waiting.delete(id)
      if (error) one?.reject(new Error(`${one.method}: ${error.message}`))
      else one?.resolve(result)
    },
    onEnd: (why) => {
      for (const { reject } of waiting.values()) reject(new Error(`Chromium is gone: ${why}`))
      waiting.clear()
    },
  })
  /** One command, to the browser or to the tab of a session. */
  const send = (method, params = {}, sessionId) => new Promise((resolve, reject) => {
    last += 1
    waiting.set(last, { method, resolve, reject })
    socket.text(JSON.stringify({ id: last, method, params, sessionId }))
  })
  const pids = () => [browser.pid, ...descendants(browser.pid)]
  const signal = (name) => {
    for (const pid of pids()) {
      try {
        process.kill(pid, name)
      } catch (error) {
        // One that ended by itself in the meantime is as well off as the others are about to be.
        if (error.code !== 'ESRCH') throw error
      }
    }
  }
  const end = onEnd(async () => {
    socket.cut()
    // It has nothing to save, and one that was halted would not hear a request.
    if (browser.running()) signal('SIGKILL')
    await browser.exited
  })
  return { send, signal, end }
}

/** The browser's first tab. `ask` evaluates an expression in it; a promise is waited for. */
export async function firstTab({ send }) {
  const { targetInfos } = await send('Target.getTargets')
  const { targetId } = targetInfos.find(({ type }) => type === 'page')
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true })
  const ask = async (expression) => {
    const { result, exceptionDetails } = await send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true }, sessionId)
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }
  return { command: (method, params) => send(method, params, sessionId), ask }
}
