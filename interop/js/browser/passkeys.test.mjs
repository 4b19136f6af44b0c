// Passkeys in Chromium with its virtual authenticator: added on the account page, used in place of the password and of the
// code, and refused where they must be (WebAuthn Level 3).

import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { launch } from '../chromium.mjs'
import { start } from '../valetkey.mjs'
import { codeOf, plugIn } from './factors.mjs'

describe('passkeys', () => {
  let server, browser, visitor, page, device

  before(async () => {
    ;[server, browser] = await Promise.all([start(), launch()])
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })
  afterEach(() => visitor.leave())

  async function visit(options = {}) {
    visitor = await browser.visit({ answers: [400, 401, 403], ...options })
    page = visitor.page
    device = await plugIn(visitor)
  }
  async function addOne(name = 'My laptop', username = 'alice', password = 'wonderland') {
    await page.goto(`${server.issuer}/account/passkeys`)
    await visitor.signIn(username, password)
    await page.fill('#name', name)
    await visitor.press('add-passkey')
    await page.waitForSelector('.sessions li')
    // From here on it waits until somebody presses a button.
    await device.answers(false)
  }
  async function signOut() {
    await page.goto(`${server.issuer}/logout`)
    await visitor.press('logout')
    // Who leaves before the answer may still be signed in.
    await page.waitForSelector('#logout', { state: 'detached' })
  }
  async function use() {
    await page.waitForSelector('#passkey:not([hidden])')
    await device.answers(true)
    await visitor.press('passkey')
  }
  async function allow() {
    await page.waitForURL((url) => url.pathname === '/consent' || url.origin === server.app)
    if (new URL(page.url()).pathname === '/consent') await visitor.press('allow')
    await page.waitForURL(`${server.app}/`)
  }

  test('one is added, signs in without name or password, and MySweetApp learns how it was', async () => {
    await visit()
    await addOne()
    assert.match(await visitor.text('.sessions'), /My laptop[\s\S]*not used yet/)
    const [credential] = await device.credentials()
    assert.equal(credential.rpId, 'localhost')
    assert.ok(credential.isResidentCredential)
    await signOut()
    await page.goto(server.app)
    await visitor.press('connect')
    await use()
    await allow()
    const how = await visitor.text('#signed-in')
    assert.match(how, /a key that your device holds/)
    assert.doesNotMatch(how, /a password,/)
    assert.match(how, /2: two proofs/)
    await page.goto(`${server.issuer}/account/passkeys`)
    assert.match(await visitor.text('.sessions'), /My laptop[\s\S]*last used on/)
  })

  test('the browser offers it beside the username, and the person need not press anything', async () => {
    await visit()
    await addOne('Offered')
    await signOut()
    // Nobody is asked anything while the device begins to answer.
    await page.goto('about:blank')
    await device.answers(true)
    let answers = 0
    page.on('request', (request) => (answers += Number(request.method() === 'POST')))
    // The answer may come before the page has loaded, and leads on from it.
    await page.goto(`${server.issuer}/account`, { waitUntil: 'commit' })
    // Whichever comes first: a refusal says why in the report of the test.
    await page.waitForSelector('#problem, nav[aria-label]')
    assert.deepEqual(await page.locator('#problem').allInnerTexts(), [], server.output())
    assert.match(await visitor.heading(), /^Hello, Alice/)
    assert.equal(answers, 1)
  })

  test('a finger that is not the right one signs nobody in, and the page says that it can be tried again', async () => {
    await visit()
    await addOne('Guarded')
    await signOut()
    await page.goto(`${server.issuer}/account`)
    await device.verifies(false)
    await use()
    await page.waitForSelector('#passkey ~ [role=alert]:not([hidden])')
    assert.match(await visitor.text('#passkey ~ [role=alert]'), /try again/)
    assert.equal(new URL(page.url()).pathname, '/login')
    await visitor.isAccessible()
  })

  test('the same device cannot be added twice', async () => {
    await visit()
    await addOne('Once')
    await device.answers(true)
    await page.fill('#name', 'Twice')
    await visitor.press('add-passkey')
    await page.waitForSelector('.adding [role=alert]:not([hidden])')
    assert.match(await visitor.text('.adding [role=alert]'), /There is a passkey for this account in that place already/)
    assert.equal((await device.credentials()).length, 1)
  })

  test('one that was removed opens nothing', async () => {
    await visit()
    await addOne('Lost', 'bob', 'builder')
    await page.click('.sessions button')
    await page.waitForURL(`${server.issuer}/account/passkeys**`)
    assert.equal(await page.locator('.sessions li').count(), 0)
    await signOut()
    await page.goto(`${server.issuer}/account`)
    let answers = 0
    page.on('request', (request) => (answers += Number(request.url() === `${server.issuer}/login/passkey`)))
    await use()
    await page.waitForSelector('#problem')
    // The device answers whoever asks, but after a refusal nobody asks by themselves.
    assert.equal(await page.locator('[data-passkey-conditional]').count(), 0)
    await page.waitForLoadState('networkidle')
    assert.equal(answers, 1)
    await page.goto(`${server.issuer}/account`)
    assert.equal(await visitor.heading(), 'Sign in')
  })

  test('in the place of the code, after a password', async () => {
    await visit()
    await addOne('Second step')
    await page.goto(`${server.issuer}/account/second-factor`)
    await page.click('summary')
    await page.fill('#code', codeOf(await visitor.text('#secret')))
    await visitor.press('turn-on')
    await visitor.press('kept')
    await signOut()
    await page.goto(server.app)
    await visitor.press('connect')
    await visitor.signIn()
    assert.equal(await visitor.heading(), 'One more step')
    await use()
    await allow()
    assert.match(await visitor.text('#signed-in'), /a password, a key that your device holds/)
    await page.goto(`${server.issuer}/account/second-factor`)
    await visitor.press('turn-off')
  })

  test('without any script the pages hide the button, and the password works', async () => {
    await visit({ script: false })
    await page.goto(`${server.issuer}/account/passkeys`)
    assert.ok(!(await page.locator('#passkey').isVisible()))
    await visitor.signIn()
    assert.match(await visitor.text('.unscripted'), /This browser cannot add one/)
    assert.ok(!(await page.locator('#add-passkey').isVisible()))
    await visitor.fits()
  })
})
