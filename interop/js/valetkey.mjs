// Starts the real binary as `valetkey dev --port N` and stops exactly that process again.

import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'

const binary = process.env.VALETKEY_BIN ?? fileURLToPath(new URL('../../target/debug/valetkey', import.meta.url))

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

/** A running `valetkey dev`: the authorization server, the Photos API and MySweetApp. */
export async function start() {
  if (!existsSync(binary)) throw new Error(`build the binary first: ${binary}`)
  const port = await threeFreePorts()
  const child = spawn(binary, ['dev', '--port', String(port)], { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  child.stdout.on('data', (bytes) => (text += bytes))
  child.stderr.on('data', (bytes) => (text += bytes))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const server = {
    issuer: `http://localhost:${port}`,
    photos: `http://localhost:${port + 1}`,
    app: `http://localhost:${port + 2}`,
    output: () => text,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
  try {
    for (const url of [`${server.issuer}/readyz`, `${server.photos}/photos`, server.app]) await answers(url, child, server.output)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  return server
}

export const mysweetapp = { id: 'mysweetapp', secret: 'mysweetapp-secret' }
export const mysweetcli = { id: 'mysweetcli', redirect: 'http://127.0.0.1:49321/callback' }
export const photoBackup = { id: 'photo-backup', secret: 'photo-backup-secret' }
export const photosApi = { id: 'photos-api', secret: 'photos-api-secret' }
