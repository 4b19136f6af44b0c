// The example against the running binary: `npm test`. VALETKEY_BIN names another binary than target/debug/valetkey.

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Person } from '../../../interop/js/person.mjs'

const binary = process.env.VALETKEY_BIN ?? fileURLToPath(new URL('../../../target/debug/valetkey', import.meta.url))
const data = mkdtempSync(join(tmpdir(), 'valetkey-bff-'))
const children = []
let issuer, api, app

/** Starts a program and waits for lines on its standard output; each pattern gives its first group. */
function begin(command, args, env, patterns) {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  return new Promise((resolve, reject) => {
    let said = ''
    child.once('exit', (code) => reject(new Error(`${command} ended with ${code}:\n${said}`)))
    child.stdout.on('data', (bytes) => {
      said += bytes
      const found = patterns.map((pattern) => pattern.exec(said)?.[1])
      if (found.every(Boolean)) resolve(found)
    })
  })
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, 'localhost', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}

before(async () => {
  const lines = [/Authorization server +(\S+)/, /Photos API +(\S+)/, /(Ctrl-C)/]
  ;[issuer, api] = await begin(binary, ['dev', '--port', '0', '--data', data], {}, lines)
  const port = await freePort()
  app = `http://localhost:${port}`
  const client = ['client', 'add', 'photo-album', '--type', 'web', '--redirect-uri', `${app}/callback`]
  const scope = ['--scope', 'openid profile photos.read photos.write']
  const made = JSON.parse(execFileSync(binary, [...client, ...scope, '--json', '--data', data]))
  const env = { ISSUER: issuer, API: api, PORT: String(port), CLIENT_ID: 'photo-album', CLIENT_SECRET: made.client_secret }
  // Every call refreshes.
  const args = [fileURLToPath(new URL('server.mjs', import.meta.url))]
  await begin(process.execPath, args, { ...env, EARLY_SECONDS: '100000' }, [/open (\S+)/])
})

after(async () => {
  for (const child of children.reverse()) {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await ended
  }
  rmSync(data, { recursive: true })
})

/** A browser at the app: its cookies, and everything that it ever saw. */
class Visitor {
  cookies = new Map()
  seen = ''

  constructor(who = ['alice', 'wonderland']) {
    this.who = who
  }

  async request(path, init = {}) {
    const cookie = [...this.cookies].map(([name, { value }]) => `${name}=${value}`).join('; ')
    const response = await fetch(new URL(path, app), { ...init, redirect: 'manual', headers: { cookie, ...init.headers } })
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split('; ')
      const [name, value] = pair.split('=')
      if (attributes.includes('Max-Age=0')) this.cookies.delete(name)
      else this.cookies.set(name, { value, attributes })
    }
    const body = await response.text()
    this.seen += `${[...response.headers]} ${body}`
    return { status: response.status, headers: response.headers, body }
  }

  call(path, init = {}) {
    return this.request(path, { ...init, headers: { 'x-app': '1', 'sec-fetch-site': 'same-origin', ...init.headers } })
  }

  /** Where the server sends the browser back to. */
  async callback() {
    const out = await this.request('/login')
    assert.equal(out.status, 303)
    this.person = new Person(issuer, ...this.who)
    const back = await this.person.authorize(out.headers.get('location'))
    assert.equal(back.origin, app)
    return back
  }

  async signIn() {
    const done = await this.request(await this.callback())
    assert.equal(done.headers.get('location'), '/')
    return this
  }
}

/** Somebody with no other session in this app. */
const bob = ['bob', 'builder']
const accountPage = async ({ person }) => (await person.request(`${issuer}/account`)).text()
/** Whether the app could act for the person now; that it was allowed once is remembered for longer. */
const hasAccess = async (visitor) => /photo-album[\s\S]*active in 1 place/.test(await accountPage(visitor))

const photos = async (visitor) => JSON.parse((await visitor.call('/api/photos')).body)

test('Alice signs in, sees her photos and adds one, and her browser never sees a token', async () => {
  const alice = await new Visitor().signIn()
  assert.match((await alice.call('/api/session')).body, /Alice/)
  const before = await photos(alice)
  const added = await alice.call('/api/photos', { method: 'POST', body: JSON.stringify({ title: 'From the page' }) })
  assert.equal(added.status, 201)
  assert.equal((await photos(alice)).length, before.length + 1)
  assert.ok(before.length >= 3)
  assert.doesNotMatch(alice.seen, /eyJ|vkr_|access_token|refresh_token/)
})

test('the session cookie is for this host, https and no script, and goes with no request of another site', async () => {
  const alice = new Visitor()
  await alice.request('/login')
  assert.deepEqual(alice.cookies.get('__Host-login').attributes.slice(0, 4), ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Lax'])
  await alice.signIn()
  assert.deepEqual([...alice.cookies.keys()], ['__Host-session'])
  assert.deepEqual(alice.cookies.get('__Host-session').attributes.slice(0, 4), ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Strict'])
})

test('CSRF: a request without the header, or that a browser says is of another site, is refused', async () => {
  const alice = await new Visitor().signIn()
  const post = { method: 'POST', body: '{"title":"planted"}' }
  for (const headers of [{}, { 'x-app': '1', 'sec-fetch-site': 'cross-site' }, { 'x-app': '1', 'sec-fetch-site': 'same-site' }]) {
    assert.equal((await alice.request('/api/photos', { ...post, headers })).status, 403)
    assert.equal((await alice.request('/logout', { method: 'POST', headers })).status, 403)
  }
  const preflight = { origin: 'https://evil.example', 'access-control-request-headers': 'x-app' }
  const asked = await alice.request('/api/photos', { method: 'OPTIONS', headers: preflight })
  assert.equal(asked.headers.get('access-control-allow-origin'), null)
})

test('only what stands on the list is called, with or without a session', async () => {
  const alice = await new Visitor().signIn()
  for (const path of ['/api/photos/../userinfo', '/api/photos?x=1', '/api/http://evil.example/', '/api//evil.example', '/api/userinfo']) {
    assert.equal((await alice.call(path)).status, 404, path)
  }
  assert.equal((await alice.call('/api/photos', { method: 'DELETE' })).status, 404)
  assert.equal((await new Visitor().call('/api/photos')).status, 401)
})

test('login CSRF and session fixation: a code counts in the browser that asked for it, and the session is a new one', async () => {
  const mallory = new Visitor()
  const theirs = await mallory.callback()
  const alice = new Visitor()
  await alice.request('/login')
  assert.match((await alice.request(theirs)).headers.get('location'), /problem/)
  assert.match((await new Visitor().request(theirs)).headers.get('location'), /problem/)
  assert.equal((await alice.call('/api/photos')).status, 401)

  alice.cookies.set('__Host-session', { value: 'planted', attributes: [] })
  await alice.signIn()
  assert.notEqual(alice.cookies.get('__Host-session').value, 'planted')
})

test('calls that come together share one refresh', async () => {
  const alice = await new Visitor().signIn()
  const all = await Promise.all(Array.from({ length: 8 }, () => alice.call('/api/photos')))
  assert.deepEqual(all.map(({ status }) => status), Array(8).fill(200))
})

test('signing out ends the session and the access behind it', async () => {
  const visitor = await new Visitor(bob).signIn()
  assert.ok(await hasAccess(visitor))
  const kept = new Map(visitor.cookies)
  assert.equal((await visitor.call('/logout', { method: 'POST' })).status, 204)
  assert.equal(visitor.cookies.size, 0)
  assert.ok(!(await hasAccess(visitor)))
  visitor.cookies = kept
  assert.equal((await visitor.call('/api/photos')).status, 401)
})

test('access that a person takes back at the server ends the session', async () => {
  const visitor = await new Visitor(bob).signIn()
  assert.ok(await hasAccess(visitor))
  await visitor.person.submit(await accountPage(visitor), issuer, {})
  assert.ok(!(await hasAccess(visitor)))
  assert.equal((await visitor.call('/api/photos')).status, 401)
  assert.equal((await visitor.call('/api/session')).status, 401)
})
