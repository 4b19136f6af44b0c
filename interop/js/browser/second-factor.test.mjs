// An authenticator app: set up, asked for, and its recovery codes, in a browser without scripts (RFC 6238).

import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { launch } from '../chromium.mjs'
import { start } from '../valetkey.mjs'
import { codeOf } from './factors.mjs'

describe('an authenticator app, without any script', () => {
  let server, browser, visitor, page, secret, recovery, seen

  before(async () => {
    ;[server, browser] = await Promise.all([start(), launch()])
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })
  afterEach(() => visitor.leave())

  async function connect() {
    await page.goto(server.app)
    await visitor.press('connect')
    await visitor.signIn()
  }
  async function visit() {
    visitor = await browser.visit({ script: false, answers: [400, 401, 429] })
    page = visitor.page
  }
  async function allow() {
    await page.waitForURL((url) => url.pathname === '/consent' || url.origin === server.app)
    if (new URL(page.url()).pathname === '/consent') await visitor.press('allow')
    await page.waitForURL(`${server.app}/`)
  }

  test('a wrong code turns nothing on, the right one does, and the recovery codes are shown once', async () => {
    await visit()
    await page.goto(`${server.issuer}/account/second-factor`)
    await visitor.signIn()
    assert.equal(await visitor.heading(), 'Set up an authenticator app')
    const box = await page.locator('.scan svg').boundingBox()
    assert.ok(box.width >= 150 && Math.abs(box.width - box.height) < 1, 'the picture is a square that a phone can scan')
    await page.click('summary')
    const link = new URL(await page.getAttribute('#otpauth', 'href'))
    secret = await visitor.text('#secret')
    assert.equal(link.searchParams.get('secret'), secret.replace(/\s/g, ''))
    assert.match(decodeURIComponent(link.pathname), /alice$/)

    await page.fill('#code', codeOf(secret, 20))
    await visitor.press('turn-on')
    assert.ok(await visitor.text('#problem'))
    assert.equal(await page.textContent('#secret').then((text) => text.trim()), secret, 'the app keeps what it scanned')
    await page.fill('#code', codeOf(secret))
    await visitor.press('turn-on')
    assert.equal(await visitor.heading(), 'Keep these recovery codes')
    recovery = await page.locator('#recovery-codes li').allInnerTexts()
    assert.equal(new Set(recovery).size, 10)
    await visitor.press('kept')
    assert.equal(await visitor.text('#recovery-left'), '10')
    assert.doesNotMatch(await page.content(), new RegExp(recovery[0]))
  })

  test('the password alone lets nobody in any more; with a code MySweetApp learns how it was', async () => {
    await visit()
    await connect()
    assert.equal(await visitor.heading(), 'One more step')
    const second = page.url()
    await page.goto(`${server.issuer}/account`)
    assert.equal(new URL(page.url()).pathname, '/login', 'nobody is signed in by the first step')
    await page.goto(second)
    await page.fill('#code', codeOf(secret, 20))
    await visitor.press('continue')
    assert.ok(await visitor.text('#problem'))
    seen = codeOf(secret, 1)
    await page.fill('#code', seen)
    await visitor.press('continue')
    await allow()
    assert.match(await visitor.text('#signed-in'), /amr[\s\S]*a password, a one-time code/)
    assert.match(await visitor.text('#signed-in'), /2: two proofs/)
  })

  test('replay: a code that was seen over a shoulder opens nothing', async () => {
    await visit()
    await connect()
    await page.fill('#code', seen)
    await visitor.press('continue')
    assert.ok(await visitor.text('#problem'))
    assert.equal(await visitor.heading(), 'One more step')
  })

  test('a recovery code opens once', async () => {
    for (const works of [true, false]) {
      await visit()
      await connect()
      await page.click('summary')
      await page.fill('#recovery', recovery[3].toLowerCase())
      await visitor.press('recover')
      if (works) {
        await allow()
        await page.goto(`${server.issuer}/account/second-factor`)
        assert.equal(await visitor.text('#recovery-left'), '9')
        await visitor.leave()
      } else {
        assert.ok(await visitor.text('#problem'))
      }
    }
  })

  test('turned off, it is not asked for', async () => {
    await visit()
    await connect()
    await page.click('summary')
    await page.fill('#recovery', recovery[5])
    await visitor.press('recover')
    await allow()
    await page.goto(`${server.issuer}/account/second-factor`)
    await visitor.press('turn-off')
    assert.match(await visitor.text('[role=status]'), /not asked for any more/)
    await page.goto(`${server.issuer}/logout`)
    await visitor.press('logout')
    await page.goto(`${server.issuer}/account`)
    await visitor.signIn()
    assert.match(await visitor.heading(), /^Hello, Alice/)
  })
})
