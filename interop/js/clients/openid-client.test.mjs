// openid-client 6, a certified relying party, against the running binary.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as client from 'openid-client'
import { mysweetapp, mysweetcli, photoBackup, photosApi, start } from '../valetkey.mjs'
import { Person } from '../person.mjs'

let server
before(async () => {
  server = await start()
})
after(() => server?.stop())

function discover(id, authentication) {
  return client.discovery(new URL(server.issuer), id, undefined, authentication, { execute: [client.allowInsecureRequests] })
}

/** Code + PKCE with state and nonce; answers the token response. */
async function signIn(config, redirect_uri, scope, more = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState()
  const expectedNonce = client.randomNonce()
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri,
    scope,
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...more,
  })
  const callback = await new Person(server.issuer).authorize(url)
  return client.authorizationCodeGrant(config, callback, { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true })
}

async function isActive(token) {
  const config = await discover(photosApi.id, client.ClientSecretBasic(photosApi.secret))
  return (await client.tokenIntrospection(config, token)).active
}

for (const [name, authentication] of [
  ['client_secret_basic', client.ClientSecretBasic(mysweetapp.secret)],
  ['client_secret_post', client.ClientSecretPost(mysweetapp.secret)],
]) {
  test(`a confidential client signs Alice in, refreshes and revokes with ${name}`, async () => {
    const config = await discover(mysweetapp.id, authentication)
    const tokens = await signIn(config, `${server.app}/callback`, 'openid profile email offline_access')
    const { sub } = tokens.claims()
    const person = await client.fetchUserInfo(config, tokens.access_token, sub)
    assert.equal(person.sub, sub)
    assert.ok(person.email, 'a granted scope shows its claims')
    assert.equal(tokens.claims().email, undefined, 'the ID token of the code flow does not carry them')

    const fresh = await client.refreshTokenGrant(config, tokens.refresh_token)
    assert.notEqual(fresh.access_token, tokens.access_token)
    assert.notEqual(fresh.refresh_token, tokens.refresh_token)
    await client.fetchUserInfo(config, fresh.access_token, sub)

    await client.tokenRevocation(config, fresh.refresh_token)
    await assert.rejects(client.refreshTokenGrant(config, fresh.refresh_token), { error: 'invalid_grant' })
    await assert.rejects(client.fetchUserInfo(config, fresh.access_token, sub))
  })
}

test('a public native client signs Alice in with PKCE alone, on a port of its own choice', async () => {
  const config = await discover(mysweetcli.id, client.None())
  const tokens = await signIn(config, mysweetcli.redirect, 'openid offline_access')
  const fresh = await client.refreshTokenGrant(config, tokens.refresh_token)
  await client.tokenRevocation(config, fresh.refresh_token)
  await assert.rejects(client.refreshTokenGrant(config, fresh.refresh_token), { error: 'invalid_grant' })
})

test('the Photos API accepts the access token until it is revoked', async () => {
  const config = await discover(mysweetapp.id, client.ClientSecretBasic(mysweetapp.secret))
  const tokens = await signIn(config, `${server.app}/callback`, 'openid photos.read offline_access', { resource: server.photos })
  const answer = await client.fetchProtectedResource(config, tokens.access_token, new URL('/photos', server.photos), 'GET')
  const photos = await answer.json()
  assert.equal(photos.length, 3)
  assert.equal(await isActive(tokens.access_token), true)

  await client.tokenRevocation(config, tokens.refresh_token)
  assert.equal(await isActive(tokens.access_token), false)
})

test('a backup job gets a token for itself', async () => {
  const config = await discover(photoBackup.id, client.ClientSecretBasic(photoBackup.secret))
  const tokens = await client.clientCredentialsGrant(config, { scope: 'photos.read', resource: server.photos })
  assert.equal(tokens.refresh_token, undefined)
  assert.equal(tokens.id_token, undefined)
  assert.equal(await isActive(tokens.access_token), true)
})

test('cancelling at the consent page reaches the client as access_denied', async () => {
  const config = await discover(mysweetapp.id, client.ClientSecretBasic(mysweetapp.secret))
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: `${server.app}/callback`,
    scope: 'openid photos.write',
    state: 'kept',
    code_challenge: await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier()),
    code_challenge_method: 'S256',
  })
  const callback = await new Person(server.issuer, 'bob', 'builder').authorize(url, 'cancel')
  await assert.rejects(client.authorizationCodeGrant(config, callback, { expectedState: 'kept' }), { error: 'access_denied' })
})
