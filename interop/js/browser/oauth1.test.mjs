// OAuth 1.0a in a real browser: MySweetApp by both protocols, an app without a callback, and taking access back.

import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { launch } from '../chromium.mjs'
import { Signer, newConsumer } from '../oauth1.mjs'
import { start } from '../valetkey.mjs'

const looks = [
  { width: 1280 },
  { width: 360, dark: true, script: false },
]

describe('OAuth 1.0a', () => {
  let server, browser, visitor

  before(async () => {
    ;[server, browser] = await Promise.all([start(), launch()])
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })
  afterEach(() => visitor.leave())

  async function answer(button = 'allow') {
    await visitor.page.waitForSelector('#login, #allow')
    if (await visitor.page.locator('#login').count()) await visitor.signIn()
    await visitor.press(button)
  }

  for (const look of looks) {
    const name = `${look.width} pixels wide, ${look.script === false ? 'without' : 'with'} script`

    test(`MySweetApp gets the same photos by both protocols, side by side: ${name}`, async () => {
      visitor = await browser.visit(look)
      const { page } = visitor
      await page.goto(server.app)
      await visitor.press('connect-oauth1')
      assert.equal(await visitor.heading(), 'Sign in to continue')
      await visitor.signIn()
      assert.match(await visitor.heading(), /MySweetApp asks for access/)
      assert.match(await visitor.text('form'), /until you take it back/)
      await visitor.press('allow')
      await page.waitForURL(`${server.app}/`)
      assert.match(await visitor.text('#last-answer'), /200 OK/)
      assert.equal(await page.locator('#photos img').count(), 3)
      assert.match(await visitor.text('.base-string'), /GET\s*&\s*http%3A%2F%2Flocalhost/)
      await visitor.fits()

      await visitor.press('sign-again')
      assert.match(await visitor.text('#last-answer'), /200 OK/)

      await visitor.press('connect')
      await page.waitForSelector('#allow, #two')
      if (await page.locator('#allow').count()) await visitor.press('allow')
      await page.waitForSelector('#two')
      await visitor.fits()
      assert.match(await visitor.text('#way-oauth2'), /Authorization: Bearer/)
      assert.match(await visitor.text('#way-oauth1'), /oauth_signature/)
      for (const way of ['#way-oauth2', '#way-oauth1']) {
        const pictures = page.locator(`${way} img`)
        assert.equal(await pictures.count(), 3)
        for (const picture of await pictures.all()) {
          await picture.scrollIntoViewIfNeeded()
          assert.ok(await picture.evaluate((image) => image.decode().then(() => image.naturalWidth > 0)))
        }
      }

      await visitor.press('side-by-side')
      assert.equal(await visitor.heading(), 'Side by side')
      assert.deepEqual(await page.locator('.heads-of .standing').allInnerTexts(), ['Complete', 'Complete'])
      assert.match(await page.locator('.base-string').first().innerText(), /Signature base string/)
      assert.match(await page.locator('.base-string pre').first().innerText(), /http%3A%2F%2Flocalhost/)
      // Names are shown, secrets are not.
      assert.doesNotMatch(await page.content(), /mysweetapp-oauth1-secret|mysweetapp-secret/)
      await visitor.fits()

      await page.goto(server.app)
      await visitor.press('replay')
      assert.match(await visitor.text('#last-answer'), /401/)
      assert.match(await visitor.text('#last-answer'), /nonce_used|VK-OAUTH1-NONCE-USED/)

      await page.goto(`${server.issuer}/account`)
      assert.match(await visitor.text('.apps'), /OAuth 1\.0a/)
      await visitor.press('revoke-mysweetapp')
      await page.goto(server.app)
      await visitor.press('sign-again')
      assert.match(await visitor.text('#last-answer'), /401/)
      await visitor.press('call-api')
      assert.match(await visitor.text('#last-answer'), /401/)
    })

    test(`an app without a callback: Alice carries the verifier over herself: ${name}`, async () => {
      visitor = await browser.visit(look)
      const key = `typewriter-${look.width}`
      const app = new Signer(server, await newConsumer(server, key))
      await app.initiate('oob')
      await visitor.page.goto(app.authorizationUrl)
      await answer()
      const shown = await visitor.text('#verifier')
      assert.match(shown, /^[B-DF-HJ-NP-TV-XZ]{5}-[B-DF-HJ-NP-TV-XZ]{5}$/)
      assert.match(await visitor.text('main'), /Give it to nobody else/)
      await visitor.fits()
      await app.redeem(shown.toLowerCase().replace('-', ''))
      assert.equal((await app.get(`${server.photos}/photos`)).status, 200)

      await visitor.page.goto(`${server.issuer}/account`)
      const entry = visitor.page.locator('.apps > li', { hasText: key })
      assert.match(await entry.innerText(), /until you take it back/i)
      await visitor.press(`revoke-${key}`)
      assert.equal(await entry.count(), 0)
      const after = await app.get(`${server.photos}/photos`)
      assert.equal(after.status, 401)
      assert.equal(new URLSearchParams(await after.text()).get('rule'), 'VK-OAUTH1-TOKEN-REVOKED')
    })
  }

  test('Alice says no: MySweetApp is told, and holds nothing', async () => {
    visitor = await browser.visit()
    await visitor.page.goto(server.app)
    await visitor.press('connect-oauth1')
    await answer('cancel')
    const back = visitor.requested(`${server.app}/oauth1/callback`).searchParams
    assert.equal(back.get('oauth_problem'), 'permission_denied')
    assert.equal(back.get('oauth_verifier'), null)
    assert.equal(await visitor.page.locator('#photos').count(), 0)
  })

  test('an address that was answered already is not answered again', async () => {
    visitor = await browser.visit({ answers: [400] })
    const app = new Signer(server, await newConsumer(server, 'once'))
    await app.initiate('oob')
    await visitor.page.goto(app.authorizationUrl)
    await answer()
    await visitor.page.waitForSelector('#verifier')
    await visitor.page.goto(app.authorizationUrl)
    assert.match(await visitor.text('main'), /VK-OAUTH1-AUTHORIZE-TOKEN-UNKNOWN/)
  })

  test('session fixation: an answer that belongs to no connection of this browser is not taken by MySweetApp', async () => {
    visitor = await browser.visit({ answers: [400] })
    await visitor.page.goto(`${server.app}/oauth1/callback?oauth_token=vkt_stolen&oauth_verifier=stolen`)
    assert.match(await visitor.text('main'), /belongs to no sign-in/)
  })
})
