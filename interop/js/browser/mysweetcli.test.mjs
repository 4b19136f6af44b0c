// MySweetApp for the terminal as a process: Alice answers it in a browser, by a code (RFC 8628) or on this machine
// (RFC 8252), and it lists her photos.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { after, afterEach, before, describe, test } from 'node:test'
import { launch } from '../chromium.mjs'
import { start, terminalApp } from '../valetkey.mjs'

describe('mysweetcli', () => {
  let server, browser, visitor, app

  before(async () => {
    ;[server, browser] = await Promise.all([start(), launch()])
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })
  afterEach(async () => {
    app?.child.kill('SIGTERM')
    await visitor.leave()
  })

  /** The running program: `says` waits until what it printed fits, `ended` for its status. */
  function run(...words) {
    const args = [...words, '--issuer', server.issuer, '--photos', server.photos]
    const child = spawn(terminalApp, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    const waiting = []
    const look = () => {
      for (const one of [...waiting]) {
        const found = one.pattern.exec(text)
        if (!found) continue
        waiting.splice(waiting.indexOf(one), 1)
        one.resolve(found)
      }
    }
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', (line) => look((text += `${line}\n`)))
    // `close` comes when all that it said was read.
    const ended = new Promise((resolve) => child.once('close', resolve)).then((status) => {
      look()
      for (const { pattern, reject } of waiting) reject(new Error(`mysweetcli ended without ${pattern}:\n${text}`))
      return status
    })
    const says = (pattern) => new Promise((resolve, reject) => look(waiting.push({ pattern, resolve, reject })))
    return { child, says, ended, text: () => text }
  }

  async function listsPhotos() {
    assert.equal(await app.ended, 0, app.text())
    for (const title of ['Dusk at the beach', 'Morning above the valley', 'The city, half past eleven']) assert.match(app.text(), new RegExp(title))
    assert.doesNotMatch(app.text(), /eyJ|vkr_|vkd_/, 'no token is shown')
  }

  test('mysweetcli device: Alice types its code in a browser elsewhere', async () => {
    visitor = await browser.visit({ width: 360 })
    app = run('device')
    const [, address, code] = await app.says(/(http\S+\/device)\s[\s\S]*?\b([A-Z]{4}-[A-Z]{4})\b/)
    await visitor.page.goto(address)
    await visitor.page.fill('#user_code', code)
    await visitor.press('continue')
    await visitor.signIn()
    assert.match(await visitor.text('main'), /MySweetApp for the terminal/)
    await visitor.press('allow')
    assert.match(await visitor.text('#ended'), /go back to your device/)
    await listsPhotos()
  })

  test('mysweetcli device: Alice says no, and the program says so', async () => {
    visitor = await browser.visit()
    app = run('device', '--json')
    const [line] = await app.says(/^\{.*"event":"device".*\}$/m)
    await visitor.page.goto(JSON.parse(line).verification_uri_complete)
    await visitor.press('continue')
    await visitor.signIn()
    await visitor.press('cancel')
    assert.equal(await app.ended, 1)
    assert.match(app.text(), /You said no/)
  })

  test('mysweetcli login: the browser comes back to a port of this machine', async () => {
    visitor = await browser.visit()
    app = run('login', '--no-browser')
    const [address] = await app.says(/http\S+\/authorize\?\S+/)
    const { searchParams } = new URL(address)
    assert.equal(searchParams.get('code_challenge_method'), 'S256')
    assert.match(searchParams.get('redirect_uri'), /^http:\/\/127\.0\.0\.1:\d+\/callback$/)
    await visitor.page.goto(address)
    await visitor.signIn()
    assert.match(await visitor.text('main'), /an app on your device/)
    await visitor.press('allow')
    await visitor.page.waitForURL(`${searchParams.get('redirect_uri')}?*`)
    assert.equal(await visitor.heading(), 'Back to the terminal')
    await visitor.isAccessible()
    await listsPhotos()
  })

  test('mysweetcli login: an answer that somebody else sends to its port changes nothing', async () => {
    visitor = await browser.visit({ answers: [400, 404] })
    app = run('login', '--no-browser')
    const [address] = await app.says(/http\S+\/authorize\?\S+/)
    const redirect = new URL(address).searchParams.get('redirect_uri')
    await visitor.page.goto(`${redirect}?code=stolen&state=stolen&iss=${encodeURIComponent(server.issuer)}`)
    assert.match(await visitor.text('body'), /Nobody waits for this answer/)
    assert.equal(app.child.exitCode, null)
    await visitor.page.goto(address)
    await visitor.signIn()
    await visitor.press('cancel')
    assert.equal(await visitor.heading(), 'Back to the terminal')
    assert.equal(await app.ended, 1)
    assert.match(app.text(), /You said no/)
  })
})
