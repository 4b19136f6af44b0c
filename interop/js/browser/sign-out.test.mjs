// Signing out in a real browser: MySweetApp asks for it, hears of it in a frame and by a token, and a page of another app
// sees it (OpenID Connect RP-Initiated, Front-Channel, Back-Channel Logout, Session Management).

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { after, afterEach, before, describe, test } from 'node:test'
import { launch } from '../chromium.mjs'
import { eventually, start } from '../valetkey.mjs'

/** An app of somebody else: what it answers at each path; a path that is not named never answers. */
async function app(pages) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    if (pathname in pages) response.writeHead(200, { 'content-type': 'text/html' }).end(pages[pathname])
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  // Another site than this server's would not see the browser state without https.
  return { url: `http://localhost:${server.address().port}`, close }
}

describe('signing out', () => {
  let server, browser, visitor, page

  before(async () => {
    ;[server, browser] = await Promise.all([start(), launch()])
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })
  afterEach(() => visitor.leave())

  async function visit(expected = {}) {
    visitor = await browser.visit(expected)
    page = visitor.page
  }

  async function connect() {
    await page.goto(server.app)
    await visitor.press('connect')
    await visitor.signIn()
    await allow(`${server.app}/`)
  }

  /** Consent is remembered for the tests that follow. */
  async function allow(callback) {
    await page.waitForURL((url) => url.href.startsWith(callback) || url.pathname === '/consent')
    if (new URL(page.url()).pathname === '/consent') await visitor.press('allow')
    await page.waitForURL((url) => url.href.startsWith(callback))
  }

  const isOut = async () => {
    await page.goto(`${server.issuer}/account`)
    return new URL(page.url()).pathname === '/login'
  }

  test('at MySweetApp ends the session here, tells it in a frame, and comes back', async () => {
    await visit()
    await connect()
    await visitor.press('sign-out')
    await page.waitForURL(`${server.app}/signed-out?**`)
    assert.match(await page.innerText('body'), /Signed out, here and at Valetkey/)
    const framed = visitor.requested(`${server.app}/frontchannel-logout`)
    assert.equal(framed.searchParams.get('iss'), server.issuer)
    assert.match(framed.searchParams.get('sid'), /^[0-9a-f-]{36}$/)
    assert.ok(await isOut())
  })

  test('without a script the page stays, its frame tells the app, and a link goes on', async () => {
    await visit({ script: false })
    await connect()
    await visitor.press('sign-out')
    await page.waitForSelector('#continue')
    assert.match(await visitor.text('#told'), /are being told/)
    visitor.requested(`${server.app}/frontchannel-logout`)
    await visitor.picture('signed-out-apps')
    await visitor.fits()
    await visitor.press('continue')
    await page.waitForURL(`${server.app}/signed-out?**`)
  })

  test('here tells MySweetApp, which forgets the person', async () => {
    await visit()
    await connect()
    await page.goto(`${server.issuer}/logout`)
    await visitor.press('logout')
    await page.waitForFunction(() => document.getElementById('told').textContent.includes('have been told'))
    await visitor.isAccessible()
    await page.goto(server.app)
    assert.ok(await page.locator('#connect').count(), 'the app shows its first page again')
  })

  test('an app that asks without proof has to wait for the person, who may stay', async () => {
    for (const [dark, width] of [[false, 1280], [true, 360]]) {
      await visit({ dark, width })
      await connect()
      const query = new URLSearchParams({ client_id: 'mysweetapp', post_logout_redirect_uri: `${server.app}/signed-out` })
      await page.goto(`${server.issuer}/end_session?${query}`)
      assert.match(await visitor.heading(), /MySweetApp asks to sign you out/)
      await visitor.picture('logout-for-an-app')
      await visitor.fits()
      await visitor.isAccessible()
      await visitor.press('stay')
      await page.waitForURL(`${server.issuer}/account`)
      if (width === 1280) await visitor.leave()
    }
  })

  test('an app whose frame never answers holds nobody up', async () => {
    const slow = await app({ '/callback': 'back', '/out': 'out' })
    const client = server.client(
      ...['add', 'slow', '--name', 'Slow', '--redirect-uri', `${slow.url}/callback`, '--scope', 'openid'],
      ...['--post-logout-redirect-uri', `${slow.url}/out`, '--frontchannel-logout-uri', `${slow.url}/never`],
    )
    await visit()
    await signInFor(client.client_id, `${slow.url}/callback`)
    await page.goto(`${server.issuer}/logout`)
    const seen = page.waitForRequest(`${slow.url}/never?**`)
    await page.click('#logout', { noWaitAfter: true })
    await seen
    await page.waitForFunction(() => document.getElementById('told')?.textContent.includes('have been told'))
    slow.close()
  })

  /** Ends at the callback. */
  async function signInFor(client_id, redirect_uri, more = {}) {
    const query = new URLSearchParams({
      ...{ response_type: 'code', client_id, redirect_uri, scope: 'openid', state: 's' },
      ...{ code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' },
      ...more,
    })
    await page.goto(`${server.issuer}/authorize?${query}`)
    if (new URL(page.url()).pathname === '/login') await visitor.signIn()
    await allow(redirect_uri)
    return new URL(page.url()).searchParams
  }

  describe('seen by a page of an app', () => {
    let site, id

    before(async () => {
      const frame = `<!doctype html><link rel="icon" href="data:,"><iframe id="op" src="${server.issuer}/session"></iframe>`
      site = await app({ '/callback': frame })
      id = server.client('add', 'watcher', '--name', 'Watcher', '--redirect-uri', `${site.url}/callback`, '--scope', 'openid').client_id
    })
    after(() => site?.close())

    /** What the frame answers to the page. */
    const ask = (message, by = page) =>
      by.evaluate(
        ([message, origin]) =>
          new Promise((resolve) => {
            addEventListener('message', (event) => event.origin === origin && resolve(event.data), { once: true })
            document.getElementById('op').contentWindow.postMessage(message, origin)
          }),
        [message, server.issuer],
      )

    test('the state is unchanged until the person signs out in another tab', async () => {
      await visit()
      const state = (await signInFor(id, `${site.url}/callback`)).get('session_state')
      assert.equal(await ask(`${id} ${state}`), 'unchanged')
      assert.equal(await ask(`mysweetapp ${state}`), 'changed')
      for (const malformed of ['', id, `${id} nonsense`, `${id} ${state} more`, 17]) {
        assert.equal(await ask(malformed), 'error', String(malformed))
      }
      const other = await visitor.context.newPage()
      await other.goto(`${server.issuer}/logout`)
      await other.click('#logout')
      await other.waitForURL(`${server.issuer}/logout`)
      assert.equal(await ask(`${id} ${state}`), 'changed')
    })

    test('a state is of no use to a page of another origin', async () => {
      await visit()
      const state = (await signInFor(id, `${site.url}/callback`)).get('session_state')
      const frame = `<!doctype html><link rel="icon" href="data:,"><iframe id="op" src="${server.issuer}/session"></iframe>`
      const evil = await app({ '/': frame })
      await page.goto(evil.url)
      assert.equal(await ask(`${id} ${state}`), 'changed')
      evil.close()
    })
  })

  test('sessions elsewhere are listed and ended', async () => {
    await visit()
    const first = visitor
    await connect()
    await visit({ width: 360, dark: true })
    await page.goto(`${server.issuer}/account/sessions`)
    await visitor.signIn()
    await page.waitForURL(`${server.issuer}/account/sessions`)
    assert.ok((await page.locator('.sessions li').count()) >= 2)
    assert.match(await page.locator('.sessions li').first().innerText(), /Chrome on Linux\s+this browser/)
    await visitor.picture('sessions')
    await visitor.fits()
    await visitor.isAccessible()
    await visitor.press('end-others')
    await page.waitForURL(`${server.issuer}/account/sessions?**`)
    await visitor.picture('sessions-ended')
    // MySweetApp hears of it by the back channel.
    await eventually(async () => {
      await first.page.goto(server.app)
      assert.ok(await first.page.locator('#connect').count())
    })
    await first.leave()
  })
})
