// How the server is run: wrong settings, a second server, health and metrics, a polite stop, and what is never logged.
import { request as httpRequest } from 'node:http'
import { createServer } from 'node:net'
import { io } from 'socket.io-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { conclave, startServer, type TestServer } from './server.ts'

const SECRET = 'a-token-that-nobody-may-log'
const SAID = 'words that nobody may log'
const PASSWORD = 'a password that nobody may log'
const world = {
  users: [{ id: '5001', username: 'oper', tokens: [SECRET], password: PASSWORD }],
  channels: [{ ref: 'c', name: 'operations' }],
  rooms: [{ ref: 'r', channel: 'c', name: 'operations room', kind: 'static' }],
}
const b64 = (text: string): string => Buffer.from(text).toString('base64')

let server: TestServer
beforeAll(async () => {
  server = await startServer({ world, config: { log: { level: 'trace' } } })
})
afterAll(() => server.remove())

interface Ack {
  readonly status_code: number
}

async function dino(): Promise<{
  ask(event: string, body: object): Promise<Ack>
  send(text: string): Promise<Ack>
  gone: Promise<string>
}> {
  const socket = io(`${server.url}/ws`, { transports: ['websocket'], reconnection: false, forceNew: true })
  const ask = (event: string, body: object): Promise<Ack> => socket.timeout(10_000).emitWithAck(event, body)
  const gone = new Promise<string>(resolve => socket.on('disconnect', resolve))
  const actor = { id: '5001', displayName: b64('oper'), attachments: [{ objectType: 'token', content: SECRET }] }
  expect((await ask('login', { verb: 'login', actor })).status_code).toBe(200)
  const room = server.rooms.r as string
  expect((await ask('join', { verb: 'join', target: { id: room } })).status_code).toBe(200)
  const send = (text: string): Promise<Ack> =>
    ask('message', { verb: 'send', target: { id: room, objectType: 'room' }, object: { content: b64(text) } })
  return { ask, send, gone }
}

describe('a start that cannot be', () => {
  test.each<[string, Record<string, string>, RegExp]>([
    ['a port that is none', { CONCLAVE_PORT: 'http' }, /"port"/],
    ['a setting that there is not', { CONCLAVE_COLOUR: 'blue' }, /CONCLAVE_COLOUR/],
    ['a store of another kind', { CONCLAVE_STORE: 'mysql://localhost/x' }, /"store"/],
    [
      'a PostgreSQL that does not answer',
      { CONCLAVE_STORE: 'postgres://127.0.0.1:1/x' },
      /PostgreSQL at 127\.0\.0\.1:1 .*"store"/,
    ],
    ['a settings file that is not there', { CONCLAVE_CONFIG: '/nowhere.json' }, /CONCLAVE_CONFIG/],
  ])('with %s stops with one sentence that names it', async (_what, env, named) => {
    const { code, out, err } = await conclave(['start'], { CONCLAVE_DATA: `${server.data}.none`, ...env })
    expect([code, out]).toEqual([1, ''])
    expect(err.trim().split('\n').length).toBe(1)
    expect(err).toMatch(named)
  })

  test('on the data of a running server stops with one sentence', async () => {
    const { code, err } = await conclave(['start'], { CONCLAVE_DATA: server.data, CONCLAVE_PORT: '0' })
    expect(code).toBe(1)
    expect(err.trim().split('\n').length).toBe(1)
    expect((await fetch(`${server.url}/ready`)).status).toBe(200)
  })

  test('on a directory that cannot be used stops with one sentence', async () => {
    for (const data of ['/dev/null', '/dev/null/below']) {
      const { code, err } = await conclave(['start'], { CONCLAVE_DATA: data, CONCLAVE_PORT: '0' })
      expect([code, err.trim().split('\n').length, err.includes(data)]).toEqual([1, 1, true])
    }
  })

  test('on a port that is taken stops with one sentence', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => holder.once('listening', resolve))
    const { port } = holder.address() as { port: number }
    const { code, err } = await conclave(['start'], {
      CONCLAVE_DATA: `${server.data}.none`,
      CONCLAVE_PORT: String(port),
    })
    expect([code, err.includes('port')]).toEqual([1, true])
    holder.close()
  })

  test.each([
    ['frobnicate'],
    ['user'],
    ['user', 'add'],
    ['token', 'create', '--colour', 'blue'],
    ['import', '/nowhere.json'],
  ])('the command %s %s is refused in one sentence', async (...words) => {
    const { code, err } = await conclave(words.filter(Boolean), { CONCLAVE_DATA: server.data })
    expect(code).toBe(1)
    expect(err.trim().split('\n').length).toBe(1)
  })
})

describe('a running server', () => {
  test('says that it lives and that it can write, and counts what it does', async () => {
    expect((await fetch(`${server.url}/health`)).status).toBe(200)
    expect(await (await fetch(`${server.url}/ready`)).json()).toEqual({ status: 'ready' })
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toMatch(/^conclave_ready 1$/m)
    expect(metrics).toMatch(/^conclave_committed_items_total \d+$/m)
    expect(metrics).not.toContain('5001')
  })

  test.each([
    ['/2/users/%zz', 'application/problem+json', 'invalid-request'],
    [`/2/users/${'1'.repeat(300)}`, 'application/problem+json', ''],
    ['/api/v1/%zz', 'application/json', 'invalid-params'],
    ['/%zz', 'text/plain', 'Bad Request'],
  ])('answers a URL that cannot be read, %s, in the form of its wire', async (path, type, word) => {
    const response = await fetch(`${server.url}${path}`)
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(response.status).toBeLessThan(500)
    expect(response.headers.get('content-type')).toContain(type)
    expect(await response.text()).toContain(word)
  })

  test('prints no secret and no content, not even where everything is logged', async () => {
    const { send } = await dino()
    expect((await send(SAID)).status_code).toBe(200)
    await fetch(`${server.url}/2/users/me`, { headers: { authorization: `Bearer ${SECRET}` } })
    await fetch(`${server.url}/2/users/me?access_token=${SECRET}`)
    await fetch(`${server.url}/api/v1/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: 'oper', password: PASSWORD }),
    })
    for (const secret of [SECRET, SAID, PASSWORD, b64(SAID)]) expect(server.output()).not.toContain(secret)
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    for (const secret of [SECRET, SAID, PASSWORD]) expect(metrics).not.toContain(secret)
  })
})

describe('a body that is too large', () => {
  /** What comes of a request whose body is written whole, whatever the server says meanwhile. */
  const sent = (path: string, headers: Readonly<Record<string, string>>, method = 'POST'): Promise<number> =>
    new Promise((resolve, reject) => {
      const body = Buffer.alloc(8_000_000, 'x')
      const request = httpRequest(`${server.url}${path}`, {
        method,
        headers: { ...headers, 'content-length': body.length },
      })
      request.on('error', reject)
      request.on('response', response => {
        response.resume()
        response.on('end', () => resolve(response.statusCode ?? 0))
      })
      request.end(body)
    })

  test('is answered on every wire before its connection is closed', async () => {
    const { out } = await server.command('token', 'create', '--service')
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const json = { 'content-type': 'application/json' }
    const bearer = (token: string) => ({ ...json, authorization: `Bearer ${token}` })
    const service = bearer(JSON.parse(out).token)
    for (let time = 0; time < 5; time++) {
      expect(await sent('/dino/send', service)).toBe(200)
      expect(await sent('/api/v1/login', json)).toBe(413)
      expect(await sent('/2/oauth2/token', form)).toBe(413)
      expect(await sent('/i/oauth2/authorize', form)).toBe(413)
      expect(await sent('/2/users/5001/public_keys', bearer(SECRET))).toBe(413)
    }
  })
})

describe('a stop', () => {
  test('finishes what runs, closes each wire with its own code, and ends with 0', async () => {
    const { send, gone } = await dino()
    const ddp = new WebSocket(`${server.url.replace('http', 'ws')}/websocket`)
    const closed = new Promise<number>(resolve => ddp.once('close', code => resolve(code)))
    await new Promise(resolve => ddp.once('open', resolve))
    ddp.send('{"msg":"connect","version":"1","support":["1"]}')
    await new Promise(resolve => ddp.once('message', resolve))
    const underWay = Array.from({ length: 50 }, (_, n) => send(`last words ${n}`).catch(() => null))
    const stopped = server.stop()
    const answers = await Promise.all(underWay)
    expect(await stopped).toBe(0)
    expect(await closed).toBe(1001)
    // Not "io server disconnect", after which a client stays away.
    expect(await gone).toBe('transport close')
    const acked = answers.filter(answer => answer?.status_code === 200).length
    const again = await startServer({ data: server.data })
    try {
      const { out } = await again.command('room', 'list')
      const [room] = JSON.parse(out) as { sequence: number }[]
      // One for the room, one for the words above, and every one that was acked.
      expect(room?.sequence).toBeGreaterThanOrEqual(2 + acked)
    } finally {
      await again.stop()
    }
  })
})
