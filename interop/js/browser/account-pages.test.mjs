// The pages by which people come and keep their accounts, as they are met on the way: axe-core finds nothing, nothing lies
// beside the screen, each is small, nobody else is asked for anything. A picture of each is kept in interop/screenshots.

import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { launch } from '../chromium.mjs'
import { site } from '../relying-party.mjs'
import { serve } from '../valetkey.mjs'
import { codeOf, plugIn } from './factors.mjs'
import { mailbox } from './mailbox.mjs'

const ROOM = 20 * 1024
const PASSWORD = 'four words without a meaning'
const claims = JSON.stringify({ userinfo: { email: { essential: true }, phone_number: null }, id_token: { nickname: null } })

describe('the pages of accounts', () => {
  let other, server, mail, app, browser

  before(async () => {
    ;[other, mail, app, browser] = await Promise.all([serve('', '127.0.0.1'), mailbox(), site(), launch()])
    // It is called by the name of the server's own host.
    app.url = app.url.replace('127.0.0.1', 'localhost')
    for (const path of ['/callback', '/out']) app.pages[path] = { headers: { 'content-type': 'text/html' }, text: '<h1>An app</h1>' }
    const { client_secret } = other.client('add', 'valetkey', '--name', 'Looking-Glass', '--redirect-uri', 'http://127.0.0.1/unknown')
    const secret = other.file('secret', client_secret)
    chmodSync(secret, 0o600)
    server = await serve(`
[accounts]
sign_up = "open"
requests_per_address = 1000

[mail]
smtp_host = "127.0.0.1"
smtp_port = ${mail.port}
tls = "none"
from = "Valetkey <no-reply@valetkey.example>"

[outbound]
allow_private = ["127.0.0.0/8", "::1"]

[[provider]]
id = "wonderland"
label = "Wonderland"
issuer = "${other.issuer}"
client_id = "valetkey"
client_secret_file = "${secret}"
trust_email = true
sign_up = "anybody"

[[provider]]
id = "gone"
label = "Gone"
issuer = "http://127.0.0.1:9"
client_id = "valetkey"
client_auth = "none"`)
    other.client('set', 'valetkey', '--redirect-uri', `${server.issuer}/login/with/wonderland/callback`)
    const words = ['--redirect-uri', `${app.url}/callback`, '--post-logout-redirect-uri', `${app.url}/out`, '--no-pkce']
    const links = ['--policy-uri', `${app.url}/policy`, '--tos-uri', `${app.url}/tos`, '--frontchannel-logout-uri', `${app.url}/gone`]
    server.client('add', 'postcards', '--name', 'Postcards', ...words, ...links)
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
    await other?.stop()
    mail?.close()
    await app?.close()
  })

  const authorize = (more = {}) => {
    const query = { response_type: 'code', client_id: 'postcards', redirect_uri: `${app.url}/callback`, scope: 'openid profile', ...more }
    return `${server.issuer}/authorize?${new URLSearchParams(query)}`
  }

  /** What the page weighs; its style sheet and script are loaded once for all pages. */
  const weight = (page) => page.evaluate(() => performance.getEntriesByType('navigation')[0].encodedBodySize)

  const looks = [{ width: 1280 }, { width: 360, dark: true }, { width: 1280, dark: true }, { width: 360 }]
  for (const [place, look] of looks.entries()) {
    test(`can be read by everybody, ${look.width} pixels wide and ${look.dark ? 'dark' : 'light'}`, async () => {
      const visitor = await browser.visit({ ...look, answers: [400, 401, 403, 404, 409, 410, 429, 503] })
      const seen = new Set()
      const lookAt = async (name, heading) => {
        const said = await visitor.heading()
        assert.ok(said.includes(heading), `${name}: ${said}`)
        const bytes = await weight(visitor.page)
        assert.ok(bytes < ROOM, `${name} weighs ${bytes} bytes`)
        await visitor.picture(`accounts-${String(seen.size + 1).padStart(2, '0')}-${name}`)
        await visitor.fits()
        await visitor.isAccessible()
        assert.ok(!seen.has(name), name)
        seen.add(name)
      }
      const who = { username: `dora-${place}`, email: `dora-${place}@valetkey.example` }
      const guide = { visitor, page: visitor.page, lookAt, who, place }
      await walkIn(guide)
      await walkKnown(guide)
      await walkFactors(guide)
      await walkProviders(guide)
      await walkForgotten(guide)
      await walkOut(guide)
      assert.equal(seen.size, 49)
      await visitor.leave()
    })
  }

  /** From an app to an account that did not exist, and to the consent page. */
  async function walkIn({ visitor, page, lookAt, who }) {
    await page.goto(authorize({ claims }))
    await lookAt('login', 'Sign in to continue')
    await visitor.press('with-gone')
    await lookAt('provider-down', 'does not answer')
    await page.goto(authorize({ claims }))
    await visitor.press('sign-up')
    await lookAt('sign-up', 'Create your account')
    const fill = async (password) => {
      await page.fill('#username', who.username)
      await page.fill('#email', who.email)
      await page.fill('#password', password)
      await visitor.press('create')
    }
    await fill('password')
    await lookAt('sign-up-wrong', 'Create your account')
    await fill(PASSWORD)
    await lookAt('sign-up-sent', 'Look into your mailbox')
    await page.goto(await mail.linkTo(who.email, '/verify-email'))
    await lookAt('sign-up-link', 'Open your account?')
    await visitor.press('verify')
    await page.waitForURL('**/consent?**')
    await lookAt('consent', 'asks for access')
    await visitor.press('allow')
    await page.waitForURL(`${app.url}/callback?**`)
    await page.goto(await mail.linkTo(who.email, '/verify-email'))
    await visitor.press('verify')
    await lookAt('sign-up-link-used', '')
  }

  async function walkKnown({ visitor, page, lookAt, who }) {
    await page.goto(`${server.issuer}/account`)
    await lookAt('account', 'Hello')
    await page.goto(`${server.issuer}/account/profile`)
    await lookAt('profile', 'Your profile')
    await page.fill('#name', 'Dora the one with a very long name that has to be broken somewhere')
    await page.fill('#birthdate', 'yesterday')
    await visitor.press('save')
    await lookAt('profile-wrong', 'Your profile')
    await page.fill('#birthdate', '1990-12-31')
    await visitor.press('save')
    await lookAt('profile-saved', 'Your profile')
    await page.goto(`${server.issuer}/account/password`)
    await lookAt('password', 'Your password')
    await page.fill('#password', 'not this one')
    await page.fill('#new_password', PASSWORD)
    await visitor.press('change')
    await lookAt('password-wrong', 'Your password')
    await page.fill('#password', PASSWORD)
    await page.fill('#new_password', `${PASSWORD} at all`)
    await visitor.press('change')
    await lookAt('password-changed', 'Your password')
    await page.goto(`${server.issuer}/account/email`)
    await lookAt('email', 'Your e-mail address')
    who.newEmail = `new-${who.email}`
    await page.fill('#email', who.newEmail)
    await visitor.press('change')
    await lookAt('email-sent', 'Your e-mail address')
    await page.goto(await mail.linkTo(who.newEmail, '/verify-email'))
    await lookAt('email-link', 'Is this your new address?')
    await visitor.press('verify')
    await lookAt('email-changed', 'Thank you')
    await page.goto(`${server.issuer}/account/sessions`)
    await lookAt('sessions', '')
  }

  async function walkFactors({ visitor, page, lookAt, who }) {
    await page.goto(`${server.issuer}/account/second-factor`)
    await page.click('summary')
    await lookAt('second-factor', 'Set up an authenticator app')
    const secret = await visitor.text('#secret')
    await page.fill('#code', codeOf(secret, 20))
    await visitor.press('turn-on')
    await lookAt('second-factor-wrong', 'Set up an authenticator app')
    await page.fill('#code', codeOf(secret))
    await visitor.press('turn-on')
    await lookAt('recovery-codes', 'Keep these recovery codes')
    const [recovery] = await page.locator('#recovery-codes li').allInnerTexts()
    await visitor.press('kept')
    await lookAt('second-factor-on', 'Authenticator app')
    const device = await plugIn(visitor)
    await page.goto(`${server.issuer}/account/passkeys`)
    await lookAt('passkeys-none', 'Passkeys')
    await page.fill('#name', 'My laptop with a name as long as it may')
    await visitor.press('add-passkey')
    await page.waitForSelector('.sessions li')
    await lookAt('passkeys', 'Passkeys')
    await device.answers(false)
    await page.goto(authorize({ prompt: 'login' }))
    await visitor.signIn(who.username, `${PASSWORD} at all`)
    await lookAt('second-step', 'One more step')
    await page.fill('#code', codeOf(secret, 20))
    await visitor.press('continue')
    await page.click('summary')
    await lookAt('second-step-wrong', 'One more step')
    await page.fill('#recovery', recovery)
    await visitor.press('recover')
    await page.waitForURL(`${app.url}/callback?**`)
    await page.goto(`${server.issuer}/account/second-factor`)
    await visitor.press('turn-off')
    await lookAt('second-factor-off', 'Set up an authenticator app')
    await device.remove()
  }

  /** Signs in at the other server, as somebody who is there with this address. */
  async function come({ visitor, page }, name, email) {
    other.command(['user', 'add', name, '--name', 'Dora Elsewhere', '--email', email, '--email-verified', '--password-stdin'], PASSWORD)
    await page.goto(`${other.issuer}/logout`)
    if (await page.locator('#logout').count()) await visitor.press('logout')
    return async () => {
      await page.waitForURL(`${other.issuer}/**`)
      await visitor.signIn(name, PASSWORD)
      await visitor.press('allow')
      await page.waitForURL(`${server.issuer}/**`)
    }
  }

  async function signOut({ visitor, page }) {
    await page.goto(`${server.issuer}/logout`)
    await visitor.press('logout')
  }

  async function walkProviders(guide) {
    const { visitor, page, lookAt, who, place } = guide
    await page.goto(`${server.issuer}/account/providers`)
    await lookAt('providers-none', 'Linked accounts')
    // Somebody there has the address of somebody here.
    const there = await come(guide, `dora-${place}`, who.newEmail)
    await signOut(guide)
    await page.goto(`${server.issuer}/account`)
    await visitor.press('with-wonderland')
    await there()
    await lookAt('provider-known', 'You have an account here already')
    await visitor.press('sign-in')
    await visitor.signIn(who.username, `${PASSWORD} at all`)
    await lookAt('provider-link', 'from now on?')
    await visitor.press('link')
    await page.waitForURL(`${server.issuer}/account`)
    await page.goto(`${server.issuer}/account/providers`)
    await lookAt('providers', 'Linked accounts')
    const newcomer = await come(guide, `erin-${place}`, `erin-${place}@wonderland.example`)
    await signOut(guide)
    await page.goto(`${server.issuer}/account`)
    await visitor.press('with-wonderland')
    await newcomer()
    await lookAt('provider-first', 'Welcome')
    await page.fill('#username', who.username)
    await visitor.press('sign-up')
    await lookAt('provider-first-taken', 'Welcome')
    await page.fill('#username', `erin-${place}`)
    await visitor.press('sign-up')
    await page.waitForURL(`${server.issuer}/account`)
    await page.goto(`${server.issuer}/account/providers`)
    await lookAt('providers-only-way', 'Linked accounts')
    await page.goto(`${server.issuer}/account/password`)
    await lookAt('password-first', 'Your password')
    await signOut(guide)
  }

  async function walkForgotten({ visitor, page, lookAt, who }) {
    await page.goto(authorize())
    await visitor.press('forgot')
    await lookAt('forgot', 'Forgot your password?')
    await page.fill('#username', who.username)
    await visitor.press('send')
    await lookAt('forgot-sent', 'Look into your mailbox')
    const link = await mail.linkTo(who.newEmail, '/reset-password')
    await page.goto(link)
    await lookAt('reset', 'Choose a new password')
    await page.fill('#new_password', 'short')
    await visitor.press('set')
    await lookAt('reset-wrong', 'Choose a new password')
    await page.fill('#new_password', PASSWORD)
    await visitor.press('set')
    await lookAt('reset-done', 'Your new password is set')
    await page.goto(link)
    await lookAt('reset-used', '')
  }

  async function walkOut(guide) {
    const { visitor, page, lookAt, who } = guide
    await page.goto(authorize())
    await visitor.signIn(who.username, PASSWORD)
    await page.waitForURL(`${app.url}/callback?**`)
    const query = { client_id: 'postcards', post_logout_redirect_uri: `${app.url}/out` }
    await page.goto(`${server.issuer}/end_session?${new URLSearchParams(query)}`)
    await lookAt('logout-for-an-app', 'Postcards asks to sign you out')
    await page.goto(`${server.issuer}/logout`)
    await lookAt('logout', 'Sign out?')
    await visitor.press('logout')
    await page.waitForFunction(() => document.getElementById('told').textContent.includes('have been told'))
    await lookAt('signed-out', 'You are signed out')
    await page.goto(`${server.issuer}/account/delete`)
    await visitor.signIn(who.username, PASSWORD)
    await lookAt('delete', 'Delete your account')
    await page.fill('#username', 'somebody else')
    await visitor.press('delete')
    await lookAt('delete-wrong', 'Delete your account')
    await page.fill('#username', who.username)
    await visitor.press('delete')
    await lookAt('deleted', 'Your account is deleted')
  }
})
