// Bad input on Dino's wire: whatever a client sends, it gets a code of the seed, the server lives on, and nobody else's
// session notices.
import { once } from 'node:events'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startServer, type TestServer, type World } from '../server.ts'
import { base64, DinoClient, type Generation, loginOf, plain, until } from './client.ts'

const WORLD: World = {
  users: ['1', '2', '3'].map(id => ({ id, username: `user${id}`, tokens: [`tok${id}`] })),
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [
    { ref: 'r', channel: 'c', name: 'the room', owners: ['3'] },
    { ref: 'quiet', channel: 'c', name: 'quiet room', owners: ['3'] },
  ],
}
/** So that a run of bad log-ins is answered as such, and a burst of requests as what it is. */
const CONFIG = { dino: { disconnectOnFailedLogin: false }, limits: { failedLogins: 1_000_000, flood: 1_000_000 } }

const SEED_CODES = new Set<number>(
  [[200, 250], range(500, 511), range(600, 607), range(700, 725), range(800, 805)].flat(),
)

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at)
}

let server: TestServer
let attacker: DinoClient
let bystander: DinoClient
let messages = 0

beforeAll(async () => {
  server = await startServer({ world: WORLD, config: CONFIG })
  attacker = await DinoClient.open(server.url)
  await attacker.login('1')
  bystander = await DinoClient.open(server.url, { generation: 2 })
  await bystander.login('2')
  await bystander.request('join', { verb: 'join', target: { id: server.rooms.quiet } })
})
afterAll(async () => {
  attacker.close()
  bystander.close()
  await server.remove()
})

/** Somebody else goes on as if nothing had happened. */
async function undisturbed(): Promise<void> {
  const text = `still here ${messages++}`
  const target = { id: server.rooms.quiet, objectType: 'room' }
  const { code } = await bystander.request('message', { verb: 'send', target, object: { content: base64(text) } })
  expect(code).toBe(200)
  expect(plain((await bystander.next('message', ({ object }) => plain(object.content) === text)).object.content)).toBe(
    text,
  )
  expect(bystander.disconnected).toBe(false)
  expect(server.output()).not.toMatch(/bug|unhandled|uncaught/i)
}

const EVENTS = ['login', 'list_channels', 'list_rooms', 'join', 'leave', 'users_in_room', 'message', 'history']

function validFor(event: string): Record<string, unknown> {
  const room = { id: server.rooms.r, objectType: 'room' }
  const valid: Record<string, Record<string, unknown>> = {
    login: loginOf('1') as Record<string, unknown>,
    list_rooms: { verb: 'list', object: { url: server.channels.c } },
    message: { verb: 'send', target: room, object: { content: base64('hello') } },
  }
  return valid[event] ?? { verb: 'x', target: room }
}

/** What stands in the place of a field, or of everything. */
const junk = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    ' ',
    '////',
    '/w==',
    'YQ',
    '=',
    '0',
    '-1',
    '9'.repeat(40),
    '\u0000',
    '\ud800',
    'null',
    '__proto__',
  ),
  fc.array(fc.anything({ maxDepth: 2 }), { maxLength: 4 }),
  fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }),
  fc.constant(Buffer.from([255, 254, 0])),
)

const FIELDS = [
  'id',
  'url',
  'content',
  'summary',
  'objectType',
  'displayName',
  'attachments',
  'verb',
  'published',
  'updated',
  'image',
]
const PLACES = ['', 'actor', 'object', 'target', 'provider', 'generator']

/** A place, a field of it, and what stands there; a missing field where there is no value. */
const change = fc.record({
  place: fc.constantFrom(...PLACES),
  field: fc.constantFrom('', ...FIELDS),
  value: fc.option(junk, { nil: undefined }),
})

function changed(
  activity: Record<string, unknown>,
  changes: readonly { place: string; field: string; value: unknown }[],
): unknown {
  const result = structuredClone(activity)
  for (const { place, field, value } of changes) {
    if (place === '' && field === '') continue
    const whole = place === '' || field === ''
    if (!whole && (typeof result[place] !== 'object' || result[place] === null)) result[place] = {}
    const holder = (whole ? result : result[place]) as Record<string, unknown>
    const name = field === '' ? place : field
    if (value === undefined) delete holder[name]
    else holder[name] = value
  }
  return result
}

describe.each(EVENTS)('%s', event => {
  test('takes any change of a valid activity, and answers with a code of the seed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async changes => {
        const from = attacker.pushes.length
        const { ack, data, code } = await attacker.request(event, changed(validFor(event), changes))
        expect(ack).toHaveLength(1)
        expect(SEED_CODES.has(code)).toBe(true)
        expect(await attacker.next(`gn_${event}`, () => true, from)).toEqual(data)
        if (code !== 200) expect([typeof data.error, typeof data.message].includes('string')).toBe(true)
      }),
      { numRuns: 150, verbose: true },
    )
    await attacker.login('1')
    await undisturbed()
  })

  test('takes anything in the place of an activity', async () => {
    for (const payload of [
      null,
      undefined,
      0,
      true,
      'text',
      '',
      [],
      [[]],
      [{}],
      Buffer.from('x'),
      { verb: Buffer.from('x') },
    ]) {
      expect((await attacker.request(event, payload)).code).toBe(250)
    }
    expect((await attacker.request(event)).code).toBe(250)
    expect((await attacker.request(event, {})).code).toBe(250)
    await undisturbed()
  })

  test('refuses what is nested too deeply, has too many values or is too large, each with a code', async () => {
    let deep: unknown = 'x'
    for (let depth = 0; depth < 300; depth++) deep = { deep }
    const many = Array.from({ length: 100_000 }, () => 1)
    expect((await attacker.request(event, { ...validFor(event), deep })).code).toBe(250)
    expect((await attacker.request(event, { ...validFor(event), many })).code).toBe(250)
    const { code } = await attacker.request(event, { ...validFor(event), large: 'x'.repeat(1_000_000) })
    expect(code).toBe(event === 'message' ? 714 : 200)
    await undisturbed()
  })

  test('works without an ack, and says so by its event', async () => {
    const from = attacker.pushes.length
    attacker.socket.emit(event, validFor(event))
    expect(typeof (await attacker.next(`gn_${event}`, () => true, from)).status_code).toBe('number')
    await undisturbed()
  })
})

test('a key named __proto__ is dropped, and nothing else with it', async () => {
  await attacker.request('join', validFor('join'))
  const text = JSON.stringify(validFor('message')).replace(
    /^\{/,
    '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},',
  )
  const { data, code } = await attacker.request('message', JSON.parse(text))
  expect(code).toBe(200)
  expect(Object.hasOwn(data.data, '__proto__')).toBe(false)
  expect(data.data.constructor).toEqual({ prototype: { polluted: 1 } })
  await undisturbed()
})

test('a message of a megabyte is too long, one that is no UTF-8 is no base64', async () => {
  const send = (content: string) => attacker.request('message', { ...validFor('message'), object: { content } })
  expect((await send(base64('x'.repeat(1_000_000)))).code).toBe(714)
  expect((await send('////')).code).toBe(701)
  expect((await send('/w==')).code).toBe(701)
  expect((await send(base64('   '))).code).toBe(700)
  await undisturbed()
})

test.each<Generation>([2, 4])(
  'with socket.io-client %i, the main namespace serves nothing and no other exists',
  async generation => {
    const root = await DinoClient.open(server.url, { generation, namespace: '/' })
    root.socket.emit('login', loginOf('1'), () => {})
    root.socket.emit('list_channels', { verb: 'list' })
    const nowhere = await DinoClient.open(server.url, { generation, namespace: '/nowhere' })
    nowhere.socket.emit('login', loginOf('1'))
    await undisturbed()
    expect(root.pushes).toEqual([])
    expect(nowhere.pushes).toEqual([])
    root.close()
    nowhere.close()
  },
)

/** Frames past any client library; the namespace is open. */
async function raw(version: 3 | 4): Promise<{ socket: WebSocket; texts: string[] }> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/socket.io/?EIO=${version}&transport=websocket`)
  const texts: string[] = []
  socket.on('message', data => texts.push(String(data)))
  socket.on('error', () => {})
  await once(socket, 'open')
  socket.send('40/ws,')
  await until(() => texts.some(text => text.includes('gn_connect')) || undefined)
  return { socket, texts }
}

describe.each([3, 4] as const)('raw frames of Engine.IO %i', version => {
  const nested = '['.repeat(50_000) + ']'.repeat(50_000)
  test.each([
    '42/ws,["error",{"verb":"x"}]',
    '42/ws,["disconnect"]',
    '42/ws,["disconnecting","x"]',
    '42/ws,["newListener",{}]',
    '42/ws,["connect_error",{}]',
    '42/ws,["__proto__",{}]',
    '42/ws,["constructor",{}]',
    '42/ws,[1,2]',
    '42/ws,[]',
    '42/ws,{}',
    '42/ws,',
    '42/ws,9999999999999999999999["list_channels",{}]',
    '42/ws,1["join",{"verb":"x","target":{"id":"x"}}]',
    `42/ws,["join",${nested}]`,
    '451-/ws,["join",{"_placeholder":true,"num":0}]',
    '451-/ws,["join",{"_placeholder":true,"num":9}]',
    '45999999-/ws,["join",{}]',
    '43/ws,1[{}]',
    '43/ws,["x"]',
    '44/ws,"x"',
    '41/nowhere,',
    '42/nowhere,["login",{}]',
    '4',
    '6',
    '9xyz',
    'ÿþ',
    '',
  ])('%s ends at most its own connection', async frame => {
    const { socket } = await raw(version)
    socket.send(frame)
    socket.send(Buffer.from([4, 1, 2, 3]))
    socket.send('42/ws,7["list_channels",{"verb":"list"}]')
    await undisturbed()
    socket.terminate()
  })

  test('ten megabytes end the connection and nothing else', async () => {
    const { socket } = await raw(version)
    const closed = once(socket, 'close')
    socket.send(`42/ws,["message",{"verb":"${'x'.repeat(10_000_000)}"}]`)
    await closed
    await undisturbed()
  })

  test('the same ack number may be used again and again', async () => {
    const { socket, texts } = await raw(version)
    for (let n = 0; n < 3; n++) socket.send('42/ws,7["list_channels",{"verb":"list"}]')
    await until(() => texts.filter(text => text.startsWith('43/ws,7[')).length === 3 || undefined)
    expect(texts.filter(text => text.startsWith('43/ws,7['))).toHaveLength(3)
    socket.terminate()
  })
})

test('who does not read is not read on, and gets every answer once they read again', async () => {
  const { socket, texts } = await raw(4)
  const login = JSON.stringify(loginOf('1'))
  socket.send(`42/ws,0["login",${login}]`)
  await until(() => texts.some(text => text.startsWith('43/ws,0[')) || undefined)
  socket.pause()
  const count = 20_000
  const activity = JSON.stringify({ verb: 'list', object: { url: server.channels.c }, pad: 'x'.repeat(1_000) })
  for (let n = 1; n <= count; n++) socket.send(`42/ws,${n}["list_rooms",${activity}]`)
  for (let n = 0; n < 5; n++) await undisturbed()
  const unread = socket.bufferedAmount
  socket.resume()
  const answered = () => texts.filter(text => text.startsWith('43/ws,')).length === count + 1
  await until(() => answered() || undefined, 20_000)
  expect(answered()).toBe(true)
  expect(unread).toBeGreaterThan(0)
  const refused = texts.filter(text => text.includes('"status_code":250')).length
  expect(refused).toBe(0)
  socket.terminate()
}, 60_000)

test('more requests in a second than the flood limit are refused, and the next second is another', async () => {
  const small = await startServer({ world: WORLD, config: { limits: { flood: 20 } } })
  try {
    const client = await DinoClient.open(small.url)
    await client.login('1')
    const replies = await Promise.all(range(1, 60).map(() => client.request('list_channels', { verb: 'list' })))
    const codes = replies.map(({ code }) => code)
    expect(codes.filter(code => code === 200).length).toBeLessThanOrEqual(40)
    expect(codes.filter(code => code === 250).length).toBeGreaterThanOrEqual(20)
    await new Promise(resolve => setTimeout(resolve, 1_000))
    expect((await client.request('list_channels', { verb: 'list' })).code).toBe(200)
    client.close()
  } finally {
    await small.remove()
  }
})
