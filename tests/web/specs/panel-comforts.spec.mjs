// What makes a call comfortable: a screen that stays on, sound that comes back, zoom by every hand, who comes and who asks, a battery that
// runs out, the connection in words, a latch that shows its time, and the microphone's level.
import { expectLive } from '../fixtures.mjs'
import { expect, test } from '../lib/driven.mjs'
import { pointAt, SCAN, scanTo, tremble } from '../lib/hands.mjs'
import { movesBy } from '../lib/motion.mjs'
import { closeSheet, openSheet, signInByKey, take } from '../lib/states.mjs'
import { until } from '../../bench/lib/wait.mjs'

const body = (page) => page.locator('body')
const transform = (page) => page.locator('#robot-video').evaluate((video) => video.style.transform)
const chip = (page) => page.locator('#zoom-whole')

/** Sounds are noted by their notes, in Hz, in `window.notes`. */
const listen = (page) => page.addInitScript(() => {
  window.notes = []
  const { start } = OscillatorNode.prototype
  OscillatorNode.prototype.start = function (...args) {
    window.notes.push(Math.round(this.frequency.value))
    return start.apply(this, args)
  }
})
/** But for those of a lost picture, which a busy machine may bring at any time. */
const notes = (page) => page.evaluate(() => window.notes.filter((hz) => hz !== 660 && hz !== 440))

test('the screen stays on while the picture is watched, again after the page was hidden, and goes dark after the call', async ({ page, open }) => {
  await page.addInitScript(() => {
    window.locks = { held: 0, asked: 0 }
    let hidden = false
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden })
    const all = new Set()
    const request = async () => {
      window.locks.asked += 1
      const lock = { released: false, release: async () => {
        lock.released = true
        all.delete(lock)
        window.locks.held = all.size
      } }
      all.add(lock)
      window.locks.held = all.size
      return lock
    }
    Object.defineProperty(navigator, 'wakeLock', { value: { request } })
    window.hide = async (is) => {
      hidden = is
      // The browser takes it back.
      if (is) for (const lock of [...all]) await lock.release()
      document.dispatchEvent(new Event('visibilitychange'))
    }
  })
  const held = () => page.evaluate(() => window.locks.held)
  await open()
  await expect.poll(held).toBe(1)
  await page.evaluate(() => window.hide(true))
  expect(await held()).toBe(0)
  await page.evaluate(() => window.hide(false))
  await expect.poll(held).toBe(1)
  await page.locator('#hang-up').click()
  await expect.poll(held).toBe(0)
  await page.locator('#come-back').click()
  await expect.poll(held).toBe(1)
})

test('sound that was on is on again after coming back and after a reload; off, it stays off; signing out forgets it', async ({ page, open }) => {
  const sounds = () => page.evaluate(() => {
    const { muted, paused } = document.querySelector('#robot-audio')
    return { on: window.havatar.state.sound, heard: !muted && !paused }
  })
  const on = { on: true, heard: true }
  await open()
  await page.locator('#sound').click()
  await expect.poll(sounds).toEqual(on)

  await page.locator('#hang-up').click()
  await page.locator('#come-back').click()
  await expectLive(page)
  await expect.poll(sounds, { timeout: 15_000 }).toEqual(on)

  await page.reload()
  await expectLive(page)
  // A browser that wants a press first is told of in the usual words.
  await expect(async () => {
    const now = await sounds()
    if (now.on) expect(now).toEqual(on)
    else await expect(page.locator('.strip')).toContainText('Browserul nu a pornit sunetul', { timeout: 500 })
  }).toPass({ timeout: 15_000 })

  if (!(await sounds()).on) await page.locator('#sound').click()
  await page.locator('#sound').click()
  await expect.poll(sounds).toMatchObject({ on: false })
  await page.reload()
  await expectLive(page)
  await page.waitForTimeout(3000)
  expect(await sounds()).toMatchObject({ on: false })

  await page.locator('#sound').click()
  await expect.poll(() => page.evaluate(() => localStorage.getItem('havatar.sound'))).not.toBeNull()
  await page.locator('#menu').click()
  await page.locator('#menu-sign-out').click()
  // A second press that comes at once would be a trembling hand's.
  await page.waitForTimeout(800)
  await page.locator('#menu-sign-out-sure').click()
  await expect(body(page)).toHaveAttribute('data-view', 'sign-in')
  expect(await page.evaluate(() => localStorage.getItem('havatar.sound'))).toBeNull()
})

test('the picture is enlarged and moved by buttons, a wheel and a drag; it is told, the age goes on, and one press shows the whole', async ({ page, drive }) => {
  await drive()
  expect(await transform(page)).toBe('')
  await expect(chip(page)).toBeHidden()
  await openSheet(page, 'camera')
  await expect(page.locator('#zoom-out')).toHaveAttribute('aria-disabled', 'true')
  await page.locator('#zoom-in').click()
  await page.locator('#zoom-in').click()
  await expect(page.locator('#zoom-now')).toHaveText('Mărire 2×')
  expect(await transform(page)).toBe('translate(0%, 0%) scale(2)')
  await page.locator('#pan-left').click()
  expect(await transform(page)).toBe('translate(25%, 0%) scale(2)')
  await page.locator('#pan-left').click()
  await expect(page.locator('#pan-left')).toHaveAttribute('aria-disabled', 'true')
  await closeSheet(page, 'camera')

  await expect(chip(page)).toHaveText(/^\s*Mărire 2×/)
  await expectLive(page)
  expect(await page.evaluate(() => window.havatar.stats.ageMs)).toBeLessThan(1000)
  // Nothing of it is seen beside its own place, and everything that is pressed still is.
  const stage = await page.locator('#stage').boundingBox()
  expect(await page.evaluate(({ x, width, y, height }) => document.elementFromPoint(x + width + 4, y + height / 2)?.closest('#stage') ?? null, stage)).toBeNull()
  await chip(page).click()
  expect(await transform(page)).toBe('')
  await expect(chip(page)).toBeHidden()

  await page.mouse.move(stage.x + stage.width / 2, stage.y + stage.height / 2)
  await page.mouse.wheel(0, -400)
  await expect(chip(page)).toBeVisible()
  const before = await transform(page)
  await page.mouse.down()
  await page.mouse.move(stage.x + stage.width / 2 + 80, stage.y + stage.height / 2, { steps: 4 })
  await page.mouse.up()
  await expect.poll(() => transform(page)).not.toBe(before)
  await page.mouse.wheel(0, 4000)
  await expect(chip(page)).toBeHidden()
  expect(await transform(page)).toBe('')
})

test('the zoom ends with the call and with the sign-in', async ({ page, open }) => {
  await open()
  await openSheet(page, 'camera')
  await page.locator('#zoom-in').click()
  await closeSheet(page, 'camera')
  await expect(chip(page)).toBeVisible()
  await page.locator('#hang-up').click()
  await page.locator('#come-back').click()
  await expectLive(page)
  expect(await transform(page)).toBe('')
  await expect(chip(page)).toBeHidden()
})

test('the zoom is reached by one switch, and taken back by it', async ({ page, open }) => {
  test.setTimeout(120_000)
  await open({ input: 'scan', scan: SCAN })
  const press = () => page.keyboard.press('Space')
  await scanTo(page, 'camera', press)
  await expect(page.locator('#camera-sheet')).toBeVisible()
  await scanTo(page, 'zoom-in', press)
  expect(await transform(page)).toContain('scale(1.5)')
  await scanTo(page, 'camera-sheet-close', press)
  await scanTo(page, 'zoom-whole', press)
  expect(await transform(page)).toBe('')
})

test('the zoom is reached by dwelling', async ({ page, open }) => {
  await open({ input: 'dwell', dwell: { dwellMs: 600, stopMs: 400, jitterMs: 200 } })
  const dwellOn = async (id) => {
    await pointAt(page, id)
    await until(`dwelling presses ${id}`, async () => {
      if (await page.evaluate((one) => (window.clicked[one] ?? 0) > 0, id)) return true
      await tremble(page, id)
      return false
    }, { timeoutMs: 15_000, everyMs: 100 })
  }
  await dwellOn('camera')
  await expect(page.locator('#camera-sheet')).toBeVisible()
  await page.locator('#zoom-in').scrollIntoViewIfNeeded()
  await dwellOn('zoom-in')
  expect(await transform(page)).toContain('scale(1.5)')
})

test('whoever asks and whoever comes is heard and shown; this page itself is nobody who comes', async ({ page, browser, drive, driven }) => {
  test.setTimeout(120_000)
  await listen(page)
  await drive()
  // Its own session is counted by now, and is no news.
  await page.waitForTimeout(8000)
  expect(await notes(page)).toEqual([])
  await expect(page.locator('#arrived-card')).toBeHidden()

  const context = await browser.newContext({ locale: 'ro-RO' })
  const other = await context.newPage()
  await other.goto(driven.daemon.origin)
  await signInByKey(other, driven.daemon)
  await page.bringToFront()
  await expect(page.locator('#arrived-card')).toContainText('2 persoane privesc', { timeout: 30_000 })
  await expect(page.locator('#say-arrived')).toHaveText('S\u2011a mai conectat cineva.')
  expect(await notes(page)).toEqual([784, 1047])
  await expect(page.locator('#arrived-card')).toBeHidden({ timeout: 15_000 })

  await other.locator('#drive-ask').click()
  await expect(page.locator('#drive-asked')).toBeVisible()
  await expect.poll(() => notes(page)).toEqual([784, 1047, 523, 659, 784])
  await page.locator('#keep-it').click()
  await context.close()
})

test('sounds are as they are set: alerts off, motion and STOP on', async ({ page, browser, drive, driven }) => {
  await listen(page)
  await drive({ driveBy: 'step', stepDeg: 15, alertSounds: false, moveSounds: true })
  await movesBy(driven, () => page.locator('#go-left').click())
  await expect.poll(() => notes(page)).toEqual([880])
  await expect.poll(() => notes(page), { timeout: 15_000 }).toEqual([880, 330])
  await page.locator('#drive-stop').click()
  await expect.poll(() => notes(page)).toEqual([880, 330, 330, 330])
  const context = await browser.newContext({ locale: 'ro-RO' })
  const other = await context.newPage()
  await other.goto(driven.daemon.origin)
  await signInByKey(other, driven.daemon)
  await other.locator('#drive-ask').click()
  await expect(page.locator('#drive-asked')).toBeVisible()
  expect(await notes(page)).toEqual([880, 330, 330, 330])
  await context.close()
})

test('the two sounds are turned on and off in the settings', async ({ page, open }) => {
  await open()
  await openSheet(page, 'settings')
  await page.locator('#settings-tab-other').click()
  await expect(page.locator('#alert-sounds')).toHaveAttribute('aria-pressed', 'true')
  await expect(page.locator('#move-sounds')).toHaveAttribute('aria-pressed', 'false')
  await page.locator('#alert-sounds').click()
  await page.locator('#move-sounds').click()
  const kept = await page.evaluate(() => JSON.parse(localStorage.getItem('havatar.settings')))
  expect(kept).toMatchObject({ alertSounds: false, moveSounds: true })
})

test('a low battery is told on the picture once, and stays away once a press has put it away', async ({ page, open, driven }) => {
  await open()
  const card = page.locator('#battery-card')
  const said = page.locator('#say-low')
  await expect(card).toBeHidden()
  driven.robot.tell('battery 15')
  try {
    await expect(card).toContainText('Bateria robotului este slabă. Du robotul la încărcat.')
    await expect(said).toHaveText('Bateria robotului este slabă. Du robotul la încărcat.')
    await page.evaluate(() => {
      window.saidAgain = 0
      new MutationObserver((all) => { window.saidAgain += all.length }).observe(document.querySelector('#say-low'), { subtree: true, childList: true, characterData: true })
    })
    await page.locator('#battery-dismiss').click()
    await expect(card).toBeHidden()
    const percent = await page.locator('#fact-battery').innerText()
    driven.robot.tell('battery 12')
    await expect(page.locator('#fact-battery')).not.toHaveText(percent, { timeout: 20_000 })
    expect(await page.evaluate(() => window.saidAgain), 'its percents are no news').toBe(0)
    await expect(card).toBeHidden()
  } finally {
    driven.robot.tell('battery 92')
  }
  await expect(page.locator('#fact-battery')).not.toContainText('slabă', { timeout: 20_000 })
})

test('how good the connection is is said in words in the menu, and above the picture only when it is weak', async ({ page, open }) => {
  await page.addInitScript(() => {
    // What the browser counts is made worse, from when this is set.
    const { getStats } = RTCPeerConnection.prototype
    RTCPeerConnection.prototype.getStats = async function (...args) {
      const report = await getStats.apply(this, args)
      const changed = new Map()
      report.forEach((entry, id) => changed.set(id, window.tripS && entry.type === 'candidate-pair' ? { ...entry, currentRoundTripTime: window.tripS } : entry))
      return changed
    }
  })
  await open()
  await openSheet(page, 'menu')
  await expect(page.locator('#menu-fact-quality')).toHaveText(/^Conexiune (bună|slabă|foarte slabă)$/, { timeout: 15_000 })
  await closeSheet(page, 'menu')
  await page.evaluate(() => { window.tripS = 0.5 })
  await expect(page.locator('#fact-quality')).toHaveText('Conexiune foarte slabă', { timeout: 15_000 })
})

test('a latch shows its time on the direction that goes, and no other way of driving does', async ({ page, drive, driven }) => {
  await drive({ driveBy: 'latch', latchMs: 8000 })
  const left = () => page.locator('#latch-left').evaluate((bar) => Number(/scaleX\((.*)\)/.exec(bar.style.transform)[1]))
  await movesBy(driven, () => page.locator('#go-left').click())
  await expect(page.locator('#go-left #latch-left')).toBeVisible()
  const first = await left()
  expect(first).toBeGreaterThan(0.5)
  await page.waitForTimeout(1500)
  expect(await left()).toBeLessThan(first - 0.1)
  expect((await page.locator('#latch-left').boundingBox()).height).toBe(4)
  await page.locator('#latch-renew').click()
  await expect.poll(left).toBeGreaterThan(0.85)
  await page.locator('#drive-stop').click()
  await expect(page.locator('#latch-left')).toBeHidden()
  await page.locator('#drive-by-step').click()
  await page.locator('#go-left').click()
  await expect(page.locator('#go-left')).toHaveAttribute('data-latched', 'true')
  await expect(page.locator('#latch-left')).toBeHidden()
  await page.locator('#drive-stop').click()
})

test('cards and the zoom’s chip lie over nothing that is pressed, on any screen', async ({ page, drive, driven }) => {
  await drive()
  await openSheet(page, 'camera')
  await page.locator('#zoom-in').click()
  await closeSheet(page, 'camera')
  driven.robot.tell('battery 15')
  await expect(page.locator('#battery-card')).toBeVisible()
  const found = []
  for (const [width, height] of [[320, 568], [390, 844], [844, 390], [568, 320], [768, 1024], [1280, 720]]) {
    await page.setViewportSize({ width, height })
    for (const text of ['', '200%']) {
      await page.evaluate((size) => { document.documentElement.style.fontSize = size }, text)
      const covered = await page.evaluate(() => {
        const ids = ['go-forward', 'go-left', 'go-right', 'go-back', 'drive-stop', 'drive-estop', 'sound', 'talk', 'phrases', 'camera', 'hang-up', 'menu', 'zoom-whole', 'battery-dismiss']
        return ids.filter((id) => {
          const button = document.getElementById(id)
          const { left, top, width: wide, height: high } = button.getBoundingClientRect()
          return !button.contains(document.elementFromPoint(left + wide / 2, top + high / 2))
        })
      })
      for (const id of covered) found.push(`${width}x${height} ${text}: ${id}`)
      const strip = await page.locator('.strip').boundingBox()
      const bar = await page.locator('.top').boundingBox()
      if (Math.abs(strip.height - bar.height) > 12) found.push(`${width}x${height} ${text}: the strip has ${strip.height} px`)
    }
  }
  driven.robot.tell('battery 92')
  expect(found).toEqual([])
})

test('the microphone’s level is shown while somebody is heard, and neither before nor after', async ({ page, context, open, driven }) => {
  await context.grantPermissions(['microphone'], { origin: driven.daemon.origin })
  await open()
  const meter = page.locator('#talk .meter')
  await expect(meter).toBeHidden()
  // This robot has no loudspeaker: whether it is refused or open, the bar says no more than is so.
  await page.locator('#talk').click()
  await expect(async () => {
    const phase = await page.locator('#talk').getAttribute('data-talk')
    if (phase !== 'talking') expect(await meter.count()).toBe(0)
  }).toPass()
})

test('drive mode and what is set are as they were after a reload', async ({ page, open }) => {
  await open()
  await take(page)
  await page.locator('#drive-by-latch').click()
  await page.reload()
  await expectLive(page)
  await expect(page.locator('body'), 'it has the robot again').toHaveAttribute('data-drive', 'ready')
  await expect(page.locator('#drive-by-latch')).toHaveAttribute('aria-pressed', 'true')
})
