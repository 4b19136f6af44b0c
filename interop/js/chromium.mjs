// Real browsers for the tests: one Chromium a file, a fresh profile for every visitor. A visitor notes everything that
// a page must not do: errors on the console, requests to other hosts, images or scripts that the policy blocked.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const screenshots = fileURLToPath(new URL('../screenshots/', import.meta.url))

/** Starts Chromium. Its visitors are made with `visit`. */
export async function launch() {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
  const args = [...flags, '--disable-component-update', '--disable-sync']
  const browser = await chromium.launch({ executablePath, args })
  return {
    close: () => browser.close(),
    /**
     * A new profile. `answers` are the error statuses that the test means to meet, `lines` what else it means to find on
     * the console: Chromium writes a line for each.
     */
    async visit({ dark = false, width = 1280, script = true, answers = [], lines = [] } = {}) {
      const context = await browser.newContext({
        colorScheme: dark ? 'dark' : 'light',
        viewport: { width, height: width < 600 ? 740 : 900 },
        javaScriptEnabled: script,
        reducedMotion: 'reduce',
      })
      context.setDefaultTimeout(20_000)
      return new Visitor(context, await context.newPage(), { answers, lines, look: `${dark ? 'dark' : 'light'}-${width}` })
    },
  }
}

export class Visitor {
  #faults = []
  #requests = []

  constructor(context, page, { answers, lines, look }) {
    Object.assign(this, { context, page, answers, lines, look })
    context.on('request', (request) => {
      this.#requests.push(request.url())
      const { protocol, hostname } = new URL(request.url())
      const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(hostname) || ['blob:', 'data:'].includes(protocol)
      if (!isLocal) this.#faults.push(`a request to another host: ${request.url()}`)
    })
    context.on('console', (message) => this.#heard(message))
    context.on('weberror', (error) => this.#faults.push(`an uncaught error: ${error.error()}`))
  }

  #heard(message) {
    if (!['error', 'warning'].includes(message.type())) return
    const status = /^Failed to load resource: the server responded with a status of (\d+)/.exec(message.text())?.[1]
    if (this.answers.includes(Number(status)) || this.lines.some((line) => line.test(message.text()))) return
    this.#faults.push(`on the console of ${message.location().url}: ${message.text()}`)
  }

  /** Every address that was asked for, oldest first. */
  get requests() {
    return [...this.#requests]
  }

  /** The latest request whose address begins with this. */
  requested(start) {
    const url = this.#requests.findLast((url) => url.startsWith(start))
    assert.ok(url, `nobody asked for ${start}`)
    return new URL(url)
  }

  /** Tab by Tab to the element with this id; wherever the focus is on the way, it can be seen. */
  async tabTo(id) {
    for (let tabs = 0; tabs < 20; tabs++) {
      await this.page.keyboard.press('Tab')
      const here = await this.focused()
      assert.ok(here.isSeen, `the focus on ${here.id || 'an element'} cannot be seen`)
      if (here.id === id) return
    }
    assert.fail(`Tab never reaches ${id}`)
  }

  /** What has the focus, and whether one can see that. */
  focused() {
    return this.page.evaluate(() => {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement)
      const isSeen = (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none'
      return { id: document.activeElement.id, isSeen }
    })
  }

  /** Presses the button with this id. */
  press(id) {
    return this.page.click(`#${id}`)
  }

  /** Fills in the sign-in form and sends it. */
  async signIn(username = 'alice', password = 'wonderland') {
    await this.page.fill('#username', username)
    await this.page.fill('#password', password)
    await this.press('login')
  }

  text(selector) {
    return this.page.locator(selector).innerText()
  }

  heading() {
    return this.text('h1')
  }

  /** Keeps a picture of the whole page; nothing is compared with it. */
  async picture(name) {
    mkdirSync(screenshots, { recursive: true })
    await this.page.screenshot({ path: `${screenshots}${name}-${this.look}.png`, fullPage: true })
  }

  /** Nothing of the page lies beside the screen. */
  async fits() {
    const [wide, room] = await this.page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth])
    assert.ok(wide <= room, `${this.page.url()} is ${wide} pixels wide, the screen ${room}`)
  }

  /** axe-core finds nothing. */
  async isAccessible() {
    await this.page.evaluate(axe)
    const found = await this.page.evaluate(async () => {
      const { violations } = await window.axe.run(document)
      return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(' | ')}`)
    })
    assert.deepEqual(found, [], this.page.url())
  }

  /** Ends the visit; fails if a page did what it must not. */
  async leave() {
    await this.context.close()
    assert.deepEqual(this.#faults, [])
  }
}
