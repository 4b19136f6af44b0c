// A second Valetkey signs people in: the button, the page of the first time, the account that is made of it, and the next time.

import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { after, afterEach, before, describe, test } from 'node:test'
import { launch } from '../chromium.mjs'
import { serve, start } from '../valetkey.mjs'

describe('sign in with another Valetkey', () => {
  let other, server, browser, visitor, page

  before(async () => {
    ;[other, browser] = await Promise.all([start(), launch()])
    // Its secret stands in the configuration of the server whose address it is to know.
    const words = ['--redirect-uri', 'http://127.0.0.1/unknown', '--scope', 'openid profile email']
    const { client_secret } = other.client('add', 'valetkey', '--name', 'The other one', ...words)
    const file = other.file('secret', client_secret)
    chmodSync(file, 0o600)
    const configuration = `
[outbound]
allow_private = ["127.0.0.0/8", "::1"]

[[provider]]
id = "wonderland"
label = "Wonderland"
issuer = "${other.issuer}"
client_id = "valetkey"
client_secret_file = "${file}"
trust_email = true
sign_up = "anybody"`
    server = await serve(configuration, '127.0.0.1')
    other.client('set', 'valetkey', '--redirect-uri', `${server.issuer}/login/with/wonderland/callback`)
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
    await other?.stop()
  })
  afterEach(() => visitor.leave())

  async function visit(options) {
    visitor = await browser.visit(options)
    page = visitor.page
    await page.goto(`${server.issuer}/account`)
    await visitor.press('with-wonderland')
  }

  test('somebody who comes for the first time chooses a name and has an account, without any script', async () => {
    await visit({ script: false, answers: [400] })
    assert.ok(page.url().startsWith(other.issuer))
    assert.equal(await visitor.heading(), 'Sign in to continue')
    assert.match(await visitor.text('main'), /The other one/)
    await visitor.signIn()
    assert.match(await visitor.heading(), /The other one asks for access/)
    await visitor.press('allow')
    assert.match(await visitor.heading(), /Welcome/)
    assert.ok(page.url().startsWith(server.issuer))
    assert.equal(await visitor.text('#told-name'), 'Alice Pleasance Liddell')
    await page.fill('#username', 'alice')
    await visitor.press('sign-up')
    assert.ok(await visitor.text('#problem'), 'Alice who was here before keeps her name')
    await page.fill('#username', 'the-other-alice')
    await visitor.press('sign-up')
    await page.waitForURL(`${server.issuer}/account`)
    assert.match(await visitor.heading(), /^Hello, Alice/)
    const people = JSON.parse(server.command(['user', 'list', '--json'])).map(({ username }) => username)
    assert.deepEqual(people.sort(), ['alice', 'the-other-alice'])
    await page.goto(`${server.issuer}/account/providers`)
    assert.match(await visitor.text('.sessions'), /Wonderland[\s\S]*only way to sign in/)
  })

  test('the next time the button is enough', async () => {
    await visit()
    await visitor.signIn()
    await page.waitForURL(`${server.issuer}/account`)
    assert.match(await visitor.heading(), /^Hello, Alice/)
    await page.goto(`${server.issuer}/account/delete`)
    assert.match(await visitor.text('.facts'), /the-other-alice/)
  })

  test('who says no there is told so here, and can sign in in another way', async () => {
    await visit()
    await visitor.signIn('bob', 'builder')
    await visitor.press('cancel')
    assert.match(await visitor.text('main'), /You did not sign in with Wonderland/)
    await visitor.signIn()
    assert.match(await visitor.heading(), /^Hello, Alice/)
  })
})
