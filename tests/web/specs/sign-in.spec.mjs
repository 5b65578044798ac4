import { expect, expectLive, signIn, test } from '../fixtures.mjs'
import { hands, settle } from '../lib/hands.mjs'

const view = (page) => page.locator('body')
/** A second press that comes sooner is a double click, ms. */
const DELIBERATE_MS = 700

async function signOut(page, id) {
  await page.locator(`#${id}`).click()
  await expect(page.locator(`#${id}-sure`)).toBeVisible()
  await page.waitForTimeout(DELIBERATE_MS)
  await page.locator(`#${id}-sure`).click()
}

test('without a session there is a form and no picture', async ({ page, shared }) => {
  await page.goto(shared.origin)
  await expect(view(page)).toHaveAttribute('data-view', 'sign-in')
  await expect(page.getByRole('heading', { name: 'Conectează\u2011te la robot' })).toBeVisible()
  await expect(page.locator('#stage')).toBeHidden()
  expect(await page.evaluate(() => window.havatarEyes.peers.length)).toBe(0)
})

test.describe(() => {
  // A worker's requests pass by the routes of a page.
  test.use({ serviceWorkers: 'block' })
  test('a form that does not come is waited for, in words, and comes by itself', async ({ page, shared }) => {
    const form = /\/assets\/SignIn-[^/]*\.js$/
    const failed = page.waitForEvent('requestfailed', (request) => form.test(request.url()))
    await page.route(form, (route) => route.abort())
    await page.goto(shared.origin)
    await failed
    await expect(view(page)).toHaveAttribute('data-view', 'opening')
    await expect(page.getByText('Se deschide…')).toBeVisible()
    await page.unroute(form)
    await expect(view(page)).toHaveAttribute('data-view', 'sign-in')
    await expect(page.getByLabel('Cheia de acces', { exact: true })).toBeFocused()
  })
})

test('a wrong key is refused in words, in both languages, and the right one lets in', async ({ page, launch }) => {
  const daemon = await launch()
  await daemon.link()
  await page.goto(daemon.origin)
  const key = page.getByLabel('Cheia de acces', { exact: true })
  await key.fill('not-the-key')
  await page.getByRole('button', { name: 'Conectează\u2011te', exact: true }).click()
  await expect(page.getByRole('alert').filter({ hasText: 'Cheia de acces este greșită.' })).toBeVisible()
  await expect(view(page)).toHaveAttribute('data-view', 'sign-in')

  await page.locator('#language').click()
  await expect(page.getByRole('alert').filter({ hasText: 'Wrong access key.' })).toBeVisible()
  await page.getByLabel('Access key', { exact: true }).fill(daemon.token())
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(view(page)).toHaveAttribute('data-view', 'watch')
})

test('a sign-in link is good once, and says so the second time', async ({ page, launch, browser }) => {
  const daemon = await launch()
  const link = await daemon.link()
  await signIn(page, daemon)
  expect(await page.evaluate(() => window.location.hash + window.history.length)).not.toContain('code')

  const stranger = await browser.newContext({ locale: 'ro-RO' })
  const second = await stranger.newPage()
  await second.goto(link)
  await expect(second.getByRole('alert').filter({ hasText: 'Linkul a fost folosit sau a expirat.' })).toBeVisible()
  await expect(view(second)).toHaveAttribute('data-view', 'sign-in')
  await stranger.close()
})

test('the session outlives a reload and ends with signing out', async ({ page, launch }) => {
  const daemon = await launch()
  await daemon.ready()
  await signIn(page, daemon)
  await page.reload()
  await expectLive(page)

  await page.locator('#menu').click()
  await signOut(page, 'menu-sign-out')
  await expect(view(page)).toHaveAttribute('data-view', 'sign-in')
  await expect(page.getByText('Te\u2011ai deconectat.')).toBeVisible()
  await expect.poll(() => page.evaluate(() => window.havatarEyes.peers.every(({ peer }) => peer.connectionState === 'closed'))).toBe(true)
  await page.reload()
  await expect(view(page)).toHaveAttribute('data-view', 'sign-in')
  const refused = await page.request.get(`${daemon.origin}/api/v1/status`)
  expect(refused.status()).toBe(401)
})

/** As the address bar does it: the page is the same, and its fragment is another. The page may be gone before it has answered. */
const paste = (page, link) => page.evaluate((to) => window.location.assign(to), link).catch(() => undefined)

test('a sign-in link that is pasted into a tab with the sign-in page signs in', async ({ page, launch }) => {
  const daemon = await launch()
  await daemon.link()
  await page.goto(daemon.origin)
  await expect(view(page)).toHaveAttribute('data-view', 'sign-in')
  const link = await daemon.newLink()
  await paste(page, link)
  await expect(view(page)).toHaveAttribute('data-view', 'watch')
  await expect.poll(() => page.url()).not.toContain('code')
})

test('and so does one in a tab where somebody is signed in already, or has hung up', async ({ page, launch }) => {
  const daemon = await launch()
  await daemon.ready()
  await signIn(page, daemon)
  for (const before of ['watch', 'hung-up']) {
    await expectLive(page)
    if (before === 'hung-up') await page.locator('#hang-up').click()
    await expect(view(page)).toHaveAttribute('data-view', before)
    await page.evaluate(() => { window.sameDocument = true })
    const link = await daemon.newLink()
    await paste(page, link)
    await expect.poll(() => page.evaluate(() => window.sameDocument).catch(() => true)).toBeUndefined()
    await expect(view(page)).toHaveAttribute('data-view', 'watch')
    await expect.poll(() => page.url()).not.toContain('code')
  }
})

for (const hand of hands) {
  test(`by ${hand.name} signing out takes two presses, and can be taken back`, async ({ page, context, launch }) => {
    const daemon = await launch()
    await hand.before?.(context)
    await settle(context, hand.settings)
    await signIn(page, daemon)
    await hand.press(page, 'menu')
    await hand.press(page, 'menu-sign-out')
    await expect(page.locator('#menu-sign-out-sure')).toBeVisible()
    await hand.press(page, 'menu-sign-out-stay')
    await expect(page.locator('#menu-sign-out')).toBeVisible()
    await expect(view(page)).toHaveAttribute('data-view', 'watch')
    await hand.press(page, 'menu-sign-out')
    await expect(page.locator('#menu-sign-out-sure')).toBeVisible()
    await page.waitForTimeout(DELIBERATE_MS)
    await hand.press(page, 'menu-sign-out-sure')
    await expect(view(page)).toHaveAttribute('data-view', 'sign-in')
  })
}

test('a double click on signing out signs nobody out', async ({ page, shared }) => {
  await page.goto(shared.origin)
  await page.locator('#token').fill(shared.token())
  await page.locator('#sign-in-submit').click()
  await page.locator('#menu').click()
  await page.locator('#menu-sign-out').dblclick()
  await expect(page.locator('#menu-sign-out-sure')).toBeVisible()
  await expect(view(page)).toHaveAttribute('data-view', 'watch')
})

test.describe(() => {
  // A worker's requests pass by the routes of a page.
  test.use({ serviceWorkers: 'block' })
  test('after too many wrong keys the page counts down how long to wait, and a right key is taken all the same', async ({ page, shared }) => {
    await page.goto(shared.origin)
    const busy = JSON.stringify({ type: 'about:blank', title: '', status: 429, code: 'too_many_tries', detail: '' })
    const route = (route) => route.fulfill({ status: 429, contentType: 'application/problem+json', headers: { 'retry-after': '65' }, body: busy })
    await page.route('**/api/v1/login', route)
    await page.locator('#token').fill('wrong')
    await page.locator('#sign-in-submit').click()
    await expect(page.locator('#wait-tries')).toContainText(/1.min.5.s/)
    await expect(page.locator('#wait-tries')).toContainText(/1.min.3.s/)
    await page.unroute('**/api/v1/login', route)
    await page.locator('#token').fill(shared.token())
    await page.locator('#sign-in-submit').click()
    await expect(view(page)).toHaveAttribute('data-view', 'watch')
  })
})
