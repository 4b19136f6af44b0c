// A person with a plain browser: cookies, redirects and HTML forms over HTTP, no script. It knows the public contract
// of the pages: /login has the fields username and password, /consent the buttons allow and cancel, /device the field
// user_code, /logout the button logout. `answered` names the pages that it was shown on its ways through.

/** Reads the one form of a page: where it posts to, and its hidden fields. */
export function formOf(html) {
  const form = /<form[^>]*\bmethod="post"[^>]*>[\s\S]*?<\/form>/i.exec(html)?.[0]
  if (!form) throw new Error(`no form on this page:\n${html}`)
  const fields = {}
  for (const [tag] of form.matchAll(/<input[^>]*type="hidden"[^>]*>/gi)) {
    fields[attribute(tag, 'name')] = attribute(tag, 'value')
  }
  return { action: attribute(form, 'action'), fields }
}

function attribute(tag, name) {
  return unescaped(new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1])
}

/** The text of the element with this id. */
function textOf(html, id) {
  const text = new RegExp(`id="${id}"[^>]*>([^<]*)<`).exec(html)?.[1]
  if (text === undefined) throw new Error(`no ${id} on this page:\n${html}`)
  return unescaped(text)
}

function unescaped(text) {
  return text
    ?.replace(/&#(?:x([0-9a-f]+)|(\d+));/gi, (_, hex, dec) => String.fromCodePoint(hex ? parseInt(hex, 16) : Number(dec)))
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

export class Person {
  #cookies = new Map()

  constructor(issuer, username = 'alice', password = 'wonderland') {
    Object.assign(this, { issuer, username, password, answered: [] })
  }

  /** One request to the server, with its cookies, redirects not followed. */
  async request(url, init = {}) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { ...init.headers, ...(cookie && { cookie }) } })
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(';')
      const [name, ...value] = pair.split('=')
      const gone = attributes.some((part) => /^\s*max-age=0$/i.test(part))
      if (gone) this.#cookies.delete(name.trim())
      else this.#cookies.set(name.trim(), value.join('='))
    }
    return response
  }

  /** Submits the form of a page as a browser would. */
  submit(html, base, fields) {
    const form = formOf(html)
    return this.request(new URL(form.action, base), {
      method: 'POST',
      body: new URLSearchParams({ ...form.fields, ...fields }),
      headers: { origin: this.issuer },
    })
  }

  /**
   * Goes through an authorization request: signs in where asked, answers the consent page, and returns the address
   * that the server sends the browser to, as the client would get it.
   */
  async authorize(url, answer = 'allow') {
    const { next, html } = await this.#goOn(await this.request(url), new URL(url), answer)
    if (!next) throw new Error(`the way ends here:\n${html}`)
    return next
  }

  /** The same for `response_mode=form_post`: the request that the browser makes to the client. */
  async authorizeByForm(url) {
    const { html } = await this.#goOn(await this.request(url), new URL(url), 'allow')
    if (!html?.includes('id="form_post"')) throw new Error(`no form for the client:\n${html}`)
    const { action, fields } = formOf(html)
    return new Request(action, { method: 'POST', body: new URLSearchParams(fields) })
  }

  /** Opens an address: the page at the end of the redirects within the server, or the address elsewhere. */
  open(url) {
    return this.#follow(url)
  }

  /** Sends the form of a page that was opened, and goes on likewise. */
  async send({ html, here }, fields) {
    return this.#follow(here, await this.submit(html, here, fields))
  }

  async #follow(url, response = undefined) {
    let here = new URL(url)
    response ??= await this.request(here)
    for (let hops = 0; hops < 10 && response.status >= 300 && response.status < 400; hops++) {
      const next = new URL(response.headers.get('location'), here)
      if (next.origin !== this.issuer) return { next, here }
      here = next
      response = await this.request(here)
    }
    return { here, status: response.status, html: await response.text() }
  }

  /** Signs out where a client asks for it, with the button where there is one. */
  async signOut(url) {
    const end = await this.open(url)
    if (!end.html?.includes('id="logout"')) return end
    this.answered.push('logout')
    return this.send(end, {})
  }

  /** The same for a client without a callback: the verifier that the last page shows. */
  async authorizeOutOfBand(url) {
    const { html } = await this.#goOn(await this.request(url), new URL(url), 'allow')
    return textOf(html, 'verifier')
  }

  /** Types the code of a device at /device and answers; what the last page says. */
  async answerDevice(userCode, answer = 'allow') {
    const page = new URL('/device', this.issuer)
    const html = await (await this.request(page)).text()
    const ended = await this.#goOn(await this.submit(html, page, { user_code: userCode }), page, answer)
    return textOf(ended.html, 'ended')
  }

  /** Presses the button of an app on the account page. */
  async takeBack(client) {
    const page = new URL('/account', this.issuer)
    const { html } = await this.#goOn(await this.request(page), page, 'allow')
    const form = html.match(/<form[\s\S]*?<\/form>/g).find((form) => form.includes(`value="${client}"`))
    if (!form) throw new Error(`${client} is not on the account page:\n${html}`)
    return this.submit(form, page, {})
  }

  /** Signs in and consents where asked: until the server sends the browser elsewhere, or another page comes. */
  async #goOn(response, here, answer) {
    return this.goOn(await this.#follow(here, response), answer)
  }

  /** The same from a page that was opened. */
  async goOn(end, answer = 'allow') {
    for (let pages = 0; pages < 10; pages++) {
      const { next, html, here, status } = end
      if (next) return end
      if (status !== 200) throw new Error(`${here.pathname} answered ${status}:\n${html}`)
      if (html.includes('id="login"')) {
        this.answered.push('login')
        end = await this.send(end, { username: this.username, password: this.password })
      } else if (html.includes('id="allow"')) {
        this.answered.push('consent')
        end = await this.send(end, { answer })
      } else {
        return end
      }
    }
    throw new Error('the server asks for ever')
  }
}
