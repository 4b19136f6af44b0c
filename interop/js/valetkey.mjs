// Starts the real binary, as `valetkey dev --port N` or as `valetkey serve`, registers clients with the real commands
// while it runs, and stops exactly that process again.

import { execFileSync, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'

const binary = process.env.VALETKEY_BIN ?? fileURLToPath(new URL('../../target/debug/valetkey', import.meta.url))

/** MySweetApp for the terminal, which is built beside it. */
export const terminalApp = join(dirname(binary), 'mysweetcli')

/** Whether a port of the loopback interface is free. */
function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

/** The first of three free ports in a row, below those that the system gives to outgoing connections. */
async function threeFreePorts() {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if ((await isFree(port)) && (await isFree(port + 1)) && (await isFree(port + 2))) return port
  }
  throw new Error('no three free ports in a row')
}

/** Waits until a URL answers at all, or the process is gone. */
async function answers(url, process_, output) {
  for (let attempt = 0; attempt < 400; attempt++) {
    if (process_.exitCode !== null) throw new Error(`valetkey ended early:\n${output()}`)
    try {
      const response = await fetch(url, { redirect: 'manual' })
      await response.arrayBuffer()
      return
    } catch {
      await sleep(50)
    }
  }
  throw new Error(`${url} never answered:\n${output()}`)
}

/** Runs the binary with a folder of its own, which goes when it is stopped, and waits until all addresses answer. */
async function begin(folder, args, addresses, place) {
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  child.stdout.on('data', (bytes) => (text += bytes))
  child.stderr.on('data', (bytes) => (text += bytes))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const command = (words, input) => execFileSync(binary, [...words, ...place], { input, encoding: 'utf8' })
  const server = {
    ...addresses,
    folder,
    output: () => text,
    /** Any `valetkey` command on the data of this server; what it prints. */
    command,
    /** `valetkey client WORDS --json`; what it answers. The server sees the change within a second. */
    client: (...words) => JSON.parse(command(['client', ...words, '--json'])),
    /** A file in the server's folder. */
    file(name, content) {
      const path = join(folder, name)
      writeFileSync(path, content)
      return path
    },
    async stop() {
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
  const { issuer, photos, app } = addresses
  const urls = [`${issuer}/readyz`, ...(photos ? [`${photos}/photos`] : []), ...(app ? [app] : [])]
  try {
    for (const url of urls) await answers(url, child, server.output)
  } catch (error) {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
  return server
}

function newFolder() {
  if (!existsSync(binary)) throw new Error(`build the binary first: ${binary}`)
  return mkdtempSync(join(tmpdir(), 'valetkey-interop-'))
}

/** A running `valetkey dev`: the authorization server, the Photos API and MySweetApp. */
export async function start() {
  const folder = newFolder()
  const port = await threeFreePorts()
  const [issuer, photos, app] = [0, 1, 2].map((step) => `http://localhost:${port + step}`)
  const data = join(folder, 'data')
  return begin(folder, ['dev', '--port', String(port), '--data', data], { issuer, photos, app }, ['--data', data])
}

/**
 * A running `valetkey serve` with more configuration, where nobody is registered but Alice. Browsers share cookies between
 * the ports of a host: two servers for one browser need two hosts, as localhost and 127.0.0.1.
 */
export async function serve(configuration, host = 'localhost') {
  const folder = newFolder()
  const port = await threeFreePorts()
  const issuer = `http://${host}:${port}`
  const file = join(folder, 'valetkey.toml')
  const store = join(folder, 'store')
  // Several of them run at once, and the port for operators is always the same one.
  const at = `issuer = "${issuer}"\nlisten = "127.0.0.1:${port}"\nmanagement_listen = "off"`
  const lines = [`[server]\n${at}`, `[store]\nfolder = "${store}"`, configuration]
  writeFileSync(file, lines.join('\n\n'))
  const server = await begin(folder, ['serve', '--config', file], { issuer }, ['--config', file])
  server.command(['user', 'add', 'alice', '--name', 'Alice', '--password-stdin'], 'wonderland')
  return server
}

/**
 * What `attempt` answers as soon as it does not throw; a running server sees within a second what a command changed.
 * Only a test that fails waits to the end.
 */
export async function eventually(attempt) {
  const end = Date.now() + 60_000
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() > end) throw error
      await sleep(100)
    }
  }
}

export const mysweetapp = { id: 'mysweetapp', secret: 'mysweetapp-secret', consumerSecret: 'mysweetapp-oauth1-secret' }
export const mysweetcli = { id: 'mysweetcli', redirect: 'http://127.0.0.1:49321/callback' }
export const photoBackup = { id: 'photo-backup', secret: 'photo-backup-secret' }
export const photosApi = { id: 'photos-api', secret: 'photos-api-secret' }
