// openid-client 6 as a relying party of OpenID Connect Core: every way an answer can come, and what a client may ask for.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as client from 'openid-client'
import { serve } from '../valetkey.mjs'
import { Person } from '../person.mjs'
import { OPEN, REDIRECT, register, request, responseTypes, said, signIn } from '../relying-party.mjs'

const CLAIMS = { given_name: 'Alice', family_name: 'Liddell', locale: 'en', address: { country: 'GB', locality: 'Oxford' } }
let server
let alice

before(async () => {
  server = await serve(OPEN)
  const claims = server.file('carol.json', JSON.stringify(CLAIMS))
  const flags = ['--name', 'Carol', '--email', 'carol@home.example', '--email-verified', '--claims', claims, '--password-stdin']
  server.command(['user', 'add', 'carol', ...flags], 'sings a carol')
  alice = new Person(server.issuer)
})
after(() => server?.stop())

const newCarol = () => new Person(server.issuer, 'carol', 'sings a carol')

/** What the pages showed while `act` ran. */
async function shown(person, act) {
  person.answered.length = 0
  const result = await act()
  return [person.answered.slice(), result]
}

/** The error that comes back instead of a code. */
async function refused(config, person, more) {
  const { parameters } = await request(more)
  return said(await person.authorize(client.buildAuthorizationUrl(config, parameters)))
}

describe('discovery', () => {
  test('the metadata holds what the client needs to know, and names only endpoints of the issuer', async () => {
    const metadata = (await register(server)).serverMetadata()
    assert.equal(metadata.issuer, server.issuer)
    const endpoints = Object.entries(metadata).filter(([name]) => /_(endpoint|iframe)$|^jwks_uri$/.test(name))
    assert.ok(endpoints.length >= 9)
    for (const [name, url] of endpoints) assert.equal(new URL(url).origin, server.issuer, name)
    assert.equal(metadata.supportsPKCE(), true)
    for (const type of ['code', 'id_token', 'code id_token', 'code token', 'code id_token token', 'id_token token']) {
      assert.ok(metadata.response_types_supported.includes(type), type)
    }
    for (const mode of ['query', 'fragment', 'form_post']) assert.ok(metadata.response_modes_supported.includes(mode), mode)
    assert.deepEqual(metadata.subject_types_supported.toSorted(), ['pairwise', 'public'])
    assert.equal(metadata.claims_parameter_supported, true)
    assert.equal(metadata.request_parameter_supported, true)
    assert.equal(metadata.request_uri_parameter_supported, true)
    assert.equal(metadata.backchannel_logout_session_supported, true)
  })

  test('WebFinger names the issuer of an account and of an address', async () => {
    for (const resource of [`${server.issuer}/`, `acct:alice@${new URL(server.issuer).host}`]) {
      const rel = 'http://openid.net/specs/connect/1.0/issuer'
      const answer = await fetch(`${server.issuer}/.well-known/webfinger?${new URLSearchParams({ resource, rel })}`)
      assert.equal(answer.status, 200, resource)
      assert.deepEqual((await answer.json()).links, [{ rel, href: server.issuer }])
    }
  })
})

describe('the code', () => {
  let config
  before(async () => {
    config = await register(server)
    await signIn(config, alice)
  })

  test('comes in the query, in the fragment, and in a form that the browser posts', async () => {
    for (const response_mode of ['query', 'fragment']) {
      const { parameters, checks } = await request({ response_mode })
      const callback = await alice.authorize(client.buildAuthorizationUrl(config, parameters))
      assert.equal(callback[response_mode === 'query' ? 'hash' : 'search'], '', response_mode)
      // The library reads the query; a page that gets a fragment hands it over so.
      const handed = new URL(`${REDIRECT}?${new URLSearchParams(said(callback))}`)
      assert.ok((await client.authorizationCodeGrant(config, handed, checks)).claims().sub, response_mode)
    }
    const { parameters, checks } = await request({ response_mode: 'form_post' })
    const posted = await alice.authorizeByForm(client.buildAuthorizationUrl(config, parameters))
    assert.equal(posted.url, REDIRECT)
    assert.ok((await client.authorizationCodeGrant(config, posted, checks)).claims().sub)
  })

  test('an error comes in the mode that was asked for, too', async () => {
    const { parameters, checks } = await request({ response_mode: 'form_post', prompt: 'none' })
    const nobody = new Person(server.issuer)
    const posted = await nobody.authorizeByForm(client.buildAuthorizationUrl(config, parameters))
    await assert.rejects(client.authorizationCodeGrant(config, posted, checks), { error: 'login_required' })
  })

  test('a code that was slipped in from another sign-in does not fit the nonce or the verifier', async () => {
    const { parameters } = await request()
    const stolen = await alice.authorize(client.buildAuthorizationUrl(config, parameters))
    const mine = (await request()).checks
    const expectedState = stolen.searchParams.get('state')
    await assert.rejects(client.authorizationCodeGrant(config, stolen, { ...mine, expectedState }), { error: 'invalid_grant' })
  })

  test('another nonce than the one that was sent is noticed', async () => {
    await assert.rejects(signIn(config, alice, { nonce: 'somebody-elses' }), { code: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED' })
  })

  test('registering one response type closes the others', async () => {
    const answer = await refused(config, alice, { response_type: 'id_token' })
    assert.equal(answer.error, 'unauthorized_client')
  })
})

describe('the hybrid flow', () => {
  let config
  before(async () => {
    config = await register(server, responseTypes('code id_token'), { execute: [client.useCodeIdTokenResponseType] })
  })

  const begin = async (more) => {
    const { parameters, checks } = await request({ scope: 'openid email', ...more })
    return { url: client.buildAuthorizationUrl(config, parameters), checks }
  }

  test('the ID token of the fragment vouches for the code, and both ID tokens are about the same person', async () => {
    const { url, checks } = await begin()
    assert.equal(url.searchParams.get('response_type'), 'code id_token')
    const callback = await alice.authorize(url)
    assert.equal(callback.search, '')
    const tokens = await client.authorizationCodeGrant(config, callback, checks)
    const front = JSON.parse(Buffer.from(said(callback).id_token.split('.')[1], 'base64url'))
    assert.equal(front.sub, tokens.claims().sub)
    assert.equal(front.iss, tokens.claims().iss)
    assert.equal(front.sid, tokens.claims().sid)
    assert.equal(front.email, undefined, 'userinfo tells the claims of the scope')
  })

  test('the same by form_post', async () => {
    const { url, checks } = await begin({ response_mode: 'form_post' })
    const tokens = await client.authorizationCodeGrant(config, await alice.authorizeByForm(url), checks)
    assert.ok(tokens.access_token)
  })

  test('code injection: a code beside the ID token of another sign-in is noticed by c_hash', async () => {
    const other = said(await alice.authorize((await begin()).url))
    const { url, checks } = await begin()
    const callback = await alice.authorize(url)
    callback.hash = new URLSearchParams({ ...said(callback), code: other.code }).toString()
    await assert.rejects(client.authorizationCodeGrant(config, callback, checks), (thrown) => /c_hash/.test(`${thrown.message} ${thrown.cause?.message}`))
  })

  test('a request for the query mode is refused, for tokens do not belong there', async () => {
    const { url } = await begin({ response_mode: 'query' })
    const answer = await alice.authorize(url)
    assert.equal(answer.search, '')
    assert.equal(said(answer).error, 'invalid_request')
  })
})

describe('the implicit flow', () => {
  let config
  before(async () => {
    config = await register(server, responseTypes('id_token'), { execute: [client.useIdTokenResponseType] })
  })

  test('the ID token alone carries the claims of the scope, for there is no token to ask with', async () => {
    const { parameters, checks } = await request({ scope: 'openid email' })
    const url = client.buildAuthorizationUrl(config, parameters)
    assert.equal(url.searchParams.get('response_type'), 'id_token')
    const { expectedState, expectedNonce } = checks
    const callback = await newCarol().authorize(url)
    const claims = await client.implicitAuthentication(config, callback, expectedNonce, { expectedState })
    assert.equal(claims.email, 'carol@home.example')
    assert.equal(claims.email_verified, true)
    assert.equal(said(callback).access_token, undefined)
  })

  test('the same by form_post', async () => {
    const { parameters, checks } = await request({ response_mode: 'form_post' })
    const posted = await alice.authorizeByForm(client.buildAuthorizationUrl(config, parameters))
    const { expectedState, expectedNonce } = checks
    assert.ok((await client.implicitAuthentication(config, posted, expectedNonce, { expectedState })).sub)
  })

  test('replay: a request without a nonce is refused', async () => {
    const { parameters } = await request()
    const url = client.buildAuthorizationUrl(config, parameters)
    // The library would not send it so.
    url.searchParams.delete('nonce')
    assert.equal(said(await alice.authorize(url)).error, 'invalid_request')
  })
})

describe('when the person has to sign in', () => {
  let config
  before(async () => {
    config = await register(server)
  })

  test('prompt=none: nobody is signed in, nothing is allowed yet, and then all of it without a page', async () => {
    const person = new Person(server.issuer)
    assert.equal((await refused(config, person, { prompt: 'none' })).error, 'login_required')
    await signIn(await register(server), person)
    assert.equal((await refused(config, person, { prompt: 'none' })).error, 'consent_required')
    await signIn(config, person)
    const [pages, tokens] = await shown(person, () => signIn(config, person, { prompt: 'none' }))
    assert.deepEqual(pages, [])
    assert.ok(tokens.claims().sub)
  })

  test('prompt=login and prompt=consent show the page again, and prompt=login makes auth_time new', async () => {
    const person = new Person(server.issuer)
    const first = (await signIn(config, person, { max_age: '600' }, { maxAge: 600 })).claims().auth_time
    const [pages, tokens] = await shown(person, () => signIn(config, person, { prompt: 'login', max_age: '600' }, { maxAge: 600 }))
    assert.deepEqual(pages, ['login'])
    assert.ok(tokens.claims().auth_time >= first)
    const [again] = await shown(person, () => signIn(config, person, { prompt: 'consent' }))
    assert.deepEqual(again, ['consent'])
  })

  test('max_age: a session that is young enough goes on, one that is not signs in again, and auth_time proves it', async () => {
    const person = new Person(server.issuer)
    await signIn(config, person)
    const [young, tokens] = await shown(person, () => signIn(config, person, { max_age: '3600' }, { maxAge: 3600 }))
    assert.deepEqual(young, [])
    assert.equal(typeof tokens.claims().auth_time, 'number')
    const [old] = await shown(person, () => signIn(config, person, { max_age: '0' }, { maxAge: 0 }))
    assert.deepEqual(old, ['login'])
    assert.equal((await refused(config, person, { max_age: '0', prompt: 'none' })).error, 'login_required')
  })

  test('require_auth_time and default_max_age of the registration count without a word in the request', async () => {
    const strict = await register(server, { require_auth_time: true, default_max_age: 0 })
    const person = new Person(server.issuer)
    await signIn(strict, person)
    const [pages, tokens] = await shown(person, () => signIn(strict, person))
    assert.deepEqual(pages, ['login'])
    assert.equal(typeof tokens.claims().auth_time, 'number')
  })

  test('id_token_hint: the answer is about that person or it is login_required', async () => {
    const hint = (await signIn(config, alice)).id_token
    const hers = await signIn(config, alice, { prompt: 'none', id_token_hint: hint })
    assert.ok(hers.claims().sub)
    const carol = newCarol()
    await signIn(config, carol)
    assert.equal((await refused(config, carol, { prompt: 'none', id_token_hint: hint })).error, 'login_required')
    assert.equal((await refused(config, new Person(server.issuer), { prompt: 'none', id_token_hint: hint })).error, 'login_required')
  })

  test('login_hint stands in the form', async () => {
    const { parameters } = await request({ login_hint: 'carol' })
    const { html } = await new Person(server.issuer).open(client.buildAuthorizationUrl(config, parameters))
    assert.match(html, /id="username"[^>]*value="carol"/)
  })
})

describe('how surely it is known who that is', () => {
  let config
  before(async () => {
    config = await register(server)
    await signIn(config, alice)
  })

  test('acr and amr say that a password was used', async () => {
    const claims = (await signIn(config, alice, { acr_values: '1' })).claims()
    assert.equal(claims.acr, '1')
    assert.deepEqual(claims.amr, ['pwd'])
  })

  test('acr_values that the person cannot meet are a wish: the answer says what there is', async () => {
    const claims = (await signIn(config, alice, { acr_values: '2 urn:of:somebody:else' })).claims()
    assert.equal(claims.acr, '1')
  })

  test('as an essential claim the same is a condition', async () => {
    const claims = JSON.stringify({ id_token: { acr: { essential: true, values: ['2'] } } })
    assert.equal((await refused(config, alice, { claims })).error, 'unmet_authentication_requirements')
    const met = JSON.stringify({ id_token: { acr: { essential: true, values: ['2', '1'] } } })
    assert.equal((await signIn(config, alice, { claims: met })).claims().acr, '1')
  })
})

describe('claims', () => {
  test('userinfo tells what the scope opens, typed as Core §5.1 says', async () => {
    const config = await register(server)
    const tokens = await signIn(config, newCarol(), { scope: 'openid profile email address' })
    const told = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
    assert.equal(told.name, 'Carol')
    assert.equal(told.preferred_username, 'carol')
    assert.equal(told.given_name, CLAIMS.given_name)
    assert.deepEqual(told.address, CLAIMS.address)
    assert.equal(told.email, 'carol@home.example')
    assert.equal(told.email_verified, true)
    assert.equal(told.phone_number, undefined)
  })

  test('single claims come where they were asked for, and no others', async () => {
    const config = await register(server)
    const claims = JSON.stringify({ userinfo: { email: { essential: true } }, id_token: { given_name: null, auth_time: { essential: true } } })
    const carol = newCarol()
    const tokens = await signIn(config, carol, { claims })
    const { given_name, auth_time, email, family_name } = tokens.claims()
    assert.deepEqual([given_name, email, family_name], ['Alice', undefined, undefined])
    assert.equal(typeof auth_time, 'number')
    const told = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
    assert.equal(told.email, 'carol@home.example')
    assert.equal(told.given_name, undefined)
  })

  test('the claim sub with a value is about that person alone', async () => {
    const config = await register(server)
    const { sub } = (await signIn(config, alice)).claims()
    const claims = (value) => JSON.stringify({ id_token: { sub: { value } } })
    assert.equal((await signIn(config, alice, { prompt: 'none', claims: claims(sub) })).claims().sub, sub)
    assert.equal((await refused(config, alice, { prompt: 'none', claims: claims('somebody-else') })).error, 'login_required')
  })

  test('claims that are no JSON object are refused', async () => {
    const config = await register(server)
    assert.equal((await refused(config, alice, { claims: '[]' })).error, 'invalid_request')
  })

  test('a refreshed ID token is about the same person, the same sign-in and the same session', async () => {
    const config = await register(server, { grant_types: ['authorization_code', 'refresh_token'] })
    const claims = JSON.stringify({ id_token: { given_name: null } })
    const carol = newCarol()
    const tokens = await signIn(config, carol, { scope: 'openid offline_access', max_age: '600', prompt: 'consent', claims })
    const fresh = await client.refreshTokenGrant(config, tokens.refresh_token)
    assert.notEqual(fresh.id_token, undefined)
    for (const name of ['iss', 'sub', 'aud', 'auth_time', 'acr', 'sid', 'given_name']) {
      assert.deepEqual(fresh.claims()[name], tokens.claims()[name], name)
    }
    const told = await client.fetchUserInfo(config, fresh.access_token, tokens.claims().sub)
    assert.equal(told.sub, tokens.claims().sub)
  })
})
