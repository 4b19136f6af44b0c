// oidc-client-ts 3 signs Alice in from the page of MySweetApp that has no server, as a single-page app (RFC 10017): its
// browser bundle runs in place of the page's own script, under the page's own policy.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, afterEach, before, describe, test } from 'node:test'
import { launch } from '../chromium.mjs'
import { start } from '../valetkey.mjs'

// The package exports its modules alone, not the file that pages load.
const bundle = readFileSync(new URL('../node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js', import.meta.url), 'utf8')
// Whatever is not for browser apps must not be readable across origins.
const NOT_ACROSS = [
  ['GET', '/authorize'],
  ['GET', '/device'],
  ['GET', '/login'],
  ['GET', '/account'],
  ['POST', '/device_authorization'],
  ['POST', '/introspect'],
  ['POST', '/oauth1/initiate'],
  ['GET', '/oauth1/authorize'],
  ['POST', '/oauth1/token'],
  ['POST', '/oauth1/verify'],
]

/** Runs in the page, after the library: what an app that uses it writes. */
function glue() {
  const { issuer, clientId, redirectUri, photosUrl, scope } = document.getElementById('spa').dataset
  const settings = {
    authority: issuer,
    client_id: clientId,
    redirect_uri: redirectUri,
    scope,
    resource: photosUrl,
    automaticSilentRenew: false,
    userStore: new window.oidc.WebStorageStateStore({ store: new window.oidc.InMemoryWebStorage() }),
  }
  const manager = new window.oidc.UserManager(settings)
  const said = document.getElementById('spa-said')
  const say = (good, words) => {
    Object.assign(said, { hidden: false, className: `said ${good ? 'good' : 'bad'}` })
    document.getElementById('spa-said-text').textContent = words
  }
  document.getElementById('spa-start').hidden = false
  document.getElementById('spa-connect').addEventListener('click', () => manager.signinRedirect({ nonce: 'of-this-test' }))
  Object.assign(window, { manager, app: { photosUrl } })
  if (/[?&](code|error)=/.test(location.search)) {
    manager
      .signinRedirectCallback()
      .then((user) => say(true, `Hello, ${user.profile.sub}`))
      .catch((error) => say(false, error.error ?? error.message))
      .finally(() => history.replaceState(null, '', redirectUri))
  }
}

describe('oidc-client-ts', () => {
  let server, browser, visitor, across

  before(async () => {
    ;[server, browser] = await Promise.all([start(), launch()])
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })
  afterEach(() => visitor.leave())

  async function open(expected = {}) {
    visitor = await browser.visit(expected)
    across = new Set()
    const script = `${bundle}\n;(${glue})()`
    await visitor.context.route('**/assets/spa.js', (route) => route.fulfill({ contentType: 'text/javascript', body: script }))
    visitor.context.on('request', (request) => {
      const url = new URL(request.url())
      const isOfScript = ['fetch', 'xhr'].includes(request.resourceType())
      if (isOfScript && request.frame().url().startsWith(server.app) && url.origin === server.issuer) across.add(url.pathname)
    })
    await visitor.page.goto(`${server.app}/spa`)
  }
  async function signIn() {
    await visitor.press('spa-connect')
    await visitor.signIn()
    await visitor.page.waitForSelector('#allow, #spa-said.good')
    if (await visitor.page.locator('#allow').count()) await visitor.press('allow')
    await visitor.page.waitForSelector('#spa-said.good')
  }
  const run = (deed, more) => visitor.page.evaluate(deed, more)
  const photos = () =>
    run(async () => {
      const { access_token } = await window.manager.getUser()
      const answer = await fetch(`${window.app.photosUrl}/photos`, { headers: { authorization: `Bearer ${access_token}` } })
      return answer.status
    })

  test('code and PKCE, tokens, userinfo, refresh with rotation, revocation, across origins at five addresses alone', async () => {
    await open({ answers: [400, 401] })
    await signIn()
    const asked = visitor.requested(`${server.issuer}/authorize`).searchParams
    assert.equal(asked.get('code_challenge_method'), 'S256')
    assert.equal(visitor.page.url(), `${server.app}/spa`, 'the code does not stay in the address bar')

    const user = await run(() => window.manager.getUser())
    assert.equal(user.profile.aud, 'mysweetspa')
    assert.ok(user.refresh_token)
    assert.equal(await photos(), 200)
    const info = await run(async () => {
      const client = new window.oidc.OidcClient(window.manager.settings)
      const { access_token } = await window.manager.getUser()
      const url = await client.metadataService.getUserInfoEndpoint()
      const answer = await fetch(url, { headers: { authorization: `Bearer ${access_token}` } })
      return { ...(await answer.json()), keys: (await client.metadataService.getSigningKeys()).length }
    })
    assert.equal(info.sub, user.profile.sub)
    assert.equal(info.name, 'Alice Pleasance Liddell')
    assert.ok(info.keys >= 2)

    const fresh = await run(() => window.manager.signinSilent())
    assert.notEqual(fresh.access_token, user.access_token)
    assert.notEqual(fresh.refresh_token, user.refresh_token)
    assert.equal(await photos(), 200)

    await run(() => window.manager.revokeTokens())
    const gone = await fetch(`${server.photos}/photos`, { headers: { authorization: `Bearer ${fresh.access_token}` } })
    assert.equal(gone.status, 401)
    const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'mysweetspa', refresh_token: fresh.refresh_token })
    const again = await fetch(`${server.issuer}/token`, { method: 'POST', body })
    assert.equal((await again.json()).error, 'invalid_grant')

    const expected = ['/.well-known/openid-configuration', '/jwks', '/revoke', '/token', '/userinfo']
    assert.deepEqual([...across].sort(), expected)
  })

  test('refresh token theft: the old one, used again, ends everything', async () => {
    await open({ answers: [400, 401] })
    await signIn()
    const { refresh_token } = await run(() => window.manager.getUser())
    await run(() => window.manager.signinSilent())
    await run(() => window.manager.signinSilent())
    const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'mysweetspa', refresh_token })
    assert.equal((await fetch(`${server.issuer}/token`, { method: 'POST', body })).status, 400)
    assert.equal(await photos(), 401)
    await assert.rejects(run(() => window.manager.signinSilent()), /invalid_grant|used|revoked|taken back/i)
  })

  test('a person who cancels, and an answer that this page did not ask for', async () => {
    await open()
    await visitor.press('spa-connect')
    await visitor.signIn('bob', 'builder')
    await visitor.press('cancel')
    await visitor.page.waitForSelector('#spa-said.bad')
    assert.equal(await visitor.text('#spa-said-text'), 'access_denied')
    await visitor.page.goto(`${server.app}/spa?code=stolen&state=stolen`)
    await visitor.page.waitForSelector('#spa-said.bad')
    assert.match(await visitor.text('#spa-said-text'), /No matching state/)
  })

  test('nothing else can be called across origins', async () => {
    const lines = [/blocked by CORS policy/, /net::ERR_FAILED/]
    await open({ lines, answers: [400, 401, 405] })
    const call = ([method, url]) =>
      run(
        async ({ method, url }) => {
          const body = method === 'POST' ? new URLSearchParams({ client_id: 'mysweetspa', scope: 'photos.read' }) : undefined
          return fetch(url, { method, body }).then(
            (answer) => answer.status,
            (error) => error.name,
          )
        },
        { method, url: `${server.issuer}${url}` },
      )
    assert.equal(await call(['GET', '/jwks']), 200)
    for (const endpoint of NOT_ACROSS) assert.equal(await call(endpoint), 'TypeError', endpoint.join(' '))
    // They are there: it is the browser that keeps the answer from the page.
    for (const [method, path] of NOT_ACROSS) {
      const answer = await fetch(`${server.issuer}${path}`, { method, redirect: 'manual', headers: { origin: server.app } })
      assert.notEqual(answer.status, 404, path)
      assert.equal(answer.headers.get('access-control-allow-origin'), null, path)
    }
  })
})
