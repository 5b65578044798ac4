import { expect, expectLive, signIn, test } from '../fixtures.mjs'

const view = (page) => page.locator('body')

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

  await page.getByRole('button', { name: 'Deconectare' }).click()
  await expect(view(page)).toHaveAttribute('data-view', 'sign-in')
  await expect(page.getByText('Te\u2011ai deconectat.')).toBeVisible()
  await expect.poll(() => page.evaluate(() => window.havatarEyes.peers.every(({ peer }) => peer.connectionState === 'closed'))).toBe(true)
  await page.reload()
  await expect(view(page)).toHaveAttribute('data-view', 'sign-in')
  const refused = await page.request.get(`${daemon.origin}/api/v1/status`)
  expect(refused.status()).toBe(401)
})
