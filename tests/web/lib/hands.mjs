// The ways in which people reach the page. Each `press`es a control by its id, and knows what stops a robot that moves. What a
// person or a carer has set up before is in `settings`, as the page remembers it.
import { expect } from '@playwright/test'
import { until } from '../../bench/lib/wait.mjs'

const PRESS_WITHIN_MS = 30_000

/** A half metre and a quarter turn a press, so that a script is no marathon. */
const BY_STEPS = { driveBy: 'step', stepCm: 50, stepDeg: 90 }
/** For tests: as quick as a practised person sets it. */
export const SCAN = { switches: 'one', stepMs: 600, firstExtraMs: 300, holdMs: 0, tremorMs: 0, rounds: 3 }

/** Tab and Enter, the arrows held, Escape. */
const keyboard = {
  name: 'keyboard alone',
  settings: { driveBy: 'hold' },
  signsInByTyping: true,
  press: async (page, id) => {
    const there = () => page.evaluate(() => document.activeElement?.id)
    for (let presses = 0; (await there()) !== id; presses += 1) {
      expect(presses, `${id} is reached by Tab`).toBeLessThan(60)
      await page.keyboard.press('Tab')
    }
    await page.keyboard.press('Enter')
  },
  type: async (page, text) => page.keyboard.type(text),
  holds: {
    forward: holdKey('ArrowUp'),
    left: holdKey('ArrowLeft'),
  },
  stop: (page) => page.keyboard.press('Escape'),
}

/** One switch, which sends Space. The highlight goes round by itself; a press takes what is highlighted. */
const oneSwitch = {
  name: 'one switch alone',
  settings: { ...BY_STEPS, input: 'scan', scan: SCAN },
  press: (page, id) => scanTo(page, id, () => page.keyboard.press('Space')),
  stop: (page) => page.keyboard.press('Space'),
}

/** A pointer that is moved, by the head or the eyes, and never pressed. */
const dwell = {
  name: 'dwell alone',
  settings: { ...BY_STEPS, input: 'dwell' },
  press: async (page, id) => {
    await toRest(page)
    const before = await clicksOn(page, id)
    await pointAt(page, id)
    // No head and no eye is ever quite still: that is how a control is noticed that comes to life under the pointer.
    await until(`dwelling on ${id} presses it`, async () => {
      if ((await clicksOn(page, id)) > before) return true
      await tremble(page, id)
      return false
    }, { timeoutMs: PRESS_WITHIN_MS, everyMs: 200 })
    await toRest(page)
  },
  stop: (page) => pointAt(page, 'drive-stop'),
  /** The pointer's way to STOP and its rest on it, beside what every stop takes. */
  stopWithinMs: 1200,
}

/** A gamepad: its stick drives, its buttons do what they are bound to, and one of them is a switch for all the rest. */
const gamepad = {
  name: 'a gamepad alone',
  settings: {
    input: 'scan',
    driveBy: 'hold',
    scan: SCAN,
    pad: {
      deadzone: 0.15,
      expo: 0,
      anyButtonStops: true,
      bindings: {
        forward: { kind: 'axis', index: 1, sign: -1 },
        back: { kind: 'axis', index: 1, sign: 1 },
        left: { kind: 'axis', index: 0, sign: -1 },
        right: { kind: 'axis', index: 0, sign: 1 },
        talk: { kind: 'button', index: 0 },
        stop: { kind: 'button', index: 1 },
        phrases: { kind: 'button', index: 3 },
        scan_select: { kind: 'button', index: 5 },
        hang_up: { kind: 'button', index: 9 },
      },
    },
  },
  before: (page) => page.addInitScript(pretendPad),
  press: async (page, id) => {
    const button = { talk: 0, phrases: 3, 'hang-up': 9 }[id]
    if (button === undefined) await scanTo(page, id, () => tapPad(page, 5))
    else await tapPad(page, button)
  },
  holds: {
    forward: tilt(1, -1),
    left: tilt(0, -1),
  },
  stop: (page) => tapPad(page, 1),
}

export const hands = [keyboard, oneSwitch, dwell, gamepad]

/** Remembered by the browser before the page is opened, as after a visit before. */
export async function settle(context, settings) {
  await context.addInitScript((all) => {
    if (localStorage.getItem('havatar.settings') === null) localStorage.setItem('havatar.settings', all)
  }, JSON.stringify({ version: 1, ...settings }))
  await context.addInitScript(() => {
    window.hereSince = 0
    new MutationObserver(() => { window.hereSince = performance.now() })
      .observe(document, { subtree: true, attributeFilter: ['data-here'] })
    window.clicked = {}
    // What the user has done: keys that went down, buttons of a pad, and rests on a control, which press it by a click.
    window.acts = { keys: 0, pad: 0, clicks: 0 }
    window.addEventListener('click', ({ target }) => {
      window.acts.clicks += 1
      const { id } = target.closest('button') ?? {}
      if (id) window.clicked[id] = (window.clicked[id] ?? 0) + 1
    }, { capture: true })
    window.addEventListener('keydown', ({ repeat }) => { window.acts.keys += repeat ? 0 : 1 }, { capture: true })
  })
}

/** What the user has done since the page was opened: keys, buttons of a pad, or, with neither, rests of a pointer. */
export const actsOn = async (page) => {
  const { keys, pad, clicks } = await page.evaluate(() => window.acts)
  return pad || keys || clicks
}

const clicksOn = (page, id) => page.evaluate((one) => window.clicked[one] ?? 0, id)

function holdKey(key) {
  return { begin: (page) => page.keyboard.down(key), end: (page) => page.keyboard.up(key) }
}

export async function pointAt(page, id) {
  const box = await page.locator(`#${id}`).boundingBox()
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 4 })
}

export async function tremble(page, id) {
  // A control that was pressed just now may be gone: to wait for it would be to wait for ever.
  const box = await page.locator(`#${id}`).boundingBox({ timeout: 1000 }).catch(() => null)
  const aside = () => Math.random() * 4 - 2
  if (box) await page.mouse.move(box.x + box.width / 2 + aside(), box.y + box.height / 2 + aside())
}

/** Where nothing is pressed however long one looks at it: the picture. */
async function toRest(page) {
  const at = await page.evaluate(() => {
    for (let y = 0.2; y < 0.9; y += 0.05) {
      for (let x = 0.95; x > 0.05; x -= 0.05) {
        const [left, top] = [x * innerWidth, y * innerHeight]
        const there = document.elementFromPoint(left, top)
        if (there && !there.closest('button, a, input, textarea')) return [left, top]
      }
    }
    return [0, 0]
  })
  await page.mouse.move(...at, { steps: 4 })
}

/**
 * Takes `id` with a switch: each time the highlight comes to it, or to the group that it is in, one press. A person sees the highlight
 * come and then presses; so does this, which leaves the whole of a step for the press to arrive in.
 */
export async function scanTo(page, id, press) {
  const before = await clicksOn(page, id)
  await until(`the switch presses ${id}`, async () => {
    if ((await clicksOn(page, id)) > before) return true
    const came = await page.evaluate(([wanted, justMs, waitMs]) => new Promise((resolve) => {
      const look = () => {
        const here = document.querySelector('[data-here]')
        if (here === null) return 'rest'
        if (here.dataset.here === 'leaving') return 'other'
        return here.contains(document.getElementById(wanted)) ? 'here' : 'other'
      }
      // What has just been highlighted stays for a step; what has been for longer may be gone in a moment.
      const first = look()
      if (first === 'rest' || (first === 'here' && performance.now() - window.hereSince < justMs)) {
        resolve(first)
        return
      }
      const watch = new MutationObserver(() => look() !== 'other' && end(look()))
      const timer = setTimeout(() => end('nothing'), waitMs)
      const end = (what) => {
        clearTimeout(timer)
        watch.disconnect()
        resolve(what)
      }
      watch.observe(document.body, { subtree: true, attributeFilter: ['data-here'] })
    }), [id, SCAN.stepMs / 3, 15_000])
    // A press wakes a highlight that rests; on `here` it takes the group or the control.
    if (came === 'rest' || came === 'here') await press()
    return (await clicksOn(page, id)) > before
  }, { timeoutMs: PRESS_WITHIN_MS })
}

/** Runs in the page: a standard gamepad that is plugged in, and moved by `window.pad`. */
export function pretendPad() {
  const buttons = Array.from({ length: 17 }, () => ({ pressed: false, touched: false, value: 0 }))
  const pad = { index: 0, id: 'Test pad (STANDARD GAMEPAD)', connected: true, mapping: 'standard', timestamp: 0, axes: [0, 0, 0, 0], buttons }
  window.pad = {
    axis: (index, value) => { pad.axes[index] = value; pad.timestamp = performance.now() },
    button: (index, down) => {
      if (down) window.acts.pad += 1
      Object.assign(buttons[index], { pressed: down, touched: down, value: down ? 1 : 0 })
      pad.timestamp = performance.now()
    },
    plugged: (is) => {
      pad.connected = is
      window.dispatchEvent(new Event(is ? 'gamepadconnected' : 'gamepaddisconnected'))
    },
  }
  navigator.getGamepads = () => [pad.connected ? pad : null, null, null, null]
  window.addEventListener('load', () => window.dispatchEvent(new Event('gamepadconnected')))
}

/** Down, seen by the page's loop at least once, and up. */
export async function tapPad(page, index) {
  await page.evaluate((button) => new Promise((resolve) => {
    const frames = (count, then) => (count === 0 ? then() : requestAnimationFrame(() => frames(count - 1, then)))
    window.pad.button(button, true)
    frames(4, () => {
      window.pad.button(button, false)
      frames(4, resolve)
    })
  }), index)
}

/** Resolves once the page has looked at where the stick is. */
function tilt(axis, value) {
  const to = (share) => (page) => page.evaluate(([index, now]) => new Promise((resolve) => {
    const frames = (count) => (count === 0 ? resolve() : requestAnimationFrame(() => frames(count - 1)))
    window.pad.axis(index, now)
    frames(4)
  }), [axis, share])
  return { begin: to(value), end: to(0) }
}
