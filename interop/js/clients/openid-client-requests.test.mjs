// openid-client 6 signs what it asks for: request objects by value and by address (OpenID Connect Core §6, RFC 9101), and
// client assertions by keys that stand at an address and change there (RFC 7523). jose makes those that must be refused.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as jose from 'jose'
import * as client from 'openid-client'
import { serve } from '../valetkey.mjs'
import { Person } from '../person.mjs'
import { REDIRECT, jwksOf, newCertificate, newKey, openTo, register, request, responseTypes, said, signIn, site } from '../relying-party.mjs'

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'Ed25519']
const OBJECT = 'oauth-authz-req+jwt'
let server
let alice
let certificate
let documents
let keys

before(async () => {
  certificate = newCertificate()
  documents = await site(certificate.tls)
  server = await serve(openTo(certificate))
  alice = new Person(server.issuer)
  keys = Object.fromEntries(await Promise.all(ALGORITHMS.map(async (alg) => [alg, await newKey(alg)])))
})
after(async () => {
  await server?.stop()
  await documents?.close()
  certificate?.remove()
})

/** A request object that jose makes: `header` and `claims` change what openid-client would write. */
function object(config, parameters, { key = keys.ES256, header = {}, claims = {} } = {}) {
  const { client_id } = config.clientMetadata()
  const all = { iss: client_id, aud: server.issuer, client_id, response_type: 'code', ...parameters, ...claims }
  const token = new jose.SignJWT(all).setProtectedHeader({ alg: key.alg, kid: key.kid, typ: OBJECT, ...header })
  return token.setIssuedAt().setExpirationTime('5m').sign(key.key)
}

/** The request beside its object: where an error may go to is known by what stands outside. */
function withObject(config, request) {
  return client.buildAuthorizationUrl(config, { redirect_uri: REDIRECT, response_type: 'code', scope: 'openid', state: 'outside', request })
}

describe('request objects by value', () => {
  for (const alg of ALGORITHMS) {
    test(`one that is signed with ${alg}, and nothing beside it`, async () => {
      const config = await register(server, { jwks: jwksOf(keys[alg]), request_object_signing_alg: alg })
      const { parameters, checks } = await request({ scope: 'openid profile' })
      const url = await client.buildAuthorizationUrlWithJAR(config, parameters, keys[alg])
      assert.deepEqual([...url.searchParams.keys()].toSorted(), ['client_id', 'request'])
      const tokens = await client.authorizationCodeGrant(config, await alice.authorize(url), checks)
      const told = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
      assert.equal(told.name, 'Alice')
    })
  }

  test('objects for the claims parameter travel as JSON, and max_age as a number', async () => {
    const config = await register(server, { jwks: jwksOf(keys.ES256) })
    const { parameters, checks } = await request({ claims: { id_token: { name: null } }, max_age: 600 })
    const url = withObject(config, await object(config, parameters))
    const tokens = await client.authorizationCodeGrant(config, await alice.authorize(url), { ...checks, maxAge: 600 })
    assert.equal(tokens.claims().name, 'Alice')
  })

  test('what stands inside wins over what stands beside', async () => {
    const config = await register(server, { jwks: jwksOf(keys.ES256) })
    const { parameters, checks } = await request()
    const url = await client.buildAuthorizationUrlWithJAR(config, parameters, keys.ES256)
    url.searchParams.set('state', 'changed-on-the-way')
    url.searchParams.set('nonce', 'changed-on-the-way')
    const callback = await alice.authorize(url)
    assert.equal(callback.searchParams.get('state'), checks.expectedState)
    assert.ok((await client.authorizationCodeGrant(config, callback, checks)).claims().sub)
  })

  test('the hybrid flow can be asked for so', async () => {
    const metadata = { ...responseTypes('code id_token'), jwks: jwksOf(keys.PS256) }
    const config = await register(server, metadata, { execute: [client.useCodeIdTokenResponseType] })
    const { parameters, checks } = await request()
    const url = await client.buildAuthorizationUrlWithJAR(config, parameters, keys.PS256)
    assert.ok((await client.authorizationCodeGrant(config, await alice.authorize(url), checks)).claims().sub)
  })

  test('keys may stand at an address', async () => {
    documents.pages['/signing.json'] = JSON.stringify(jwksOf(keys.ES384))
    const config = await register(server, { jwks_uri: `${documents.url}/signing.json` })
    const { parameters, checks } = await request()
    const url = await client.buildAuthorizationUrlWithJAR(config, parameters, keys.ES384)
    assert.ok((await client.authorizationCodeGrant(config, await alice.authorize(url), checks)).claims().sub)
  })

  test('a client with a shared secret signs with that', async () => {
    const config = await register(server, { token_endpoint_auth_method: 'client_secret_jwt' }, { authentication: client.ClientSecretJwt() })
    const { client_secret } = config.clientMetadata()
    const { parameters, checks } = await request()
    const key = { alg: 'HS256', key: new TextEncoder().encode(client_secret) }
    const url = withObject(config, await object(config, parameters, { key }))
    assert.ok((await client.authorizationCodeGrant(config, await alice.authorize(url), checks)).claims().sub)
    const forged = { alg: 'HS256', key: new TextEncoder().encode('another secret, which is long enough') }
    const callback = await alice.authorize(withObject(config, await object(config, parameters, { key: forged })))
    assert.equal(said(callback).error, 'invalid_request_object')
  })

  test('a client that must sign is heard by its signature alone', async () => {
    const config = await register(server, { jwks: jwksOf(keys.ES256), require_signed_request_object: true })
    const { parameters, checks } = await request()
    const plain = await alice.authorize(client.buildAuthorizationUrl(config, parameters))
    assert.equal(said(plain).error, 'invalid_request')
    const url = await client.buildAuthorizationUrlWithJAR(config, parameters, keys.ES256)
    url.searchParams.set('prompt', 'none')
    url.searchParams.set('login_hint', 'carol')
    assert.ok((await client.authorizationCodeGrant(config, await alice.authorize(url), checks)).claims().sub)
  })

  describe('are refused', () => {
    let config
    let stranger
    before(async () => {
      config = await register(server, { jwks: jwksOf(keys.ES256, keys.PS256), request_object_signing_alg: 'ES256' })
      stranger = await newKey('ES256')
    })

    const wrong = {
      'when a stranger signed it under our kid': () => ({ key: stranger }),
      'when another algorithm signed it than the one that was registered': () => ({ key: keys.PS256 }),
      'when it is of another type': () => ({ header: { typ: 'at+jwt' } }),
      'when it was meant for another server': () => ({ claims: { aud: 'https://elsewhere.example' } }),
      'when it names another client': () => ({ claims: { client_id: 'somebody-else' } }),
      'when it was issued by another client': () => ({ claims: { iss: 'somebody-else' } }),
      'when it holds a request object itself': () => ({ claims: { request: 'x.y.z' } }),
      'when it asks for another response type than stands beside it': () => ({ claims: { response_type: 'id_token' } }),
    }
    for (const [when, how] of Object.entries(wrong)) {
      test(when, async () => {
        const { parameters } = await request()
        const answer = said(await alice.authorize(withObject(config, await object(config, parameters, how()))))
        assert.match(answer.error, /^invalid_request(_object)?$/)
        assert.equal(answer.state, 'outside')
        assert.equal(answer.code, undefined)
      })
    }

    test('when it has expired', async () => {
      const { parameters } = await request()
      const { client_id } = config.clientMetadata()
      const token = new jose.SignJWT({ iss: client_id, aud: server.issuer, client_id, response_type: 'code', ...parameters })
      const late = await token.setProtectedHeader({ alg: 'ES256', kid: keys.ES256.kid }).setExpirationTime('-10m').sign(keys.ES256.key)
      assert.equal(said(await alice.authorize(withObject(config, late))).error, 'invalid_request_object')
    })

    test('when nobody signed it', async () => {
      const { parameters } = await request()
      const { client_id } = config.clientMetadata()
      const bare = new jose.UnsecuredJWT({ iss: client_id, aud: server.issuer, client_id, response_type: 'code', ...parameters }).encode()
      const plain = await register(server, { jwks: jwksOf(keys.ES256) })
      for (const asked of [config, plain]) {
        assert.equal(said(await alice.authorize(withObject(asked, bare))).error, 'invalid_request_object')
      }
    })

    test('and nobody is sent to an address that only the object names', async () => {
      const { parameters } = await request({ redirect_uri: 'https://evil.example/callback' })
      for (const how of [{}, { key: stranger }]) {
        const url = client.buildAuthorizationUrl(config, { redirect_uri: '', request: await object(config, parameters, how) })
        const answer = await alice.open(url)
        assert.notEqual(answer.next?.host, 'evil.example')
        assert.ok(answer.status === 400 || said(answer.next).error)
      }
    })
  })
})

describe('request objects by address', () => {
  test('one that is fetched, from an address that was registered', async () => {
    const uri = `${documents.url}/request.jwt`
    const config = await register(server, { jwks: jwksOf(keys.ES256), request_uris: [uri] })
    const { parameters, checks } = await request()
    documents.pages['/request.jwt'] = await object(config, parameters)
    const url = client.buildAuthorizationUrl(config, { redirect_uri: REDIRECT, scope: 'openid', request_uri: uri })
    assert.ok((await client.authorizationCodeGrant(config, await alice.authorize(url), checks)).claims().sub)

    const next = await request()
    documents.pages['/request.jwt'] = await object(config, next.parameters)
    assert.ok((await client.authorizationCodeGrant(config, await alice.authorize(url), next.checks)).claims().sub)
  })

  test('server-side request forgery: an address that was not registered is not asked', async () => {
    const config = await register(server, { jwks: jwksOf(keys.ES256), request_uris: [`${documents.url}/mine.jwt`] })
    const { parameters } = await request()
    for (const path of ['/other.jwt', '/mine.jwt/../other.jwt', '/mine.jwt?x=1']) {
      const before = documents.requests.length
      const asked = { ...parameters, request_uri: `${documents.url}${path}` }
      const answer = said(await alice.authorize(client.buildAuthorizationUrl(config, asked)))
      assert.match(answer.error, /^invalid_request(_uri)?$/)
      assert.equal(documents.requests.length, before, path)
    }
  })

  test('a document that is not there, is too long or is no request object is refused', async () => {
    const uri = `${documents.url}/broken.jwt`
    const config = await register(server, { jwks: jwksOf(keys.ES256), request_uris: [uri] })
    const { parameters } = await request({ request_uri: uri })
    const url = client.buildAuthorizationUrl(config, parameters)
    const elsewhere = { status: 302, headers: { location: `${documents.url}/elsewhere.jwt` } }
    for (const page of [undefined, () => ({ status: 500, text: 'x' }), () => elsewhere, 'x'.repeat(100_000), '<html>']) {
      documents.pages['/broken.jwt'] = page
      assert.match(said(await alice.authorize(url)).error, /^invalid_request_(uri|object)$/)
    }
    assert.ok(documents.requests.every(({ path }) => path !== '/elsewhere.jwt'), 'no redirect is followed')
  })

  test('both at once are refused', async () => {
    const uri = `${documents.url}/both.jwt`
    const config = await register(server, { jwks: jwksOf(keys.ES256), request_uris: [uri] })
    const { parameters } = await request()
    const token = await object(config, parameters)
    documents.pages['/both.jwt'] = token
    const url = client.buildAuthorizationUrl(config, { ...parameters, request_uri: uri, request: token })
    assert.equal(said(await alice.authorize(url)).error, 'invalid_request')
  })
})

describe('client assertions', () => {
  const isInvalidClient = (thrown) => {
    assert.equal(thrown.error ?? thrown.cause?.[0]?.parameters?.error ?? thrown.cause?.error, 'invalid_client')
    return true
  }
  const assertion = ({ key, kid }, change) => client.PrivateKeyJwt({ key, kid }, change && { [client.modifyAssertion]: change })
  const asWhom = (config, authentication) => {
    const execute = [client.allowInsecureRequests]
    const { client_id } = config.clientMetadata()
    return client.discovery(new URL(server.issuer), client_id, { id_token_signed_response_alg: 'RS256' }, authentication, { execute })
  }

  test('a key at an address can be replaced: the new one works at once, and the old one no more', async () => {
    const [old, fresh] = [await newKey('ES256', 'old'), await newKey('ES256', 'new')]
    documents.pages['/rotating.json'] = JSON.stringify(jwksOf(old))
    const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: `${documents.url}/rotating.json` }
    const config = await register(server, metadata, { authentication: assertion(old) })
    await signIn(config, alice)
    await signIn(config, alice)
    const asked = () => documents.requests.filter(({ path }) => path === '/rotating.json').length
    assert.equal(asked(), 1, 'the keys are kept')

    documents.pages['/rotating.json'] = JSON.stringify(jwksOf(fresh))
    assert.ok((await signIn(await asWhom(config, assertion(fresh)), alice)).claims().sub)
    assert.equal(asked(), 2)
    await assert.rejects(signIn(config, alice), isInvalidClient)
  })

  for (const alg of ALGORITHMS) {
    test(`the token endpoint takes an assertion with ${alg}, where that was registered, and no other`, async () => {
      const method = { token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: alg }
      const config = await register(server, { ...method, jwks: jwksOf(...Object.values(keys)) }, { authentication: assertion(keys[alg]) })
      assert.ok((await signIn(config, alice)).claims().sub)
      const other = alg === 'ES256' ? keys.PS256 : keys.ES256
      await assert.rejects(signIn(await asWhom(config, assertion(other)), alice), isInvalidClient)
    })
  }

  describe('are refused', () => {
    let config
    before(async () => {
      const method = { token_endpoint_auth_method: 'private_key_jwt', jwks: jwksOf(keys.ES256) }
      config = await register(server, method, { authentication: assertion(keys.ES256) })
      await signIn(config, alice)
    })
    const wrong = {
      'for another server': (header, payload) => (payload.aud = 'https://elsewhere.example'),
      'of another issuer': (header, payload) => (payload.iss = 'somebody-else'),
      'about another client': (header, payload) => (payload.sub = 'somebody-else'),
      'that have expired': (header, payload) => (payload.exp = payload.iat - 600),
      'without a name of their own': (header, payload) => delete payload.jti,
      'that are request objects': (header, payload) => {
        header.typ = OBJECT
        delete payload.sub
      },
    }
    for (const [which, change] of Object.entries(wrong)) {
      test(which, async () => {
        const other = await asWhom(config, assertion(keys.ES256, change))
        await assert.rejects(signIn(other, alice), isInvalidClient)
      })
    }
    test('without a signature', async () => {
      const unsigned = (as, { client_id }, body) => {
        const now = Math.floor(Date.now() / 1000)
        const claims = { iss: client_id, sub: client_id, aud: as.issuer, jti: 'unsigned', iat: now, exp: now + 60 }
        body.set('client_id', client_id)
        body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
        body.set('client_assertion', new jose.UnsecuredJWT(claims).encode())
      }
      await assert.rejects(signIn(await asWhom(config, unsigned), alice), isInvalidClient)
    })
  })
})
