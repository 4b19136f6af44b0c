// oauth4webapi 3 is strict about every answer to a device that polls (RFC 8628 §3.5), and about assertions (RFC 7523).
// The server runs from a configuration file with the shortest limits, so that what ends can be waited for.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import * as jose from 'jose'
import * as oauth from 'oauth4webapi'
import { eventually, serve } from '../valetkey.mjs'
import { Person } from '../person.mjs'

const insecure = { [oauth.allowInsecureRequests]: true }
const TTL_SECONDS = 60
const tv = { client_id: 'tv' }
const other = { client_id: 'other-tv' }
let server, as, alice, forgotten

before(async () => {
  server = await serve(`
[device]
device_code_ttl_seconds = ${TTL_SECONDS}
interval_seconds = 3
requests_per_address = 9

[client_assertions]
audience = "issuer"

[[resource]]
indicator = "https://photos.example.com"
name = "Photos"
scopes = { "photos.read" = "See your photos" }
`)
  const device = ['--type', 'native', '--allow', 'device_code', '--scope', 'openid offline_access photos.read']
  server.client('add', tv.client_id, ...device)
  server.client('add', other.client_id, ...device)
  const issuer = new URL(server.issuer)
  as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }))
  alice = new Person(server.issuer)
  await eventually(() => poll('vkd_nothing', other).catch((thrown) => assert.equal(thrown.error, 'invalid_grant')))
  forgotten = { ...(await eventually(() => begin())), until: Date.now() + TTL_SECONDS * 1000 }
})
after(() => server?.stop())

async function begin(client = tv, parameters = { scope: 'openid offline_access photos.read' }) {
  const response = await oauth.deviceAuthorizationRequest(as, client, oauth.None(), parameters, insecure)
  return oauth.processDeviceAuthorizationResponse(as, client, response)
}

async function poll(deviceCode, client = tv) {
  const response = await oauth.deviceCodeGrantRequest(as, client, oauth.None(), deviceCode, insecure)
  return oauth.processDeviceCodeResponse(as, client, response)
}

const pollsInto = (device, error, client = tv) => assert.rejects(poll(device.device_code, client), { error, status: 400 })
const anInterval = ({ interval }) => sleep(interval * 1000)

test('the metadata says that devices are served', () => {
  assert.equal(as.device_authorization_endpoint, `${server.issuer}/device_authorization`)
  assert.ok(as.grant_types_supported.includes('urn:ietf:params:oauth:grant-type:device_code'))
})

test('a device waits, is told to slow down when it hurries, and gets its tokens once', async () => {
  const device = await begin()
  assert.equal(device.interval, 3)
  assert.equal(device.expires_in, TTL_SECONDS)
  await pollsInto(device, 'authorization_pending')
  // At once, or a little later if this machine is busy.
  await eventually(() => pollsInto(device, 'slow_down'))
  await anInterval(device)
  await pollsInto(device, 'authorization_pending')
  await alice.answerDevice(device.user_code)
  await anInterval(device)
  const tokens = await poll(device.device_code)
  assert.ok(oauth.getValidatedIdTokenClaims(tokens).sub)
  assert.ok(tokens.refresh_token)
  await anInterval(device)
  await pollsInto(device, 'invalid_grant')
})

test('device-code theft: the code of one client is useless to another', async () => {
  const device = await begin()
  await alice.answerDevice(device.user_code)
  await pollsInto(device, 'invalid_grant', other)
  await anInterval(device)
  assert.ok((await poll(device.device_code)).access_token)
})

test('a code that Alice answered already is no code any more', async () => {
  const device = await begin()
  await alice.answerDevice(device.user_code, 'cancel')
  await assert.rejects(alice.answerDevice(device.user_code), /No device shows this code now/)
  await pollsInto(device, 'access_denied')
})

test('a device code that nobody gave out', () => assert.rejects(poll('vkd_guessed'), { error: 'invalid_grant' }))

test('a strict server takes an assertion for the issuer alone', async () => {
  const { privateKey, publicKey } = await jose.generateKeyPair('ES256', { extractable: true })
  const jwk = { ...(await jose.exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }
  const jwks = server.file('jwks.json', JSON.stringify({ keys: [jwk] }))
  server.client('add', 'job', '--type', 'service', '--scope', 'photos.read', '--auth-method', 'private_key_jwt', '--jwks', jwks)
  const job = { client_id: 'job' }
  const grant = async (options) => {
    const authentication = oauth.PrivateKeyJwt({ key: privateKey, kid: 'k1' }, options)
    const response = await oauth.clientCredentialsGrantRequest(as, job, authentication, { scope: 'photos.read' }, insecure)
    return oauth.processClientCredentialsResponse(as, job, response)
  }
  const tokens = await eventually(() => grant())
  assert.equal(tokens.token_type, 'bearer')
  for (const aud of [as.token_endpoint, [as.issuer, 'https://elsewhere.example']]) {
    const meant = { [oauth.modifyAssertion]: (header, payload) => (payload.aud = aud) }
    await assert.rejects(grant(meant), isInvalidClient, String(aud))
  }
  const nameless = { [oauth.modifyAssertion]: (header, payload) => delete payload.jti }
  await assert.rejects(grant(nameless), isInvalidClient)
})

function isInvalidClient(thrown) {
  assert.ok(thrown.error === 'invalid_client' || thrown instanceof oauth.WWWAuthenticateChallengeError, thrown)
  return true
}

test('codes are not given out without end to one address', async () => {
  let given = 0
  await assert.rejects(async () => {
    for (; given < 20; given++) await begin(other)
  })
  assert.ok(given < 9)
})

test('a code that nobody typed in time expires', async () => {
  await sleep(Math.max(0, forgotten.until - Date.now()))
  // The server counts whole seconds, and whoever polls sooner than that is told to wait.
  await eventually(() => pollsInto(forgotten, 'expired_token'))
  await assert.rejects(alice.answerDevice(forgotten.user_code), /No device shows this code now/)
})
