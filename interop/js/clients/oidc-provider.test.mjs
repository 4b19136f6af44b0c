// npm oidc-provider, a certified provider, signs people in here: the button, the account that is opened on the first way back
// and found on the next, and what the person sees when the provider says no or nothing. Beside it a provider with the
// shapes of GitHub's API, which signs no ID tokens.

import assert from 'node:assert/strict'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import * as jose from 'jose'
import * as client from 'openid-client'
import { serve } from '../valetkey.mjs'
import { Person } from '../person.mjs'
import { OPEN, register, request, signIn, site } from '../relying-party.mjs'

// It says on standard error that its pages are for development, which they are here.
const { Provider } = await quietly(() => import('oidc-provider'))

/** Who has an account at the providers. */
const PEOPLE = {
  dora: { name: 'Dora Márquez', preferred_username: 'dora', email: 'dora@corner.example', email_verified: true },
  erin: { name: 'Erin', email: 'erin@home.example', email_verified: true },
  frank: { name: 'Frank', email: 'frank@elsewhere.example', email_verified: false },
  gina: { email: 'gina@corner.example', email_verified: true },
}

let folder
let server
let corner
let vault
let forge
let gone
let config

/** What `act` does, without the warnings that the library writes. */
async function quietly(act) {
  const { warn, info, error } = console
  Object.assign(console, { warn: () => {}, info: () => {}, error: () => {} })
  try {
    return await act()
  } finally {
    Object.assign(console, { warn, info, error })
  }
}

/** A place for a provider, which is made once the address to come back to is known. */
async function newPlace() {
  const place = { isDown: false, asked: [] }
  const listening = createServer((incoming, response) => {
    place.asked.push(new URL(incoming.url, place.issuer))
    if (place.isDown) response.socket.destroy()
    else place.handle(incoming, response)
  })
  await new Promise((resolve) => listening.listen(0, '127.0.0.1', resolve))
  place.issuer = `http://127.0.0.1:${listening.address().port}`
  place.close = async () => {
    const closed = new Promise((resolve) => listening.close(resolve))
    listening.closeAllConnections()
    await closed
  }
  /** Opens it with this client. */
  place.open = (metadata, more = {}) =>
    quietly(() => {
      const findAccount = (ctx, id) => PEOPLE[id] && { accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) }
      const claims = { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'] }
      const provider = new Provider(place.issuer, {
        clients: [{ client_id: 'valetkey', grant_types: ['authorization_code'], response_types: ['code'], ...metadata }],
        findAccount,
        claims,
        cookies: { keys: [randomUUID()] },
        ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
        ...more,
      })
      place.handle = provider.callback()
    })
  return place
}

/** A file that only its owner reads. */
function secret(name, text) {
  const path = join(folder, name)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'valetkey-upstream-'))
  ;[corner, vault, forge, gone] = [await newPlace(), await newPlace(), await site(), await newPlace()]
  await gone.close()
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signing = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
  const key = secret('vault.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }))
  server = await serve(`${OPEN}

[outbound]
allow_private = ["127.0.0.1"]

[[provider]]
id = "corner"
label = "Corner"
issuer = "${corner.issuer}"
client_id = "valetkey"
client_secret_file = "${secret('corner', 'a secret between these two')}"
trust_email = true
sign_up = "anybody"

[[provider]]
id = "vault"
label = "Vault"
issuer = "${vault.issuer}"
client_id = "valetkey"
client_key_file = "${key}"
form_post = true

[[provider]]
id = "gone"
label = "Gone"
issuer = "${gone.issuer}"
client_id = "valetkey"
client_auth = "none"

[[provider]]
id = "forge"
label = "Forge"
authorization_endpoint = "${forge.url}/login/oauth/authorize"
token_endpoint = "${forge.url}/login/oauth/access_token"
userinfo_endpoint = "${forge.url}/user"
emails_endpoint = "${forge.url}/user/emails"
claims = { subject = "id", username = "login", picture = "avatar_url" }
scope = "read:user user:email"
client_id = "Iv1.abc"
client_secret_file = "${secret('forge', 'forged in fire')}"
trust_email = true
sign_up = ["forge.example"]`)
  const back = (id) => [`${server.issuer}/login/with/${id}/callback`]
  await corner.open({ client_secret: 'a secret between these two', redirect_uris: back('corner') })
  const jwk = publicKey.export({ format: 'jwk' })
  // The server names its key by its thumbprint.
  Object.assign(jwk, { kid: await jose.calculateJwkThumbprint(jwk), use: 'sig', alg: 'ES256' })
  await vault.open(
    {
      redirect_uris: back('vault'),
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [jwk] },
      id_token_signed_response_alg: 'PS256',
    },
    {
      jwks: { keys: [{ ...signing, use: 'sig', alg: 'PS256' }] },
      enabledJWA: { idTokenSigningAlgValues: ['PS256'] },
      // The claims stand in the ID token, with nothing to ask for.
      conformIdTokenClaims: false,
    },
  )
  config = await register(server)
})
after(async () => {
  await server?.stop()
  for (const place of [corner, vault, forge]) await place?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** The address of an element with this id. */
function hrefOf(html, id) {
  const tag = html.match(/<a\b[^>]*>/g)?.find((tag) => tag.includes(`id="${id}"`))
  assert.ok(tag, `no ${id} on this page:\n${html}`)
  return /href="([^"]*)"/.exec(tag)[1].replaceAll('&amp;', '&').replaceAll('&#38;', '&')
}

/** A request of an app, as far as the sign-in page. */
async function asked(person, more = {}) {
  const { parameters, checks } = await request({ scope: 'openid profile email', ...more })
  const page = await person.open(client.buildAuthorizationUrl(config, parameters))
  assert.match(page.html, /id="login"/)
  return { page, checks }
}

/** Presses the button of a provider. */
function press(person, { page }, id = 'corner') {
  return person.open(new URL(hrefOf(page.html, `with-${id}`), page.here))
}

/** Signs in at oidc-provider as `login`; the page of this server that the person comes back to. */
async function through(person, { next }, login, browser = new Person(next.origin)) {
  let end = await browser.open(next)
  for (let pages = 0; pages < 5 && !end.next; pages++) {
    if (end.html.includes('Submitting Callback')) {
      const [, action] = /action="([^"]*)"/.exec(end.html)
      const fields = Object.fromEntries([...end.html.matchAll(/name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]))
      // A form from another site comes without the cookies of this one.
      const posted = await fetch(action, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual', headers: { origin: next.origin } })
      return person.open(new URL(posted.headers.get('location'), server.issuer))
    }
    end = await browser.send(end, end.html.includes('name="login"') ? { login, password: 'whatever' } : {})
  }
  return person.open(end.next)
}

/** All the way, for somebody who is known already. */
async function come(person, login, id = 'corner', more = {}) {
  const began = await asked(person, more)
  const end = await person.goOn(await through(person, await press(person, began, id), login))
  assert.ok(end.next, end.html)
  return client.authorizationCodeGrant(config, end.next, began.checks)
}

/** The same for the first time: the page where they choose their name. */
async function newcomer(person, login, id = 'corner') {
  const began = await asked(person)
  return { began, page: await through(person, await press(person, began, id), login) }
}

async function openAccount(person, { began, page }, username) {
  assert.match(page.html, /id="sign-up"/)
  const end = await person.goOn(await person.send(page, { username }))
  assert.ok(end.next, end.html)
  return client.authorizationCodeGrant(config, end.next, began.checks)
}

describe('a provider by OpenID Connect', () => {
  let dora

  test('somebody new sees what the provider told, chooses a name, and is signed in to the app that waited', async () => {
    const person = new Person(server.issuer)
    const arrived = await newcomer(person, 'dora')
    assert.match(arrived.page.html, /id="told-name"><bdi>Dora Márquez</)
    assert.match(arrived.page.html, /id="told-email"><bdi>dora@corner\.example</)
    assert.match(arrived.page.html, /id="username"[^>]*value="dora"/)
    const tokens = await openAccount(person, arrived, 'dora')
    dora = tokens.claims()
    assert.deepEqual([dora.amr, dora.acr], [['fed'], '1'])
    assert.equal(dora.iss, server.issuer)
    assert.notEqual(dora.sub, 'dora', 'the name that the provider knows stays there')
    const told = await client.fetchUserInfo(config, tokens.access_token, dora.sub)
    assert.deepEqual(
      [told.name, told.preferred_username, told.email, told.email_verified],
      ['Dora Márquez', 'dora', 'dora@corner.example', true],
    )
    assert.ok(JSON.parse(server.command(['user', 'list', '--json'])).some(({ username }) => username === 'dora'))
  })

  test('the next time the button alone signs in, as the same person, in any browser', async () => {
    const person = new Person(server.issuer)
    const again = await come(person, 'dora')
    assert.equal(again.claims().sub, dora.sub)
    assert.deepEqual(person.answered, [], 'neither a password nor a name is asked for')
  })

  test('what the server asks there is a code with PKCE, a nonce and a state of its own', async () => {
    const person = new Person(server.issuer)
    const { next } = await press(person, await asked(person))
    const { code_challenge_method, code_challenge, nonce, state, response_type, scope, redirect_uri } = Object.fromEntries(next.searchParams)
    assert.deepEqual([code_challenge_method, response_type], ['S256', 'code'])
    assert.ok(code_challenge && nonce && state)
    assert.ok(scope.split(' ').includes('openid'))
    assert.equal(redirect_uri, `${server.issuer}/login/with/corner/callback`)
  })

  test('two people are two accounts, and a name that is taken is asked for again', async () => {
    const person = new Person(server.issuer)
    const arrived = await newcomer(person, 'frank')
    assert.match(arrived.page.html, /not verified/)
    const taken = await person.send(arrived.page, { username: 'alice' })
    assert.match(taken.html, /id="problem"/)
    const tokens = await openAccount(person, { ...arrived, page: taken }, 'frank')
    assert.notEqual(tokens.claims().sub, dora.sub)
    const told = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
    assert.equal(told.email_verified, false)
  })

  test('an app that wants a new sign-in gets one at the provider, and auth_time is of that', async () => {
    const person = new Person(server.issuer)
    const browser = new Person(corner.issuer)
    const came = async (more) => {
      const began = await asked(person, more)
      const end = await person.goOn(await through(person, await press(person, began), 'dora', browser))
      return client.authorizationCodeGrant(config, end.next, { ...began.checks, ...(more && { maxAge: 0 }) })
    }
    const first = await came()
    const fresh = await came({ prompt: 'login', max_age: '0' })
    assert.equal(fresh.claims().sub, dora.sub)
    assert.ok(fresh.claims().auth_time >= first.claims().iat - 1)
  })

  describe('somebody whose address is known here', () => {
    before(() => {
      const flags = ['--name', 'Erin', '--email', 'erin@home.example', '--email-verified', '--password-stdin']
      server.command(['user', 'add', 'erin', ...flags], 'a password of erin')
    })

    test('account takeover: the address alone opens nothing, the password does, and then the two can be linked', async () => {
      const person = new Person(server.issuer, 'erin', 'a password of erin')
      const own = (await signIn(config, new Person(server.issuer, 'erin', 'a password of erin'))).claims().sub
      const { began, page } = await newcomer(person, 'erin')
      assert.match(page.html, /You have an account here already/)
      assert.doesNotMatch(page.html, /id="link"/)
      const question = await person.goOn(await person.open(new URL(hrefOf(page.html, 'sign-in'), page.here)))
      assert.match(question.html, /id="link"/)
      const end = await person.goOn(await person.send(question, { answer: 'link' }))
      const tokens = await client.authorizationCodeGrant(config, end.next, began.checks)
      assert.equal(tokens.claims().sub, own)
      const next = new Person(server.issuer)
      assert.equal((await come(next, 'erin')).claims().sub, own, 'from now on the button is enough')
      assert.deepEqual(next.answered, [])
    })

    test('who presses the other button is not linked', async () => {
      server.command(['user', 'add', 'gina', '--email', 'gina@corner.example', '--email-verified', '--password-stdin'], 'a password of gina')
      const person = new Person(server.issuer, 'gina', 'a password of gina')
      const { page } = await newcomer(person, 'gina')
      const question = await person.goOn(await person.open(new URL(hrefOf(page.html, 'sign-in'), page.here)))
      const end = await person.goOn(await person.send(question, { answer: 'skip' }))
      assert.ok(end.next?.searchParams.get('code'))
      const again = await newcomer(new Person(server.issuer), 'gina')
      assert.match(again.page.html, /You have an account here already/)
    })
  })

  test('with a key in the place of a secret, PS256, and the answer as a form: nobody may sign up, so nobody does', async () => {
    const person = new Person(server.issuer)
    const { page } = await newcomer(person, 'dora', 'vault')
    assert.equal(page.status, 403)
    assert.match(page.html, /There is no account for you here/)
    assert.ok(vault.asked.some(({ pathname }) => pathname === '/token'), 'the whole way was gone')
  })

  test('whoever is signed in links it on the account page, comes by it, and unlinks it', async () => {
    const person = new Person(server.issuer)
    const account = await person.goOn(await person.open(`${server.issuer}/account/providers`))
    const { next } = await person.open(new URL(hrefOf(account.html, 'link-vault'), account.here))
    const linked = await through(person, { next }, 'gina')
    assert.match(linked.html, /Vault/)
    const alice = (await signIn(config, new Person(server.issuer))).claims().sub
    assert.equal((await come(new Person(server.issuer), 'gina', 'vault')).claims().sub, alice)
    const page = await person.open(`${server.issuer}/account/providers`)
    assert.match(page.html, /id="unlink-vault-gina"/)
    await person.send(page, {})
    const again = await newcomer(new Person(server.issuer), 'gina', 'vault')
    assert.match(again.page.html, /There is no account for you here/)
  })
})

describe('when the provider does not sign somebody in', () => {
  const localWay = async (person, page) => {
    const end = await person.goOn(page)
    assert.ok(end.next?.searchParams.get('code'), end.html)
  }

  test('access_denied: back on the sign-in page, which says so, and a password still works', async () => {
    const person = new Person(server.issuer)
    const { next } = await press(person, await asked(person))
    const browser = new Person(corner.issuer)
    const { here } = await browser.open(next)
    const { next: back } = await browser.open(new URL(`${here.pathname}/abort`, corner.issuer))
    assert.equal(back.searchParams.get('error'), 'access_denied')
    const page = await person.open(back)
    assert.equal(page.status, 200)
    assert.match(page.html, /You did not sign in with Corner/)
    await localWay(person, page)
  })

  const isDown = async (person, page, label) => {
    assert.equal(page.status, 503)
    assert.match(page.html, new RegExp(`${label} does not answer at the moment`))
    const [, href] = /<a[^>]*href="([^"]*)"[^>]*>Sign in another way/.exec(page.html)
    await localWay(person, await person.open(new URL(href.replaceAll('&amp;', '&').replaceAll('&#38;', '&'), page.here)))
  }

  test('a provider that is not there: its button says so and leads back, and a password still works', async () => {
    const person = new Person(server.issuer)
    await isDown(person, await press(person, await asked(person), 'gone'), 'Gone')
  })

  test('one that goes away while the person is there: the same, on the way back', async () => {
    const person = new Person(server.issuer)
    const { next } = await press(person, await asked(person))
    const query = new URLSearchParams({ code: 'x', state: next.searchParams.get('state'), iss: corner.issuer })
    corner.isDown = true
    try {
      await isDown(person, await person.open(`${server.issuer}/login/with/corner/callback?${query}`), 'Corner')
    } finally {
      corner.isDown = false
    }
  })

  test('replay: an answer counts once', async () => {
    const person = new Person(server.issuer)
    const { next } = await press(person, await asked(person))
    const browser = new Person(corner.issuer)
    let end = await browser.open(next)
    while (!end.next) end = await browser.send(end, end.html.includes('name="login"') ? { login: 'dora', password: 'x' } : {})
    await person.goOn(await person.open(end.next))
    const again = await person.open(end.next)
    assert.equal(again.status, 403)
    assert.match(again.html, /This sign-in did not begin here/)
  })

  test('login CSRF: an answer that another browser waits for signs nobody in', async () => {
    const attacker = new Person(server.issuer)
    const { next } = await press(attacker, await asked(attacker))
    const browser = new Person(corner.issuer)
    let end = await browser.open(next)
    while (!end.next) end = await browser.send(end, end.html.includes('name="login"') ? { login: 'dora', password: 'x' } : {})
    const victim = new Person(server.issuer)
    await press(victim, await asked(victim))
    const page = await victim.open(end.next)
    assert.equal(page.status, 403)
    assert.match((await victim.open(`${server.issuer}/account`)).html, /id="login"/, 'nobody is signed in')
  })

  test('mix-up: the answer of one provider at the address of another is not taken', async () => {
    const person = new Person(server.issuer)
    const { next } = await press(person, await asked(person))
    const answer = { code: 'x', state: next.searchParams.get('state') }
    for (const [id, iss] of [
      ['vault', corner.issuer],
      ['vault', vault.issuer],
    ]) {
      const asks = vault.asked.length
      const page = await person.open(`${server.issuer}/login/with/${id}/callback?${new URLSearchParams({ ...answer, iss })}`)
      assert.ok(page.status >= 400)
      assert.equal(vault.asked.length, asks, 'the code is not shown there')
    }
    const another = await press(person, await asked(person))
    const query = new URLSearchParams({ code: 'x', state: another.next.searchParams.get('state'), iss: vault.issuer })
    const asks = corner.asked.length
    const page = await person.open(`${server.issuer}/login/with/corner/callback?${query}`)
    assert.match(page.html, /The answer of Corner was not taken/)
    assert.equal(corner.asked.length, asks)
  })
})

describe('a provider with the shapes of GitHub', () => {
  const person = { id: 583231, login: 'octo', name: null, avatar_url: 'https://forge.example/octo.png', email: null }
  const emails = [
    { email: 'octo@spare.example', primary: false, verified: true },
    { email: 'octo@forge.example', primary: true, verified: true },
  ]
  const json = (value, status = 200) => ({ status, headers: { 'content-type': 'application/json; charset=utf-8' }, text: JSON.stringify(value) })

  before(() => {
    const isAsked = (request) => request.headers.authorization === 'Bearer gho_token' && request.headers['user-agent'] !== undefined
    forge.pages['/login/oauth/access_token'] = ({ body, headers }) => {
      const form = Object.fromEntries(new URLSearchParams(body))
      // Without this header the answer would be a form.
      assert.equal(headers.accept, 'application/json')
      if (form.code !== 'good' || form.client_id !== 'Iv1.abc' || form.client_secret !== 'forged in fire' || !form.code_verifier) {
        // As there: an error comes with 200.
        return json({ error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' })
      }
      return json({ access_token: 'gho_token', token_type: 'bearer', scope: 'read:user,user:email' })
    }
    forge.pages['/user'] = (request) => (isAsked(request) ? json(person) : json({ message: 'Requires authentication' }, 401))
    forge.pages['/user/emails'] = (request) => (isAsked(request) ? json(emails) : json({ message: 'Not Found' }, 404))
  })

  const back = async (who, code) => {
    const began = await asked(who)
    const { next } = await press(who, began, 'forge')
    const { client_id, scope, redirect_uri, state } = Object.fromEntries(next.searchParams)
    assert.deepEqual([next.pathname, client_id, scope], ['/login/oauth/authorize', 'Iv1.abc', 'read:user user:email'])
    return { began, page: await who.open(`${redirect_uri}?${new URLSearchParams({ code, state })}`) }
  }

  test('a number is who they are, the login their name, the primary address theirs', async () => {
    const who = new Person(server.issuer)
    const arrived = await back(who, 'good')
    assert.match(arrived.page.html, /id="told-email"><bdi>octo@forge\.example</)
    const tokens = await openAccount(who, arrived, 'octo')
    const told = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)
    assert.deepEqual([told.preferred_username, told.email, told.email_verified], ['octo', 'octo@forge.example', true])

    person.login = 'renamed'
    const next = new Person(server.issuer)
    const again = await back(next, 'good')
    const end = await next.goOn(again.page)
    const { sub } = (await client.authorizationCodeGrant(config, end.next, again.began.checks)).claims()
    assert.equal(sub, tokens.claims().sub, 'whatever they are called there now')
    assert.deepEqual(next.answered, [])
  })

  test('a person of another domain may not open an account', async () => {
    const kept = { ...person }
    Object.assign(person, { id: 2, login: 'stray' })
    emails[1].email = 'stray@elsewhere.example'
    try {
      const { page } = await back(new Person(server.issuer), 'good')
      assert.match(page.html, /There is no account for you here/)
    } finally {
      Object.assign(person, kept)
      emails[1].email = 'octo@forge.example'
    }
  })

  test('an error that comes with 200 is an error', async () => {
    const { page } = await back(new Person(server.issuer), 'bad')
    assert.notEqual(page.status, 200)
    assert.match(page.html, /Forge/)
    assert.match(page.html, /Sign in another way/)
  })

  test('an app that wants a new sign-in is not served by it, for it does not say when somebody signed in', async () => {
    const who = new Person(server.issuer)
    const began = await asked(who, { prompt: 'login' })
    const { next, html } = await press(who, began, 'forge')
    const page = next ? await who.open(`${next.searchParams.get('redirect_uri')}?${new URLSearchParams({ code: 'good', state: next.searchParams.get('state') })}`) : { html }
    assert.match(page.html, /Forge does not show that you signed in just now/)
  })
})
