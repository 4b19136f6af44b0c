// Every page as it is met on the way: axe-core finds nothing, nothing lies beside the screen, nothing is written to
// the console, nobody else is asked for anything. A picture of each is kept in interop/screenshots, to be looked at.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { launch } from '../chromium.mjs'
import { beginDevice, pollDevice } from '../devices.mjs'
import { Signer, newConsumer } from '../oauth1.mjs'
import { start } from '../valetkey.mjs'

describe('the pages', () => {
  let server, browser, consumer

  before(async () => {
    ;[server, browser] = await Promise.all([start(), launch()])
    consumer = await newConsumer(server, 'typewriter')
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })

  test('a page that is bad in every way would be noticed', async () => {
    const visitor = await browser.visit({ width: 360 })
    await visitor.context.route('http://elsewhere.example/**', (route) => route.abort())
    await visitor.page.goto(`${server.issuer}/rules`)
    await visitor.isAccessible()
    await visitor.fits()
    await visitor.page.evaluate(() => {
      const wide = document.createElement('p')
      Object.assign(wide, { textContent: 'wide' }).style.width = '2000px'
      const picture = document.createElement('img')
      picture.src = '/no-such-picture'
      document.querySelector('main').append(wide, picture)
      // Blocked by the page's own policy, and never asked for.
      document.body.append(Object.assign(document.createElement('script'), { src: 'http://elsewhere.example/x.js' }))
    })
    await assert.rejects(visitor.isAccessible(), /image-alt/)
    await assert.rejects(visitor.fits(), /pixels wide/)
    await visitor.page.goto(server.app)
    await visitor.page.evaluate((url) => location.assign(url), 'http://elsewhere.example/page')
    await visitor.page.waitForEvent('requestfailed')
    await assert.rejects(visitor.leave(), ({ message }) => {
      assert.match(message, /Content Security Policy/)
      assert.match(message, /status of 404/)
      assert.match(message, /a request to another host: http:\/\/elsewhere\.example\/page/)
      return true
    })
  })

  const looks = [
    { width: 1280, audit: true },
    { width: 360, dark: true, audit: true },
    { width: 1280, dark: true },
    { width: 360 },
  ]
  for (const { audit, ...look } of looks) {
    const name = `${look.width} pixels wide and ${look.dark ? 'dark' : 'light'}`
    const does = audit ? 'can be read by everybody, and fit' : 'fit'
    test(`all pages ${does}, ${name}`, async () => {
      const visitor = await browser.visit({ ...look, answers: [400, 401, 403, 404, 429] })
      const seen = new Set()
      const lookAt = async (page, heading) => {
        const said = await visitor.heading()
        assert.ok(said.includes(heading), `${page}: ${said}`)
        await visitor.picture(page)
        await visitor.fits()
        if (audit) await visitor.isAccessible()
        seen.add(page)
      }
      await walkBefore(visitor, lookAt)
      await walkInspector(visitor, lookAt)
      await walkAfter(visitor, lookAt)
      await walkSinglePage(visitor, lookAt)
      await walkDevice(visitor, lookAt)
      await walkSigned(visitor, lookAt)
      assert.equal(seen.size, 47)
      await visitor.leave()
    })
  }

  async function walkBefore(visitor, lookAt) {
    const { page } = visitor
    await page.goto(server.issuer)
    await lookAt('home', 'Access without your password')
    await page.goto(server.photos)
    await lookAt('photos-api', 'Photos API')
    await page.goto(server.app)
    await lookAt('app', 'Postcards')
    await visitor.press('connect')
    await lookAt('login', 'Sign in to continue')
    await visitor.signIn('alice', 'looking-glass')
    await lookAt('login-wrong', 'Sign in to continue')
    await visitor.signIn()
    await lookAt('consent', 'asks for access')
    await visitor.press('cancel')
    await lookAt('app-denied', 'All right, no photos')
    await page.goto(`${server.app}/callback?code=x&state=x`)
    await lookAt('app-problem', 'Something does not fit')
    await page.goto(server.app)
    await visitor.press('connect')
    await visitor.press('allow')
    await page.waitForURL(`${server.app}/`)
    for (const details of await page.locator('details:not([open]) > summary').all()) {
      if (await details.isVisible()) await details.click()
    }
    await lookAt('app-connected', 'Hello, Alice')
  }

  async function walkInspector(visitor, lookAt) {
    const { page } = visitor
    await visitor.press('inspect')
    await lookAt('inspector-flow', 'mysweetapp')
    await page.evaluate(() => document.querySelectorAll('details.message').forEach((details) => (details.open = true)))
    await lookAt('inspector-flow-open', 'mysweetapp')
    const wrong = { client_id: 'mysweetapp', response_type: 'code', redirect_uri: `${server.app}/callback/`, state: 'wrong' }
    await page.goto(`${server.issuer}/authorize?${new URLSearchParams(wrong)}`)
    await lookAt('error-redirect-uri', '')
    await page.goto(`${server.issuer}/login?flow=stale`)
    await lookAt('error-flow', '')
    await page.goto(`${server.issuer}/nowhere`)
    await lookAt('error-not-found', '')
    await page.goto(`${server.issuer}/inspector`)
    await lookAt('inspector', 'Flows')
    await page.click('.flows a:has(.refused)')
    await lookAt('inspector-flow-refused', '')
    await page.goto(`${server.issuer}/rules`)
    await lookAt('rules', 'Every rule')
    await page.goto(`${server.issuer}/rules/VK-CODE-PKCE-MISMATCH`)
    await lookAt('rule', '')
  }

  async function walkAfter(visitor, lookAt) {
    const { page } = visitor
    await page.goto(server.app)
    await visitor.press('refresh')
    await lookAt('app-refreshed', 'Hello, Alice')
    await visitor.press('revoke')
    await lookAt('app-revoked', 'Hello, Alice')
    await visitor.press('call-api')
    await lookAt('app-refused', 'Hello, Alice')
    await page.goto(`${server.issuer}/account`)
    await lookAt('account', 'Hello')
    await visitor.press('revoke-mysweetapp')
    await lookAt('account-empty', 'Hello')
    await page.goto(`${server.issuer}/logout`)
    await lookAt('logout', 'Sign out?')
    await visitor.press('logout')
    await lookAt('signed-out', 'You are signed out')
    await page.goto(`${server.issuer}/account`)
    await lookAt('login-account', 'Sign in')
  }

  async function walkSinglePage(visitor, lookAt) {
    const { page } = visitor
    await page.goto(`${server.app}/spa`)
    await lookAt('spa', 'MySweetApp without a server')
    await visitor.press('spa-connect')
    await visitor.signIn()
    await page.waitForSelector('#allow, #spa-said.good')
    if (await page.locator('#allow').count()) await visitor.press('allow')
    await page.waitForSelector('#spa-said.good')
    await lookAt('spa-connected', 'MySweetApp without a server')
  }

  async function walkDevice(visitor, lookAt) {
    const { page } = visitor
    await page.goto(`${server.issuer}/device`)
    await lookAt('device', 'Connect a device')
    await page.fill('#user_code', 'BCDF-GHJK')
    await visitor.press('continue')
    await lookAt('device-wrong', 'Connect a device')
    for (const [answer, ending] of [
      ['cancel', 'Nothing was allowed'],
      ['allow', 'You can go back to your device'],
    ]) {
      const device = await beginDevice(server)
      await page.goto(device.verification_uri_complete)
      if (answer === 'allow') await lookAt('device-from-link', 'Connect a device')
      await visitor.press('continue')
      if (answer === 'allow') await lookAt('consent-device', 'Did you start this')
      await visitor.press(answer)
      await lookAt(`device-${answer}`, ending)
      await pollDevice(server, device)
    }
    await page.goto(`${server.issuer}/account`)
    await lookAt('account-device', 'Hello')
    await visitor.press('revoke-mysweetcli')
  }

  async function walkSigned(visitor, lookAt) {
    const { page } = visitor
    await page.goto(server.app)
    if (await page.locator('#forget').count()) await visitor.press('forget')
    await visitor.press('connect-oauth1')
    await lookAt('consent-oauth1', 'MySweetApp asks for access')
    await visitor.press('cancel')
    await lookAt('app-oauth1-denied', '')
    await page.goto(server.app)
    await visitor.press('connect-oauth1')
    await visitor.press('allow')
    await page.waitForURL(`${server.app}/`)
    await lookAt('app-oauth1', 'Hello')
    await visitor.press('connect')
    await page.waitForSelector('#allow, #two')
    if (await page.locator('#allow').count()) await visitor.press('allow')
    await page.waitForSelector('#two')
    // Pictures load as they come into view.
    for (const photo of await page.locator('#two img').all()) await photo.scrollIntoViewIfNeeded()
    await lookAt('app-two', 'Hello')
    await visitor.press('side-by-side')
    await lookAt('side-by-side', 'Side by side')
    await page.evaluate(() => document.querySelectorAll('details').forEach((details) => (details.open = true)))
    await lookAt('side-by-side-open', 'Side by side')
    await page.locator('.heads-of a').nth(1).click()
    await lookAt('inspector-flow-oauth1', 'mysweetapp')
    await page.evaluate(() => document.querySelectorAll('details.message').forEach((details) => (details.open = true)))
    await lookAt('inspector-flow-oauth1-open', 'mysweetapp')
    await page.goto(server.app)
    await visitor.press('replay')
    await lookAt('app-replayed', 'Hello')
    await walkVerifier(visitor, lookAt)
    await page.goto(`${server.issuer}/account`)
    await lookAt('account-oauth1', 'Hello')
    await visitor.press('revoke-typewriter')
    await visitor.press('revoke-mysweetapp')
  }

  async function walkVerifier(visitor, lookAt) {
    const app = new Signer(server, consumer)
    await app.initiate('oob')
    const begun = app.authorizationUrl
    await visitor.page.goto(begun)
    await visitor.press('allow')
    await lookAt('oob', 'Go back to')
    await app.redeem(await visitor.text('#verifier'))
    await visitor.page.goto(begun)
    await lookAt('error-oauth1-token', '')
  }
})
