// oauth-1.0a 2 goes through OAuth 1.0a (RFC 5849), with every signature method and every place of the parameters.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { Denied, METHODS, PLACES, Signer, newConsumer } from '../oauth1.mjs'
import { eventually, start } from '../valetkey.mjs'
import { Person } from '../person.mjs'

const TITLE = 'Räksmörgås & co + 100 %'
let server, printer, alice

before(async () => {
  server = await start()
  alice = new Person(server.issuer)
  printer = await newConsumer(server, 'printer')
})
after(() => server?.stop())

const photosUrl = () => `${server.photos}/photos`

/** The refusal that `attempt` meets, by status, problem and rule. */
async function refused(attempt, status, problem, rule) {
  await assert.rejects(attempt, (thrown) => {
    assert.ok(thrown instanceof Denied, thrown)
    assert.deepEqual([thrown.status, thrown.form.oauth_problem], [status, problem])
    assert.ok(thrown.form.more.endsWith(`/rules/${rule}`), thrown.form.more)
    if (status === 401) assert.match(thrown.headers.get('www-authenticate'), /^OAuth realm=/)
    return true
  })
}

/** What the API answers, by status and rule. */
async function apiSays(response) {
  return [response.status, new URLSearchParams(await response.text()).get('rule')]
}

for (const method of Object.keys(METHODS)) {
  for (const place of PLACES) {
    test(`the whole flow and the photos: ${method}, parameters in the ${place}`, async () => {
      const app = new Signer(server, printer, method, place)
      const temporary = await app.initiate()
      assert.equal(temporary.oauth_callback_confirmed, 'true')
      const back = await alice.authorize(app.authorizationUrl)
      assert.equal(back.origin + back.pathname, printer.callback)
      assert.equal(back.searchParams.get('oauth_token'), temporary.oauth_token)
      const token = await app.redeem(back.searchParams.get('oauth_verifier'))
      assert.deepEqual(Object.keys(token).sort(), ['oauth_token', 'oauth_token_secret'])

      // Parameters of the address are signed: empty, repeated, with characters that must be encoded.
      const answer = await app.get(`${photosUrl()}?tag=a%20b&size=1&size=2&empty=&q=%2B%25%26%3D`)
      assert.equal(answer.status, 200)
      assert.ok((await answer.json()).length >= 3)

      // The Photos API wants JSON. That it says so, and not 401, means that the signature over the form was good.
      const form = await fetch(...app.signed('POST', photosUrl(), { form: { title: TITLE, empty: '' } }))
      assert.equal(form.status, 415)
    })
  }
}

test('a body that is no form is not signed, and reaches the API', async () => {
  const app = new Signer(server, printer)
  await app.connect(alice)
  const [url, request] = app.signed('POST', photosUrl())
  const headers = { ...request.headers, 'content-type': 'application/json' }
  const answer = await fetch(url, { ...request, headers, body: JSON.stringify({ title: TITLE }) })
  assert.equal(answer.status, 201)
  assert.equal((await answer.json()).title, TITLE)
})

test('an app without a callback gets its verifier from the person', async () => {
  const app = new Signer(server, printer)
  await app.initiate('oob')
  await app.redeem(await alice.authorizeOutOfBand(app.authorizationUrl))
  assert.equal((await app.get(photosUrl())).status, 200)
})

test('a consumer may ask for less than everything', async () => {
  const app = new Signer(server, printer)
  await app.initiate(printer.callback, { scope: 'photos.read' })
  const back = await alice.authorize(app.authorizationUrl)
  await app.redeem(back.searchParams.get('oauth_verifier'))
  assert.equal((await app.get(photosUrl())).status, 200)
  const [url, request] = app.signed('POST', photosUrl())
  const headers = { ...request.headers, 'content-type': 'application/json' }
  assert.equal((await fetch(url, { ...request, headers, body: '{"title":"x"}' })).status, 403)
})

test('access that the person takes back ends at once', async () => {
  const leaflet = await newConsumer(server, 'leaflet')
  const app = new Signer(server, leaflet)
  await app.connect(alice)
  assert.equal((await app.get(photosUrl())).status, 200)
  await alice.takeBack('leaflet')
  assert.deepEqual(await apiSays(await app.get(photosUrl())), [401, 'VK-OAUTH1-TOKEN-REVOKED'])
})

describe('what is refused', () => {
  for (const method of ['HMAC-SHA1', 'HMAC-SHA256', 'PLAINTEXT']) {
    test(`a wrong consumer secret, with ${method}`, async () => {
      const app = new Signer(server, { ...printer, secret: 'not-the-secret-of-this-app' }, method)
      await refused(app.initiate(), 401, 'signature_invalid', 'VK-OAUTH1-SIGNATURE-INVALID')
    })
  }

  for (const method of ['RSA-SHA1', 'RSA-SHA256']) {
    test(`a key that is not the consumer's, with ${method}`, async () => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      const app = new Signer(server, { ...printer, privateKey }, method)
      await refused(app.initiate(), 401, 'signature_invalid', 'VK-OAUTH1-SIGNATURE-INVALID')
    })
  }

  test('the base string that was expected is the one that the library signed', async () => {
    const app = new Signer(server, { ...printer, secret: 'not-the-secret-of-this-app' })
    let signed
    const sign = app.library.hash_function
    app.library.hash_function = (base, key) => sign((signed = base), key)
    await assert.rejects(app.initiate(printer.callback, { scope: 'photos.read', note: TITLE }), (thrown) => {
      assert.equal(thrown.form.expected, signed)
      return true
    })
  })

  test('nonce replay: the same request a second time, at the server and at the API', async () => {
    const app = new Signer(server, printer)
    const begin = app.signed('POST', `${server.issuer}/oauth1/initiate`, { protocol: { oauth_callback: printer.callback } })
    assert.equal((await fetch(...begin)).status, 200)
    const again = await fetch(...begin)
    assert.equal(again.status, 401)
    assert.equal(new URLSearchParams(await again.text()).get('oauth_problem'), 'nonce_used')

    await app.connect(alice)
    const call = app.signed('GET', photosUrl())
    assert.equal((await fetch(...call)).status, 200)
    assert.deepEqual(await apiSays(await fetch(...call)), [401, 'VK-OAUTH1-NONCE-USED'])
  })

  test('a wrong token secret at the API', async () => {
    const app = new Signer(server, printer)
    await app.connect(alice)
    app.token = { ...app.token, oauth_token_secret: 'guessed' }
    assert.deepEqual(await apiSays(await app.get(photosUrl())), [401, 'VK-OAUTH1-SIGNATURE-INVALID'])
  })

  test('parameter tampering: an address that was not signed', async () => {
    const app = new Signer(server, printer)
    await app.connect(alice)
    const [url, request] = app.signed('GET', `${photosUrl()}?size=1`)
    assert.deepEqual(await apiSays(await fetch(url.replace('size=1', 'size=2'), request)), [401, 'VK-OAUTH1-SIGNATURE-INVALID'])
  })

  test('timestamp drift: a clock that is an hour wrong', async () => {
    const app = new Signer(server, printer)
    app.library.getTimeStamp = () => Math.floor(Date.now() / 1000) - 3600
    await refused(app.initiate(), 401, 'timestamp_refused', 'VK-OAUTH1-TIMESTAMP-REFUSED')
  })

  test('session fixation of 1.0 before 1.0a: only the verifier that the person carried redeems', async () => {
    const app = new Signer(server, printer)
    await app.initiate()
    await alice.authorize(app.authorizationUrl)
    await refused(app.redeem('guessed'), 401, 'verifier_invalid', 'VK-OAUTH1-VERIFIER-INVALID')
  })

  test('the token of another consumer', async () => {
    const other = await newConsumer(server, 'poster')
    const app = new Signer(server, printer)
    const theirs = new Signer(server, other)
    theirs.token = await app.connect(alice)
    const [status] = await apiSays(await theirs.get(photosUrl()))
    assert.equal(status, 401)
  })

  test('a verifier that was redeemed before, and then nothing works', async () => {
    const app = new Signer(server, printer)
    const temporary = await app.initiate()
    const back = await alice.authorize(app.authorizationUrl)
    const verifier = back.searchParams.get('oauth_verifier')
    const token = await app.redeem(verifier)
    assert.equal((await app.get(photosUrl())).status, 200)
    app.token = temporary
    await assert.rejects(app.redeem(verifier), Denied)
    app.token = token
    assert.equal((await app.get(photosUrl())).status, 401)
  })

  test('a callback that is not registered', async () => {
    const app = new Signer(server, printer)
    await assert.rejects(app.initiate('https://evil.example/ready'), (thrown) => thrown.status === 400)
  })

  test('a client that may not use OAuth 1.0a any more', async () => {
    const gone = await newConsumer(server, 'retired')
    server.client('allow', 'retired', 'oauth1', '--off')
    await eventually(() => assert.rejects(new Signer(server, gone).initiate(), Denied))
  })
})
