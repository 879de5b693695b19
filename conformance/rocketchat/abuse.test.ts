// Anything at all over a socket and over REST: the right error or the right close code, the server goes on, and another
// session notices nothing. The seed of a failed run is printed with it.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { METHODS } from '../../packages/server/src/gateways/rocketchat/dispatch.ts'
import { ROUTES } from '../../packages/server/src/gateways/rocketchat/rest.ts'
import type { TestServer } from '../server.ts'
import { Ddp, type Frame } from './ddp.ts'
import { IDS, start, tokenOf } from './start.ts'

const RUNS = 40
const STREAMS = [
  'room-messages',
  'notify-user',
  'notify-room',
  'room-data',
  'notify-all',
  'notify-logged',
  'roles',
  'apps',
]

let server: TestServer
let witness: Ddp

beforeAll(async () => {
  server = await start({ config: { limits: { flood: 1_000_000 } } })
  witness = await Ddp.as(server.url, 'bob')
  await witness.sub('stream-room-messages', server.rooms.general as string)
})
afterAll(async () => {
  witness.close()
  await server.remove()
})

/** It still serves, logged no bug, and the other session is where it was. */
async function unharmed(): Promise<void> {
  if (witness.closed !== null)
    throw new Error(`the witness was cut off (${witness.closed}): ${server.output().slice(-3_000)}`)
  const rid = server.rooms.general
  const { _id } = await witness.call('sendMessage', { rid, msg: 'still here' })
  await witness.event('room-messages', ([message]) => message._id === _id)
  expect(server.output()).not.toContain('"level":50')
}

const ejson: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    { $date: 0 },
    { $date: 'x' },
    { $date: 1e99 },
    { $binary: '!!' },
    { $binary: 'AAAA' },
    { $escape: { $date: 1 } },
    { $ne: null },
    { rid: { $gt: '' } },
    { __proto__: null, constructor: { prototype: 1 } },
    IDS.alice,
    IDS.alice + IDS.bob,
    `${IDS.alice}/message`,
    'x'.repeat(5_000),
    '\u0000\ud800',
  ),
)

test('every method with any arguments answers, and the connection lives', async () => {
  const names = [...METHODS.keys(), 'login', 'constructor', '__proto__', 'toString']
  const client = await Ddp.as(server.url, 'alice')
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), fc.array(ejson, { maxLength: 4 }), async (name, params) => {
      const { error } = await client.ask(name, ...params)
      if (error)
        expect(error).toMatchObject({ isClientSafe: true, errorType: 'Meteor.Error', reason: expect.any(String) })
      expect(error?.error).not.toBe(500)
    }),
    { numRuns: RUNS * 10 },
  )
  client.close()
  await unharmed()
})

test('every stream with any event name and options answers, and the connection lives', async () => {
  const client = await Ddp.as(server.url, 'alice')
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.constantFrom(...STREAMS, 'user-presence', 'none').map(one => `stream-${one}`),
        fc.string({ minLength: 1 }),
      ),
      ejson,
      ejson,
      async (name, eventName, options) => {
        const answer = await client.sub(name, eventName as string, options)
        // A second subscription to presence changes the first, and ends without an error.
        if (answer.msg === 'nosub' && (name !== 'stream-user-presence' || answer.error))
          expect([404, 400, 'not-allowed', 'invalid-event-name']).toContain(answer.error.error)
      },
    ),
    { numRuns: RUNS * 4 },
  )
  client.close()
  await unharmed()
})

test('any frame is answered, ignored, or closes with a code of the protocol', async () => {
  const frame = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.jsonValue().map(value => JSON.stringify(value)),
    fc
      .record(
        {
          msg: fc.constantFrom('method', 'sub', 'unsub', 'ping', 'pong', 'connect', 'x', 1),
          id: ejson,
          name: ejson,
          method: ejson,
          params: ejson,
        },
        { requiredKeys: ['msg'] },
      )
      .map(value => JSON.stringify(value)),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 5 }), async frames => {
      const client = await Ddp.connect(server.url)
      for (const text of frames) if (client.closed === null) client.ws.send(text)
      if (client.closed === null) client.ws.send('{"msg":"ping","id":"last"}')
      const alive = await client.until((one: Frame) => one.msg === 'pong' && one.id === 'last').catch(() => null)
      if (!alive) expect([1002, 1007]).toContain(client.closed)
      client.close()
    }),
    { numRuns: RUNS * 2 },
  )
  await unharmed()
})

test('bombs: depth, size and numbers of values close the socket, a long text is refused, each with its code', async () => {
  const closing: [string, number][] = [
    [`{"msg":"method","method":"x","id":"1","params":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 1007],
    [`{"msg":"method","method":"x","id":"1","params":[${'0,'.repeat(500_000)}0]}`, 1007],
    [`{"msg":"method","method":"x","id":"1","params":["${'x'.repeat(3_000_000)}"]}`, 1009],
  ]
  for (const [text, code] of closing) {
    const client = await Ddp.as(server.url, 'alice')
    client.ws.send(text)
    expect(await client.untilClosed()).toBe(code)
  }
  const client = await Ddp.as(server.url, 'alice')
  const long = 'x'.repeat(1_000_000)
  for (const name of METHODS.keys())
    expect((await client.ask(name, long, long.slice(0, 10))).error?.error).not.toBe(500)
  const message = { rid: server.rooms.general, msg: long }
  expect(await client.ask('sendMessage', message)).not.toHaveProperty('result')
  expect((await client.sub('stream-room-messages', long)).error.error).toBe('invalid-event-name')
  client.close()
  await unharmed()
})

test('a flood beyond the limit is refused with the time to wait, and the session goes on', async () => {
  const strict = await start({ config: { limits: { flood: 50 } } })
  const client = await Ddp.as(strict.url, 'alice')
  for (let i = 0; i < 200; i++) client.send({ msg: 'method', method: 'e2e.fetchMyKeys', id: `f${i}`, params: [] })
  await client.until(({ id }) => id === 'f199')
  const answers = client.frames.filter(({ msg, id }) => msg === 'result' && id.startsWith('f'))
  const refused = answers.filter(({ error }) => error?.error === 'too-many-requests')
  expect(refused.length).toBeGreaterThan(50)
  expect(refused[0].error.details.timeToReset).toBeGreaterThan(0)
  await new Promise(resolve => setTimeout(resolve, 1_100))
  expect(await client.call('e2e.fetchMyKeys')).toEqual({})
  // Of many times as many nobody needs an answer.
  for (let i = 0; i < 500; i++) client.send({ msg: 'ping' })
  expect(await client.untilClosed()).toBe(4003)
  await strict.remove()
})

test('every REST route with any body answers in its envelope, below 500', async () => {
  const who = { 'x-user-id': IDS.alice, 'x-auth-token': tokenOf('alice') }
  const routes = ROUTES.flatMap(({ verb, paths }) => paths.map(path => ({ verb, path }))).filter(
    ({ path }) => !path.endsWith('/logout'),
  )
  const body = fc.oneof(
    ejson.map(value => JSON.stringify(value)),
    fc.string(),
    fc.constant('['.repeat(100_000)),
  )
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), body, async ({ verb, path }, text) => {
      const post = verb === 'POST' ? { body: text } : {}
      const headers = { ...who, 'content-type': 'application/json' }
      const response = await fetch(`${server.url}/api${path.replace(':name', 'x')}`, { method: verb, headers, ...post })
      expect(response.status).toBeLessThan(500)
      expect(response.headers.get('content-type')).toBe('application/json')
      expect(typeof (await response.json())).toBe('object')
    }),
    { numRuns: RUNS * 5 },
  )
  const missing = await fetch(`${server.url}/api/v1/no.such.route`)
  expect([missing.status, missing.headers.get('content-type')]).toEqual([404, 'application/json'])
  await unharmed()
})

test('pages of other origins get neither sockets nor answers', async () => {
  const closed = await start({ config: { origins: ['https://chat.example.org'] } })
  const evil = await fetch(`${closed.url}/api/info`, { headers: { origin: 'https://evil.example.org' } })
  const good = await fetch(`${closed.url}/api/info`, { headers: { origin: 'https://chat.example.org' } })
  expect([evil.status, good.status]).toEqual([403, 200])
  expect(good.headers.get('access-control-allow-origin')).toBe('https://chat.example.org')
  const refused = Ddp.open(closed.url, { origin: 'https://evil.example.org' })
  await expect(refused).rejects.toThrow('403')
  const welcome = await Ddp.open(closed.url, { origin: 'https://chat.example.org' })
  welcome.close()
  await closed.remove()
})
