// openid-client 6 by the other grants: devices (RFC 8628), services that sign assertions (RFC 7523), token exchange
// (RFC 8693), and the two that are off until somebody allows them.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as jose from 'jose'
import * as client from 'openid-client'
import { eventually, mysweetapp, mysweetcli, photoBackup, start } from '../valetkey.mjs'
import { Person } from '../person.mjs'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
let server
before(async () => {
  server = await start()
})
after(() => server?.stop())

function discover(id, authentication) {
  return client.discovery(new URL(server.issuer), id, undefined, authentication, { execute: [client.allowInsecureRequests] })
}

async function photos(config, token, method = 'GET', body = undefined) {
  const headers = new Headers({ 'content-type': 'application/json' })
  const answer = await client.fetchProtectedResource(config, token, new URL('/photos', server.photos), method, body, headers)
  return answer.json()
}

/** Alice's token for MySweetApp. */
async function signIn(scope = 'openid photos.read offline_access', app = mysweetapp, redirect = `${server.app}/callback`) {
  const config = await discover(app.id, client.ClientSecretBasic(app.secret))
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirect,
    scope,
    resource: server.photos,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  })
  const tokens = await client.authorizationCodeGrant(config, await new Person(server.issuer).authorize(url), { pkceCodeVerifier })
  return { config, tokens }
}

describe('device authorization grant', () => {
  const begin = async (more = {}) => {
    const config = await discover(mysweetcli.id, client.None())
    const device = await client.initiateDeviceAuthorization(config, { scope: 'openid photos.read offline_access', resource: server.photos, ...more })
    // The person answers before the first poll, so there is nothing to wait for.
    return { config, device: { ...device, interval: 0 } }
  }

  test('a device gets tokens once Alice has typed its code, calls the API, refreshes and revokes', async () => {
    const { config, device } = await begin()
    assert.match(device.user_code, /^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$/)
    assert.equal(device.verification_uri, `${server.issuer}/device`)
    assert.ok(device.verification_uri_complete.includes(device.user_code))
    // As people type: small letters, a blank instead of the hyphen.
    const said = await new Person(server.issuer).answerDevice(device.user_code.toLowerCase().replace('-', ' '))
    assert.equal(said, 'You can go back to your device')
    const tokens = await client.pollDeviceAuthorizationGrant(config, device)
    assert.ok(tokens.claims().sub)
    assert.ok((await photos(config, tokens.access_token)).length >= 3)
    const fresh = await client.refreshTokenGrant(config, tokens.refresh_token)
    await client.tokenRevocation(config, fresh.refresh_token)
    await assert.rejects(client.refreshTokenGrant(config, fresh.refresh_token), { error: 'invalid_grant' })
    await assert.rejects(client.pollDeviceAuthorizationGrant(config, device), { error: 'invalid_grant' })
  })

  test('a device that Alice turned away gets access_denied', async () => {
    const { config, device } = await begin()
    assert.equal(await new Person(server.issuer).answerDevice(device.user_code, 'cancel'), 'Nothing was allowed')
    await assert.rejects(client.pollDeviceAuthorizationGrant(config, device), { error: 'access_denied' })
  })

  test('a client that was not allowed the device grant gets no code', async () => {
    const config = await discover(mysweetapp.id, client.ClientSecretBasic(mysweetapp.secret))
    await assert.rejects(client.initiateDeviceAuthorization(config, { scope: 'openid' }), { error: 'unauthorized_client' })
  })

  test('a device may not ask for a scope that nobody knows', async () => {
    await assert.rejects(begin({ scope: 'photos.delete' }), { error: 'invalid_scope' })
  })
})

describe('client credentials with an assertion', () => {
  let keys

  before(async () => {
    keys = {}
    for (const alg of ['ES256', 'RS256', 'PS256', 'Ed25519']) {
      const { privateKey, publicKey } = await jose.generateKeyPair(alg, { extractable: true })
      keys[alg] = { key: privateKey, kid: `${alg}-key`, jwk: { ...(await jose.exportJWK(publicKey)), kid: `${alg}-key`, alg, use: 'sig' } }
    }
    const jwks = server.file('jwks.json', JSON.stringify({ keys: Object.values(keys).map(({ jwk }) => jwk) }))
    const scope = ['--scope', 'photos.read']
    server.client('add', 'signing-job', '--type', 'service', '--auth-method', 'private_key_jwt', '--jwks', jwks, ...scope)
    const made = server.client('add', 'hmac-job', '--type', 'service', '--auth-method', 'client_secret_jwt', ...scope)
    keys.secret = made.client_secret
    await eventually(async () => grant('hmac-job', client.ClientSecretJwt(keys.secret)))
  })

  async function grant(id, authentication, scope = 'photos.read') {
    const config = await discover(id, authentication)
    return client.clientCredentialsGrant(config, { scope, resource: server.photos })
  }
  const assertion = ({ key, kid }, options) => client.PrivateKeyJwt({ key, kid }, options)

  for (const alg of ['ES256', 'RS256', 'PS256', 'Ed25519']) {
    test(`private_key_jwt with ${alg}`, async () => {
      const tokens = await grant('signing-job', assertion(keys[alg]))
      assert.equal(tokens.refresh_token, undefined)
      assert.equal(tokens.scope, 'photos.read')
      assert.equal(jose.decodeJwt(tokens.access_token).client_id, 'signing-job')
    })
  }

  test('client_secret_jwt', async () => {
    const tokens = await grant('hmac-job', client.ClientSecretJwt(keys.secret))
    assert.equal(jose.decodeJwt(tokens.access_token).client_id, 'hmac-job')
  })

  test('a wrong secret, and a key that is not registered', async () => {
    await assert.rejects(grant('hmac-job', client.ClientSecretJwt('not-the-secret-of-this-job')), isInvalidClient)
    const { privateKey } = await jose.generateKeyPair('ES256')
    await assert.rejects(grant('signing-job', assertion({ key: privateKey, kid: 'ES256-key' })), isInvalidClient)
  })

  test('assertion replay: the second use of the same jti is refused', async () => {
    const same = { [client.modifyAssertion]: (header, payload) => (payload.jti = 'used-before') }
    await grant('signing-job', assertion(keys.ES256, same))
    await assert.rejects(grant('signing-job', assertion(keys.ES256, same)), isInvalidClient)
  })

  test('audience confusion: an assertion for another server is refused, one for the token endpoint taken', async () => {
    const meant = (aud) => ({ [client.modifyAssertion]: (header, payload) => (payload.aud = aud) })
    await assert.rejects(grant('signing-job', assertion(keys.ES256, meant('https://elsewhere.example'))), isInvalidClient)
    await grant('signing-job', assertion(keys.ES256, meant(`${server.issuer}/token`)))
  })

  test('an assertion that lives for a day is refused', async () => {
    const long = { [client.modifyAssertion]: (header, payload) => (payload.exp += 86_400) }
    await assert.rejects(grant('signing-job', assertion(keys.ES256, long)), isInvalidClient)
  })

  test('a scope that the service was not registered for', async () => {
    await assert.rejects(grant('signing-job', assertion(keys.ES256), 'photos.write'), { error: 'invalid_scope' })
  })
})

function isInvalidClient(thrown) {
  assert.equal(thrown.error ?? thrown.cause?.error ?? thrown.code, 'invalid_client', thrown)
  return true
}

describe('token exchange', () => {
  let frame, stand, own

  before(async () => {
    const kind = ['--type', 'service', '--scope', 'photos.read photos.write', '--allow', 'token_exchange,client_credentials']
    frame = server.client('add', 'photo-frame', ...kind, '--exchange-for', mysweetapp.id)
    stand = server.client('add', 'photo-stand-in', ...kind, '--exchange-for', mysweetapp.id, '--impersonate')
    own = (await eventually(() => clientCredentials(frame))).access_token
    await eventually(() => clientCredentials(stand))
  })

  const as = (service) => discover(service.client_id, client.ClientSecretBasic(service.client_secret))
  async function clientCredentials(service) {
    return client.clientCredentialsGrant(await as(service), { scope: 'photos.read', resource: server.photos })
  }
  async function exchange(service, subject_token, more = {}) {
    return client.genericGrantRequest(await as(service), EXCHANGE, { subject_token, subject_token_type: ACCESS_TOKEN, ...more })
  }
  const acting = (actor_token) => ({ actor_token, actor_token_type: ACCESS_TOKEN })

  test('delegation: the new token is for Alice, and says that the photo frame acts', async () => {
    const { config, tokens } = await signIn()
    const subject = jose.decodeJwt(tokens.access_token)
    const exchanged = await exchange(frame, tokens.access_token, acting(own))
    assert.equal(exchanged.issued_token_type, ACCESS_TOKEN)
    assert.equal(exchanged.refresh_token, undefined)
    const claims = jose.decodeJwt(exchanged.access_token)
    assert.equal(claims.sub, subject.sub)
    assert.equal(claims.client_id, 'photo-frame')
    assert.equal(claims.act.sub, 'photo-frame')
    assert.ok(claims.exp <= subject.exp)
    assert.ok((await photos(config, exchanged.access_token)).length >= 3)
  })

  test('impersonation: only for who may, and then nobody is named', async () => {
    const { tokens } = await signIn()
    const claims = jose.decodeJwt((await exchange(stand, tokens.access_token)).access_token)
    assert.equal(claims.act, undefined)
    assert.equal(claims.sub, jose.decodeJwt(tokens.access_token).sub)
    await assert.rejects(exchange(frame, tokens.access_token), refusedBy('VK-EXCHANGE-IMPERSONATION-NOT-ALLOWED'))
  })

  test('what Alice takes back ends the exchanged token as well', async () => {
    const { config, tokens } = await signIn()
    const exchanged = await exchange(frame, tokens.access_token, acting(own))
    await client.tokenRevocation(config, tokens.refresh_token)
    await assert.rejects(photos(config, exchanged.access_token), (thrown) => thrown.status === 401)
    await assert.rejects(exchange(frame, tokens.access_token, acting(own)), refusedBy('VK-EXCHANGE-SUBJECT-TOKEN-INVALID'))
  })

  test('scope widening by exchange is refused, for a scope that the service itself has', async () => {
    const { tokens } = await signIn('openid photos.read')
    const wider = { ...acting(own), scope: 'photos.read photos.write' }
    await assert.rejects(exchange(frame, tokens.access_token, wider), refusedBy('VK-EXCHANGE-SCOPE-WIDENED'))
    const exchanged = await exchange(frame, tokens.access_token, { ...acting(own), scope: 'photos.read' })
    assert.equal(exchanged.scope, 'photos.read')
  })

  test('a target that nobody knows', async () => {
    const { tokens } = await signIn()
    const elsewhere = { ...acting(own), resource: 'https://elsewhere.example/' }
    await assert.rejects(exchange(frame, tokens.access_token, elsewhere), { error: 'invalid_target' })
  })

  test('the token of a client that it does not act for, and the actor token of somebody else', async () => {
    const others = await clientCredentials(stand)
    await assert.rejects(exchange(frame, others.access_token, acting(own)), refusedBy('VK-EXCHANGE-SUBJECT-NOT-ALLOWED'))
    const { tokens } = await signIn()
    await assert.rejects(exchange(frame, tokens.access_token, acting(others.access_token)), refusedBy('VK-EXCHANGE-ACTOR-TOKEN-INVALID'))
  })

  test('a client that may not exchange is told how it could', async () => {
    const { config, tokens } = await signIn()
    const asked = client.genericGrantRequest(config, EXCHANGE, { subject_token: tokens.access_token, subject_token_type: ACCESS_TOKEN })
    await assert.rejects(asked, (thrown) => {
      assert.equal(thrown.error, 'unauthorized_client')
      assert.match(thrown.cause.valetkey.fix, /valetkey client/)
      return true
    })
  })
})

function refusedBy(rule) {
  return (thrown) => {
    assert.equal(thrown.cause?.valetkey?.rule, rule, JSON.stringify(thrown.cause ?? thrown))
    return true
  }
}

describe('off until somebody allows it', () => {
  const redirect = 'http://localhost:3000/back'
  let legacy

  before(async () => {
    const made = server.client('add', 'legacy', '--redirect-uri', redirect, '--scope', 'openid photos.read')
    legacy = { id: 'legacy', secret: made.client_secret }
    await eventually(() => signIn('openid photos.read', legacy, redirect))
  })

  const implicit = async () => {
    const config = await discover(legacy.id, client.ClientSecretBasic(legacy.secret))
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: redirect,
      response_type: 'token',
      scope: 'photos.read',
      resource: server.photos,
      state: 'kept',
    })
    const back = await new Person(server.issuer).authorize(url)
    assert.equal(back.search, '', 'nothing of it is in the query, which servers log')
    return { config, answer: Object.fromEntries(new URLSearchParams(back.hash.slice(1))) }
  }
  const password = async (more = {}) => {
    const config = await discover(legacy.id, client.ClientSecretBasic(legacy.secret))
    const asked = { username: 'alice', password: 'wonderland', scope: 'photos.read', resource: server.photos, ...more }
    return { config, tokens: await client.genericGrantRequest(config, 'password', asked) }
  }

  test('implicit: refused, then allowed, then an access token in the fragment that opens the API', async () => {
    const before = await implicit()
    assert.equal(before.answer.error, 'unauthorized_client')
    const said = server.client('allow', legacy.id, 'implicit')
    assert.match(JSON.stringify(said.warnings), /9700/)
    const { config, answer } = await eventually(async () => {
      const now = await implicit()
      assert.ok(now.answer.access_token)
      return now
    })
    assert.equal(answer.state, 'kept')
    assert.equal(answer.iss, server.issuer)
    assert.equal(answer.token_type.toLowerCase(), 'bearer')
    assert.equal(answer.refresh_token, undefined)
    assert.ok((await photos(config, answer.access_token)).length >= 3)
  })

  test('password: refused, then allowed, then tokens for the right password alone', async () => {
    await assert.rejects(password(), (thrown) => {
      assert.equal(thrown.error, 'unauthorized_client')
      assert.match(thrown.cause.valetkey.fix, /valetkey client allow/)
      return true
    })
    const said = server.client('allow', legacy.id, 'password')
    assert.match(JSON.stringify(said.warnings), /9700/)
    const { config, tokens } = await eventually(() => password())
    assert.ok((await photos(config, tokens.access_token)).length >= 3)
    await assert.rejects(password({ password: 'looking-glass' }), { error: 'invalid_grant' })
  })

  test('a backup job has no use for a password', async () => {
    const config = await discover(photoBackup.id, client.ClientSecretBasic(photoBackup.secret))
    const asked = client.genericGrantRequest(config, 'password', { username: 'alice', password: 'wonderland' })
    await assert.rejects(asked, { error: 'unauthorized_client' })
  })
})
