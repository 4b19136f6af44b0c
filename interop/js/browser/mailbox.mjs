// A mail server that keeps what it is given (RFC 5321, as much as one sender needs), and finds links in it.

import { once } from 'node:events'
import { createServer } from 'node:net'
import { eventually } from '../valetkey.mjs'

/** Starts it at a free port of this machine. */
export async function mailbox() {
  const letters = []
  const server = createServer((socket) => {
    let rest = ''
    let letter = { to: [] }
    let lines
    const say = (text) => socket.write(`${text}\r\n`)
    const hear = (line) => {
      if (lines && line === '.') {
        letters.push({ ...letter, text: readable(lines) })
        ;[letter, lines] = [{ to: [] }, undefined]
        return say('250 kept')
      }
      if (lines) return lines.push(line.replace(/^\./, ''))
      const [verb] = line.toUpperCase().split(/[ :]/)
      if (verb === 'RCPT') letter.to.push(/<(.*?)>/.exec(line)[1])
      if (verb === 'DATA') lines = []
      say(verb === 'DATA' ? '354 go on' : verb === 'QUIT' ? '221 bye' : '250 yes')
    }
    socket.setEncoding('utf8').on('error', () => {})
    socket.on('data', (text) => {
      const whole = (rest + text).split('\r\n')
      rest = whole.pop()
      whole.forEach(hear)
    })
    say('220 mailbox')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: server.address().port,
    letters,
    /** The newest link to this path in a letter to this address, as soon as it has come. */
    linkTo: (address, path) =>
      eventually(() => {
        const found = letters.findLast(({ to, text }) => to.includes(address) && text.includes(`${path}?`))
        if (!found) throw new Error(`no letter to ${address} has a link to ${path}:\n${letters.map(({ text }) => text).join('\n')}`)
        const [link] = found.text.match(new RegExp(`http://[^\\s"<>]*${path}\\?[^\\s"<>]+`))
        return link.replaceAll('&amp;', '&').replaceAll('&#38;', '&')
      }),
    close: () => server.close(),
  }
}

/** Lines of a letter without their transfer encoding (RFC 2045 §6.7). */
function readable(lines) {
  const text = lines.join('\r\n')
  if (!/^content-transfer-encoding: *quoted-printable/im.test(text)) return text
  return text.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)))
}
