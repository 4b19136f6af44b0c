// npm `oauth-1.0a` signs, and says nothing about sending: here its parameters travel in the header, the query or the
// form (RFC 5849 §3.5), to the running binary.

import { createHmac, createSign, generateKeyPairSync } from 'node:crypto'
import OAuth from 'oauth-1.0a'
import { eventually } from './valetkey.mjs'

const hmac = (hash) => () => (base, key) => createHmac(hash, key).update(base).digest('base64')
const rsa = (hash) => (consumer) => (base) => createSign(hash).update(base).sign(consumer.privateKey, 'base64')

/** The library has no RSA of its own: it takes any function of the base string. */
export const METHODS = {
  'HMAC-SHA1': hmac('sha1'),
  'HMAC-SHA256': hmac('sha256'),
  PLAINTEXT: () => undefined,
  'RSA-SHA1': rsa('RSA-SHA1'),
  'RSA-SHA256': rsa('RSA-SHA256'),
}
export const PLACES = ['header', 'query', 'form']

/** An answer that is not 2xx, with its form. */
export class Denied extends Error {
  constructor(response, text) {
    super(`${response.status}: ${text}`)
    Object.assign(this, { status: response.status, headers: response.headers, form: Object.fromEntries(new URLSearchParams(text)) })
  }
}

export class Signer {
  constructor(server, consumer, method = 'HMAC-SHA1', place = 'header') {
    Object.assign(this, { server, consumer, place })
    this.library = new OAuth({
      consumer: { key: consumer.key, secret: consumer.secret },
      signature_method: method,
      hash_function: METHODS[method](consumer),
    })
  }

  /** What `fetch` is to send. `protocol` is oauth_callback and the like, `form` the body that is signed, too. */
  signed(method, url, { token = this.token, protocol = {}, form, place = this.place } = {}) {
    const credentials = token && { key: token.oauth_token, secret: token.oauth_token_secret }
    // The library adds the parameters of the URL to what it is given.
    const all = this.library.authorize({ method, url, data: { ...protocol, ...form } }, credentials)
    const own = Object.entries(all).filter(([name]) => name.startsWith('oauth_'))
    const body = form && new URLSearchParams(form)
    if (place === 'header') return [url, { method, body, headers: this.library.toHeader(all) }]
    if (place === 'form') return [url, { method, body: new URLSearchParams([...(body ?? []), ...own]) }]
    const to = new URL(url)
    for (const [name, value] of own) to.searchParams.append(name, value)
    return [to.href, { method, body }]
  }

  async credentials(path, more) {
    const response = await fetch(...this.signed('POST', `${this.server.issuer}${path}`, more))
    const text = await response.text()
    if (!response.ok) throw new Denied(response, text)
    return Object.fromEntries(new URLSearchParams(text))
  }

  async initiate(oauth_callback = this.consumer.callback, form = undefined) {
    this.token = undefined
    this.token = await this.credentials('/oauth1/initiate', { protocol: { oauth_callback }, form })
    return this.token
  }

  get authorizationUrl() {
    return `${this.server.issuer}/oauth1/authorize?${new URLSearchParams({ oauth_token: this.token.oauth_token })}`
  }

  async redeem(oauth_verifier) {
    this.token = await this.credentials('/oauth1/token', { protocol: { oauth_verifier } })
    return this.token
  }

  /** The whole way, with a callback. */
  async connect(person) {
    await this.initiate()
    const back = await person.authorize(this.authorizationUrl)
    return this.redeem(back.searchParams.get('oauth_verifier'))
  }

  /** A GET has no form. */
  get(url) {
    return fetch(...this.signed('GET', url, { place: this.place === 'form' ? 'header' : this.place }))
  }
}

/** Registers a client that signs, with a secret and an RSA key, and waits until the server knows it. */
export async function newConsumer(server, key, { callback = 'https://printer.example/ready', allow = 'oauth1' } = {}) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = publicKey.export({ type: 'spki', format: 'pem' })
  server.client('add', key, '--allow', allow, '--redirect-uri', callback, '--scope', 'openid photos.read photos.write')
  const given = server.client('oauth1', key, '--new-secret', '--rsa-key', server.file(`${key}.pem`, pem))
  const consumer = { key, secret: given.oauth1.consumer_secret, privateKey, callback }
  await eventually(() => new Signer(server, consumer).initiate())
  await eventually(() => new Signer(server, consumer, 'RSA-SHA1').initiate())
  return consumer
}
