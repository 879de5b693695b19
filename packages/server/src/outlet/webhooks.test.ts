import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createTcp } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from 'vitest'
import { webhookKey } from '../config.ts'
import { type Behaviour, outletContract } from './contract.ts'
import type { Outlet } from './outlet.ts'
import { ANSWER_BYTES, RETRY_AFTER } from './webhooks/limits.ts'
import { signatures } from './webhooks/signature.ts'
import { webhookOutlet } from './webhooks.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const OLD = `whsec_${Buffer.alloc(24, 1).toString('base64')}`
const NOW = 1_700_000_000_000
const clock = { now: () => NOW }
const EVENT = { id: 'an-id', verb: 'login', body: '{"verb":"login"}' }

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

interface Call {
  readonly request: IncomingMessage
  readonly body: string
}

/** An HTTP server of the test's own; gives its address and what was called. */
async function receiver(
  answer: (response: ServerResponse, call: Call, n: number) => void,
): Promise<{ url: string; calls: Call[]; server: Server }> {
  const calls: Call[] = []
  const server = createServer((request, response) => {
    void text(request)
      .then(body => {
        calls.push({ request, body })
        answer(response, { request, body }, calls.length)
      })
      .catch(() => {})
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?of=conclave`, calls, server }
}

function outletTo(url: string, timeout = 2_000, secrets = [SECRET]): Outlet {
  const outlet = webhookOutlet({ webhooks: [{ name: 'one', url, secrets }], timeout, clock, agent: 'Conclave/test' })
  closing.push(() => outlet.close())
  return outlet
}

const STATUS: Readonly<Record<Exclude<Behaviour, 'silent'>, number>> = {
  takes: 204,
  refuses: 400,
  unwell: 500,
  gone: 410,
}

outletContract('webhooks', async () => {
  const behaviours: Record<'one' | 'two', Behaviour> = { one: 'takes', two: 'takes' }
  const opened = { one: await behaving('one'), two: await behaving('two') }
  async function behaving(name: 'one' | 'two') {
    return receiver(response => {
      const behaviour = behaviours[name]
      if (behaviour !== 'silent') response.writeHead(STATUS[behaviour]).end()
    })
  }
  const webhooks = (['one', 'two'] as const).map(name => ({ name, url: opened[name].url, secrets: [SECRET] }))
  const outlet = webhookOutlet({ webhooks, timeout: 1_000, clock, agent: 'Conclave/test' })
  return {
    outlet,
    behave: (name, behaviour) => {
      behaviours[name] = behaviour
    },
    arrived: name =>
      opened[name].calls.map(({ request, body }) => ({ id: request.headers['webhook-id'] as string, body })),
    close: () => outlet.close(),
  }
})

describe('a webhook', () => {
  test('is a POST of JSON with id, time and a signature by every secret', async () => {
    const { url, calls } = await receiver(response => response.end('{}'))
    await outletTo(url, 2_000, [SECRET, OLD]).deliver(EVENT, 'one')
    const { request, body } = calls[0] as Call
    expect([request.method, request.url, body]).toEqual(['POST', '/hook?of=conclave', EVENT.body])
    const keys = [SECRET, OLD].map(secret => webhookKey(secret) as Buffer)
    expect(request.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'Conclave/test',
      'webhook-id': EVENT.id,
      'webhook-timestamp': String(NOW / 1_000),
      'webhook-signature': signatures(keys, EVENT.id, NOW / 1_000, EVENT.body),
    })
  })

  test.each([
    [200, 'taken'],
    [201, 'taken'],
    [299, 'taken'],
    [101, 'refused'],
    [301, 'refused'],
    [307, 'refused'],
    [400, 'refused'],
    [404, 'refused'],
    [408, 'unwell'],
    [410, 'gone'],
    [425, 'unwell'],
    [429, 'unwell'],
    [500, 'unwell'],
    [503, 'unwell'],
  ])('that answers %d has %s the event', async (status, delivered) => {
    const { url, calls } = await receiver(response => response.writeHead(status, { location: '/elsewhere' }).end())
    expect((await outletTo(url).deliver(EVENT, 'one')).delivered).toBe(delivered)
    expect(calls.length).toBe(1)
  })

  test.each([
    ['7', 7_000],
    [new Date(NOW + 90_000).toUTCString(), 90_000],
    ['999999999', RETRY_AFTER],
    [new Date(NOW - 90_000).toUTCString(), 0],
    ['soon', null],
    ['-5', null],
  ])('may ask for time with Retry-After: %s', async (header, after) => {
    const { url } = await receiver(response => response.writeHead(503, { 'retry-after': header }).end())
    expect(await outletTo(url).deliver(EVENT, 'one')).toMatchObject({ delivered: 'unwell', after })
  })

  test('that nobody listens on is unwell, with the code alone', async () => {
    const { url, server } = await receiver(() => {})
    await new Promise(resolve => server.close(resolve))
    expect(await outletTo(url).deliver(EVENT, 'one')).toEqual({
      delivered: 'unwell',
      error: 'ECONNREFUSED',
      after: null,
    })
  })

  test('that speaks no HTTP, or hangs up, is unwell and says nothing of its own', async () => {
    for (const said of ['SECRET nonsense\r\n\r\n', 'HTTP/1.1 200 OK\r\nSECRET', null]) {
      const server = createTcp(socket => {
        socket.on('error', () => {})
        socket.once('data', () => (said === null ? socket.destroy() : socket.end(said)))
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      closing.push(() => void server.close())
      const { port } = server.address() as AddressInfo
      const result = await outletTo(`http://127.0.0.1:${port}/`).deliver(EVENT, 'one')
      expect(result.delivered).toBe('unwell')
      expect(JSON.stringify(result)).not.toContain('SECRET')
    }
  })

  test('that answers without an end is taken at its status, and its connection given up', async () => {
    const { url, calls } = await receiver(response => {
      response.writeHead(200)
      const more = (): void => {
        if (!response.destroyed) response.write('x'.repeat(ANSWER_BYTES), more)
      }
      more()
    })
    const outlet = outletTo(url)
    expect((await outlet.deliver(EVENT, 'one')).delivered).toBe('taken')
    const { socket } = (calls[0] as Call).request
    socket.on('error', () => {})
    if (!socket.destroyed) await new Promise(resolve => socket.once('close', resolve))
    expect(socket.destroyed).toBe(true)
  })

  test('uses its connection again, and makes another where the other side has closed it', async () => {
    const { url, calls, server } = await receiver(response => response.end('ok'))
    const outlet = outletTo(url)
    for (let n = 0; n < 3; n++) expect((await outlet.deliver(EVENT, 'one')).delivered).toBe('taken')
    expect(new Set(calls.map(({ request }) => request.socket.remotePort)).size).toBe(1)
    server.closeIdleConnections()
    expect((await outlet.deliver(EVENT, 'one')).delivered).toBe('taken')
    expect(calls.length).toBe(4)
  })

  test('that closes a connection just when it is used again is called once more at once', async () => {
    const { url, calls } = await receiver((response, { request }, n) => {
      if (n === 2) request.socket.destroy()
      else response.end()
    })
    const outlet = outletTo(url)
    expect((await outlet.deliver(EVENT, 'one')).delivered).toBe('taken')
    expect((await outlet.deliver(EVENT, 'one')).delivered).toBe('taken')
    expect(calls.map(({ request }) => request.headers['webhook-id'])).toEqual([EVENT.id, EVENT.id, EVENT.id])
  })
})
