// oauth4webapi 3 checks each answer of OpenID Connect to the letter: registration, the hybrid flow, request objects,
// userinfo, and what an API is told about the tokens.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import { serve } from '../valetkey.mjs'
import { Person } from '../person.mjs'
import { OPEN, REDIRECT, jwksOf, newKey, responseTypes, said } from '../relying-party.mjs'

const API = 'https://photos.example/'
const insecure = { [oauth.allowInsecureRequests]: true }
let server
let as
let alice

before(async () => {
  const resource = `[[resource]]\nindicator = "${API}"\nname = "Photos"\nscopes = { "photos.read" = "See your photos" }`
  server = await serve(`${OPEN}\nallowed_scope = "openid profile offline_access photos.read"\n\n${resource}`)
  const issuer = new URL(server.issuer)
  as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oidc', ...insecure }))
  alice = new Person(server.issuer)
})
after(() => server?.stop())

async function register(more = {}) {
  const metadata = { redirect_uris: [REDIRECT], ...more }
  const response = await oauth.dynamicClientRegistrationRequest(as, metadata, insecure)
  const client = await oauth.processDynamicClientRegistrationResponse(response)
  return { client, secret: oauth.ClientSecretBasic(client.client_secret ?? 'none') }
}

async function parameters(client, more = {}) {
  const verifier = oauth.generateRandomCodeVerifier()
  const own = {
    client_id: client.client_id,
    redirect_uri: REDIRECT,
    response_type: 'code',
    scope: 'openid',
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  }
  return { own, verifier }
}

function authorize(own, person = alice) {
  const url = new URL(as.authorization_endpoint)
  for (const [name, value] of Object.entries(own)) url.searchParams.set(name, value)
  return person.authorize(url)
}

async function redeem({ client, secret }, answer, verifier, expectedNonce, more = {}) {
  const response = await oauth.authorizationCodeGrantRequest(as, client, secret, answer, REDIRECT, verifier, insecure)
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, { expectedNonce, requireIdToken: true, ...more })
  await oauth.validateApplicationLevelSignature(as, response, insecure)
  return tokens
}

async function signIn(registered, more = {}) {
  const { own, verifier } = await parameters(registered.client, more)
  const answer = oauth.validateAuthResponse(as, registered.client, await authorize(own), own.state)
  return redeem(registered, answer, verifier, own.nonce)
}

for (const id_token_signed_response_alg of ['RS256', 'PS256', 'ES256', 'ES384', 'Ed25519']) {
  test(`the hybrid flow with ${id_token_signed_response_alg}: signature, nonce and c_hash of the first ID token, then the second`, async () => {
    // The library keeps the keys for a minute, by this object; the server makes a key when the first client needs it.
    as = { ...as }
    const registered = await register({ ...responseTypes('code id_token'), id_token_signed_response_alg })
    const { client } = registered
    const { own, verifier } = await parameters(client, { response_type: 'code id_token' })
    const callback = await authorize(own)
    const answer = await oauth.validateCodeIdTokenResponse(as, client, callback, own.nonce, own.state, undefined, insecure)
    const tokens = await redeem(registered, answer, verifier, own.nonce)
    assert.ok(oauth.getValidatedIdTokenClaims(tokens).sub)
  })
}

test('the hybrid flow: another code, nonce, state or a changed signature is noticed', async () => {
  const { client } = await register(responseTypes('code id_token'))
  const { own } = await parameters(client, { response_type: 'code id_token' })
  const callback = await authorize(own)
  const check = (url, nonce = own.nonce, state = own.state) =>
    oauth.validateCodeIdTokenResponse(as, client, url, nonce, state, undefined, insecure)
  const changed = (more) => {
    const url = new URL(callback)
    url.hash = new URLSearchParams({ ...said(callback), ...more }).toString()
    return url
  }
  await check(changed({}))
  const [header, payload, signature] = said(callback).id_token.split('.')
  const wrong = signature[0] === 'A' ? `B${signature.slice(1)}` : `A${signature.slice(1)}`
  await assert.rejects(check(changed({ code: 'another' })), /c_hash/)
  await assert.rejects(check(callback, 'another'), /nonce/)
  await assert.rejects(check(callback, own.nonce, 'another'), /state/)
  await assert.rejects(check(changed({ id_token: `${header}.${payload}.${wrong}` })))
})

test('max_age: the library finds auth_time in both ID tokens', async () => {
  const registered = await register(responseTypes('code id_token'))
  const { own, verifier } = await parameters(registered.client, { response_type: 'code id_token', max_age: '300' })
  const answer = await oauth.validateCodeIdTokenResponse(as, registered.client, await authorize(own), own.nonce, own.state, 300, insecure)
  assert.ok(await redeem(registered, answer, verifier, own.nonce, { maxAge: 300 }))
})

test('a request object that the library signs', async () => {
  const key = await newKey('PS256')
  const registered = await register({ jwks: jwksOf(key), request_object_signing_alg: 'PS256', require_signed_request_object: true })
  const { client } = registered
  const { own, verifier } = await parameters(client)
  const object = await oauth.issueRequestObject(as, client, own, { key: key.key, kid: key.kid })
  const callback = await authorize({ client_id: client.client_id, request: object })
  const tokens = await redeem(registered, oauth.validateAuthResponse(as, client, callback, own.state), verifier, own.nonce)
  assert.ok(tokens.id_token)
})

test('userinfo as a JWT: its signature, issuer and audience, and the person of the ID token', async () => {
  const registered = await register({ userinfo_signed_response_alg: 'ES256' })
  const { client } = registered
  const tokens = await signIn(registered, { scope: 'openid profile' })
  const { sub } = oauth.getValidatedIdTokenClaims(tokens)
  const response = await oauth.userInfoRequest(as, client, tokens.access_token, insecure)
  const told = await oauth.processUserInfoResponse(as, client, sub, response)
  await oauth.validateApplicationLevelSignature(as, response, insecure)
  assert.equal(told.name, 'Alice')
  const again = await oauth.userInfoRequest(as, client, tokens.access_token, insecure)
  await assert.rejects(oauth.processUserInfoResponse(as, client, 'somebody-else', again))
})

test('an API that asks about a token is told whose it is by the name that the client knows', async () => {
  const made = server.client('add', 'photos-api', '--type', 'service', '--introspects', API)
  const api = { client_id: 'photos-api' }
  const introspect = async (token) => {
    const response = await oauth.introspectionRequest(as, api, oauth.ClientSecretBasic(made.client_secret), token, insecure)
    return oauth.processIntrospectionResponse(as, api, response)
  }
  const registered = await register({ subject_type: 'pairwise', grant_types: ['authorization_code', 'refresh_token'] })
  const tokens = await signIn(registered, { scope: 'openid photos.read offline_access', resource: API, prompt: 'consent' })
  const told = await introspect(tokens.access_token)
  assert.equal(told.active, true)
  assert.equal(told.sub, oauth.getValidatedIdTokenClaims(tokens).sub)
  assert.equal(told.client_id, registered.client.client_id)
  assert.ok([told.aud].flat().includes(API))
  assert.equal((await introspect(tokens.id_token)).active, false, 'an ID token is no access token')

  const response = await oauth.revocationRequest(as, registered.client, registered.secret, tokens.refresh_token, insecure)
  await oauth.processRevocationResponse(response)
  assert.equal((await introspect(tokens.access_token)).active, false)
})

test('a refreshed ID token is checked against the first one', async () => {
  const registered = await register({ grant_types: ['authorization_code', 'refresh_token'] })
  const tokens = await signIn(registered, { scope: 'openid offline_access', prompt: 'consent' })
  const response = await oauth.refreshTokenGrantRequest(as, registered.client, registered.secret, tokens.refresh_token, insecure)
  const fresh = await oauth.processRefreshTokenResponse(as, registered.client, response)
  assert.equal(oauth.getValidatedIdTokenClaims(fresh).sub, oauth.getValidatedIdTokenClaims(tokens).sub)
})
