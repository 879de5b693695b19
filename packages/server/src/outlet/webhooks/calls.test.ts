// Calls to whatever a client named: one connection to where the name leads now, nothing followed, nothing waited for.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Call, Calls } from '../calls.ts'
import { guardedLookup } from './addresses.ts'
import { guardedCalls } from './calls.ts'
import { ANSWER_BYTES } from './limits.ts'

const TIMEOUT = 400

let server: Server
let port: number
let connections = 0
let asked: string[] = []
let answer: (request: IncomingMessage, response: ServerResponse) => void
let calls: Calls

beforeEach(async () => {
  connections = 0
  asked = []
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    answer(request, response)
  })
  server.on('connection', () => void connections++)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
  calls = guardedCalls({ internal: true, timeout: TIMEOUT, agent: 'test' })
})
afterEach(() => {
  calls.close()
  server.closeAllConnections()
  server.close()
})

function call(change: Partial<Call> = {}, through = calls) {
  return through.call({ method: 'POST', url: `http://127.0.0.1:${port}/hook`, headers: {}, body: '{}', ...change })
}

test('a name that leads inside now is not connected to, whatever it meant when it was looked at before', async () => {
  const meanings = ['8.8.8.8', '127.0.0.1']
  let looks = 0
  const lookup = guardedLookup((_host, _options, done) => {
    looks += 1
    done(null, [{ address: meanings.pop() ?? '127.0.0.1', family: 4 }])
  })
  const guarded = guardedCalls({ internal: false, timeout: TIMEOUT, agent: 'test', lookup })
  answer = (_, response) => void response.end('inside')
  for (const url of [`http://name.example:${port}/`, `http://127.0.0.1:${port}/`, `http://[::ffff:127.0.0.1]:${port}/`])
    expect(await call({ url }, guarded)).toEqual({ called: 'forbidden' })
  // The only look is the one whose result would be connected to.
  expect([looks, connections]).toEqual([1, 0])
  guarded.close()
})

test('an answer that leads elsewhere is not followed', async () => {
  answer = (_, response) => void response.writeHead(307, { location: `http://127.0.0.1:${port}/elsewhere` }).end()
  expect(await call()).toEqual({ called: 'answered', status: 307, body: '' })
  expect(asked).toEqual(['POST /hook'])
})

test('an answer counts by its status, however long it is or however slowly it comes', async () => {
  answer = (_, response) => void response.end('x'.repeat(ANSWER_BYTES))
  expect(await call()).toMatchObject({ status: 200, body: 'x'.repeat(ANSWER_BYTES) })
  answer = (_, response) => {
    const more = setInterval(() => response.write('x'.repeat(4_096)), 1)
    response.on('close', () => clearInterval(more))
  }
  expect(await call()).toEqual({ called: 'answered', status: 200, body: '' })
  answer = (_, response) => {
    const more = setInterval(() => response.write('x'), 50)
    response.on('close', () => clearInterval(more))
  }
  // Otherwise it would not end.
  expect(await call()).toEqual({ called: 'answered', status: 200, body: '' })
})

test('silence ends in time, and a stop ends what is under way', async () => {
  answer = () => {}
  expect(await call()).toEqual({ called: 'failed', unknown: false, error: 'no answer in 0.4 s' })
  const cut = call()
  await once(server, 'request')
  calls.close()
  expect(await cut).toEqual({ called: 'failed', unknown: false, error: 'the server stops' })
  expect(await call()).toMatchObject({ called: 'failed' })
})

test('what is no HTTP, or nobody, is a failure in words of our own', async () => {
  answer = request => void request.socket.end('secret of the inside\r\n\r\n')
  const broken = await call()
  expect(broken).toMatchObject({ called: 'failed', unknown: false })
  expect(JSON.stringify(broken)).not.toContain('secret')
  expect(await call({ url: 'http://127.0.0.1:1/' })).toEqual({
    called: 'failed',
    unknown: false,
    error: 'ECONNREFUSED',
  })
})
