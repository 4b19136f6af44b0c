// The whole story in a real browser: connect, sign in, allow, see the photos, refresh, revoke, sign out.

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { after, afterEach, before, describe, test } from 'node:test'
import { launch } from '../chromium.mjs'
import { mysweetcli, start } from '../valetkey.mjs'

describe('the flow works', () => {
  let server, browser, visitor

  before(async () => {
    ;[server, browser] = await Promise.all([start(), launch()])
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })
  // Consent is remembered per person and app: each test begins without any.
  afterEach(async () => {
    await takeEverythingBack()
    await visitor.leave()
  })

  async function takeEverythingBack() {
    const page = await visitor.context.newPage()
    await page.goto(`${server.issuer}/account`)
    if (await page.locator('#login').count()) {
      await page.fill('#username', 'alice')
      await page.fill('#password', 'wonderland')
      await page.click('#login')
    }
    while (await page.locator('[id^=revoke-]').count()) await page.locator('[id^=revoke-]').first().click()
    await page.close()
  }

  async function connect() {
    await visitor.page.goto(server.app)
    await visitor.press('connect')
    await visitor.signIn()
    await visitor.press('allow')
    await visitor.page.waitForURL(`${server.app}/`)
  }

  /** Every picture is really there, not only its frame. */
  async function seesPhotos() {
    const photos = visitor.page.locator('#photos img')
    assert.equal(await photos.count(), 3)
    for (let place = 0; place < 3; place++) {
      const photo = photos.nth(place)
      await photo.scrollIntoViewIfNeeded()
      assert.ok(await photo.evaluate((image) => image.decode().then(() => image.naturalWidth > 0)))
    }
  }

  async function theWholeFlow() {
    await visitor.page.goto(server.app)
    await visitor.press('connect')
    assert.equal(await visitor.heading(), 'Sign in to continue')
    assert.match(await visitor.text('main'), /MySweetApp never sees it/)
    await visitor.fits()
    await visitor.signIn()

    assert.match(await visitor.heading(), /MySweetApp asks for access/)
    assert.match(await visitor.text('form'), /See your photos/)
    await visitor.fits()
    await visitor.press('allow')

    await visitor.page.waitForURL(`${server.app}/`)
    assert.equal(await visitor.text('#name'), 'Alice')
    assert.match(await visitor.text('#last-answer'), /200 OK/)
    await seesPhotos()
    await visitor.fits()

    await visitor.press('call-api')
    assert.match(await visitor.text('#last-answer'), /200 OK/)
    await seesPhotos()

    await visitor.press('refresh')
    assert.match(await visitor.text('#last-answer'), /Refreshed/)
    await visitor.press('call-api')
    assert.match(await visitor.text('#last-answer'), /200 OK/)

    await visitor.press('revoke')
    assert.match(await visitor.text('#last-answer'), /POST \/revoke → 200 OK/)
    await visitor.press('call-api')
    const said = await visitor.text('#last-answer')
    assert.match(said, /GET \/photos → 401 Unauthorized/)
    assert.match(said, /invalid_token/)
    assert.match(said, /it was taken back/)
    assert.equal(await visitor.page.locator('#photos').count(), 0)
    await visitor.press('refresh')
    assert.match(await visitor.text('#last-answer'), /invalid_grant/)
    await visitor.fits()

    await visitor.press('forget')
    assert.equal(await visitor.page.locator('#connect').count(), 1)
    await visitor.page.goto(`${server.issuer}/logout`)
    await visitor.press('logout')
    assert.equal(await visitor.heading(), 'You are signed out')
  }

  test('the whole flow, on a wide light screen with script', async () => {
    visitor = await browser.visit()
    await theWholeFlow()
  })

  test('the whole flow, on a narrow dark screen without any script', async () => {
    visitor = await browser.visit({ dark: true, width: 360, script: false })
    await theWholeFlow()
  })

  test('access that is taken away on the account page is gone at the next call', async () => {
    visitor = await browser.visit()
    await connect()
    await visitor.page.goto(`${server.issuer}/account`)
    assert.match(await visitor.text('#revoke-mysweetapp'), /Remove access/)
    await visitor.press('revoke-mysweetapp')
    assert.match(await visitor.text('main'), /No app has access/)
    await visitor.page.goto(server.app)
    await visitor.press('call-api')
    assert.match(await visitor.text('#last-answer'), /401 Unauthorized/)
  })

  test('consent is remembered until access is taken away', async () => {
    visitor = await browser.visit()
    await connect()
    await visitor.press('forget')
    await visitor.press('connect')
    await visitor.page.waitForURL(`${server.app}/`)
    await seesPhotos()
    await visitor.press('forget')
    await takeEverythingBack()
    await visitor.press('connect')
    assert.match(await visitor.heading(), /MySweetApp asks for access/)
  })

  test('after signing out the account page asks who it is', async () => {
    visitor = await browser.visit()
    await visitor.page.goto(`${server.issuer}/account`)
    await visitor.signIn()
    assert.match(await visitor.heading(), /^Hello, Alice/)
    await visitor.page.click('nav a')
    await visitor.press('logout')
    assert.equal(await visitor.heading(), 'You are signed out')
    await visitor.page.goto(`${server.issuer}/account`)
    assert.equal(await visitor.heading(), 'Sign in')
    await visitor.page.goBack()
    assert.equal(await visitor.heading(), 'You are signed out')
  })

  test('the keyboard alone is enough to sign in and to allow, and shows where it is', async () => {
    visitor = await browser.visit()
    const { keyboard } = visitor.page
    await visitor.page.goto(server.app)
    await visitor.tabTo('connect')
    await keyboard.press('Enter')
    await visitor.page.waitForSelector('#username:focus')
    assert.ok((await visitor.focused()).isSeen)
    await keyboard.type('alice')
    await visitor.tabTo('password')
    await keyboard.type('wonderland')
    await visitor.tabTo('login')
    await keyboard.press('Enter')
    await visitor.page.waitForSelector('#allow')
    await visitor.tabTo('allow')
    await keyboard.press('Enter')
    await visitor.page.waitForURL(`${server.app}/`)
    await seesPhotos()
    await visitor.tabTo('call-api')
  })

  test('an app in the browser alone gets the photos across origins, refreshes and revokes', async () => {
    visitor = await browser.visit({ answers: [400, 401] })
    const { page } = visitor
    await page.goto(`${server.app}/spa`)
    await visitor.press('spa-connect')
    await visitor.signIn()
    await visitor.press('allow')
    await page.waitForSelector('#spa-said.good')
    assert.match(await visitor.text('#spa-said'), /200, photos: 3/)
    await page.waitForFunction(() => {
      const photos = [...document.querySelectorAll('#spa-photos img')]
      return photos.length === 3 && photos.every((photo) => photo.complete && photo.naturalWidth > 0)
    })
    assert.equal(page.url(), `${server.app}/spa`, 'the code does not stay in the address bar')
    const says = (words) => page.waitForFunction((words) => document.getElementById('spa-said').innerText.includes(words), words)
    await visitor.press('spa-refresh')
    await says('Refreshed')
    await visitor.press('spa-call-api')
    await says('photos: 3')
    await visitor.press('spa-revoke')
    await says('The key was given back')
    await visitor.press('spa-call-api')
    await says('401')
    assert.match(await visitor.text('#spa-said'), /invalid_token/)
    assert.equal(await page.locator('#spa-photos img').count(), 0)
    await visitor.press('spa-refresh')
    await says('invalid_grant')
    assert.ok(visitor.requests.includes(`${server.issuer}/token`))
    assert.ok(visitor.requests.includes(`${server.photos}/photos`))
  })

  test('an app in the browser alone says no more than that when the person cancels', async () => {
    visitor = await browser.visit()
    await visitor.page.goto(`${server.app}/spa`)
    await visitor.press('spa-connect')
    await visitor.signIn()
    await visitor.press('cancel')
    await visitor.page.waitForSelector('#spa-said.bad')
    assert.match(await visitor.text('#spa-said'), /access_denied/)
    assert.ok(await visitor.page.isVisible('#spa-connect'))
  })

  test('an app on the device gets its code at whatever loopback port it listens on', async () => {
    visitor = await browser.visit()
    const app = createServer((request, response) => {
      response.setHeader('content-type', 'text/html')
      response.end('<!doctype html><html lang="en"><title>Done</title><link rel="icon" href="data:,"><h1>Back in the terminal</h1>')
    }).listen(0, '127.0.0.1')
    try {
      await once(app, 'listening')
      const redirect = `http://127.0.0.1:${app.address().port}/callback`
      const verifier = randomBytes(32).toString('base64url')
      const query = new URLSearchParams({
        client_id: mysweetcli.id,
        response_type: 'code',
        redirect_uri: redirect,
        scope: 'openid photos.read',
        resource: server.photos,
        state: 'from-the-terminal',
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      })
      await visitor.page.goto(`${server.issuer}/authorize?${query}`)
      await visitor.signIn()
      assert.match(await visitor.text('main'), /an app on your device/)
      await visitor.press('allow')
      assert.equal(await visitor.heading(), 'Back in the terminal')
      const back = visitor.requested(redirect).searchParams
      assert.equal(back.get('state'), 'from-the-terminal')
      const body = new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: mysweetcli.id,
        code: back.get('code'),
        redirect_uri: redirect,
        code_verifier: verifier,
      })
      const answer = await fetch(`${server.issuer}/token`, { method: 'POST', body })
      assert.equal(answer.status, 200)
      const authorization = `Bearer ${(await answer.json()).access_token}`
      const photos = await fetch(`${server.photos}/photos`, { headers: { authorization } })
      assert.equal(photos.status, 200)
    } finally {
      app.closeAllConnections()
      app.close()
    }
  })
})
