// A backend for a browser app, as RFC 10017 recommends: it is the OAuth client, and the browser never sees a token.
// The page has a cookie that script cannot read, and may call the few addresses in ALLOWED, nothing else.

import { createServer } from 'node:http'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import * as oauth from 'openid-client'

const { ISSUER = 'http://localhost:8080', API = 'http://localhost:8081', CLIENT_ID, CLIENT_SECRET } = process.env
const PORT = Number(process.env.PORT ?? 3000)
const ORIGIN = process.env.ORIGIN ?? `http://localhost:${PORT}`
const SCOPE = 'openid profile photos.read photos.write'

// What the page may call, and where each goes. A path that is not here goes nowhere, so no token leaves for another host.
const ALLOWED = {
  'GET /api/photos': `${API}/photos`,
  'POST /api/photos': `${API}/photos`,
}
const FILES = { '/': ['page.html', 'text/html'], '/page.js': ['page.js', 'text/javascript'] }
const BODY_BYTES = 64 * 1024
// So long before its end an access token is replaced.
const EARLY_SECONDS = Number(process.env.EARLY_SECONDS ?? 10)
const LOGIN_SECONDS = 600
const SESSION_SECONDS = 8 * 3600

// In memory, so a restart signs everybody out; with more than one process this is a shared store.
const logins = new Map()
const sessions = new Map()

// Over plain http only for trying it out on this machine.
const local = new URL(ISSUER).hostname === 'localhost' ? { execute: [oauth.allowInsecureRequests] } : {}
const config = await oauth.discovery(new URL(ISSUER), CLIENT_ID, undefined, oauth.ClientSecretBasic(CLIENT_SECRET), local)

// --- cookies --------------------------------------------------------------------------------------------------------

// `__Host-` binds a cookie to this host, over https alone (browsers take localhost for safe). The session is Strict: no
// other site's link or form carries it. The login is Lax, because the way back from the server is such a link.
const cookie = (name, value, sameSite, seconds) =>
  `__Host-${name}=${value}; Path=/; Secure; HttpOnly; SameSite=${sameSite}; Max-Age=${seconds}`
const sessionCookie = (id) => cookie('session', id, 'Strict', id ? SESSION_SECONDS : 0)
const loginCookie = (id) => cookie('login', id, 'Lax', id ? LOGIN_SECONDS : 0)

function cookieOf(request, name) {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='))
  return pairs.find(([key]) => key === `__Host-${name}`)?.[1]
}

/** Keeps something under a new name that nobody can guess; it is gone after so many seconds. */
function keep(map, value, seconds) {
  const id = randomBytes(32).toString('base64url')
  map.set(id, value)
  setTimeout(() => map.delete(id), seconds * 1000).unref()
  return id
}

// --- signing in and out -----------------------------------------------------------------------------------------------

async function login() {
  const pending = { state: oauth.randomState(), nonce: oauth.randomNonce(), verifier: oauth.randomPKCECodeVerifier() }
  const to = oauth.buildAuthorizationUrl(config, {
    redirect_uri: `${ORIGIN}/callback`,
    scope: SCOPE,
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(pending.verifier),
    code_challenge_method: 'S256',
  })
  return redirect(to.href, loginCookie(keep(logins, pending, LOGIN_SECONDS)))
}

async function callback(request) {
  const id = cookieOf(request, 'login')
  const pending = logins.get(id)
  logins.delete(id)
  if (!pending) return redirect('/?problem=start+again', loginCookie(''))
  try {
    // Compares state, issuer (RFC 9207) and nonce, and checks the ID token.
    const tokens = await oauth.authorizationCodeGrant(config, new URL(request.url, ORIGIN), {
      expectedState: pending.state,
      expectedNonce: pending.nonce,
      pkceCodeVerifier: pending.verifier,
      idTokenExpected: true,
    })
    const person = await oauth.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
    sessions.delete(cookieOf(request, 'session'))
    const session = { name: person.name ?? person.sub, ...held(tokens) }
    // A new name after the sign-in: whoever planted the old one has nothing.
    return redirect('/', loginCookie(''), sessionCookie(keep(sessions, session, SESSION_SECONDS)))
  } catch (error) {
    return redirect(`/?problem=${encodeURIComponent(error.error ?? 'sign-in failed')}`, loginCookie(''))
  }
}

async function logout(request) {
  const session = sessions.get(cookieOf(request, 'session'))
  sessions.delete(cookieOf(request, 'session'))
  // Ends the whole grant. The session is gone even if the server cannot be reached now.
  if (session?.refresh) await oauth.tokenRevocation(config, session.refresh).catch(() => {})
  return { status: 204, headers: { 'set-cookie': sessionCookie('') } }
}

// --- calling the API --------------------------------------------------------------------------------------------------

const held = (tokens, before) => ({
  access: tokens.access_token,
  refresh: tokens.refresh_token ?? before?.refresh,
  ends: Date.now() + (tokens.expires_in ?? 0) * 1000,
})

/** A token that still lives for a while; calls that come together share one refresh. */
async function freshToken(session) {
  if (Date.now() < session.ends - EARLY_SECONDS * 1000) return session.access
  session.refreshing ??= oauth
    .refreshTokenGrant(config, session.refresh)
    .then((tokens) => Object.assign(session, held(tokens, session)))
    .finally(() => (session.refreshing = undefined))
  await session.refreshing
  return session.access
}

async function api(request) {
  const session = sessions.get(cookieOf(request, 'session'))
  if (!session) return json(401, { error: 'not signed in' })
  if (request.url === '/api/session') return json(200, { name: session.name })
  const to = ALLOWED[`${request.method} ${request.url}`]
  if (!to) return json(404, { error: 'not on the list' })
  let token
  try {
    token = await freshToken(session)
  } catch {
    sessions.delete(cookieOf(request, 'session'))
    return json(401, { error: 'access was taken back' })
  }
  const body = request.method === 'GET' ? undefined : await bodyOf(request)
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  // No redirect is followed, and nothing of the answer but its type and body reaches the browser.
  const answer = await fetch(to, { method: request.method, headers, body, redirect: 'error' })
  if (answer.status === 401) sessions.delete(cookieOf(request, 'session'))
  return {
    status: answer.status,
    headers: { 'content-type': answer.headers.get('content-type') ?? 'application/json' },
    body: Buffer.from(await answer.arrayBuffer()),
  }
}

async function bodyOf(request) {
  const parts = []
  let size = 0
  for await (const part of request) {
    size += part.length
    if (size > BODY_BYTES) throw Object.assign(new Error('too large'), { status: 413 })
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** A header of our own makes a browser ask first (CORS), and nobody is ever allowed: other sites' pages cannot send it. */
const isOurPage = (request) =>
  request.headers['x-app'] === '1' && ['same-origin', undefined].includes(request.headers['sec-fetch-site'])

// --- the server -------------------------------------------------------------------------------------------------------

const json = (status, value) => ({ status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) })
const redirect = (location, ...cookies) => ({ status: 303, headers: { location, 'set-cookie': cookies } })

async function route(request) {
  const { pathname } = new URL(request.url, ORIGIN)
  const file = FILES[pathname]
  if (request.method === 'GET' && file) {
    return { status: 200, headers: { 'content-type': file[1] }, body: await readFile(new URL(file[0], import.meta.url)) }
  }
  if (request.method === 'GET' && pathname === '/login') return login()
  if (request.method === 'GET' && pathname === '/callback') return callback(request)
  if (pathname !== '/logout' && !pathname.startsWith('/api/')) return json(404, { error: 'not found' })
  if (!isOurPage(request)) return json(403, { error: 'only this app\'s own page may call this' })
  return request.method === 'POST' && pathname === '/logout' ? logout(request) : api(request)
}

const always = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

const server = createServer(async (request, response) => {
  const answer = await route(request).catch((error) => json(error.status ?? 502, { error: 'that did not work' }))
  response.writeHead(answer.status, { ...always, ...answer.headers }).end(answer.body)
})
server.listen(PORT, 'localhost', () => console.log(`open ${ORIGIN}`))
