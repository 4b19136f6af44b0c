// The inspector in a real browser: it tells the flow that the apps link to, while it happens, and keeps the secrets.

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { launch } from '../chromium.mjs'
import { start } from '../valetkey.mjs'

describe('the inspector', () => {
  let server, browser, visitor

  before(async () => {
    ;[server, browser] = await Promise.all([start(), launch()])
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })
  beforeEach(async () => {
    visitor = await browser.visit({ answers: [400, 401, 404] })
  })
  afterEach(() => visitor.leave())

  /** Consent may be remembered from another test. */
  async function finish(who = visitor) {
    await who.signIn()
    await who.page.waitForSelector('#allow, #call-api, #spa-said.good')
    if (await who.page.locator('#allow').count()) await who.press('allow')
  }
  async function connect(who = visitor) {
    await who.page.goto(server.app)
    await who.press('connect')
    await finish(who)
    await who.page.waitForURL(`${server.app}/`)
  }
  const standing = (page = visitor.page) => page.locator('.standing').innerText()
  const steps = (page, mark) => page.locator(`.chapters > ol > li.${mark}`)

  test('a flow that the person refused shows where it stopped, and the rule', async () => {
    await visitor.page.goto(server.app)
    await visitor.press('connect')
    const state = visitor.requested(`${server.issuer}/authorize`).searchParams.get('state')
    await visitor.signIn('bob', 'builder')
    await visitor.press('cancel')
    await visitor.page.goto(`${server.issuer}/inspector/find?${new URLSearchParams({ client_id: 'mysweetapp', state })}`)
    assert.equal(await standing(), 'Refused at step 2')
    assert.match(await visitor.text('.notice.bad'), /VK-AUTHORIZE-ACCESS-DENIED/)
    assert.match(await steps(visitor.page, 'refused').innerText(), /It stopped here/)
    assert.equal(await steps(visitor.page, 'done').count(), 1)
    const stopped = visitor.page.locator('details.message[open]')
    assert.equal(await stopped.count(), 1)
    assert.match(await stopped.innerText(), /VK-AUTHORIZE-ACCESS-DENIED/)
  })

  test('a redirect URI that is not registered stops the flow at step 1, with what was expected and received', async () => {
    const query = {
      client_id: 'mysweetapp',
      response_type: 'code',
      redirect_uri: 'http://localhost:1/elsewhere',
      state: 'goes-nowhere',
    }
    await visitor.page.goto(`${server.issuer}/authorize?${new URLSearchParams(query)}`)
    await visitor.page.goto(`${server.issuer}/inspector`)
    const row = visitor.page.locator('.flows li').first()
    assert.match(await row.innerText(), /Refused at step 1/)
    assert.match(await row.innerText(), /VK-AUTHORIZE-REDIRECT-URI-UNREGISTERED/)
    await row.locator('a').click()
    const [expected, received] = await visitor.page.locator('details[open] .compare dd').allInnerTexts()
    assert.ok(expected.includes(`${server.app}/callback`), expected)
    assert.ok(received.includes('http://localhost:1/elsewhere'), received)
    await visitor.page.click('.notice.bad a[href^="/rules/"]')
    assert.match(await visitor.text('.eyebrow'), /VK-AUTHORIZE-REDIRECT-URI-UNREGISTERED/)
  })

  test('a flow that nobody saw gets a page that says so', async () => {
    await visitor.page.goto(`${server.issuer}/inspector/find?client_id=mysweetapp&state=never`)
    assert.match(await visitor.heading(), /was not seen/)
    await visitor.page.goto(`${server.issuer}/inspector/flows/999999`)
    assert.equal(await visitor.page.locator('.button').count(), 1)
  })

  test('the flow that MySweetApp links to is complete, with its six numbered steps', async () => {
    await connect()
    await visitor.press('inspect')
    assert.equal(await standing(), 'Complete')
    assert.deepEqual(await visitor.page.locator('.chapters .bead').allInnerTexts(), ['1', '2', '3', '4', '5', '6'])
    assert.equal(await steps(visitor.page, 'done').count(), 6)
    const numbers = await visitor.page.locator('.strip .dot-number').allTextContents()
    assert.deepEqual(numbers, ['1', '2', '3', '4', '5', '6'])
    const letters = await visitor.page.locator('.strip .letter').allTextContents()
    assert.deepEqual(letters.map((letter) => letter.trim()), ['(A)', '(B)', '(C)', '(D)', '(E)', '(F)'])
  })

  test('what the API asks for pictures, which it does not tell of, is folded away', async () => {
    await connect()
    await visitor.press('call-api')
    await visitor.press('inspect')
    const titles = await visitor.page.locator('details.message .told strong').allInnerTexts()
    const calls = titles.slice(titles.indexOf('Resource request'))
    const call = ['Resource request', 'Introspection request', 'Introspection response', 'Resource response']
    assert.deepEqual(calls.filter((title) => title !== 'Key set fetched'), [...call, ...call])
    assert.match(await visitor.text('.picture'), /messages left out: what the API asked about the token/)
  })

  test('a message opens to what it carried and the rules it passed, with the secrets hidden', async () => {
    await connect()
    await visitor.press('inspect')
    const message = visitor.page.locator('details.message', { hasText: /POST \S*\/token/ }).first()
    assert.ok(!(await message.locator('.inside').isVisible()))
    await message.locator('summary').click()
    const told = await message.locator('.inside').innerText()
    assert.match(told, /code_verifier/)
    assert.match(told, /secret, hidden/)
    assert.match(told, /Accepted after \d+ checks/)
    assert.match(told, /VK-CODE-PKCE-MISMATCH/)
    assert.match(told, /RFC 7636/)
  })

  test('no code, token, verifier or password that travelled is anywhere in the page', async () => {
    const secrets = new Map([['password', 'wonderland']])
    visitor.context.on('request', (request) => {
      const url = new URL(request.url())
      const sent = url.href.startsWith(`${server.app}/spa`) ? url.searchParams : new URLSearchParams(request.postData() ?? '')
      for (const name of ['code', 'code_verifier']) if (sent.has(name)) secrets.set(name, sent.get(name))
    })
    await visitor.page.goto(`${server.app}/spa`)
    await visitor.press('spa-connect')
    const [answer] = await Promise.all([
      visitor.page.waitForResponse((response) => response.url() === `${server.issuer}/token`),
      finish(),
    ])
    const tokens = await answer.json()
    for (const name of ['access_token', 'refresh_token', 'id_token']) secrets.set(name, tokens[name])
    await visitor.page.waitForSelector('#spa-said.good')
    await visitor.press('spa-inspect')
    assert.equal(await standing(), 'Complete')
    const html = await visitor.page.content()
    assert.equal(secrets.size, 6)
    for (const [name, secret] of secrets) {
      assert.ok(secret?.length >= 10, `the test knows no ${name}`)
      assert.ok(!html.includes(secret), `the page tells the ${name}`)
      // Not in part either: a token's signature or the second half of a code would serve.
      if (name !== 'password') assert.ok(!html.includes(secret.slice(-16)), `the page tells the end of the ${name}`)
    }
    for (const name of ['code', 'access_token']) assert.match(html, new RegExp(`<code>${name}</code>`))
  })

  test('an open page shows the steps as they come, and keeps open what the person opened', async () => {
    await visitor.page.goto(server.app)
    await visitor.press('connect')
    const state = visitor.requested(`${server.issuer}/authorize`).searchParams.get('state')
    const watched = await visitor.context.newPage()
    await watched.goto(`${server.issuer}/inspector/find?${new URLSearchParams({ client_id: 'mysweetapp', state })}`)
    assert.equal(await standing(watched), 'At step 1 of 6')
    assert.equal(await steps(watched, 'waiting').count(), 5)
    await watched.locator('details.message summary').first().click()
    await watched.evaluate(() => (window.wasNeverReloaded = true))

    await finish()
    await visitor.page.waitForURL(`${server.app}/`)
    await watched.bringToFront()
    await steps(watched, 'done').nth(5).waitFor()
    assert.equal(await standing(watched), 'Complete')
    assert.ok(await watched.evaluate(() => window.wasNeverReloaded))
    assert.ok(await watched.locator('details.message').first().evaluate((details) => details.open))
    assert.equal(await watched.evaluate(() => document.activeElement.tagName), 'SUMMARY')
  })

  test('an open list shows a new flow as it comes', async () => {
    const watched = await visitor.context.newPage()
    await watched.goto(`${server.issuer}/inspector`)
    const rows = watched.locator('.flows li')
    const before = await rows.count()
    await visitor.page.goto(server.app)
    await visitor.press('connect')
    await watched.bringToFront()
    await rows.nth(before).waitFor()
    assert.match(await rows.first().innerText(), /At step 1 of 6/)
  })

  test('all of it can be read without a script', async () => {
    const plain = await browser.visit({ script: false })
    await connect(plain)
    await plain.press('inspect')
    assert.equal(await standing(plain.page), 'Complete')
    assert.equal(await steps(plain.page, 'done').count(), 6)
    assert.match(await plain.text('noscript'), /Reload/)
    const message = plain.page.locator('details.message').first()
    await message.locator('summary').click()
    assert.match(await message.locator('.inside').innerText(), /code_challenge/)
    await plain.page.goto(`${server.issuer}/inspector`)
    assert.match(await plain.text('.flows'), /Complete/)
    await plain.leave()
  })
})
