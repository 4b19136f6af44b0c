// npm jose reads what Valetkey signs, and what jose forges is refused by the Photos API.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as jose from 'jose'
import * as client from 'openid-client'
import { mysweetapp, start } from '../valetkey.mjs'
import { Person } from '../person.mjs'

let server
let tokens
let keys

before(async () => {
  server = await start()
  const config = await client.discovery(
    new URL(server.issuer),
    mysweetapp.id,
    undefined,
    client.ClientSecretBasic(mysweetapp.secret),
    { execute: [client.allowInsecureRequests] },
  )
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: `${server.app}/callback`,
    scope: 'openid photos.read',
    resource: server.photos,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  })
  tokens = await client.authorizationCodeGrant(config, await new Person(server.issuer).authorize(url), { pkceCodeVerifier })
  keys = jose.createRemoteJWKSet(new URL('/jwks', server.issuer))
})
after(() => server?.stop())

function photos(token) {
  return fetch(new URL('/photos', server.photos), { headers: { authorization: `Bearer ${token}` } })
}

test('jose verifies the access token as an RFC 9068 token', async () => {
  const { payload, protectedHeader } = await jose.jwtVerify(tokens.access_token, keys, {
    issuer: server.issuer,
    audience: server.photos,
    typ: 'at+jwt',
    algorithms: ['ES256'],
    requiredClaims: ['sub', 'exp', 'iat', 'jti', 'client_id'],
  })
  assert.ok(protectedHeader.kid)
  assert.equal(payload.client_id, mysweetapp.id)
  assert.ok(payload.scope.split(' ').includes('photos.read'))
})

test('jose verifies the ID token', async () => {
  const { payload } = await jose.jwtVerify(tokens.id_token, keys, {
    issuer: server.issuer,
    audience: mysweetapp.id,
    algorithms: ['RS256'],
  })
  assert.ok(payload.sub)
})

test('the JWKS shows public members alone', async () => {
  const { keys } = await (await fetch(new URL('/jwks', server.issuer))).json()
  assert.ok(keys.length >= 2)
  for (const key of keys) {
    for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) assert.equal(key[secret], undefined)
    assert.ok(key.kid && key.alg && key.use === 'sig')
  }
})

test('the genuine token opens the Photos API', async () => {
  assert.equal((await photos(tokens.access_token)).status, 200)
})

test('algorithm confusion: an HMAC keyed with the public key is refused', async () => {
  const claims = jose.decodeJwt(tokens.access_token)
  const { kid } = jose.decodeProtectedHeader(tokens.access_token)
  const set = await (await fetch(new URL('/jwks', server.issuer))).json()
  const jwk = set.keys.find((key) => key.kid === kid)
  const asText = [JSON.stringify(jwk), await jose.exportSPKI(await jose.importJWK(jwk, 'ES256', { extractable: true }))]
  for (const text of asText) {
    const forged = await new jose.SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid }).sign(new TextEncoder().encode(text))
    assert.equal((await photos(forged)).status, 401)
  }
})

test('algorithm confusion: an unsigned token is refused', async () => {
  const [, payload] = tokens.access_token.split('.')
  const header = jose.base64url.encode(JSON.stringify({ alg: 'none', typ: 'at+jwt' }))
  assert.equal((await photos(`${header}.${payload}.`)).status, 401)
})

test('a token signed by a stranger under our kid is refused', async () => {
  const { privateKey } = await jose.generateKeyPair('ES256')
  const { kid } = jose.decodeProtectedHeader(tokens.access_token)
  const forged = await new jose.SignJWT(jose.decodeJwt(tokens.access_token)).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid }).sign(privateKey)
  assert.equal((await photos(forged)).status, 401)
})

test('a key brought along in the header is not believed', async () => {
  const { privateKey, publicKey } = await jose.generateKeyPair('ES256')
  const jwk = await jose.exportJWK(publicKey)
  const forged = await new jose.SignJWT(jose.decodeJwt(tokens.access_token)).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', jwk }).sign(privateKey)
  assert.equal((await photos(forged)).status, 401)
})

test('an ID token is not an access token', async () => {
  assert.equal((await photos(tokens.id_token)).status, 401)
})
