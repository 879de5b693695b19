// What somebody who never logs in can make the server do. The libraries below this wire answer some things by
// themselves, before any session is there that could be held back.
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { STRANGER_FRAME } from '@conclave/server/limits'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { cpuSeconds } from '../../bench/machine.ts'
import { startServer, type TestServer } from '../server.ts'
import { DinoClient, until } from './client.ts'

const MEBIBYTE = 1024

let server: TestServer
let before = 0
beforeAll(async () => {
  server = await startServer()
})
beforeEach(async () => {
  before = await memory()
})
afterAll(() => server.remove())

/** KiB that the server's process holds. */
async function memory(): Promise<number> {
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8').catch(() => '')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0)
}

async function poll(generation: 3 | 4): Promise<(body: string) => Promise<Response>> {
  const url = `${server.url}/socket.io/?EIO=${generation}&transport=polling`
  const opened = await (await fetch(url)).text()
  const sid = /"sid":"([^"]+)"/.exec(opened)?.[1]
  return body => fetch(`${url}&sid=${sid}`, { method: 'POST', body, headers: { 'content-type': 'text/plain' } })
}

async function unharmed(): Promise<void> {
  const client = await DinoClient.open(server.url)
  client.close()
  expect((await memory()) - before).toBeLessThan(60 * MEBIBYTE)
  expect(server.output()).not.toMatch(/bug|unhandled|uncaught/i)
}

test('two thousand connects in one post end the connection and make no two thousand sockets', async () => {
  const post = await poll(4)
  const began = cpuSeconds(server.pid)
  await post(Array.from({ length: 2_000 }, () => '40/ws,').join('\x1e'))
  expect((await post('3')).status).toBe(400)
  expect(cpuSeconds(server.pid) - began).toBeLessThan(1.5)
  await unharmed()
})

test('a post or a frame that is larger than any log-in is refused unread', async () => {
  for (const generation of [3, 4] as const) {
    const post = await poll(generation)
    expect((await post('x'.repeat(STRANGER_FRAME + 1))).status).toBe(413)
  }
  for (const path of ['/socket.io/?EIO=3&transport=websocket', '/socket.io/?EIO=4&transport=websocket', '/websocket']) {
    const ws = new WebSocket(`${server.url.replace('http', 'ws')}${path}`)
    await once(ws, 'open')
    ws.send('x'.repeat(STRANGER_FRAME + 1))
    expect((await once(ws, 'close'))[0]).toBe(1009)
  }
  await unharmed()
})

test('connects to namespaces that are not there do not pile up their refusals', async () => {
  const post = await poll(4)
  await post(Array.from({ length: 1_500 }, (_, at) => `40/n${at},`).join('\x1e'))
  expect((await post('3')).status).toBe(400)
  await unharmed()
})

test('pings of the third generation that nobody fetches the pongs of end the connection', async () => {
  const post = await poll(3)
  await post('1:2'.repeat(5_000))
  expect((await post('1:2')).status).toBe(400)
  await unharmed()
})

test('WebSocket pings of a client that reads nothing end the connection', async () => {
  const socket = connect(server.port, '127.0.0.1')
  socket.on('error', () => {})
  const key = Buffer.alloc(16).toString('base64')
  const head = `Host: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}`
  socket.write(`GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n${head}\r\n\r\n`)
  await once(socket, 'readable')
  const ping = Buffer.concat([Buffer.from([0x89, 0x80 | 125, 0, 0, 0, 0]), Buffer.alloc(125)])
  const many = Buffer.concat(Array.from({ length: 4_000 }, () => ping))
  const gone = await until(() => {
    if (socket.writableLength < many.length) socket.write(many)
    return socket.destroyed || undefined
  })
  expect(gone).toBe(true)
  await unharmed()
})
