// A request that goes past the framework (gateways/straight.ts) is answered like one that goes through it: status, headers and
// body, on both wires, whatever is wrong with it. And what is not plain goes through it, unread.
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '@conclave/server/config'
import { Straight } from '@conclave/server/gateways/straight'
import { openLog } from '@conclave/server/log'
import { type RunningServer, startServer } from '@conclave/server/main'
import { openCore } from '@conclave/server/open-core'
import { importWorld } from '@conclave/server/operator/import-world'
import type { UserId } from '@conclave/wire'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { enroll, type Hand, makeGroup, messageBody } from './xchat/hand.ts'
import { tokenOf } from './xchat/start.ts'

const [ANNE, BERT, CARL] = ['1001', '1002', '1003'] as const
const WORLD = {
  users: [ANNE, BERT, CARL].map(id => ({ id, username: `user${id}`, tokens: [tokenOf(id)] })),
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [{ ref: 'r', channel: 'c', name: 'the room', members: [ANNE, BERT] }],
}

/** Requests a second of one session on X's wire. */
const FLOOD = 60

let data = ''
let server: RunningServer
let room = ''
let pair: [Hand, Hand]
/** Whether each request was taken past the framework. */
let taken: boolean[] = []

beforeAll(async () => {
  const takes = Straight.prototype.takes
  vi.spyOn(Straight.prototype, 'takes').mockImplementation(function (this: Straight, ...args) {
    const took = takes.apply(this, args)
    taken.push(took)
    return took
  })
  data = await mkdtemp(join(tmpdir(), 'conclave-'))
  const config = readConfig({
    CONCLAVE_DATA: data,
    CONCLAVE_PORT: '0',
    CONCLAVE_LIMITS: JSON.stringify({ flood: FLOOD }),
  })
  const log = openLog('silent')
  const core = await openCore(config, log)
  room = (await importWorld(core, WORLD)).rooms.r as string
  const narrow = { kind: 'user', user: ANNE as UserId, scopes: ['users.read'], issuer: 'test' } as const
  await core.identity.tokens.mint({ ...narrow, lifetime: null, text: 'narrow' })
  await core.close()
  server = await startServer(config, log)
  pair = [await enroll(server.url, ANNE), await enroll(server.url, BERT)]
})
afterAll(async () => {
  await server.stop()
  await rm(data, { recursive: true, force: true })
})

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

type Headers = Readonly<Record<string, string>>
const headText = (headers: Headers): string =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')

/** Parts of a connection's bytes, each in a packet of its own, and what comes until so many answers are there. */
async function talk(parts: readonly (string | Buffer)[], answers = 1): Promise<Answer[]> {
  const socket = connect(server.port, '127.0.0.1').setNoDelay(true)
  let held = Buffer.alloc(0)
  const got: Answer[] = []
  const whole = new Promise<void>((resolve, reject) => {
    socket.on('data', chunk => {
      held = Buffer.concat([held, chunk])
      for (let next = read(); next; next = read()) got.push(next)
      if (got.length >= answers) resolve()
    })
    socket.on('close', () => resolve())
    socket.on('error', reject)
  })
  for (const part of parts) {
    socket.write(part)
    // Long enough for the server to have seen it alone; what it does with them must not hang on that.
    await new Promise(resolve => setTimeout(resolve, 2))
  }
  await whole
  socket.destroy()
  return got

  function read(): Answer | undefined {
    const end = held.indexOf('\r\n\r\n')
    if (end < 0) return undefined
    const [first = '', ...lines] = held.toString('latin1', 0, end).split('\r\n')
    const headers = Object.fromEntries(lines.map(line => line.split(': ') as [string, string]).map(lowered))
    const until = end + 4 + Number(headers['content-length'])
    if (held.length < until) return undefined
    const text = held.toString('utf8', end + 4, until)
    held = held.subarray(until)
    return { status: Number(first.slice(9, 12)), headers, body: JSON.parse(text) }
  }
}
const lowered = ([name, value]: [string, string]): [string, string] => [name.toLowerCase(), value]

function requestOf(path: string, headers: Headers, body: string | Buffer): string {
  const head = {
    host: 'h',
    'content-type': 'application/json',
    'content-length': `${Buffer.byteLength(body)}`,
    ...headers,
  }
  return `POST ${path} HTTP/1.1\r\n${headText(head)}\r\n${body}`
}

/** The same request both ways; what differs from time to time is left out. */
async function bothWays(path: string, headers: Headers, body: string): Promise<[Answer, Answer]> {
  taken = []
  const [straight] = await talk([requestOf(path, headers, body)])
  const [through] = await talk([
    requestOf(path, { ...headers, 'content-type': 'application/json;charset=UTF-8' }, body),
  ])
  return [straight as Answer, through as Answer]
}

const OWN = new Set(['_id', 'ts', '_updatedAt', 'encoded_message_event'])
const COUNTED = /^x-rate-limit-(?:remaining|reset)$/
function same({ status, headers, body }: Answer): unknown {
  const { date, 'content-length': length, ...others } = headers
  // One of them counts one more, and the second may be the next.
  const rest = Object.entries(others).map(([name, value]) => [name, COUNTED.test(name) ? 'some' : value])
  const shown = JSON.stringify(body, (name, value) => (OWN.has(name) ? 'its own' : value))
  return {
    status,
    rest,
    names: Object.keys(headers).sort(),
    shown,
    length: Number(length) > 0,
    date: date !== undefined,
  }
}

const rest = (user: string = ANNE): Headers => ({ 'x-auth-token': tokenOf(user), 'x-user-id': user })
const bearer = (user: string = ANNE): Headers => ({ authorization: `Bearer ${tokenOf(user)}` })
const say = (message: object): string => JSON.stringify({ message })
const SEND = '/api/v1/chat.sendMessage'
const TYPING = `/2/chat/conversations/${ANNE}-${BERT}/typing`
const MESSAGES = `/2/chat/conversations/${ANNE}-${BERT}/messages`

describe('on Rocket.Chat’s wire', () => {
  test.each([
    ['a message', () => say({ rid: room, msg: 'hellö "there" \u2028' })],
    ['one with an id and a link', () => say({ rid: room, msg: 'see https://example.org/a', alias: undefined })],
    ['one that names somebody', () => say({ rid: room, msg: 'hello @user1002' })],
    ['one with an attachment', () => say({ rid: room, msg: '', attachments: [{ text: 'a', ts: '2026-01-01' }] })],
    ['no message', () => '{}'],
    ['a message without a room', () => say({ msg: 'a' })],
    ['one of nothing', () => say({ rid: room, msg: '' })],
    ['a malformed one', () => say({ rid: room, msg: 7 })],
    ['an unknown room', () => say({ rid: '00000000-0000-4000-8000-000000000000', msg: 'a' })],
    ['something else than JSON', () => '{"message":'],
    ['a bomb of brackets', () => '['.repeat(1_000)],
    ['a list', () => '[]'],
    ['null', () => 'null'],
    [
      'a name that is a part of every object',
      () => `{"__proto__":{"message":1},"message":{"rid":"${room}","msg":"p"}}`,
    ],
    ['half a character', () => '"\ud800"'],
  ])('%s is answered the same', async (_name, body) => {
    const [straight, through] = await bothWays(SEND, rest(), body())
    expect(taken).toEqual([true, false])
    expect(same(straight)).toEqual(same(through))
  })

  test.each([
    ['another route', '/api/v1/users.setStatus', '{"message":"busy","status":"busy"}'],
    ['one that is not allowed', '/api/v1/settings/Site_Name', '{"value":"x"}'],
    ['one that asks for a second factor', '/api/v1/users.createToken', '{"userId":"1002"}'],
    ['one with a wrong field', '/api/v1/chat.react', '{"messageId":7}'],
    ['one by another name', '/api/v1/method.call/sendMessage', '{"message":"{}"}'],
  ])('%s is answered the same', async (_name, path, body) => {
    const [straight, through] = await bothWays(path, rest(), body)
    expect(same(straight)).toEqual(same(through))
  })

  test('who is not known, not who they say, or no member goes through the framework, or is told the same', async () => {
    const strangers: Headers[] = [
      { 'x-auth-token': 'nobody', 'x-user-id': ANNE },
      { 'x-auth-token': tokenOf(ANNE), 'x-user-id': BERT },
      { 'x-auth-token': tokenOf(ANNE) },
      {},
    ]
    for (const headers of strangers) {
      const [straight, through] = await bothWays(SEND, headers, say({ rid: room, msg: 'a' }))
      expect(taken).toEqual([false, false])
      expect([straight.status, same(straight)]).toEqual([401, same(through)])
    }
    await bothWays(SEND, rest(CARL), say({ rid: room, msg: 'a' }))
    const [straight, through] = await bothWays(SEND, rest(CARL), say({ rid: room, msg: 'a' }))
    expect(taken).toEqual([true, false])
    expect(same(straight)).toEqual(same(through))
  })
})

describe('on X’s wire', () => {
  test.each([
    ['typing where nothing is', TYPING, '{}'],
    ['typing in a group that is none', '/2/chat/conversations/g1/typing', '{}'],
    ['typing to oneself', `/2/chat/conversations/${ANNE}/typing`, '{}'],
    ['an id that is none', '/2/chat/conversations/abc/typing', '{}'],
    ['a message where nothing is', MESSAGES, '{}'],
    ['a new group', '/2/chat/conversations/group/initialize', '{}'],
    ['a conversation that says nothing', '/2/chat/conversations/group', '{}'],
    ['something else than JSON', '/2/chat/conversations/group', '{'],
    ['a list', '/2/chat/conversations/group', '[]'],
  ])('%s is answered the same', async (_name, path, body) => {
    OWN.add('conversation_id')
    const [straight, through] = await bothWays(path, bearer(), body)
    expect(taken).toEqual([true, false])
    expect(same(straight)).toEqual(same(through))
  })

  test('one request too many in a second is refused the same', async () => {
    const many = Array.from({ length: 2 * FLOOD }, () => requestOf(TYPING, bearer(BERT), '{}'))
    const through = requestOf(TYPING, { ...bearer(BERT), 'content-type': 'application/json;charset=UTF-8' }, '{}')
    const asked = [...many, through].join('')
    // Where a second ends in the middle, once more.
    const [straight, other] = await vi.waitUntil(async () => {
      taken = []
      const [one, last] = (await talk([asked], many.length + 1)).slice(-2) as [Answer, Answer]
      expect(taken.slice(-2)).toEqual([true, false])
      return one.status === 429 && last.status === 429 && ([one, last] as const)
    })
    expect(same(straight)).toEqual(same(other))
    expect(straight.headers['retry-after']).toBe('1')
  })

  test('a token that nobody has, or without the scope, goes through the framework', async () => {
    taken = []
    for (const [token, status] of [
      ['nobody', 401],
      ['narrow', 403],
      // It is remembered now.
      ['narrow', 403],
    ])
      expect((await talk([requestOf(TYPING, { authorization: `Bearer ${token}` }, '{}')]))[0]?.status).toBe(status)
    expect(taken).toEqual([false, false, false])
    const [narrow] = await talk([requestOf(SEND, { 'x-auth-token': 'narrow', 'x-user-id': ANNE }, '{}')])
    expect([taken.at(-1), narrow?.status]).toEqual([false, 401])
  })
})

describe('what is not plain goes through the framework, unread', () => {
  test.each<[string, string, Headers]>([
    ['of a page', SEND, { ...rest(), origin: 'https://example.org' }],
    ['compressed', TYPING, { ...bearer(), 'content-encoding': 'gzip' }],
    ['a form', SEND, { ...rest(), 'content-type': 'application/x-www-form-urlencoded' }],
    ['a query', `${SEND}?a=b`, rest()],
    ['an escape in the path', TYPING.replace('-', '%2D'), bearer()],
    ['a part too many in the path', TYPING.replace('-', '/'), bearer()],
    ['an id that is too long', `/2/chat/conversations/${'1'.repeat(65)}/typing`, bearer()],
    ['another case', SEND.replace('send', 'SEND'), rest()],
    ['a slash behind it', `${SEND}/`, rest()],
  ])('%s', async (_name, path, headers) => {
    taken = []
    const [answer] = await talk([requestOf(path, headers, '{}')])
    expect(taken).toEqual([false])
    expect(answer?.status).toBeGreaterThanOrEqual(400)
  })

  test('in chunks, without a body, or with a long one', async () => {
    taken = []
    const head = { host: 'h', 'content-type': 'application/json', ...rest() }
    const chunked = `POST ${SEND} HTTP/1.1\r\n${headText({ ...head, 'transfer-encoding': 'chunked' })}\r\n`
    const text = say({ rid: room, msg: 'a' })
    const answers = [
      ...(await talk([`${chunked}${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`])),
      ...(await talk([requestOf(SEND, rest(), '')])),
      ...(await talk([requestOf(SEND, rest(), say({ rid: room, msg: 'a', customFields: { a: 'x'.repeat(65_536) } }))])),
      ...(await talk([requestOf('/api/v1/login', {}, '{}')])),
      ...(await talk([requestOf(SEND, rest(), ' '.repeat(3_000_000))])),
    ]
    expect(taken).toEqual([false, false, false, false, false])
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 400, 401, 413])
  })
})

describe('on one connection', () => {
  test('answers come in the order of the requests, whichever way each goes', async () => {
    const path = (at: number): string => (at % 3 === 0 ? `${SEND}?a` : at % 3 === 1 ? SEND : '/api/v1/chat.react')
    const body = (at: number): string => (at % 3 === 2 ? '{}' : say({ rid: room, msg: `text ${at}` }))
    const all = Array.from({ length: 12 }, (_, at) => requestOf(path(at), rest(), body(at)))
    const answers = await talk([all.join('')], all.length)
    const shown = answers.map(({ body }) => (body as { message?: { msg: string } }).message?.msg)
    expect(shown).toEqual(all.map((_, at) => (at % 3 === 2 ? undefined : `text ${at}`)))
  })

  test('a body that comes byte by byte is one text, characters cut in the middle included', async () => {
    const bytes = Buffer.from(requestOf(SEND, rest(), say({ rid: room, msg: 'ä€𝄞' })))
    const from = bytes.indexOf('ä') - 2
    const parts = [bytes.subarray(0, from), ...Array.from(bytes.subarray(from), byte => Buffer.from([byte]))]
    const [answer] = await talk(parts)
    expect(answer?.body).toMatchObject({ message: { msg: 'ä€𝄞' } })
  })

  test('who goes in the middle of a body leaves nothing behind, and others are served', async () => {
    const request = requestOf(SEND, rest(), say({ rid: room, msg: 'half' }))
    for (let times = 0; times < 20; times++) {
      const socket = connect(server.port, '127.0.0.1')
      socket.write(request.slice(0, -10))
      await once(socket, 'connect')
      socket.resetAndDestroy()
    }
    const [answer] = await talk([request])
    expect(answer?.status).toBe(200)
  })
})

test('a message of X’s that is sent again the other way is the same message (L7), and typing is answered there', async () => {
  const [anne] = pair
  const group = await makeGroup(server.url, anne, pair)
  const path = `/2/chat/conversations/${group.id}`
  const body = JSON.stringify(messageBody(anne, group.id, group.version))
  const [first, again] = await bothWays(`${path}/messages`, bearer(), body)
  expect(taken).toEqual([true, false])
  expect([first.status, first.body]).toEqual([201, again.body])
  expect(same(first)).toEqual(same(again))
  const [typing, through] = await bothWays(`${path}/typing`, bearer(), '{}')
  expect([typing.status, same(typing)]).toEqual([200, same(through)])
})

describe('alone', () => {
  const request = {
    method: 'POST',
    url: '/a',
    headers: { 'content-type': 'application/json', 'content-length': '2' },
  } as unknown as IncomingMessage
  const broken = vi.fn<(error: unknown) => void>()
  const responseOf = (written: string[]): ServerResponse => {
    const response = { writeHead: () => response, end: (text: string) => written.push(text) }
    return response as unknown as ServerResponse
  }

  test('it leaves requests to the framework when the server stops', () => {
    const straight = new Straight(broken)
    straight.add('/a', 1_000, () => true)
    expect(straight.takes(request, responseOf([]))).toBe(true)
    straight.close()
    expect(straight.takes(request, responseOf([]))).toBe(false)
  })

  test('what a route throws before it has read anything is left to the framework, and ends no process', () => {
    const straight = new Straight(broken)
    straight.add('/a', 1_000, () => {
      throw new Error('a bug')
    })
    expect(straight.takes(request, responseOf([]))).toBe(false)
  })

  test('what is known in the turn of its request leaves behind all that is read in it, in its order; later at once', async () => {
    const written: string[] = []
    const straight = new Straight(broken)
    const say = (response: ServerResponse, text: string) => straight.write({ response, status: 200, headers: {}, text })
    straight.add('/a', 1_000, (_, response) => {
      say(response, `answer ${count++}`)
      return true
    })
    let count = 0
    for (let turn = 0; turn < 2; turn++) {
      const before = [...written]
      for (let n = 0; n < 3; n++) straight.takes(request, responseOf(written))
      expect(written).toEqual(before)
      await new Promise(resolve => setImmediate(resolve))
      expect(written).toEqual(Array.from({ length: count }, (_, n) => `answer ${n}`))
    }
    say(responseOf(written), 'later')
    expect(written.at(-1)).toBe('later')
  })

  test('an answer that cannot be written is told of and cut off, and those behind it leave', async () => {
    const written: string[] = []
    const destroy = vi.fn<() => void>()
    const bad = { writeHead: () => new ServerResponse(request).writeHead(200, { 'x-a': 'a\nb' }), destroy }
    const responses = [bad as unknown as ServerResponse, responseOf(written)]
    const straight = new Straight(broken)
    straight.add('/a', 1_000, (_, response) => {
      straight.write({ response, status: 200, headers: {}, text: 'answer' })
      return true
    })
    for (const response of responses) straight.takes(request, response)
    await new Promise(resolve => setImmediate(resolve))
    expect([written, destroy.mock.calls.length, broken.mock.calls.length]).toEqual([['answer'], 1, 1])
  })
})
