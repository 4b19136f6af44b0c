// oauth4webapi 3 is strict about every answer; here it also asks for what must be refused.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import { mysweetapp, mysweetcli, photosApi, start } from '../valetkey.mjs'
import { Person } from '../person.mjs'

const insecure = { [oauth.allowInsecureRequests]: true }
const app = { client_id: mysweetapp.id }
const appSecret = oauth.ClientSecretBasic(mysweetapp.secret)
let server
let as
let redirect

before(async () => {
  server = await start()
  redirect = `${server.app}/callback`
  const issuer = new URL(server.issuer)
  as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oidc', ...insecure }))
})
after(() => server?.stop())

async function authorizationUrl(verifier, more = {}) {
  const url = new URL(as.authorization_endpoint)
  const parameters = {
    client_id: mysweetapp.id,
    redirect_uri: redirect,
    response_type: 'code',
    scope: 'openid photos.read offline_access',
    state: 'state-1',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  }
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value)
  return url
}

async function code(more = {}, person = new Person(server.issuer)) {
  const verifier = oauth.generateRandomCodeVerifier()
  const callback = await person.authorize(await authorizationUrl(verifier, more))
  return { verifier, parameters: oauth.validateAuthResponse(as, app, callback, 'state-1') }
}

async function redeem({ verifier, parameters }, authentication = appSecret, client = app) {
  const response = await oauth.authorizationCodeGrantRequest(as, client, authentication, parameters, redirect, verifier, insecure)
  return oauth.processAuthorizationCodeResponse(as, client, response, { requireIdToken: true })
}

async function refresh(token) {
  const response = await oauth.refreshTokenGrantRequest(as, app, appSecret, token, insecure)
  return oauth.processRefreshTokenResponse(as, app, response)
}

async function introspect(token) {
  const api = { client_id: photosApi.id }
  const response = await oauth.introspectionRequest(as, api, oauth.ClientSecretPost(photosApi.secret), token, insecure)
  return oauth.processIntrospectionResponse(as, api, response)
}

function refusedWith(error, status = 400) {
  return (thrown) => {
    assert.equal(thrown.error, error)
    assert.equal(thrown.status, status)
    return true
  }
}

/** The parameters of an error redirect, checked as strictly as a success: state and iss. */
async function refusedByRedirect(more, error, person = new Person(server.issuer)) {
  const callback = await person.authorize(await authorizationUrl(oauth.generateRandomCodeVerifier(), more))
  assert.throws(() => oauth.validateAuthResponse(as, app, callback, 'state-1'), { error })
  assert.equal(callback.searchParams.get('iss'), as.issuer)
}

test('the whole way: code, PKCE, refresh, introspection, userinfo, revocation', async () => {
  const tokens = await redeem(await code())
  const { sub } = oauth.getValidatedIdTokenClaims(tokens)
  const info = await oauth.userInfoRequest(as, app, tokens.access_token, insecure)
  assert.equal((await oauth.processUserInfoResponse(as, app, sub, info)).sub, sub)

  const fresh = await refresh(tokens.refresh_token)
  assert.equal((await introspect(fresh.access_token)).active, true)
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, app, appSecret, fresh.refresh_token, insecure))
  assert.equal((await introspect(fresh.access_token)).active, false)
  await assert.rejects(refresh(fresh.refresh_token), refusedWith('invalid_grant'))
})

test('both metadata documents name the same issuer and endpoints', async () => {
  const issuer = new URL(server.issuer)
  const other = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }))
  for (const name of ['issuer', 'authorization_endpoint', 'token_endpoint', 'jwks_uri', 'revocation_endpoint', 'introspection_endpoint']) {
    assert.equal(other[name], as[name], name)
  }
  assert.deepEqual(as.code_challenge_methods_supported, ['S256'])
  assert.equal(as.authorization_response_iss_parameter_supported, true)
})

test('a wrong verifier is refused', async () => {
  const wrong = { ...(await code()), verifier: oauth.generateRandomCodeVerifier() }
  await assert.rejects(redeem(wrong), refusedWith('invalid_grant'))
})

test('a second redemption is refused and ends the tokens of the first', async () => {
  const granted = await code()
  const tokens = await redeem(granted)
  assert.equal((await introspect(tokens.access_token)).active, true)
  await assert.rejects(redeem(granted), refusedWith('invalid_grant'))
  assert.equal((await introspect(tokens.access_token)).active, false)
  await assert.rejects(refresh(tokens.refresh_token), refusedWith('invalid_grant'))
})

test('the code of one client is useless to another', async () => {
  const granted = await code()
  await assert.rejects(redeem(granted, oauth.None(), { client_id: mysweetcli.id }), refusedWith('invalid_grant'))
})

test('a wrong secret is invalid_client', async () => {
  await assert.rejects(redeem(await code(), oauth.ClientSecretPost('not-the-secret')), (thrown) => {
    const error = thrown.error ?? thrown.cause?.error
    return error === 'invalid_client' || thrown instanceof oauth.WWWAuthenticateChallengeError
  })
})

test('the plain challenge method is refused', () => refusedByRedirect({ code_challenge_method: 'plain' }, 'invalid_request'))

test('a request without a challenge is refused', () =>
  refusedByRedirect({ code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'))

test('an unknown scope is refused', () => refusedByRedirect({ scope: 'openid photos.delete' }, 'invalid_scope'))

test('an unknown resource is refused', () => refusedByRedirect({ resource: 'https://elsewhere.example/' }, 'invalid_target'))

test('implicit is refused to a client that was not allowed it, in the fragment, where its tokens would be', async () => {
  const asked = await authorizationUrl(oauth.generateRandomCodeVerifier(), { response_type: 'token' })
  const callback = await new Person(server.issuer).authorize(asked)
  const said = new URLSearchParams(callback.hash.slice(1))
  assert.deepEqual([callback.search, said.get('error'), said.get('state')], ['', 'unauthorized_client', 'state-1'])
  assert.equal(said.get('iss'), as.issuer)
})

test('a response type that nobody knows is refused', () =>
  refusedByRedirect({ response_type: 'cod' }, 'unsupported_response_type'))

test('prompt=none without a session is login_required', () => refusedByRedirect({ prompt: 'none' }, 'login_required'))

test('prompt=none after consent succeeds without a page', async () => {
  const person = new Person(server.issuer)
  await redeem(await code({}, person))
  await redeem(await code({ prompt: 'none' }, person))
})

test('an unregistered redirect URI is never redirected to', async () => {
  for (const redirect_uri of ['http://evil.example/callback', `${redirect}/`, `${redirect}?x=1`, redirect.replace('localhost', '127.0.0.1')]) {
    const response = await fetch(await authorizationUrl(oauth.generateRandomCodeVerifier(), { redirect_uri }), { redirect: 'manual' })
    assert.equal(response.status, 400, redirect_uri)
    assert.equal(response.headers.get('location'), null, redirect_uri)
  }
})

test('a repeated parameter is refused', async () => {
  const url = await authorizationUrl(oauth.generateRandomCodeVerifier())
  url.searchParams.append('client_id', mysweetapp.id)
  const response = await fetch(url, { redirect: 'manual' })
  assert.equal(response.status, 400)
  assert.equal(response.headers.get('location'), null)
})

test('an answer without the state that was sent is refused by the client', async () => {
  const callback = await new Person(server.issuer).authorize(await authorizationUrl(oauth.generateRandomCodeVerifier(), { state: 'other' }))
  assert.throws(() => oauth.validateAuthResponse(as, app, callback, 'state-1'))
})
