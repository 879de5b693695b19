import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import { addressOf, closeUnclaimedUpgrades } from './upgrades.ts'

let server: Server
const taken: Socket[] = []
beforeEach(async () => {
  server = createServer()
  closeUnclaimedUpgrades(server, ['/ws'], 100)
  server.on('connection', socket => taken.push(socket))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})
afterEach(() => {
  for (const socket of taken.splice(0)) socket.destroy()
  server.close()
})

const asking = (path: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`

const from = (remoteAddress: string, forwarded?: string) => ({
  headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  socket: { remoteAddress },
})

async function dial(): Promise<Socket> {
  const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

test('an upgrade that nobody takes is answered 404', async () => {
  const socket = await dial()
  socket.write(asking('/nowhere'))
  const [text] = (await once(socket, 'data')) as [Buffer]
  expect(text.toString()).toMatch(/^HTTP\/1.1 404 /)
  socket.destroy()
})

test('a client that breaks off an upgrade that nobody takes ends its own connection, not the server', async () => {
  const thrown: unknown[] = []
  const note = (error: unknown): void => void thrown.push(error)
  process.on('uncaughtException', note)
  try {
    for (let n = 0; n < 20; n++) {
      const socket = await dial()
      socket.write(asking('/nowhere'))
      if (n % 2 === 0) await once(socket, 'data')
      socket.resetAndDestroy()
    }
    await new Promise(resolve => setTimeout(resolve, 200))
  } finally {
    process.off('uncaughtException', note)
  }
  expect(thrown).toEqual([])
})

test('a client that never closes its side holds no connection', async () => {
  const socket = await dial()
  socket.write(asking('/nowhere'))
  await once(socket, 'data')
  await expect.poll(() => taken.every(one => one.destroyed)).toBe(true)
  socket.destroy()
})

test('an upgrade that is claimed and never taken holds no connection and ends no server', async () => {
  const socket = await dial()
  socket.write(asking('/ws'))
  const broken = await dial()
  broken.write(asking('/ws/1'))
  await new Promise(resolve => setTimeout(resolve, 20))
  broken.resetAndDestroy()
  await expect.poll(() => taken.every(one => one.destroyed)).toBe(true)
  socket.destroy()
})

test('an address is what the peer says, or what a trusted proxy was told last', () => {
  expect(addressOf(from('::ffff:10.0.0.1', '1.2.3.4'), false)).toBe('10.0.0.1')
  expect(addressOf(from('10.0.0.1', '6.6.6.6, 1.2.3.4'), true)).toBe('1.2.3.4')
  expect(addressOf(from('10.0.0.2', '1.2.3.4'), ['10.0.0.1'])).toBe('10.0.0.2')
  expect(addressOf(from('10.0.0.1', 'x'.repeat(99)), ['10.0.0.1'])).toBe('10.0.0.1')
})

test('whoever has a network of IPv6 has one address there, however it is written', () => {
  const network = '2001:db8:0:7::/64'
  const written = [
    '2001:db8:0:7::1',
    '2001:db8:0:7:ffff:ffff:ffff:ffff',
    '2001:DB8:0000:0007::1',
    '2001:db8:0:7::1%eth0',
    '2001:db8:0:7::1%eth0.100',
    '2001:db8:0:7::1%a-b:c.',
  ]
  for (const peer of written) {
    expect(addressOf(from(peer), false)).toBe(network)
    expect(addressOf(from('::1', peer), ['::1'])).toBe(network)
  }
  expect(addressOf(from('2001:db8:0:8::1'), false)).not.toBe(network)
})

test('a socket that a gateway took at once stays, however long it is silent', async () => {
  const gateway = createServer()
  const sockets = new WebSocketServer({ noServer: true })
  // As main does: the gateways listen first, and take the socket in the very turn in which it comes.
  gateway.on('upgrade', (request, socket, head) => sockets.handleUpgrade(request, socket, head, () => {}))
  closeUnclaimedUpgrades(gateway, ['/ws'], 50)
  await new Promise<void>(resolve => gateway.listen(0, '127.0.0.1', resolve))
  const client = new WebSocket(`ws://127.0.0.1:${(gateway.address() as AddressInfo).port}/ws`)
  let closed = false
  client.on('close', () => {
    closed = true
  })
  await once(client, 'open')
  await new Promise(resolve => setTimeout(resolve, 400))
  expect(closed).toBe(false)
  client.terminate()
  gateway.close()
})
