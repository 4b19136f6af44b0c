// oidc-client-ts 3 in a page of its own site: it renews by prompt=none in a frame, watches the session through
// check_session_iframe (OpenID Connect Session Management), and signs out by redirect (RP-Initiated Logout).

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { after, afterEach, before, describe, test } from 'node:test'
import { launch } from '../chromium.mjs'
import { start } from '../valetkey.mjs'

const bundle = readFileSync(new URL('../node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js', import.meta.url), 'utf8')
const html = (script) => `<!doctype html><html lang="en"><title>Watcher</title><link rel="icon" href="data:,"><h1>Watcher</h1>
<script src="/oidc-client-ts.js"></script><script>${script}</script>`

/** Runs in the page, after the library: what an app that uses it writes. */
function glue(issuer, client_secret) {
  const at = (path) => `${location.origin}${path}`
  window.events = []
  window.manager = new window.oidc.UserManager({
    authority: issuer,
    client_id: 'watcher',
    client_secret,
    redirect_uri: at('/callback'),
    silent_redirect_uri: at('/silent'),
    post_logout_redirect_uri: at('/out'),
    scope: 'openid profile',
    automaticSilentRenew: false,
    includeIdTokenInSilentRenew: true,
    monitorSession: true,
    checkSessionIntervalInSeconds: 1,
    silentRequestTimeoutInSeconds: 15,
  })
  for (const name of ['UserSignedIn', 'UserSignedOut', 'UserSessionChanged', 'SilentRenewError']) {
    window.manager.events[`add${name}`](() => window.events.push(name))
  }
  if (location.pathname === '/callback') {
    window.done = window.manager.signinRedirectCallback().then((user) => ({ ...user.profile, session_state: user.session_state }))
  }
  if (location.pathname === '/out') window.done = window.manager.signoutRedirectCallback()
}

/** The site of the app. Another site than the server's would not see the session without https. */
async function watcher(issuer) {
  const client = {}
  const main = () => html(`(${glue})(${JSON.stringify(issuer)}, ${JSON.stringify(client.secret)})`)
  const silent = html(`new oidc.UserManager({ authority: '', client_id: '', redirect_uri: '' }).signinCallback()`)
  const pages = { '/oidc-client-ts.js': ['text/javascript', bundle], '/silent': ['text/html', silent] }
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    const [type, body] = pages[pathname] ?? ['text/html', main()]
    response.writeHead(200, { 'content-type': type }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { client, url: `http://localhost:${server.address().port}`, close: () => (server.closeAllConnections(), server.close()) }
}

describe('oidc-client-ts watches the session', () => {
  let server, browser, site, visitor, page

  before(async () => {
    ;[server, browser] = await Promise.all([start(), launch()])
    site = await watcher(server.issuer)
    const uris = ['--redirect-uri', `${site.url}/callback`, '--redirect-uri', `${site.url}/silent`]
    const words = ['--name', 'Watcher', '--scope', 'openid profile', '--post-logout-redirect-uri', `${site.url}/out`]
    // Consent of a public client is remembered only where its redirect URI is https, which nothing is here: so it has a secret.
    site.client.secret = server.client('add', 'watcher', ...uris, ...words).client_secret
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
    site?.close()
  })
  afterEach(() => visitor.leave())

  /** Signs in; consent is remembered for the tests that follow. */
  async function open(options = {}) {
    visitor = await browser.visit(options)
    page = visitor.page
    await page.goto(site.url)
    await page.evaluate(() => void window.manager.signinRedirect())
    await page.waitForURL('**/login?**')
    await visitor.signIn()
    await page.waitForURL((url) => url.pathname === '/consent' || url.pathname === '/callback')
    if (new URL(page.url()).pathname === '/consent') await visitor.press('allow')
    await page.waitForURL(`${site.url}/callback?**`)
    return page.evaluate(() => window.done)
  }
  const inAnotherTab = async (deed) => {
    const tab = await visitor.context.newPage()
    await deed(tab)
    await tab.close()
  }
  const signOutThere = () =>
    inAnotherTab(async (tab) => {
      await tab.goto(`${server.issuer}/logout`)
      await tab.click('#logout')
      await tab.waitForSelector('h1:has-text("You are signed out")')
    })
  const renew = () => page.evaluate(() => window.manager.signinSilent().then((user) => user.profile, (error) => error.error ?? error.message))

  test('silent renew: prompt=none in a frame brings new tokens of the same sign-in, and no page', async () => {
    const first = await open()
    assert.ok(first.session_state)
    await page.evaluate(async () => {
      // Without a refresh token the library has the frame alone.
      const user = await window.manager.getUser()
      delete user.refresh_token
      await window.manager.storeUser(user)
    })
    const before = await page.evaluate(async () => (await window.manager.getUser()).access_token)
    const again = await renew()
    assert.equal(typeof again, 'object', again)
    assert.equal(again.sub, first.sub)
    assert.deepEqual([again.auth_time, again.sid], [first.auth_time, first.sid])
    const asked = visitor.requested(`${server.issuer}/authorize`).searchParams
    assert.equal(asked.get('prompt'), 'none')
    assert.ok(asked.get('id_token_hint'))
    assert.notEqual(await page.evaluate(async () => (await window.manager.getUser()).access_token), before)
    assert.equal(new URL(page.url()).pathname, '/callback', 'the page stayed where it was')
  })

  test('silent renew of somebody who is signed out: login_required', async () => {
    await open()
    await page.evaluate(async () => {
      const user = await window.manager.getUser()
      delete user.refresh_token
      await window.manager.storeUser(user)
    })
    await signOutThere()
    assert.equal(await renew(), 'login_required')
  })

  test('session monitoring: nothing while nothing changes, userSignedOut after a sign-out in another tab', async () => {
    await open()
    await page.waitForFunction((origin) => [...document.querySelectorAll('iframe')].some((frame) => frame.src.startsWith(origin)), server.issuer)
    const answers = await page.evaluate(
      (origin) =>
        new Promise((resolve) => {
          const heard = []
          addEventListener('message', (event) => event.origin === origin && heard.push(event.data) === 2 && resolve(heard))
        }),
      server.issuer,
    )
    assert.deepEqual(answers, ['unchanged', 'unchanged'])
    assert.deepEqual(await page.evaluate(() => window.events), [])
    await signOutThere()
    await page.waitForFunction(() => window.events.includes('UserSignedOut'))
  })

  test('sign-out by redirect ends the session there and comes back with its state', async () => {
    await open()
    await page.evaluate(() => void window.manager.signoutRedirect({ state: { from: 'the test' } }))
    await page.waitForURL(`${site.url}/out?**`)
    const answer = await page.evaluate(() => window.done)
    assert.deepEqual(answer.userState, { from: 'the test' })
    const sent = visitor.requested(`${server.issuer}/end_session`).searchParams
    assert.ok(sent.get('id_token_hint'))
    assert.equal(await page.evaluate(() => window.manager.getUser()), null)
    await page.goto(`${server.issuer}/account`)
    assert.equal(await visitor.heading(), 'Sign in')
  })
})
