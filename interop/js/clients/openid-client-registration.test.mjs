// Clients that register themselves with openid-client 6 (OpenID Connect Registration, RFC 7591), and manage that (RFC 7592).

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as client from 'openid-client'
import { eventually, serve } from '../valetkey.mjs'
import { Person } from '../person.mjs'
import { OPEN, REDIRECT, jwksOf, newKey, register, request, responseTypes, signIn } from '../relying-party.mjs'

/** One request about a registration; what it answers, with its status. */
async function manage(registered, method, body = undefined, token = registered.registration_access_token) {
  const headers = { ...(token && { authorization: `Bearer ${token}` }), 'content-type': 'application/json' }
  const response = await fetch(registered.registration_client_uri, { method, headers, body: body && JSON.stringify(body) })
  const text = await response.text()
  return { status: response.status, headers: response.headers, ...(text && JSON.parse(text)) }
}

/** What a client says of itself when it updates: what it was told, less what the server alone decides. */
function toldAgain(registered) {
  const own = ['registration_access_token', 'registration_client_uri', 'client_secret_expires_at', 'client_id_issued_at', 'status', 'headers']
  return Object.fromEntries(Object.entries(registered).filter(([name]) => !own.includes(name)))
}

describe('where anybody may register', () => {
  let server
  let alice
  before(async () => {
    server = await serve(OPEN)
    alice = new Person(server.issuer)
  })
  after(() => server?.stop())

  test('a client that says little gets the defaults of the specs, a secret, and a token to manage itself', async () => {
    const config = await register(server)
    const told = config.clientMetadata()
    assert.deepEqual(told.redirect_uris, [REDIRECT])
    assert.deepEqual(told.response_types, ['code'])
    assert.deepEqual(told.grant_types, ['authorization_code'])
    assert.equal(told.token_endpoint_auth_method, 'client_secret_basic')
    assert.equal(told.id_token_signed_response_alg, 'RS256')
    assert.equal(told.application_type, 'web')
    assert.equal(told.client_secret_expires_at, 0)
    assert.ok(told.client_id_issued_at > 1_700_000_000)
    assert.ok(told.client_secret.length >= 43 && told.registration_access_token.length >= 43)
    assert.ok(told.registration_client_uri.startsWith(`${server.issuer}/`))
    assert.ok((await signIn(config, alice)).claims().sub)
  })

  for (const [method, authentication] of [
    ['client_secret_basic', client.ClientSecretBasic()],
    ['client_secret_post', client.ClientSecretPost()],
    ['client_secret_jwt', client.ClientSecretJwt()],
    ['none', client.None()],
  ]) {
    test(`it signs Alice in with ${method}, when it registered that`, async () => {
      const config = await register(server, { token_endpoint_auth_method: method }, { authentication })
      assert.equal(config.clientMetadata().client_secret === undefined, method === 'none')
      assert.ok((await signIn(config, alice)).claims().sub)
    })
  }

  test('a native app comes back to a port of its own choice', async () => {
    const metadata = { application_type: 'native', redirect_uris: ['http://127.0.0.1/cb'], token_endpoint_auth_method: 'none' }
    const config = await register(server, metadata, { authentication: client.None() })
    assert.ok((await signIn(config, alice, { redirect_uri: 'http://127.0.0.1:49152/cb' })).claims().sub)
  })

  test('all that it says is told again', async () => {
    const key = await newKey('ES256')
    const said = {
      ...responseTypes('code', 'code id_token'),
      client_name: 'Prints & Frames',
      client_uri: 'https://app.example/',
      policy_uri: 'https://app.example/policy',
      tos_uri: 'https://app.example/tos',
      contacts: ['ops@app.example'],
      jwks: jwksOf(key),
      subject_type: 'pairwise',
      id_token_signed_response_alg: 'PS256',
      userinfo_signed_response_alg: 'ES384',
      request_object_signing_alg: 'ES256',
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      default_max_age: 3600,
      require_auth_time: true,
      default_acr_values: ['1'],
      initiate_login_uri: 'https://app.example/login',
      request_uris: ['https://app.example/request.jwt'],
      post_logout_redirect_uris: ['https://app.example/bye'],
      frontchannel_logout_uri: 'https://app.example/front',
      frontchannel_logout_session_required: true,
      backchannel_logout_uri: 'https://app.example/back',
      backchannel_logout_session_required: true,
      scope: 'openid profile',
      software_id: 'prints',
      software_version: '1.0',
    }
    const config = await register(server, said, { authentication: client.PrivateKeyJwt(key) })
    const told = await manage(config.clientMetadata(), 'GET')
    const sorted = (value) => (Array.isArray(value) && typeof value[0] === 'string' ? value.toSorted() : value)
    for (const [name, value] of Object.entries(said).filter(([name]) => name !== 'jwks')) {
      assert.deepEqual(sorted(told[name]), sorted(value), name)
    }
    assert.deepEqual(told.jwks.keys.map(({ kid, x }) => [kid, x]), [[key.kid, key.jwk.x]])
    assert.equal(told.client_secret, undefined)
  })

  test('members that nobody knows, and names in other languages, are ignored', async () => {
    const told = (await register(server, { 'client_name#ja-Jpan-JP': 'クライアント名', colour: 'green' })).clientMetadata()
    assert.equal(told.colour, undefined)
  })

  describe('refuses', () => {
    const key = { kty: 'EC', crv: 'P-256', x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0' }
    const wrong = {
      'no redirect URI': [{ redirect_uris: [] }, 'invalid_redirect_uri'],
      'a redirect URI by plain http': [{ redirect_uris: ['http://app.example/cb'] }, 'invalid_redirect_uri'],
      'a redirect URI with a fragment': [{ redirect_uris: ['https://app.example/cb#x'] }, 'invalid_redirect_uri'],
      'a script as a redirect URI': [{ redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri'],
      'an app scheme for a web client': [{ redirect_uris: ['com.example.app:/cb'] }, 'invalid_redirect_uri'],
      'a response type without its grant type': [{ response_types: ['id_token'], grant_types: ['authorization_code'] }, 'invalid_client_metadata'],
      'passwords': [{ grant_types: ['password'] }, 'invalid_client_metadata'],
      'token exchange': [{ grant_types: ['urn:ietf:params:oauth:grant-type:token-exchange'] }, 'invalid_client_metadata'],
      'a method that nobody knows': [{ token_endpoint_auth_method: 'secret_handshake' }, 'invalid_client_metadata'],
      'keys twice': [{ jwks: { keys: [key] }, jwks_uri: 'https://app.example/jwks' }, 'invalid_client_metadata'],
      'a private key': [{ jwks: { keys: [{ ...key, d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI' }] } }, 'invalid_client_metadata'],
      'private_key_jwt without a key': [{ token_endpoint_auth_method: 'private_key_jwt' }, 'invalid_client_metadata'],
      'a scope that nobody knows': [{ scope: 'openid photos.delete' }, 'invalid_client_metadata'],
      'a logo by plain http': [{ logo_uri: 'http://app.example/logo.png' }, 'invalid_client_metadata'],
      'a frame of another site': [{ frontchannel_logout_uri: 'https://elsewhere.example/front' }, 'invalid_client_metadata'],
      'a name that is no text': [{ client_name: 7 }, 'invalid_client_metadata'],
      'a software statement, for nobody vouches here': [{ software_statement: 'a.b.c' }, 'invalid_software_statement'],
    }
    for (const [what, [metadata, error]] of Object.entries(wrong)) {
      test(what, async () => {
        await assert.rejects(register(server, metadata), (thrown) => {
          assert.deepEqual([thrown.error, thrown.status], [error, 400])
          return true
        })
      })
    }

    test('what is no JSON object', async () => {
      for (const body of ['', '[]', '{', 'client_name=x', '{"client_name":"a","client_name":"b"}']) {
        const response = await fetch(`${server.issuer}/register`, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
        assert.equal(response.status, 400, body)
        assert.equal((await response.json()).error, 'invalid_client_metadata', body)
      }
    })
  })

  describe('a registration', () => {
    test('is read: all but the secret, which the server does not know', async () => {
      const registered = (await register(server)).clientMetadata()
      const told = await manage(registered, 'GET')
      assert.equal(told.status, 200)
      assert.match(told.headers.get('cache-control'), /no-store/)
      assert.equal(told.client_id, registered.client_id)
      assert.deepEqual(told.redirect_uris, registered.redirect_uris)
      assert.equal(told.client_secret, undefined)
    })

    test('is replaced: what the update leaves out is gone, and the client is as it says', async () => {
      const second = 'https://app.example/second'
      const config = await register(server, { client_name: 'Before', contacts: ['ops@app.example'] })
      const registered = config.clientMetadata()
      await signIn(config, alice)
      const { contacts, ...members } = toldAgain(registered)
      const told = await manage(registered, 'PUT', { ...members, client_name: 'After', redirect_uris: [second] })
      assert.equal(told.status, 200, JSON.stringify(told))
      assert.deepEqual([told.client_name, told.contacts, told.redirect_uris], ['After', undefined, [second]])
      assert.ok((await signIn(config, alice, { redirect_uri: second })).claims().sub)
      const { parameters } = await request()
      const url = client.buildAuthorizationUrl(config, parameters)
      assert.equal((await alice.open(url)).status, 400, 'nobody is sent to an address that was given up')
    })

    test('is not replaced by what is wrong', async () => {
      const registered = (await register(server)).clientMetadata()
      const members = toldAgain(registered)
      for (const [wrong, error] of [
        [{ redirect_uris: ['http://app.example/cb'] }, 'invalid_redirect_uri'],
        [{ client_id: 'somebody-else' }, 'invalid_client_metadata'],
        [{ client_secret: 'of-my-own-choice-and-long-enough' }, 'invalid_client_metadata'],
        [{ registration_access_token: registered.registration_access_token }, 'invalid_client_metadata'],
        [{ client_secret_expires_at: 0 }, 'invalid_client_metadata'],
      ]) {
        const told = await manage(registered, 'PUT', { ...members, ...wrong })
        assert.deepEqual([told.status, told.error], [400, error], JSON.stringify(wrong))
      }
      assert.deepEqual((await manage(registered, 'GET')).redirect_uris, registered.redirect_uris)
    })

    test('is deleted: with the tokens that people gave it, and its own', async () => {
      const config = await register(server, { grant_types: ['authorization_code', 'refresh_token'] })
      const registered = config.clientMetadata()
      const tokens = await signIn(config, alice, { scope: 'openid offline_access', prompt: 'consent' })
      const { status } = await manage(registered, 'DELETE')
      assert.equal(status, 204)
      assert.equal((await manage(registered, 'GET')).status, 401)
      await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), (thrown) => thrown.status === 401)
      await assert.rejects(client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub))
      const { parameters } = await request()
      assert.equal((await alice.open(client.buildAuthorizationUrl(config, parameters))).status, 400)
    })

    test('is nobody else’s: without its token, with another one, or with an access token', async () => {
      const config = await register(server)
      const registered = config.clientMetadata()
      const other = (await register(server)).clientMetadata()
      const tokens = await signIn(config, alice)
      for (const token of [null, 'x', other.registration_access_token, tokens.access_token]) {
        for (const method of ['GET', 'PUT', 'DELETE']) {
          const answer = await manage(registered, method, method === 'PUT' ? toldAgain(registered) : undefined, token)
          assert.equal(answer.status, 401, `${method} ${token}`)
        }
      }
      assert.equal((await manage(registered, 'GET')).status, 200)
    })
  })
})

describe('where an initial access token is needed', () => {
  let server
  before(async () => {
    server = await serve(OPEN.replace('"open"', '"initial_access_token"'))
  })
  after(() => server?.stop())
  const newToken = () => JSON.parse(server.command(['registration-token', '--json']))

  test('openid-client registers with one, any number of times', async () => {
    const { initial_access_token } = newToken()
    const config = await register(server, {}, { initialAccessToken: initial_access_token })
    await register(server, {}, { initialAccessToken: initial_access_token })
    assert.ok((await signIn(config, new Person(server.issuer))).claims().sub)
    const told = await manage(config.clientMetadata(), 'GET')
    assert.equal(told.status, 200)
  })

  test('nobody registers without one, with one that was made up, or with the token of a registration', async () => {
    const { initial_access_token } = newToken()
    const { registration_access_token } = (await register(server, {}, { initialAccessToken: initial_access_token })).clientMetadata()
    for (const initialAccessToken of [undefined, 'x', `${initial_access_token}x`, registration_access_token]) {
      await assert.rejects(register(server, {}, { initialAccessToken }), (thrown) => {
        assert.equal(thrown.status ?? thrown.cause?.status, 401)
        return true
      })
    }
  })

  test('one that was taken back does not work any more, and the clients that it made stay', async () => {
    const { initial_access_token, id } = newToken()
    const registered = (await register(server, {}, { initialAccessToken: initial_access_token })).clientMetadata()
    server.command(['registration-token', '--revoke', id])
    await eventually(() => assert.rejects(register(server, {}, { initialAccessToken: initial_access_token })))
    assert.equal((await manage(registered, 'GET')).status, 200)
  })
})

describe('where registration is off', () => {
  test('the metadata names no endpoint, and nobody registers', async () => {
    const server = await serve('')
    try {
      const metadata = await (await fetch(`${server.issuer}/.well-known/openid-configuration`)).json()
      assert.equal(metadata.registration_endpoint, undefined)
      const response = await fetch(`${server.issuer}/register`, { method: 'POST', body: JSON.stringify({ redirect_uris: [REDIRECT] }) })
      assert.ok(response.status >= 400)
      assert.equal((await response.json()).client_id, undefined)
    } finally {
      await server.stop()
    }
  })
})
