// Signing out at the clients' wish with openid-client 6 (RP-Initiated Logout), and telling the clients: jose verifies the
// logout tokens that a site of the client receives (Back-Channel Logout), the page holds frames (Front-Channel Logout).

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as jose from 'jose'
import * as client from 'openid-client'
import { eventually, serve } from '../valetkey.mjs'
import { Person } from '../person.mjs'
import { REDIRECT, newCertificate, openTo, register, request, said, signIn, site } from '../relying-party.mjs'

const BYE = 'https://app.example/bye'
const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
let server
let certificate
let app
let keys

before(async () => {
  certificate = newCertificate()
  app = await site(certificate.tls)
  server = await serve(openTo(certificate))
  keys = jose.createRemoteJWKSet(new URL('/jwks', server.issuer), { cooldownDuration: 0 })
})
after(async () => {
  await server?.stop()
  await app?.close()
  certificate?.remove()
})

/** Whether this browser is still signed in, as a client sees it. */
async function isSignedIn(config, person) {
  const { parameters } = await request({ prompt: 'none' })
  const { error, code } = said(await person.authorize(client.buildAuthorizationUrl(config, parameters)))
  assert.ok(code || error === 'login_required', error)
  return code !== undefined
}

describe('sign-out that a client asks for', () => {
  let config
  before(async () => {
    config = await register(server, { post_logout_redirect_uris: [BYE] })
  })
  const endSession = (parameters) => client.buildEndSessionUrl(config, parameters)

  test('with the ID token there is no question: out, and back with the state', async () => {
    const person = new Person(server.issuer)
    const { id_token } = await signIn(config, person)
    assert.equal(await isSignedIn(config, person), true)
    person.answered.length = 0
    const { next } = await person.signOut(endSession({ id_token_hint: id_token, post_logout_redirect_uri: BYE, state: 'x & y' }))
    assert.deepEqual([next.href.split('?')[0], next.searchParams.get('state')], [BYE, 'x & y'])
    assert.deepEqual(person.answered, [])
    assert.equal(await isSignedIn(config, person), false)
  })

  test('without it the person is asked first, and then goes back all the same', async () => {
    const person = new Person(server.issuer)
    await signIn(config, person)
    const url = endSession({ post_logout_redirect_uri: BYE, state: 'kept' })
    assert.ok(url.searchParams.get('client_id'), 'the library names itself')
    await person.open(url)
    assert.equal(await isSignedIn(config, person), true, 'a link alone signs nobody out')
    const { next } = await person.signOut(url)
    assert.equal(next.href, `${BYE}?state=kept`)
    assert.equal(person.answered.at(-1), 'logout')
    assert.equal(await isSignedIn(config, person), false)
  })

  test('the ID token of another person asks, too, and names the client', async () => {
    server.command(['user', 'add', 'bob', '--password-stdin'], 'can we fix it')
    const theirs = (await signIn(config, new Person(server.issuer, 'bob', 'can we fix it'))).id_token
    const person = new Person(server.issuer)
    await signIn(config, person)
    const end = await person.open(endSession({ id_token_hint: theirs, post_logout_redirect_uri: BYE }))
    assert.match(end.html, /id="logout"/)
    assert.equal(await isSignedIn(config, person), true)
  })

  test('open redirector: nobody is sent where the client did not register to go', async () => {
    const person = new Person(server.issuer)
    const { id_token } = await signIn(config, person)
    for (const post_logout_redirect_uri of ['https://evil.example/', `${BYE}/`, `${BYE}?x=1`, REDIRECT]) {
      const { status, next } = await person.open(endSession({ id_token_hint: id_token, post_logout_redirect_uri }))
      assert.deepEqual([status, next], [400, undefined], post_logout_redirect_uri)
    }
    assert.equal(await isSignedIn(config, person), true)
  })

  test('what only looks like an ID token of this server is refused', async () => {
    const person = new Person(server.issuer)
    const { id_token, access_token } = await signIn(config, person)
    const { kid } = jose.decodeProtectedHeader(id_token)
    const { privateKey } = await jose.generateKeyPair('RS256')
    const forged = await new jose.SignJWT(jose.decodeJwt(id_token)).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey)
    const unsigned = new jose.UnsecuredJWT(jose.decodeJwt(id_token)).encode()
    for (const id_token_hint of ['x', forged, unsigned, access_token]) {
      const end = await person.open(endSession({ id_token_hint, post_logout_redirect_uri: BYE }))
      assert.deepEqual([end.status, end.next], [400, undefined], id_token_hint)
    }
    assert.equal(await isSignedIn(config, person), true)
  })

  test('signing out ends the access that lasts as long as the session, and leaves what was given for longer', async () => {
    const lasting = await register(server, { post_logout_redirect_uris: [BYE], grant_types: ['authorization_code', 'refresh_token'] })
    const person = new Person(server.issuer)
    const short = await signIn(config, person)
    const long = await signIn(lasting, person, { scope: 'openid offline_access', prompt: 'consent' })
    await person.signOut(endSession({ id_token_hint: short.id_token, post_logout_redirect_uri: BYE }))
    await assert.rejects(client.fetchUserInfo(config, short.access_token, short.claims().sub))
    const fresh = await client.refreshTokenGrant(lasting, long.refresh_token)
    assert.ok(fresh.access_token)
  })
})

describe('back-channel logout', () => {
  /** A client that wants to hear at `path`; what it heard so far. */
  async function listener(path, more = {}) {
    app.pages[path] = () => ({ status: 200 })
    const metadata = { backchannel_logout_uri: `${app.url}${path}`, backchannel_logout_session_required: true, ...more }
    const config = await register(server, { post_logout_redirect_uris: [BYE], ...metadata })
    return { config, heard: () => app.requests.filter((request) => request.path === path) }
  }
  const heardOnce = (heard) =>
    eventually(() => {
      assert.ok(heard().length > 0, 'nothing was heard')
      return heard()[0]
    })
  const verified = async (request, config, algorithms = ['RS256']) => {
    assert.equal(request.method, 'POST')
    assert.equal(request.headers['content-type'], 'application/x-www-form-urlencoded')
    const form = new URLSearchParams(request.body)
    assert.deepEqual([...form.keys()], ['logout_token'])
    const token = form.get('logout_token')
    const { payload } = await jose.jwtVerify(token, keys, {
      issuer: server.issuer,
      audience: config.clientMetadata().client_id,
      typ: 'logout+jwt',
      algorithms,
      requiredClaims: ['iat', 'exp', 'jti', 'events', 'sid', 'sub'],
    })
    assert.deepEqual(payload.events, { [EVENT]: {} })
    assert.equal(payload.nonce, undefined, 'so that it is no ID token')
    return { token, payload }
  }

  test('each client of the session hears which session of which person has ended, and the others hear nothing', async () => {
    const [one, two, absent] = [await listener('/one'), await listener('/two', { subject_type: 'pairwise' }), await listener('/absent')]
    const person = new Person(server.issuer)
    const first = await signIn(one.config, person)
    const second = await signIn(two.config, person)
    const elsewhere = await signIn(absent.config, new Person(server.issuer))
    assert.notEqual(first.claims().sid, second.claims().sid, 'a pairwise client cannot tell whose session it shares')
    assert.notEqual(first.claims().sid, elsewhere.claims().sid)
    await person.signOut(client.buildEndSessionUrl(one.config, { id_token_hint: first.id_token, post_logout_redirect_uri: BYE }))
    for (const [{ config, heard }, tokens] of [[one, first], [two, second]]) {
      const { payload } = await verified(await heardOnce(heard), config)
      assert.equal(payload.sid, tokens.claims().sid)
      assert.equal(payload.sub, tokens.claims().sub)
      assert.equal(heard().length, 1)
    }
    assert.equal(absent.heard().length, 0)
  })

  test('the logout token is signed as the ID tokens of the client are', async () => {
    const { config, heard } = await listener('/es384', { id_token_signed_response_alg: 'ES384' })
    const person = new Person(server.issuer)
    const { id_token } = await signIn(config, person)
    await person.signOut(client.buildEndSessionUrl(config, { id_token_hint: id_token }))
    await verified(await heardOnce(heard), config, ['ES384'])
  })

  test('sign-out on the page of the server itself is heard, too', async () => {
    const { config, heard } = await listener('/own')
    const person = new Person(server.issuer)
    await signIn(config, person)
    await person.signOut(`${server.issuer}/logout`)
    await verified(await heardOnce(heard), config)
  })

  test('a client that does not answer at first hears it again, as a new token about the same', async () => {
    const { config, heard } = await listener('/late')
    app.pages['/late'] = () => ({ status: heard().length > 1 ? 200 : 503 })
    const person = new Person(server.issuer)
    const { id_token } = await signIn(config, person)
    await person.signOut(client.buildEndSessionUrl(config, { id_token_hint: id_token }))
    await eventually(() => assert.equal(heard().length, 2))
    const [first, second] = [await verified(heard()[0], config), await verified(heard()[1], config)]
    assert.equal(first.payload.sid, second.payload.sid)
  })

  test('cross-JWT confusion: a logout token is no hint of who is signed in, no access token and no ID token', async () => {
    const { config, heard } = await listener('/confused')
    const person = new Person(server.issuer)
    await signIn(config, person)
    await person.signOut(`${server.issuer}/logout`)
    const { token } = await verified(await heardOnce(heard), config)
    await signIn(config, person)
    const end = await person.open(client.buildEndSessionUrl(config, { id_token_hint: token, post_logout_redirect_uri: BYE }))
    assert.equal(end.status, 400)
    await assert.rejects(client.fetchUserInfo(config, token, client.skipSubjectCheck))
    assert.equal(await isSignedIn(config, person), true)
  })
})

describe('front-channel logout', () => {
  test('the last page holds a frame of each client of the session, which is told whose session and where', async () => {
    const frontchannel_logout_uri = 'https://app.example/front?a=b'
    const more = { frontchannel_logout_uri, frontchannel_logout_session_required: true, post_logout_redirect_uris: [BYE] }
    const config = await register(server, more)
    const person = new Person(server.issuer)
    const tokens = await signIn(config, person)
    const { html } = await person.signOut(client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri: BYE, state: 's' }))
    const frame = new URL(/<iframe[^>]*src="([^"]*)"/.exec(html)[1].replaceAll('&#38;', '&').replaceAll('&amp;', '&'))
    assert.equal(frame.origin + frame.pathname, 'https://app.example/front')
    assert.deepEqual(Object.fromEntries(frame.searchParams), { a: 'b', iss: server.issuer, sid: tokens.claims().sid })
    assert.match(html, /id="continue" href="https:\/\/app\.example\/bye\?state=s"/)
    assert.equal(await isSignedIn(config, person), false)
  })
})
