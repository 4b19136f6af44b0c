// passport-oauth1 1 (over npm `oauth` 0.9) signs Alice in to an app, as thousands of apps of 2012 still do.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import Strategy from 'passport-oauth1'
import { newConsumer } from '../oauth1.mjs'
import { start } from '../valetkey.mjs'
import { Person } from '../person.mjs'

const CALLBACK = 'http://localhost:3000/auth/valetkey/callback'
let server, consumer, alice

before(async () => {
  server = await start()
  alice = new Person(server.issuer)
  consumer = await newConsumer(server, 'passport-app', { callback: CALLBACK })
})
after(() => server?.stop())

/** The strategy as an app configures it; the user is what it was given, with the person's photos as the profile. */
function strategyOf(consumerSecret, signatureMethod) {
  const strategy = new Strategy(
    {
      requestTokenURL: `${server.issuer}/oauth1/initiate`,
      accessTokenURL: `${server.issuer}/oauth1/token`,
      userAuthorizationURL: `${server.issuer}/oauth1/authorize`,
      consumerKey: consumer.key,
      consumerSecret,
      callbackURL: CALLBACK,
      signatureMethod,
    },
    (token, secret, profile, done) => done(null, { token, secret, profile }),
  )
  strategy.userProfile = function (token, secret, params, done) {
    this._oauth.get(`${server.photos}/photos`, token, secret, (error, body) => done(error, error ? undefined : JSON.parse(body)))
  }
  return strategy
}

/** What passport itself does with a request: one of the ways that a strategy may end. */
function passport(strategy, session, query = {}) {
  return new Promise((resolve, reject) => {
    const one = Object.create(strategy)
    Object.assign(one, {
      success: (user) => resolve({ user }),
      redirect: (url) => resolve({ url }),
      fail: (challenge, status) => resolve({ failed: challenge ?? status }),
      error: reject,
    })
    one.authenticate({ query, session, headers: {}, connection: {} })
  })
}

async function signIn(strategy, session = {}) {
  const { url } = await passport(strategy, session)
  const back = await alice.authorize(url)
  assert.equal(back.origin + back.pathname, CALLBACK)
  return passport(strategy, session, Object.fromEntries(back.searchParams))
}

for (const [method, secret] of [
  ['HMAC-SHA1', () => consumer.secret],
  ['PLAINTEXT', () => consumer.secret],
  ['RSA-SHA1', () => consumer.privateKey.export({ type: 'pkcs8', format: 'pem' })],
]) {
  test(`Alice signs in, and the app sees her photos, with ${method}`, async () => {
    const { user } = await signIn(strategyOf(secret(), method))
    assert.match(user.token, /^vko_/)
    assert.ok(user.profile.length >= 3)
    assert.ok(user.profile.every((photo) => photo.title))
  })
}

test('the library adds a photo with a JSON body, which is not signed', async () => {
  const strategy = strategyOf(consumer.secret)
  const { user } = await signIn(strategy)
  const body = JSON.stringify({ title: 'Räksmörgås & co' })
  const answer = await new Promise((resolve, reject) =>
    strategy._oauth.post(`${server.photos}/photos`, user.token, user.secret, body, 'application/json', (error, text) =>
      error ? reject(error) : resolve(JSON.parse(text)),
    ),
  )
  assert.equal(answer.title, 'Räksmörgås & co')
})

test('an address that the library signed works once: a replay is refused', async () => {
  const strategy = strategyOf(consumer.secret)
  const { user } = await signIn(strategy)
  const url = strategy._oauth.signUrl(`${server.photos}/photos?size=1`, user.token, user.secret, 'GET')
  assert.equal((await fetch(url)).status, 200)
  assert.equal((await fetch(url)).status, 401)
})

test('a wrong consumer secret ends before anybody is asked, with a form that apps can read', async () => {
  const strategy = strategyOf('not-the-secret-of-this-app')
  strategy.parseErrorResponse = (body, status) => Object.assign(new Error(new URLSearchParams(body).get('oauth_problem')), { status })
  await assert.rejects(passport(strategy, {}), { message: 'signature_invalid', status: 401 })
})

test('a wrong token secret gets no photos', async () => {
  const strategy = strategyOf(consumer.secret)
  const { user } = await signIn(strategy)
  const get = promisify(strategy._oauth.get.bind(strategy._oauth))
  await assert.rejects(get(`${server.photos}/photos`, user.token, 'guessed'), { statusCode: 401 })
})

test('session fixation: a callback in a session that began nothing is not taken', async () => {
  const strategy = strategyOf(consumer.secret)
  const { url } = await passport(strategy, {})
  const back = await alice.authorize(url)
  const query = Object.fromEntries(back.searchParams)
  await assert.rejects(passport(strategy, {}, query), /Failed to find request token in session/)
})

test('a verifier that the person did not carry is refused', async () => {
  const strategy = strategyOf(consumer.secret)
  const session = {}
  const { url } = await passport(strategy, session)
  const { searchParams } = await alice.authorize(url)
  const query = { oauth_token: searchParams.get('oauth_token'), oauth_verifier: 'guessed' }
  await assert.rejects(passport(strategy, session, query), /Failed to obtain access token/)
})
