// Slow senders, and one whose request may take longer.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { boundArrival } from './arrival.ts'

let server: Server
let bodies: string[]

beforeEach(async () => {
  bodies = []
  server = createServer((request, response) => {
    let text = ''
    request.on('data', chunk => {
      text += chunk
    })
    request.on('error', () => {})
    request.on('end', () => {
      bodies.push(text)
      response.end('done')
    })
  })
  boundArrival(server, { usual: 200, long: 800, isLong: url => url === '/files' })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** Everything that came back until the connection ended, or for so many ms. */
async function send(path: string, pieces: readonly string[], pause: number): Promise<string> {
  const socket: Socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  let answer = ''
  socket
    .on('error', () => {})
    .on('data', chunk => {
      answer += chunk
    })
  socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${pieces.join('').length}\r\n\r\n`)
  for (const piece of pieces) {
    if (socket.destroyed || socket.readableEnded) break
    socket.write(piece)
    await wait(pause)
  }
  await wait(50)
  socket.destroy()
  return answer
}

test('a body that comes in drops is cut, and answered 408', async () => {
  expect(await send('/', [...'0123456789'], 50)).toMatch(/^HTTP\/1\.1 408 /)
  expect(bodies).toEqual([])
})

test('one that comes in time is not, and neither is what is sent later on the same connection', async () => {
  expect(await send('/', [...'0123'], 10)).toMatch(/done$/)
  expect(await send('/', ['x'], 400)).toMatch(/done$/)
  expect(bodies).toEqual(['0123', 'x'])
})

test('a request that may take longer has longer, and not for ever', async () => {
  expect(await send('/files', [...'0123456789'], 40)).toMatch(/done$/)
  expect(await send('/files', [...'0123456789'], 120)).toMatch(/^HTTP\/1\.1 408 /)
  expect(bodies).toEqual(['0123456789'])
})
