import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'vitest'
import { readConfig } from './config.ts'
import { openLog } from './log.ts'
import { startServer } from './main.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'conclave-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'

test('a stop takes no longer than its grace time, whatever clients hold open', async () => {
  const server = await startServer(readConfig({ CONCLAVE_DATA: directory, CONCLAVE_PORT: '0' }), openLog('silent'))
  const held: Socket[] = []
  for (const request of [
    '',
    `GET /websocket HTTP/1.1\r\nHost: a\r\n${UPGRADE}\r\n`,
    `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\n${UPGRADE}\r\n`,
    `GET /socket.io HTTP/1.1\r\nHost: a\r\n${UPGRADE}\r\n`,
    'POST /2/chat HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc',
  ]) {
    const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => {})
    await once(socket, 'connect')
    if (request !== '') socket.write(request)
    held.push(socket)
  }
  await new Promise(resolve => setTimeout(resolve, 100))
  // Otherwise it would not end.
  await server.stop()
  for (const socket of held) socket.destroy()
})
