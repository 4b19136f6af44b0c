// jose reads every kind of token that OpenID Connect adds, by every algorithm that the metadata names, and shows each kind
// where another belongs.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import * as jose from 'jose'
import * as client from 'openid-client'
import { serve } from '../valetkey.mjs'
import { Person } from '../person.mjs'
import { OPEN, REDIRECT, jwksOf, newKey, register, request, responseTypes, said, signIn } from '../relying-party.mjs'

const TYPES = ['code', 'id_token', 'code id_token', 'code token', 'id_token token', 'code id_token token', 'token']
// Ed25519 hashes with SHA-512 itself (RFC 8032 §5.1).
const HASHES = { RS256: 'sha256', PS256: 'sha256', ES256: 'sha256', ES384: 'sha384', Ed25519: 'sha512' }
let server
let alice
let keys
let metadata

before(async () => {
  server = await serve(OPEN)
  alice = new Person(server.issuer)
  keys = jose.createRemoteJWKSet(new URL('/jwks', server.issuer), { cooldownDuration: 0 })
  metadata = await (await fetch(`${server.issuer}/.well-known/openid-configuration`)).json()
})
after(() => server?.stop())

/** The left half of the hash (OpenID Connect Core §3.1.3.6). */
function half(alg, text) {
  const digest = createHash(HASHES[alg]).update(text).digest()
  return digest.subarray(0, digest.length / 2).toString('base64url')
}

/** The answer of the authorization endpoint, in its fragment. */
async function answer(config, response_type, more = {}) {
  const { parameters, checks } = await request({ response_type, ...more })
  const callback = await alice.authorize(client.buildAuthorizationUrl(config, parameters))
  return { answer: said(callback), callback, checks }
}

describe('ID tokens from the authorization endpoint', () => {
  for (const alg of Object.keys(HASHES)) {
    test(`${alg}: each response type brings what it names, and the ID token holds the hash of what came along`, async () => {
      const config = await register(server, { ...responseTypes(...TYPES), id_token_signed_response_alg: alg })
      const { client_id } = config.clientMetadata()
      for (const type of TYPES) {
        const { answer: told, callback, checks } = await answer(config, type)
        const words = type.split(' ')
        assert.equal(callback.search === '', type !== 'code', type)
        assert.equal(told.state, checks.expectedState, type)
        assert.equal(told.iss, server.issuer, type)
        for (const [word, member] of [['code', 'code'], ['id_token', 'id_token'], ['token', 'access_token']]) {
          assert.equal(told[member] !== undefined, words.includes(word), `${member} of ${type}`)
        }
        if (words.includes('token')) {
          assert.equal(told.token_type.toLowerCase(), 'bearer')
          assert.ok(Number(told.expires_in) > 0)
        }
        if (!words.includes('id_token')) continue
        const { payload } = await jose.jwtVerify(told.id_token, keys, {
          issuer: server.issuer,
          audience: client_id,
          algorithms: [alg],
          requiredClaims: ['sub', 'exp', 'iat', 'nonce'],
        })
        assert.equal(payload.nonce, checks.expectedNonce, type)
        assert.equal(payload.at_hash, told.access_token && half(alg, told.access_token), `at_hash of ${type}`)
        assert.equal(payload.c_hash, told.code && half(alg, told.code), `c_hash of ${type}`)
      }
    })
  }

  test('an access token of the fragment opens userinfo, and the one for its code does so, too', async () => {
    const config = await register(server, responseTypes('code token'))
    const { answer: told, callback, checks } = await answer(config, 'code token', { scope: 'openid profile' })
    const { sub, name } = await client.fetchUserInfo(config, told.access_token, client.skipSubjectCheck)
    assert.equal(name, 'Alice')
    const handed = new URL(`${callback.origin}${callback.pathname}?${new URLSearchParams({ code: told.code, state: told.state, iss: told.iss })}`)
    const tokens = await client.authorizationCodeGrant(config, handed, checks)
    assert.equal(tokens.claims().sub, sub)
    assert.equal((await client.fetchUserInfo(config, tokens.access_token, sub)).sub, sub)
  })

  test('at_hash of the token endpoint is of its own access token', async () => {
    const config = await register(server, { id_token_signed_response_alg: 'ES384' })
    const tokens = await signIn(config, alice)
    assert.equal(tokens.claims().at_hash, half('ES384', tokens.access_token))
  })
})

describe('encryption', () => {
  test('jose opens ID tokens by every alg and enc that the metadata names', async () => {
    const algs = metadata.id_token_encryption_alg_values_supported
    const encs = metadata.id_token_encryption_enc_values_supported
    assert.ok(algs.length >= 3 && encs.length >= 3)
    for (const alg of algs) {
      const key = await newKey(alg, 'box', 'enc')
      const ways = alg === algs[0] || alg === 'ECDH-ES' ? encs : encs.slice(0, 1)
      for (const enc of ways) {
        const config = await register(server, {
          ...responseTypes('id_token'),
          jwks: jwksOf(key),
          id_token_encrypted_response_alg: alg,
          id_token_encrypted_response_enc: enc,
        })
        const { answer: told, checks } = await answer(config, 'id_token')
        const { plaintext, protectedHeader } = await jose.compactDecrypt(told.id_token, key.key, {
          keyManagementAlgorithms: [alg],
          contentEncryptionAlgorithms: [enc],
        })
        assert.equal(protectedHeader.kid, 'box')
        const { payload } = await jose.jwtVerify(plaintext, keys, { issuer: server.issuer, algorithms: ['RS256'] })
        assert.equal(payload.nonce, checks.expectedNonce, `${alg} ${enc}`)
      }
    }
  })

  test('a key on each curve that jose has', async () => {
    for (const crv of ['P-256', 'P-384', 'P-521', 'X25519']) {
      const { privateKey, publicKey } = await jose.generateKeyPair('ECDH-ES', { crv, extractable: true })
      const key = { jwk: { ...(await jose.exportJWK(publicKey)), kid: crv, use: 'enc' } }
      const asked = register(server, { ...responseTypes('id_token'), jwks: jwksOf(key), id_token_encrypted_response_alg: 'ECDH-ES' })
      const config = await asked.catch((thrown) => thrown)
      if (config instanceof Error) {
        // What it cannot do is said when it is registered, not when somebody signs in.
        assert.equal(config.error, 'invalid_client_metadata')
        assert.notEqual(crv, 'P-256')
        continue
      }
      const { answer: told } = await answer(config, 'id_token')
      const { plaintext } = await jose.compactDecrypt(told.id_token, privateKey)
      await jose.jwtVerify(plaintext, keys, { issuer: server.issuer })
    }
  })

  test('two tokens of the same sign-in are never encrypted alike', async () => {
    const key = await newKey('RSA-OAEP-256', 'box', 'enc')
    const config = await register(server, { ...responseTypes('id_token'), jwks: jwksOf(key), id_token_encrypted_response_alg: 'RSA-OAEP-256' })
    const parts = [(await answer(config, 'id_token')).answer, (await answer(config, 'id_token')).answer].map(({ id_token }) => id_token.split('.'))
    for (const index of [1, 2, 3, 4]) assert.notEqual(parts[0][index], parts[1][index])
  })
})

describe('cross-JWT confusion', () => {
  let config
  let tokens
  let told
  before(async () => {
    const key = await newKey('ES256')
    config = await register(server, { userinfo_signed_response_alg: 'RS256', jwks: jwksOf(key) })
    tokens = await signIn(config, alice)
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    told = await (await fetch(`${server.issuer}/userinfo`, { headers })).text()
    await jose.jwtVerify(told, keys, { issuer: server.issuer, audience: config.clientMetadata().client_id })
  })

  const kinds = () => ({ id_token: tokens.id_token, access_token: tokens.access_token, userinfo: told })

  test('the kinds are told apart by their type: the access token is at+jwt', () => {
    assert.equal(jose.decodeProtectedHeader(tokens.access_token).typ, 'at+jwt')
    assert.notEqual(jose.decodeProtectedHeader(tokens.id_token).typ, 'at+jwt')
    assert.notEqual(jose.decodeProtectedHeader(told).typ, 'at+jwt')
  })

  test('only the access token opens userinfo', async () => {
    for (const [kind, token] of Object.entries(kinds())) {
      const response = await fetch(`${server.issuer}/userinfo`, { headers: { authorization: `Bearer ${token}` } })
      assert.equal(response.status, kind === 'access_token' ? 200 : 401, kind)
    }
  })

  test('only the ID token is a hint of who is to be signed out', async () => {
    for (const [kind, id_token_hint] of Object.entries(kinds()).filter(([kind]) => kind !== 'id_token')) {
      const end = await alice.open(client.buildEndSessionUrl(config, { id_token_hint }))
      assert.equal(end.status, 400, kind)
    }
  })

  test('none of them is a request object or a client assertion', async () => {
    for (const [kind, token] of Object.entries(kinds())) {
      const { parameters } = await request({ request: token })
      const callback = await alice.authorize(client.buildAuthorizationUrl(config, parameters))
      assert.equal(said(callback).error, 'invalid_request_object', kind)
      const form = {
        grant_type: 'authorization_code',
        code: 'x',
        redirect_uri: REDIRECT,
        client_id: config.clientMetadata().client_id,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: token,
      }
      const response = await fetch(`${server.issuer}/token`, { method: 'POST', body: new URLSearchParams(form) })
      assert.equal((await response.json()).error, 'invalid_client', kind)
    }
  })
})
