// openid-client 6 reads ID tokens and userinfo as it registered to get them: every algorithm, encrypted, and with a name
// for the person that only its own sector knows.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as jose from 'jose'
import * as client from 'openid-client'
import { eventually, serve } from '../valetkey.mjs'
import { Person } from '../person.mjs'
import { REDIRECT, jwksOf, newCertificate, newKey, openTo, register, request, responseTypes, said, signIn, site } from '../relying-party.mjs'

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'Ed25519']
let server
let alice
let certificate
let documents

before(async () => {
  certificate = newCertificate()
  documents = await site(certificate.tls)
  server = await serve(openTo(certificate))
  alice = new Person(server.issuer)
})
after(async () => {
  await server?.stop()
  await documents?.close()
  certificate?.remove()
})

/** The userinfo response as it was sent. */
async function userinfo(token) {
  const answer = await fetch(`${server.issuer}/userinfo`, { headers: { authorization: `Bearer ${token}` } })
  assert.equal(answer.status, 200)
  return { type: answer.headers.get('content-type'), text: await answer.text() }
}

describe('signatures', () => {
  for (const alg of ALGORITHMS) {
    test(`ID tokens and userinfo are signed with ${alg} for whoever registers that, and the client verifies both`, async () => {
      const metadata = { id_token_signed_response_alg: alg, userinfo_signed_response_alg: alg }
      const config = await register(server, metadata, { execute: [client.enableNonRepudiationChecks] })
      const tokens = await signIn(config, alice, { scope: 'openid profile' })
      assert.equal(jose.decodeProtectedHeader(tokens.id_token).alg, alg)
      const told = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
      assert.equal(told.name, 'Alice')

      const { type, text } = await userinfo(tokens.access_token)
      assert.equal(type, 'application/jwt')
      const keys = jose.createRemoteJWKSet(new URL('/jwks', server.issuer))
      const { payload } = await jose.jwtVerify(text, keys, {
        issuer: server.issuer,
        audience: config.clientMetadata().client_id,
        algorithms: [alg],
      })
      assert.equal(payload.sub, tokens.claims().sub)
    })
  }

  test('without a word about it userinfo is plain JSON', async () => {
    const tokens = await signIn(await register(server), alice)
    const { type, text } = await userinfo(tokens.access_token)
    assert.equal(type, 'application/json')
    assert.equal(JSON.parse(text).sub, tokens.claims().sub)
  })

  test('a signature by another algorithm than the one that was registered is noticed', async () => {
    const config = await register(server, { id_token_signed_response_alg: 'ES256' })
    const { client_id, client_secret } = config.clientMetadata()
    const wants = { client_secret, id_token_signed_response_alg: 'PS256' }
    const execute = [client.allowInsecureRequests]
    const other = await client.discovery(new URL(server.issuer), client_id, wants, client.ClientSecretBasic(client_secret), { execute })
    await assert.rejects(signIn(other, alice), (thrown) => {
      assert.equal(thrown.cause.cause.expected, 'PS256')
      assert.equal(thrown.cause.cause.header.alg, 'ES256')
      return true
    })
  })

  test('unsigned ID tokens, and those under a shared secret, cannot be registered', async () => {
    for (const alg of ['none', 'HS256']) {
      await assert.rejects(register(server, { id_token_signed_response_alg: alg }), { error: 'invalid_client_metadata' })
      await assert.rejects(register(server, { userinfo_signed_response_alg: alg }), { error: 'invalid_client_metadata' })
    }
  })
})

describe('encryption', () => {
  const WAYS = [
    ['RSA-OAEP-256', 'A256GCM'],
    ['RSA-OAEP-256', undefined],
    ['ECDH-ES', 'A256GCM'],
    ['ECDH-ES+A256KW', 'A128CBC-HS256'],
    ['ECDH-ES+A128KW', 'A128GCM'],
  ]
  /** A client that wants everything encrypted to its key, and can open it. */
  async function secretive(alg, enc, more = {}) {
    const key = await newKey(alg, 'box', 'enc')
    const open = (config) => client.enableDecryptingResponses(config, undefined, { key: key.key, alg, kid: 'box' })
    const metadata = {
      jwks: jwksOf(key),
      id_token_encrypted_response_alg: alg,
      id_token_encrypted_response_enc: enc,
      userinfo_signed_response_alg: 'ES256',
      userinfo_encrypted_response_alg: alg,
      userinfo_encrypted_response_enc: enc,
      ...more,
    }
    const { execute = [], ...members } = metadata
    return { key, config: await register(server, members, { execute: [open, ...execute] }) }
  }

  for (const [alg, enc] of WAYS) {
    test(`ID tokens and userinfo for the owner of a key alone: ${alg} with ${enc ?? 'what is usual'}`, async () => {
      const { config, key } = await secretive(alg, enc)
      const tokens = await signIn(config, alice, { scope: 'openid profile' })
      const header = jose.decodeProtectedHeader(tokens.id_token)
      const { cty, kid } = header
      assert.deepEqual({ alg: header.alg, enc: header.enc, cty, kid }, { alg, enc: enc ?? 'A128CBC-HS256', cty: 'JWT', kid: 'box' })
      const told = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
      assert.equal(told.name, 'Alice')

      const { text } = await userinfo(tokens.access_token)
      const opened = await jose.compactDecrypt(text, key.key)
      assert.equal(jose.decodeProtectedHeader(new TextDecoder().decode(opened.plaintext)).alg, 'ES256')
      const { privateKey } = await jose.generateKeyPair(alg)
      await assert.rejects(jose.compactDecrypt(text, privateKey))
    })
  }

  test('the ID token of the hybrid flow is encrypted, too', async () => {
    const more = { ...responseTypes('code id_token'), execute: [client.useCodeIdTokenResponseType] }
    const { config } = await secretive('ECDH-ES', 'A256GCM', more)
    const { parameters, checks } = await request()
    const callback = await alice.authorize(client.buildAuthorizationUrl(config, parameters))
    assert.equal(jose.decodeProtectedHeader(said(callback).id_token).enc, 'A256GCM')
    assert.ok((await client.authorizationCodeGrant(config, callback, checks)).claims().sub)
  })

  test('the key may stand at an address, among others that encrypt nothing', async () => {
    const key = await newKey('ECDH-ES', 'box', 'enc')
    const keys = jwksOf(await newKey('ES256'), key)
    documents.pages['/keys'] = () => ({ headers: { 'content-type': 'application/json' }, text: JSON.stringify(keys) })
    const open = (config) => client.enableDecryptingResponses(config, undefined, { key: key.key, kid: 'box', alg: 'ECDH-ES' })
    const metadata = { jwks_uri: `${documents.url}/keys`, id_token_encrypted_response_alg: 'ECDH-ES' }
    const tokens = await signIn(await register(server, metadata, { execute: [open] }), alice)
    assert.equal(jose.decodeProtectedHeader(tokens.id_token).kid, 'box')
  })

  test('an algorithm without a key to encrypt to, and an enc without alg, cannot be registered', async () => {
    const wrong = { error: 'invalid_client_metadata' }
    await assert.rejects(register(server, { id_token_encrypted_response_alg: 'ECDH-ES' }), wrong)
    const key = await newKey('ES256')
    await assert.rejects(register(server, { jwks: jwksOf(key), id_token_encrypted_response_alg: 'RSA-OAEP-256' }), wrong)
    await assert.rejects(register(server, { userinfo_encrypted_response_enc: 'A256GCM' }), wrong)
    await assert.rejects(register(server, { jwks: jwksOf(key), id_token_encrypted_response_alg: 'RSA1_5' }), wrong)
  })
})

describe('pairwise subjects', () => {
  const pairwise = (...redirect_uris) => register(server, { redirect_uris, subject_type: 'pairwise' })
  const subject = async (config, redirect_uri, person = alice) => (await signIn(config, person, { redirect_uri })).claims().sub

  test('clients of two hosts know the same person by two names, and those of one host by one', async () => {
    const photos = await subject(await pairwise('https://photos.example/cb'), 'https://photos.example/cb')
    const prints = await subject(await pairwise('https://prints.example/cb'), 'https://prints.example/cb')
    const album = await subject(await pairwise('https://photos.example/album'), 'https://photos.example/album')
    const open = await subject(await register(server), REDIRECT)
    assert.equal(photos, album)
    assert.equal(new Set([photos, prints, open]).size, 3)
  })

  test('two people are two, userinfo and refreshed tokens agree, and a second sign-in finds the same name', async () => {
    server.command(['user', 'add', 'dave', '--password-stdin'], 'open the doors')
    const redirect_uri = 'https://two.example/cb'
    const config = await register(server, { redirect_uris: [redirect_uri], subject_type: 'pairwise', grant_types: ['authorization_code', 'refresh_token'] })
    const tokens = await signIn(config, alice, { redirect_uri, scope: 'openid offline_access', prompt: 'consent' })
    const { sub } = tokens.claims()
    assert.equal((await client.fetchUserInfo(config, tokens.access_token, sub)).sub, sub)
    assert.equal((await client.refreshTokenGrant(config, tokens.refresh_token)).claims().sub, sub)
    assert.equal(jose.decodeJwt(tokens.access_token).sub, sub)
    assert.equal(await subject(config, redirect_uri), sub)
    assert.equal((await signIn(config, alice, { redirect_uri, prompt: 'none', id_token_hint: tokens.id_token })).claims().sub, sub)
    const dave = await eventually(() => subject(config, redirect_uri, new Person(server.issuer, 'dave', 'open the doors')))
    assert.notEqual(dave, sub)
  })

  test('a sector_identifier_uri holds clients of several hosts together, and only those that it lists', async () => {
    const [one, two, three] = ['https://one.example/cb', 'https://two.example/cb', 'https://three.example/cb']
    documents.pages['/sector.json'] = JSON.stringify([one, two])
    const sector_identifier_uri = `${documents.url}/sector.json`
    const member = (...redirect_uris) => register(server, { redirect_uris, subject_type: 'pairwise', sector_identifier_uri })
    assert.equal(await subject(await member(one), one), await subject(await member(two, one), two))
    assert.notEqual(await subject(await member(one), one), await subject(await pairwise(one), one))
    await assert.rejects(member(one, three), { error: 'invalid_client_metadata' })
  })

  test('several hosts without one are refused', async () => {
    await assert.rejects(pairwise('https://one.example/cb', 'https://two.example/cb'), { error: 'invalid_client_metadata' })
  })
})
