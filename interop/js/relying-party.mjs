// What the tests of OpenID Connect share: relying parties by openid-client 6 that register themselves, their keys, and a
// site of their own that the server fetches from.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as jose from 'jose'
import * as client from 'openid-client'

export const REDIRECT = 'https://app.example/callback'

/** The configuration of a server where anybody may register any client. */
export const OPEN = `[registration]
mode = "open"
allow_front_channel = true
grant_types = ["authorization_code", "refresh_token", "client_credentials"]
require_pkce_of_confidential_clients = false
requests_per_address = 10000`

/** The same where the server may fetch from this machine, and believes the certificate of these sites. */
export function openTo(certificate) {
  return `${OPEN}\n\n[outbound]\nallow_private = ["127.0.0.1"]\nextra_ca_file = "${certificate.file}"`
}

/** Registers a client with openid-client (OpenID Connect Registration §3.1), by a secret unless told otherwise. */
export function register(server, metadata = {}, { authentication = client.ClientSecretBasic(), execute = [], ...options } = {}) {
  const asked = { redirect_uris: [REDIRECT], ...metadata }
  const extensions = [client.allowInsecureRequests, ...execute]
  return client.dynamicClientRegistration(new URL(server.issuer), asked, authentication, { execute: extensions, ...options })
}

/** The members by which a client asks for these response types. */
export function responseTypes(...response_types) {
  const types = response_types.join(' ').split(' ')
  const grant_types = [
    ...(types.includes('code') ? ['authorization_code'] : []),
    ...(types.some((type) => type !== 'code') ? ['implicit'] : []),
  ]
  return { response_types, grant_types }
}

/** The parameters of a request with all that protects it, and what the answer is to be checked with. */
export async function request(more = {}) {
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
  }
  const parameters = {
    redirect_uri: REDIRECT,
    scope: 'openid',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...more,
  }
  return { parameters, checks }
}

/** The whole way of a code: the person answers the pages, the client redeems. */
export async function signIn(config, person, more = {}, also = {}) {
  const { parameters, checks } = await request(more)
  const callback = await person.authorize(client.buildAuthorizationUrl(config, parameters))
  return client.authorizationCodeGrant(config, callback, { ...checks, ...also })
}

/** What the redirect says in its query, or in its fragment. */
export function said(callback) {
  return Object.fromEntries(new URLSearchParams(callback.search || callback.hash.slice(1)))
}

/** A key pair of jose; `jwk` is the public half as it is registered. */
export async function newKey(alg, kid = `${alg}-key`, use = 'sig') {
  const { privateKey, publicKey } = await jose.generateKeyPair(alg, { extractable: true })
  return { key: privateKey, kid, alg, jwk: { ...(await jose.exportJWK(publicKey)), kid, alg, use } }
}

/** The set of the public halves. */
export function jwksOf(...keys) {
  return { keys: keys.map(({ jwk }) => jwk) }
}

/** A certificate for 127.0.0.1, with its key, in a folder that `remove` takes away. */
export function newCertificate() {
  const folder = mkdtempSync(join(tmpdir(), 'valetkey-site-'))
  const [config, key, file] = ['openssl.cnf', 'key.pem', 'cert.pem'].map((name) => join(folder, name))
  const lines = ['[req]', 'distinguished_name = name', '[name]', '[site]', 'basicConstraints = critical, CA:FALSE']
  writeFileSync(config, [...lines, 'subjectAltName = IP:127.0.0.1', ''].join('\n'))
  const how = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '2', '-subj', '/CN=127.0.0.1']
  const to = ['-config', config, '-extensions', 'site', '-keyout', key, '-out', file]
  execFileSync('openssl', ['req', '-x509', ...how, ...to], { stdio: 'pipe' })
  return {
    file,
    tls: { key: readFileSync(key), cert: readFileSync(file) },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/**
 * A site on this machine. `pages` holds what it answers, by path: a text, or a function of the request that makes an
 * answer; `requests` is what it was asked so far.
 */
export async function site(tls = undefined) {
  const pages = {}
  const requests = []
  const handle = async (incoming, response) => {
    let body = ''
    for await (const bytes of incoming) body += bytes
    const url = new URL(incoming.url, 'http://127.0.0.1')
    const asked = { method: incoming.method, path: url.pathname, query: url.searchParams, headers: incoming.headers, body }
    requests.push(asked)
    const page = pages[asked.path]
    const answer = typeof page === 'function' ? await page(asked) : page
    const { status = 200, headers = {}, text } = typeof answer === 'string' ? { text: answer } : (answer ?? { status: 404 })
    response.writeHead(status, headers).end(text)
  }
  const listening = tls ? createSecureServer(tls, handle) : createServer(handle)
  await new Promise((resolve) => listening.listen(0, '127.0.0.1', resolve))
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${listening.address().port}`,
    pages,
    requests,
    async close() {
      const closed = new Promise((resolve) => listening.close(resolve))
      listening.closeAllConnections()
      await closed
    },
  }
}
