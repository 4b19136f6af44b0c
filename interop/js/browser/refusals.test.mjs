// What a person sees when something is refused, and that the flow goes nowhere it should not.

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { launch } from '../chromium.mjs'
import { start } from '../valetkey.mjs'

describe('what is refused is said clearly', () => {
  let server, browser, visitor

  before(async () => {
    ;[server, browser] = await Promise.all([start(), launch()])
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })
  beforeEach(async () => {
    visitor = await browser.visit({ answers: [400, 404, 429] })
  })
  afterEach(() => visitor.leave())

  const connect = async (who = visitor) => {
    await who.page.goto(server.app)
    await who.press('connect')
  }
  const authorize = (changes) => {
    const query = {
      client_id: 'mysweetapp',
      response_type: 'code',
      redirect_uri: `${server.app}/callback`,
      scope: 'openid',
      state: 'a-state-of-this-test',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
      ...changes,
    }
    return `${server.issuer}/authorize?${new URLSearchParams(query)}`
  }

  test('a wrong password gets a message, keeps the name, and the flow goes on with the right one', async () => {
    await connect()
    await visitor.signIn('alice', 'looking-glass')
    assert.match(await visitor.text('#problem'), /username or the password is not right/)
    assert.equal(await visitor.page.inputValue('#username'), 'alice')
    assert.equal(await visitor.page.inputValue('#password'), '')
    assert.equal(await visitor.page.evaluate(() => document.activeElement.id), 'password')
    await visitor.signIn()
    assert.match(await visitor.heading(), /MySweetApp asks for access/)
  })

  test('an unknown name reads exactly as a wrong password does', async () => {
    await connect()
    await visitor.signIn('alice', 'looking-glass')
    const wrong = await visitor.text('#problem')
    await visitor.signIn('the-white-rabbit', 'looking-glass')
    assert.equal(await visitor.text('#problem'), wrong)
  })

  test('cancelling brings access_denied back to MySweetApp, and no code', async () => {
    await connect()
    await visitor.signIn()
    await visitor.press('cancel')
    const back = visitor.requested(`${server.app}/callback`)
    assert.equal(back.searchParams.get('error'), 'access_denied')
    assert.equal(back.searchParams.get('iss'), server.issuer)
    assert.ok(back.searchParams.get('state'))
    assert.equal(back.searchParams.get('code'), null)
    assert.match(await visitor.text('main'), /You said no/)
    assert.equal(await visitor.page.locator('#photos').count(), 0)
  })

  test('a redirect URI that is not registered is shown beside the registered one, and nobody is sent there', async () => {
    await visitor.page.goto(authorize({ redirect_uri: `${server.app}/callback/` }))
    const [expected, received] = await visitor.page.locator('.compare dd').allInnerTexts()
    assert.ok(expected.includes(`${server.app}/callback`), expected)
    assert.ok(received.startsWith(`${server.app}/callback/`), received)
    assert.match(received, /a slash at the end/)
    assert.match(await visitor.text('main'), /VK-AUTHORIZE-REDIRECT-URI-UNREGISTERED/)
    assert.equal(new URL(visitor.page.url()).origin, server.issuer)
    assert.deepEqual(visitor.requests.filter((url) => !url.startsWith(`${server.issuer}/`)), [])
  })

  test('a client that nobody registered ends at an error page', async () => {
    await visitor.page.goto(authorize({ client_id: 'a-stranger' }))
    assert.match(await visitor.text('main'), /VK-AUTHORIZE-CLIENT-UNKNOWN/)
    assert.equal(new URL(visitor.page.url()).origin, server.issuer)
  })

  test('a sign-in page that was begun in another browser is not finished in this one', async () => {
    const other = await browser.visit()
    await connect(other)
    await visitor.page.goto(other.page.url())
    assert.match(await visitor.text('main'), /VK-INTERACTION-OTHER-BROWSER/)
    assert.equal(await visitor.page.locator('#login').count(), 0)
    await other.leave()
  })

  test('a flow that was tampered with ends at an error page', async () => {
    await connect()
    const url = new URL(visitor.page.url())
    const flow = url.searchParams.get('flow')
    url.searchParams.set('flow', (flow[0] === 'A' ? 'B' : 'A') + flow.slice(1))
    await visitor.page.goto(url.href)
    assert.match(await visitor.text('main'), /VK-INTERACTION-UNREADABLE/)
    assert.equal(await visitor.page.locator('#login').count(), 0)
  })

  test('an answer that belongs to no sign-in of this browser is not taken by MySweetApp', async () => {
    await visitor.page.goto(`${server.app}/callback?code=stolen&state=stolen&iss=${encodeURIComponent(server.issuer)}`)
    assert.match(await visitor.text('main'), /belongs to no sign-in/)
  })

  test('guessing is slowed down, and then even the right password waits', async () => {
    await connect()
    for (let guess = 0; guess < 10; guess++) {
      await visitor.signIn('bob', `guess ${guess}`)
      assert.match(await visitor.text('#problem'), /username or the password is not right/)
    }
    await visitor.signIn('bob', 'builder')
    assert.match(await visitor.text('#problem'), /Too many attempts.*You can try again in/)
    await visitor.page.goto(`${server.issuer}/account`)
    assert.equal(await visitor.heading(), 'Sign in')
  })
})
