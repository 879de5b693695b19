// Bad input on Dino's wire: whatever a client sends, it gets a code of the seed, the server lives on, and nobody else's
// session notices.
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startServer, type TestServer, type World } from '../server.ts'
import { base64, DinoClient, type Generation, loginOf, type Push, plain, until } from './client.ts'
import { EVENTS, SEED_CODES } from './seed.ts'

const WORLD: World = {
  users: ['1', '2', '3', '4'].map(id => ({ id, username: `user${id}`, tokens: [`tok${id}`] })),
  channels: [
    { ref: 'c', name: 'channel' },
    { ref: 'heap', name: 'where the attacker’s rooms pile up' },
  ],
  rooms: [
    { ref: 'r', channel: 'c', name: 'the room', owners: ['3'] },
    { ref: 'quiet', channel: 'c', name: 'quiet room', owners: ['3'] },
    { ref: 'mine', channel: 'c', name: 'the attacker’s own', owners: ['1'], members: ['4'] },
  ],
}
/** So that a run of bad log-ins is answered as such, and a burst of requests as what it is. */
const CONFIG = { dino: { disconnectOnFailedLogin: false }, limits: { failedLogins: 1_000_000, flood: 1_000_000 } }

const CODES = new Set(Object.values(SEED_CODES))

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at)
}

let server: TestServer
let attacker: DinoClient
let bystander: DinoClient
let messages = 0
/** Activities that each event is tried with; of the slips that were planted, so many find all but the rarest. */
const RUNS = 200
/** Characters of the server's output that were looked at. */
let looked = 0

beforeAll(async () => {
  server = await startServer({ world: WORLD, config: CONFIG })
  attacker = await DinoClient.open(server.url)
  await back()
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
  const { code, data } = await bystander.request('message', { verb: 'send', target, object: { content: base64(text) } })
  expect(code).toBe(200)
  theirs = data.data.id
  expect(plain((await bystander.next('message', ({ object }) => plain(object.content) === text)).object.content)).toBe(
    text,
  )
  expect(bystander.disconnected).toBe(false)
  const output = server.output()
  const written = output.slice(looked)
  looked = output.length
  expect(written).not.toMatch(/bug|unhandled|uncaught/i)
}

/** The attacker as they were: logged in, online, and inside of two rooms. */
async function back(): Promise<void> {
  expect((await attacker.login('1')).code).toBe(200)
  expect((await attacker.request('status', { verb: 'online' })).code).toBe(200)
  for (const ref of ['r', 'mine'])
    expect((await attacker.request('join', { verb: 'join', target: { id: server.rooms[ref] } })).code).toBe(200)
}

/** What everybody who may list a room hears of it; of anything else that an attacker does elsewhere nobody hears. */
const ANNOUNCED: Readonly<Record<string, readonly string[]>> = {
  create: ['gn_room_created'],
  rename_room: ['gn_room_created', 'gn_room_renamed'],
  remove_room: ['gn_room_created', 'gn_room_removed'],
}

type Fields = Readonly<Record<string, unknown>>

const inRoom = (ref: string, more: Fields = {}): Fields => ({
  target: { id: server.rooms[ref], objectType: 'room', ...more },
})
const saying = (content: string, more: Fields = {}): Fields => ({ object: { content: base64(content), ...more } })
const listing = (...attachments: readonly Fields[]): Fields => ({ object: { attachments } })
const to = (id: string): Fields => ({ target: { id } })
const from = (ref: string): Fields => ({ actor: { url: server.rooms[ref] } })

/** A number for names that are not taken yet. */
let names = 0

/** A room that the attacker has just made. */
async function freshRoom(): Promise<string> {
  const { data } = await attacker.request('create', VALID.create())
  return data.data.target.id
}

async function freshMessage(): Promise<string> {
  const { data } = await attacker.request('message', { verb: 'send', ...inRoom('mine'), ...saying('delete me') })
  return data.data.id
}

/** Of each event what is answered with 200 (`request_admin`: 805), made anew where it can be asked for only once. */
const VALID: Readonly<Record<(typeof EVENTS)[number], () => Fields | Promise<Fields>>> & { create(): Fields } = {
  login: () => loginOf('1') as Fields,
  list_channels: () => ({ verb: 'list' }),
  list_rooms: () => ({ verb: 'list', object: { url: server.channels.c } }),
  join: () => ({ verb: 'join', ...inRoom('r') }),
  leave: () => ({ verb: 'leave', ...inRoom('r') }),
  users_in_room: () => ({ verb: 'list', ...inRoom('r') }),
  message: () => ({ verb: 'send', ...inRoom('mine'), ...saying('hello') }),
  history: () => ({ verb: 'list', ...inRoom('mine') }),
  received: () => ({ verb: 'receive', ...inRoom('mine'), ...listing({ id: UNKNOWN }) }),
  read: () => ({ verb: 'read', ...inRoom('mine'), ...listing({ id: UNKNOWN }) }),
  msg_status: () => ({ verb: 'check', ...to('4'), ...listing({ id: UNKNOWN }) }),
  update_user_info: () => ({ verb: 'update', ...listing({ objectType: 'mood', content: base64('fine') }) }),
  request_admin: () => ({ verb: 'help', ...inRoom('mine'), ...saying('help') }),
  report: () => ({ verb: 'report', ...to('4'), ...saying('bad words', { id: UNKNOWN }) }),
  status: () => ({ verb: 'online' }),
  get_acl: () => ({ verb: 'get', ...inRoom('mine') }),
  set_acl: () => ({
    verb: 'set',
    ...inRoom('mine'),
    ...listing({ objectType: 'age', summary: 'history', content: '0:' }),
  }),
  create: () => ({
    verb: 'create',
    target: { displayName: base64(`room ${names++}`) },
    object: { url: server.channels.heap },
  }),
  invite: () => ({ verb: 'invite', ...to('4'), ...from('mine') }),
  delete: async () => ({ verb: 'delete', ...inRoom('mine'), object: { id: await freshMessage() } }),
  kick: () => ({ verb: 'kick', ...inRoom('mine'), object: { id: '4', content: base64('out') } }),
  ban: () => ({ verb: 'ban', ...inRoom('mine'), object: { id: '4', summary: '1s', content: base64('out') } }),
  remove_room: async () => ({ verb: 'remove', target: { id: await freshRoom() } }),
  rename_room: async () => ({
    verb: 'rename',
    target: { id: await freshRoom(), displayName: base64(`renamed ${names++}`) },
  }),
  whisper: () => ({ verb: 'whisper', ...to('1'), ...from('mine'), ...saying('psst') }),
}

/** A message that nobody has sent. */
const UNKNOWN = '00000000-0000-4000-8000-000000000001'

/** The bystander's name as if the attacker could give it, in a room that is not the attacker's. */
const aimed = (more: Fields = {}): Fields => ({
  verb: 'x',
  actor: { id: '2', displayName: base64('user2'), url: server.rooms.quiet },
  ...inRoom('quiet'),
  ...more,
})
const at2 = (more: Fields = {}): Fields =>
  aimed({ object: { id: '2', summary: '1h', content: base64('out'), ...more } })

/** What would touch the bystander, and the code that refuses it. */
const AIMED: readonly (readonly [(typeof EVENTS)[number], string, number, () => Fields])[] = [
  ['message', 'into their room', 702, () => aimed({ ...saying('hello') })],
  ['whisper', 'to them', 702, () => aimed({ ...to('2'), ...saying('psst') })],
  ['invite', 'into their room', 702, () => aimed(to('2'))],
  ['received', 'in their room', 702, () => aimed({ verb: 'receive', ...listing({ id: theirs }) })],
  ['read', 'in their room', 702, () => aimed({ verb: 'read', ...listing({ id: theirs }) })],
  [
    'update_user_info',
    'in their room',
    702,
    () => aimed(listing({ objectType: 'mood', content: base64('somebody else’s') })),
  ],
  ['request_admin', 'for their room', 702, () => aimed(saying('help'))],
  ['set_acl', 'of their room', 705, () => aimed(listing({ objectType: 'age', summary: 'join', content: '99:' }))],
  ['delete', 'of their message', 705, () => aimed({ object: { id: theirs } })],
  ['delete', 'of all their messages', 705, () => aimed({ object: { id: server.rooms.quiet, object_type: 'room' } })],
  ['kick', 'of them', 705, () => at2()],
  ['ban', 'from their room', 705, () => at2()],
  ['ban', 'from their channel', 705, () => ({ ...at2(), target: { id: server.channels.c, objectType: 'channel' } })],
  ['ban', 'from the server', 705, () => ({ ...at2(), target: { objectType: 'global' } })],
  ['remove_room', 'of their room', 705, () => aimed({ object: { content: base64('gone') } })],
  [
    'rename_room',
    'of their room',
    705,
    () => aimed(inRoom('quiet', { displayName: base64('another name for the quiet room') })),
  ],
]

/** A message that the bystander has sent. */
let theirs = ''

/** Where base64 of a text is looked for, and the code of what is none. */
const TEXTS: readonly (readonly [(typeof EVENTS)[number], string, string, number])[] = [
  ['login', 'actor', 'displayName', 500],
  ['message', 'object', 'content', 701],
  ['whisper', 'object', 'content', 701],
  ['report', 'object', 'content', 701],
  ['report', 'object', 'summary', 701],
  ['request_admin', 'object', 'content', 701],
  ['create', 'target', 'displayName', 701],
  ['rename_room', 'target', 'displayName', 701],
  ['kick', 'object', 'content', 701],
  ['ban', 'object', 'content', 701],
  ['remove_room', 'object', 'content', 701],
]

/** Texts that mean something in one place or another. */
const TEXTS_OF_WIRE = [
  ['', ' ', '////', '/w==', 'YQ', '=', 'eA==', base64('{"text":"-user2 hi"}')],
  ['0', '-1', '9'.repeat(40), '1s', '-1s', '99999999999d', '18:', ':', '\u0000', '\ud800', 'null', '__proto__'],
  ['room', 'channel', 'global', 'private', 'name', 'owners', 'admin', 'custom', 'disallow', 'join', 'history', 'list'],
  ['online', 'offline', 'invisible', 'visible', 'receive', 'read', 'token', 'user_id', UNKNOWN, '2020-01-01T00:00:00Z'],
].flat()

/** What stands in the place of a field, or of everything. */
const junk = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...TEXTS_OF_WIRE) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary' }) },
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.array(fc.anything({ maxDepth: 2 }), { maxLength: 4 }),
  fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }),
  fc.constant(Buffer.from([255, 254, 0])),
)

const FIELDS = ['id', 'url', 'content', 'summary', 'objectType', 'displayName', 'attachments', 'verb', 'published']
const MORE_FIELDS = ['updated', 'image', 'object_type']
const PLACES = ['actor', 'object', 'target', 'provider', 'generator']

/** A field by its path. */
type Path = readonly string[]

/** Paths that an activity of the wire may have. */
const anyPath = fc.oneof(
  fc.constantFrom(...PLACES, 'verb', 'updated', 'id').map((field): Path => [field]),
  fc
    .tuple(fc.constantFrom(...PLACES), fc.constantFrom(...FIELDS, ...MORE_FIELDS))
    .map(([place, field]): Path => [place, field]),
  fc
    .tuple(fc.constantFrom('object', 'target', 'actor'), fc.constantFrom(...FIELDS))
    .map(([place, field]): Path => [place, 'attachments', '0', field]),
)

/** One of the fields that the activity has (by its number), or any other; and what stands there, or that it is missing. */
const change = fc.record({
  path: fc.oneof({ weight: 2, arbitrary: fc.nat(100) }, anyPath),
  value: fc.option(junk, { nil: undefined, freq: 2 }),
})
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

/** Every path in a value, down to the last. */
function pathsIn(value: unknown): Path[] {
  if (!isHolder(value)) return []
  return Object.entries(value).flatMap(([key, each]) => [[key], ...pathsIn(each).map(path => [key, ...path])])
}

function changed(activity: Fields, changes: readonly Change[]): unknown {
  const result: Record<string, unknown> = structuredClone(activity)
  for (const { path, value } of changes) {
    const own = pathsIn(result)
    put(result, typeof path === 'number' ? (own[path % own.length] ?? ['verb']) : path, value)
  }
  return result
}

function put(holder: Record<string, unknown>, [first = '', ...rest]: Path, value: unknown): void {
  if (rest.length > 0) {
    if (!isHolder(holder[first])) holder[first] = rest[0] === '0' ? [] : {}
    put(holder[first] as Record<string, unknown>, rest, value)
  } else if (value === undefined) delete holder[first]
  // What is put into it later is not put into the value that is tried again.
  else holder[first] = isHolder(value) ? structuredClone(value) : value
}

function isHolder(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Buffer.isBuffer(value)
}

/** Events that did not come of what the bystander does. */
function othersIn(pushes: readonly Push[], announced: readonly string[] = []): string[] {
  const own = pushes.filter(
    ({ event, data }) => event === 'gn_message' || (event === 'message' && data.actor.id === '2'),
  )
  return pushes.filter(push => !own.includes(push) && !announced.includes(push.event)).map(({ event }) => event)
}

test('no event is left out that the server serves', () => {
  const folder = new URL('../../packages/server/src/gateways/dino/events/', import.meta.url)
  const files = readdirSync(folder).filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  const served = files.map(file => file.slice(0, -'.ts'.length)).filter(event => !NO_REQUESTS.has(event))
  expect(new Set(served)).toEqual(new Set(EVENTS))
})

/** The beginning and the end of a socket. */
const NO_REQUESTS = new Set(['connect', 'disconnect'])

describe.each(EVENTS)('%s', event => {
  test('is answered with 200 when nothing is wrong with it', async () => {
    const { code } = await attacker.request(event, await VALID[event]())
    expect(code).toBe(event === 'request_admin' ? 805 : 200)
    await back()
  })

  test('takes any change of a valid activity, and answers with a code of the seed', async () => {
    const heardBefore = bystander.pushes.length
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async changes => {
        const activity = changed(await VALID[event](), changes)
        const from = attacker.pushes.length
        const { ack, data, code } = await attacker.request(event, activity)
        expect(ack).toHaveLength(1)
        expect(CODES.has(code)).toBe(true)
        expect(await attacker.next(`gn_${event}`, ({ status_code: status }) => status !== undefined, from)).toEqual(
          data,
        )
        if (code !== 200) expect([typeof data.error, typeof data.message].includes('string')).toBe(true)
      }),
      { numRuns: RUNS, verbose: true },
    )
    await back()
    await undisturbed()
    expect(othersIn(bystander.pushes.slice(heardBefore), ANNOUNCED[event])).toEqual([])
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
    expect((await attacker.request(event, { ...(await VALID[event]()), deep })).code).toBe(250)
    expect((await attacker.request(event, { ...(await VALID[event]()), many })).code).toBe(250)
    const { code } = await attacker.request(event, { ...(await VALID[event]()), large: 'x'.repeat(1_000_000) })
    expect(code).toBe(event === 'message' ? 714 : event === 'request_admin' ? 805 : 200)
    await back()
    await undisturbed()
  })

  test('is not led astray by keys of prototypes, in any place', async () => {
    const evil = '"__proto__":{"polluted":1,"id":"2"},"constructor":{"prototype":{"polluted":1}},"hasOwnProperty":1,'
    const text = JSON.stringify(await VALID[event]()).replaceAll('{"', `{${evil}"`)
    const { code } = await attacker.request(event, JSON.parse(text))
    expect(code).toBe(event === 'request_admin' ? 805 : 200)
    await back()
    await undisturbed()
  })

  test('looks at its first argument alone, and works without an ack', async () => {
    const { ack } = await attacker.request(event, await VALID[event](), { verb: 'x' }, null, [1])
    expect(ack).toHaveLength(1)
    const activity = await VALID[event]()
    const from = attacker.pushes.length
    attacker.socket.emit(event, activity)
    const isAnswer = ({ status_code: status }: { status_code?: number }) => status !== undefined
    expect(typeof (await attacker.next(`gn_${event}`, isAnswer, from)).status_code).toBe('number')
    await back()
    await undisturbed()
  })

  test('before a log-in is 804, whatever is sent', async () => {
    if (event === 'login') return
    const nobody = await DinoClient.open(server.url)
    for (const payload of [await VALID[event](), {}, { verb: 'x', actor: { id: '3' } }])
      expect((await nobody.request(event, payload)).code).toBe(804)
    nobody.close()
  })

  test('of ten megabytes ends the connection and nothing else', async () => {
    const { socket } = await raw(4)
    const closed = once(socket, 'close')
    socket.send(`42/ws,7["${event}",{"verb":"${'x'.repeat(10_000_000)}"}]`)
    await closed
    await undisturbed()
  })
})

test.each(AIMED)('%s %s is refused with %i, and they hear nothing of it', async (event, _, code, activity) => {
  const heardBefore = bystander.pushes.length
  expect((await attacker.request(event, activity())).code).toBe(code)
  await undisturbed()
  expect(othersIn(bystander.pushes.slice(heardBefore))).toEqual([])
})

test('whose status and session it is says the socket, not the activity', async () => {
  const heardBefore = bystander.pushes.length
  expect((await attacker.request('status', { ...aimed(), verb: 'offline' })).code).toBe(705)
  const { data } = await bystander.request('users_in_room', { verb: 'list', ...inRoom('quiet') })
  expect(data.data.object.attachments.map(({ id }: { id: string }) => id)).toEqual(['2'])
  await back()
  await undisturbed()
  const others = othersIn(bystander.pushes.slice(heardBefore))
  expect(others.filter(event => event !== 'gn_users_in_room')).toEqual([])
})

test.each(TEXTS)('%s takes no %s.%s that is no base64 of UTF-8: %i', async (event, place, field, code) => {
  for (const text of ['////', '/w==', 'aGVsbG8', base64('x').slice(0, 3)]) {
    const activity = (await VALID[event]()) as Readonly<Record<string, Fields | undefined>>
    const { code: got } = await attacker.request(event, { ...activity, [place]: { ...activity[place], [field]: text } })
    expect([text, got]).toEqual([text, code])
  }
  await back()
  await undisturbed()
})

test('a detail of a user that is no base64 of UTF-8 is 701', async () => {
  for (const content of ['////', '/w==', 'aGVsbG8'])
    expect(
      (await attacker.request('update_user_info', { verb: 'update', ...listing({ objectType: 'mood', content }) }))
        .code,
    ).toBe(701)
  await undisturbed()
})

test.each(['unknown', 'gn_login', 'constructor', '__proto__', 'toString', ' login', 'LOGIN', '', 'x'.repeat(10_000)])(
  'the event %j, which nobody knows, is acked with nothing',
  async event => {
    const before = attacker.pushes.length
    expect((await attacker.request(event, VALID.create())).ack).toEqual([])
    expect((await attacker.request(event)).ack).toEqual([])
    expect(attacker.pushes.slice(before)).toEqual([])
    await undisturbed()
  },
)

test('a key named __proto__ is dropped, and nothing else with it', async () => {
  const text = JSON.stringify(await VALID.message()).replace(
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
  const send = (content: string) =>
    attacker.request('message', { verb: 'send', ...inRoom('mine'), object: { content } })
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
  await until(() => answered() || undefined)
  expect(answered()).toBe(true)
  expect(unread).toBeGreaterThan(0)
  const refused = texts.filter(text => text.includes('"status_code":250')).length
  expect(refused).toBe(0)
  socket.terminate()
})

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
    // Of many times as many nobody needs an answer: the namespace is closed, and a client does not come back by itself.
    const ended = new Promise(resolve => client.socket.on('disconnect', resolve as never))
    for (let n = 0; n < 200; n++) client.socket.emit('list_channels', { verb: 'list' })
    expect(await ended).toBe('io server disconnect')
    await pourByPolling(small.url)
  } finally {
    await small.remove()
  }
})

/** One post brings thousands of packets, of an event that nobody knows; whoever sends it is closed as over WebSocket. */
async function pourByPolling(url: string): Promise<void> {
  const base = `${url}/socket.io/?EIO=4&transport=polling`
  const { sid } = JSON.parse((await (await fetch(base)).text()).slice(1)) as { sid: string }
  const post = async (body: string) => (await fetch(`${base}&sid=${sid}`, { method: 'POST', body })).status
  let heard = ''
  const hear = async (text: string) => {
    while (!heard.includes(text)) heard += await (await fetch(`${base}&sid=${sid}`)).text()
  }
  await post('40/ws,')
  await hear('40/ws')
  const actor = { id: '1', displayName: 'dXNlcjE=', attachments: [{ objectType: 'token', content: 'tok1' }] }
  await post(`42/ws,1${JSON.stringify(['login', { verb: 'login', actor }])}`)
  await hear('43/ws,1[{"status_code":200')
  await post(Array.from({ length: 5_000 }, () => '42/ws,["unknown"]').join('\x1e'))
  await hear('41/ws')
}
