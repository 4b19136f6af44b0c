// A device in front of Alice (RFC 8628), and the page where she answers it with the safeguards of RFC 10027.

import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { launch } from '../chromium.mjs'
import { beginDevice, pollDevice } from '../devices.mjs'
import { start } from '../valetkey.mjs'

const looks = [
  { width: 1280 },
  { width: 360, dark: true, script: false },
]

describe('the device page', () => {
  let server, browser, visitor, device

  before(async () => {
    ;[server, browser] = await Promise.all([start(), launch()])
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })
  afterEach(() => visitor.leave())

  const typeCode = async (code = device.user_code) => {
    await visitor.page.goto(device.verification_uri)
    await visitor.page.fill('#user_code', code)
    await visitor.press('continue')
  }
  const begin = async (look) => {
    visitor = await browser.visit({ answers: [400, 429], ...look })
    device = await beginDevice(server)
  }

  for (const look of looks) {
    const name = `${look.width} pixels wide, ${look.script === false ? 'without' : 'with'} script`

    test(`Alice types the code, sees who asks, from where and when, and allows: ${name}`, async () => {
      await begin(look)
      await typeCode()
      await visitor.fits()
      assert.equal(await visitor.heading(), 'Sign in to continue')
      await visitor.signIn()
      assert.match(await visitor.heading(), /Did you start this/)
      assert.match(await visitor.text('main'), /MySweetApp for the terminal/)
      assert.equal(await visitor.text('#user_code'), device.user_code)
      assert.match(await visitor.text('#asked_from'), /this computer|127\.0\.0\.1|::1/i)
      assert.ok(await visitor.page.locator('.device time[datetime]').isVisible())
      assert.match(await visitor.text('#warning'), /press Cancel/)
      assert.match(await visitor.text('form'), /See your photos/)
      await visitor.fits()
      await visitor.press('allow')
      assert.match(await visitor.text('#ended'), /go back to your device/)
      await visitor.fits()
      const tokens = await pollDevice(server, device)
      const photos = await fetch(`${server.photos}/photos`, { headers: { authorization: `Bearer ${tokens.access_token}` } })
      assert.equal(photos.status, 200)
      assert.ok(tokens.refresh_token)
    })

    test(`Alice says no, and the device is told: ${name}`, async () => {
      await begin(look)
      await typeCode()
      await visitor.signIn()
      await visitor.press('cancel')
      assert.equal(await visitor.text('#ended'), 'Nothing was allowed')
      assert.equal((await pollDevice(server, device)).error, 'access_denied')
      await typeCode()
      assert.match(await visitor.text('#problem'), /No device shows this code now/)
    })

    test(`a wrong code is said to be wrong, and stays to be mended: ${name}`, async () => {
      await begin(look)
      const wrong = device.user_code.replace(/^./, (letter) => (letter === 'B' ? 'C' : 'B'))
      await typeCode(wrong)
      assert.match(await visitor.text('[role=alert]'), /No device shows this code now/)
      assert.equal(await visitor.page.inputValue('#user_code'), wrong)
      await visitor.fits()
      await visitor.page.fill('#user_code', device.user_code.toLowerCase().replace('-', ''))
      await visitor.press('continue')
      assert.equal(await visitor.heading(), 'Sign in to continue')
    })
  }

  test('the keyboard alone is enough, and shows where it is', async () => {
    await begin()
    const { keyboard } = visitor.page
    await visitor.page.goto(device.verification_uri)
    await visitor.page.waitForSelector('#user_code:focus')
    assert.ok((await visitor.focused()).isSeen)
    await keyboard.type(device.user_code)
    await visitor.tabTo('continue')
    await keyboard.press('Enter')
    await visitor.page.waitForSelector('#username:focus')
    await keyboard.type('alice')
    await visitor.tabTo('password')
    await keyboard.type('wonderland')
    await keyboard.press('Enter')
    await visitor.page.waitForSelector('#allow')
    assert.notEqual((await visitor.focused()).id, 'allow', 'one Enter too many must not allow')
    await visitor.tabTo('allow')
    await keyboard.press('Enter')
    await visitor.page.waitForSelector('#ended')
    assert.ok((await pollDevice(server, device)).access_token)
  })

  test('device-code phishing: a link with the code in it does nothing until somebody presses', async () => {
    await begin()
    await visitor.page.goto(`${server.issuer}/account`)
    await visitor.signIn()
    await visitor.page.goto(device.verification_uri_complete)
    assert.equal(await visitor.page.inputValue('#user_code'), device.user_code)
    assert.match(await visitor.text('main'), /only if the device in front of you shows the same/)
    assert.equal((await pollDevice(server, device)).error, 'authorization_pending')
    await visitor.press('continue')
    assert.match(await visitor.heading(), /Did you start this/, 'a session does not answer by itself')
    await visitor.press('cancel')
    assert.equal(await visitor.text('#ended'), 'Nothing was allowed')
  })

  test('consent is not remembered for devices: the next one is asked about, too', async () => {
    await begin()
    for (let time = 0; time < 2; time++) {
      await typeCode()
      if (time === 0) await visitor.signIn()
      assert.match(await visitor.heading(), /Did you start this/)
      await visitor.press('allow')
      await visitor.page.waitForSelector('#ended')
      device = await beginDevice(server)
    }
  })

  test('a device is listed on the account page, and its access ends there', async () => {
    await begin()
    await typeCode()
    await visitor.signIn()
    await visitor.press('allow')
    await visitor.page.waitForSelector('#ended')
    const { access_token } = await pollDevice(server, device)
    const photos = () => fetch(`${server.photos}/photos`, { headers: { authorization: `Bearer ${access_token}` } })
    assert.equal((await photos()).status, 200)
    await visitor.page.goto(`${server.issuer}/account`)
    assert.match(await visitor.text('.apps'), /How it got in\s+on a device/)
    await visitor.press('revoke-mysweetcli')
    assert.equal((await photos()).status, 401)
  })
})

describe('the device page when somebody guesses', () => {
  let server, browser

  before(async () => {
    ;[server, browser] = await Promise.all([start(), launch()])
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })

  test('too many wrong codes are slowed down, and then even the right one waits', async () => {
    const visitor = await browser.visit({ answers: [400, 429] })
    const device = await beginDevice(server)
    await visitor.page.goto(device.verification_uri)
    for (let guess = 0; guess < 10; guess++) {
      await visitor.page.fill('#user_code', `BCDF-GHJ${'BCDFGHJKLM'[guess]}`)
      await visitor.press('continue')
      assert.match(await visitor.text('[role=alert]'), /No device shows this code now/)
    }
    await visitor.page.fill('#user_code', device.user_code)
    await visitor.press('continue')
    assert.match(await visitor.text('[role=alert]'), /Too many wrong codes.*You can try again in/)
    await visitor.leave()
    for (const width of [1280, 360]) {
      for (const dark of [false, true]) {
        const other = await browser.visit({ width, dark, answers: [429] })
        await other.page.goto(device.verification_uri_complete)
        await other.press('continue')
        await other.picture('device-throttled')
        await other.fits()
        await other.isAccessible()
        await other.leave()
      }
    }
  })
})
