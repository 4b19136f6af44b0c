// Answers as a form in a real browser (OAuth 2.0 Form Post Response Mode): it sends itself under the strict policy of the
// page, and where no script runs a button does. The consent page names single claims (OpenID Connect Core §5.5).

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { after, afterEach, before, describe, test } from 'node:test'
import { launch } from '../chromium.mjs'
import { eventually, start } from '../valetkey.mjs'

/** An app that keeps what was posted to it. */
async function app() {
  const posted = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request) body += piece
    if (request.method === 'POST') posted.push(new URLSearchParams(body))
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>App</title><h1>Thanks</h1>')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://127.0.0.1:${server.address().port}/callback`, posted, close }
}

const claims = { userinfo: { email: { essential: true } }, id_token: { nickname: null } }

describe('an answer as a form', () => {
  let server, browser, site, id, visitor, page

  before(async () => {
    ;[server, browser, site] = await Promise.all([start(), launch(), app()])
    const words = ['--name', 'Form App', '--redirect-uri', site.url, '--scope', 'openid', '--no-pkce', '--json']
    id = JSON.parse(server.command(['client', 'add', 'form-app', ...words])).client_id
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
    site?.close()
  })
  afterEach(() => visitor.leave())

  async function visit(options, more = {}) {
    visitor = await browser.visit(options)
    page = visitor.page
    const query = new URLSearchParams({
      response_type: 'code',
      response_mode: 'form_post',
      client_id: id,
      redirect_uri: site.url,
      scope: 'openid',
      state: '"><script>alert(1)</script>',
      ...more,
    })
    await eventually(async () => {
      await page.goto(`${server.issuer}/authorize?${query}`)
      assert.equal(new URL(page.url()).pathname, '/login')
    })
    await visitor.signIn()
  }

  test('sends itself', async () => {
    await visit({}, { claims: JSON.stringify(claims) })
    await page.waitForURL('**/consent?**')
    assert.match(await visitor.text('form'), /See your e-mail address[\s\S]*See your nickname/)
    await visitor.isAccessible()
    await visitor.picture('consent-claims')
    await visitor.press('allow')
    await page.waitForURL(site.url)
    const answer = site.posted.at(-1)
    assert.equal(answer.get('state'), '"><script>alert(1)</script>')
    assert.equal(answer.get('iss'), server.issuer)
    assert.match(answer.get('code'), /^vkc_/)
  })

  test('is sent by its button where no script runs, also when it is an error', async () => {
    await visit({ script: false, width: 390 }, { scope: 'openid photos.delete' })
    await page.waitForSelector('#continue')
    assert.equal(await visitor.heading(), 'Back to Form App')
    await visitor.picture('form-post')
    await visitor.fits()
    await visitor.press('continue')
    await page.waitForURL(site.url)
    const answer = site.posted.at(-1)
    assert.equal(answer.get('error'), 'invalid_scope')
    assert.equal(answer.get('code'), null)
  })
})
