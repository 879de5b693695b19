// Who has received and read what: `received`, `read`, `msg_status`, the un-acked messages of a log-in, and the history
// strategy `unread`, with both generations of real clients against a real server process.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer, type World } from '../server.ts'
import { enroll, makeGroup, messageBody } from '../xchat/hand.ts'
import { ask } from '../xchat/http.ts'
import { A, B, startXchatServer, tokenOf } from '../xchat/start.ts'
import { base64, DinoClient, type Generation, plain } from './client.ts'

const FOREIGN = 'c42ebf01-3d50-4f27-a345-4ed213be045d'
const user = (id: string, more: object = {}) => ({ id, username: `user${id}`, tokens: [`tok${id}`], ...more })
const WORLD: World = {
  users: [...['1', '2', '3', '4', '6', '7', '8', '9', '10'].map(id => user(id)), user('5', { roles: ['superuser'] })],
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [
    { ref: 'plain', channel: 'c', name: 'plain room' },
    { ref: 'talk', channel: 'c', name: 'talk', kind: 'private', owners: ['1', '2'] },
    { ref: 'gang', channel: 'c', name: 'gang', kind: 'private', owners: ['1', '2', '4'] },
    { ref: 'pair', channel: 'c', name: 'pair', kind: 'private', owners: ['7', '8'] },
    { ref: 'trio', channel: 'c', name: 'trio', kind: 'private', owners: ['7', '8', '9'] },
    { ref: 'long', channel: 'c', name: 'long', kind: 'private', owners: ['7', '10'] },
    { ref: 'closed', channel: 'c', name: 'closed', kind: 'private', owners: ['1', '6'] },
  ],
  sanctions: [{ kind: 'ban', user: '6', scope: 'room', target: 'closed', until: '2099-01-01T00:00:00Z' }],
}

let server: TestServer
const clients: DinoClient[] = []
const others: TestServer[] = []

beforeAll(async () => {
  server = await startServer({ world: WORLD })
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  for (const other of others.splice(0)) await other.remove()
})
afterAll(() => server.remove())

async function other(config: object): Promise<TestServer> {
  const started = await startServer({ world: WORLD, config: { dino: config } })
  others.push(started)
  return started
}

async function loggedIn(id: string, of = server, generation: Generation = 4): Promise<DinoClient> {
  const client = await DinoClient.open(of.url, { generation })
  clients.push(client)
  expect((await client.login(id)).code).toBe(200)
  return client
}

async function inside(id: string, ref: string, of = server): Promise<DinoClient> {
  const client = await loggedIn(id, of)
  expect((await client.request('join', { verb: 'join', target: { id: of.rooms[ref] } })).code).toBe(200)
  return client
}

async function say(client: DinoClient, ref: string, text: string, of = server): Promise<string> {
  const target = { id: of.rooms[ref], objectType: ref === 'plain' ? 'room' : 'private' }
  const sent = await client.request('message', { verb: 'send', target, object: { content: base64(text) } })
  expect(sent.code).toBe(200)
  return sent.data.data.id
}

const of = (room: string | undefined, ids: readonly (string | undefined)[]) => ({
  target: { id: room },
  object: { attachments: ids.map(id => ({ id })) },
})
const received = (client: DinoClient, ref: string, ...ids: string[]) =>
  client.request('received', { verb: 'receive', ...of(server.rooms[ref], ids) })
const read = (client: DinoClient, ref: string, ids: readonly string[], at = server) =>
  client.request('read', { verb: 'read', ...of(at.rooms[ref], ids) })

async function statuses(client: DinoClient, of: string, ...ids: string[]): Promise<Record<string, unknown>> {
  const attachments = ids.map(id => ({ id }))
  const answer = await client.request('msg_status', { verb: 'check', target: { id: of }, object: { attachments } })
  expect(answer.code).toBe(200)
  const shown: readonly { id: string; content: unknown }[] = answer.data.data.object.attachments
  return Object.fromEntries(shown.map(({ id, content }) => [id, content]))
}

/** The contents of the un-acked messages of a new log-in, and the log-in's answer. */
async function unacked(id: string, at = server) {
  const client = await DinoClient.open(at.url)
  clients.push(client)
  const { data } = (await client.login(id)).data
  const texts = (data.object?.attachments ?? []).map(({ content }: { content: string }) => plain(content))
  return { texts, data, client }
}

describe('acks of a private room', () => {
  test('go from sent to received to read and never back, and the sender sees them', async () => {
    const [anna, ben] = [await loggedIn('1'), await loggedIn('2', server, 2)]
    const id = await say(anna, 'talk', 'hello')
    expect(await statuses(anna, '2', id)).toEqual({ [id]: 0 })
    expect(await received(ben, 'talk', id)).toMatchObject({ code: 200, data: { status_code: 200, data: null } })
    expect(await statuses(anna, '2', id)).toEqual({ [id]: 1 })
    expect((await read(ben, 'talk', [id, id])).code).toBe(200)
    expect(await statuses(anna, '2', id)).toEqual({ [id]: 2 })
    expect((await received(ben, 'talk', id)).code).toBe(200)
    expect(await statuses(anna, '2', id)).toEqual({ [id]: 2 })
    // What one has sent one has read.
    expect(await statuses(anna, '1', id)).toEqual({ [id]: 2 })
    expect(ben.pushes.filter(({ event }) => /received|read$/.test(event)).map(({ event }) => event)).toEqual([
      'gn_received',
      'gn_read',
      'gn_received',
    ])
  })

  test('each receiver has their own', async () => {
    const [anna, ben] = [await loggedIn('1'), await loggedIn('2')]
    const [one, two] = [await say(anna, 'gang', 'one'), await say(anna, 'gang', 'two')]
    await read(ben, 'gang', [two])
    expect(await statuses(anna, '2', two, one)).toEqual({ [one]: 0, [two]: 2 })
    expect(await statuses(anna, '4', one, two)).toEqual({ [one]: 0, [two]: 0 })
  })

  test('those inside are told, but not the session that acks, and in a private room nobody who has not joined', async () => {
    const [anna, ben, second] = [await loggedIn('1'), await inside('2', 'talk'), await inside('2', 'talk')]
    const id = await say(anna, 'talk', 'hello')
    await read(ben, 'talk', [id])
    const told = await second.next('gn_message_read')
    expect(told).toEqual({
      verb: 'read',
      target: { id: server.rooms.talk },
      object: { attachments: [{ id }] },
      actor: { id: '2', displayName: base64('user2') },
      published: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    for (const client of [anna, ben]) {
      await client.settle()
      expect(client.named('gn_message_read')).toEqual([])
    }
  })

  test('what an invisible user receives and reads is seen by operators alone', async () => {
    const [anna, root] = [await inside('1', 'plain'), await inside('5', 'plain')]
    const ben = await inside('2', 'plain')
    await ben.request('status', { verb: 'invisible' })
    const id = await say(anna, 'plain', 'hello')
    expect((await received(ben, 'plain', id)).code).toBe(200)
    expect((await root.next('gn_message_received')).actor.id).toBe('2')
    await anna.settle()
    expect(anna.named('gn_message_received')).toEqual([])
    await ben.request('status', { verb: 'online' })
    await received(ben, 'plain', id)
    expect((await anna.next('gn_message_received')).actor.id).toBe('2')
  })
})

describe('bad acks', () => {
  const answers: [name: string, event: string, change: object, code: number, text: string | null][] = [
    ['another verb', 'received', { verb: 'foo' }, 607, 'expecting verb "receive" but was "foo"'],
    ['the verb of the other one', 'read', { verb: 'receive' }, 607, 'expecting verb "read" but was "receive"'],
    ['no target', 'received', { target: undefined }, 502, 'no target.id on activity'],
    ['a blank target', 'received', { target: { id: ' ' } }, 502, 'no target.id on activity'],
    ['no object', 'received', { object: undefined }, 508, 'no attachments found on object'],
    ['no messages', 'received', { object: { attachments: [] } }, 508, 'no attachments found on object'],
    [
      'no UUID',
      'received',
      { object: { attachments: [{ id: 'abc' }] } },
      706,
      '"abc" is not a valid uuid (activity.object.attachments.id)',
    ],
    ['no id', 'read', { object: { attachments: [{}] } }, 706, null],
    ['an unknown room', 'received', { target: { id: FOREIGN } }, 802, null],
    ['a room that is none', 'read', { target: { id: "' OR 1=1 --" } }, 802, null],
  ]
  test.each(answers)('%s', async (_, event, change, code, text) => {
    const ben = await loggedIn('2')
    const verb = event === 'read' ? 'read' : 'receive'
    const answer = await ben.request(event, { verb, ...of(server.rooms.talk, [FOREIGN]), ...change })
    expect(answer.code).toBe(code)
    if (text !== null) expect(answer.data.error).toBe(text)
    expect((await received(ben, 'talk', FOREIGN)).code).toBe(200)
  })

  test('501 messages are one too many, and 500 are not', async () => {
    const ben = await loggedIn('2')
    const ids = Array.from({ length: 501 }, (_, at) => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`)
    const answer = await ben.request('received', { verb: 'receive', ...of(server.rooms.talk, ids) })
    expect(answer).toMatchObject({
      code: 716,
      data: { error: 'max 500 attachments allowed at one time, received 501' },
    })
    expect((await received(ben, 'talk', ...ids.slice(1))).code).toBe(200)
    expect((await statuses(ben, '1', ...ids.slice(1))) as object).toEqual({})
  })

  test('whoever is not in the room acks nothing there, and nobody hears of it', async () => {
    const [anna, carl] = [await inside('1', 'plain'), await loggedIn('3')]
    const id = await say(anna, 'plain', 'hello')
    expect((await read(carl, 'plain', [id])).code).toBe(702)
    await anna.settle()
    expect(anna.named('gn_message_read')).toEqual([])
  })

  test('a stranger learns nothing of a private room, and changes nothing in it', async () => {
    const [anna, ben, carl] = [await inside('1', 'talk'), await loggedIn('2'), await loggedIn('3')]
    const id = await say(anna, 'talk', 'between us')
    expect(await read(carl, 'talk', [id])).toMatchObject({ code: 802, data: { error: 'no such room' } })
    expect(await statuses(carl, '2', id)).toEqual({})
    expect(await statuses(carl, '3', id)).toEqual({})
    // A member asks of somebody who is none.
    expect(await statuses(anna, '3', id)).toEqual({})
    // An ack of this message in another room counts for neither.
    await read(ben, 'gang', [id])
    expect(await statuses(anna, '2', id)).toEqual({ [id]: 0 })
    await anna.settle()
    expect(anna.named('gn_message_read')).toEqual([])
  })

  test('whoever is banned from the room acks nothing in it', async () => {
    const [anna, fred] = [await loggedIn('1'), await loggedIn('6')]
    const id = await say(anna, 'closed', 'without you')
    // The ban has ended what they were there: the room is unknown to them.
    expect((await read(fred, 'closed', [id])).code).toBe(802)
    expect(await statuses(fred, '1', id)).toEqual({})
    expect((await unacked('6')).texts).toEqual([])
  })
})

describe('msg_status', () => {
  test('says what is asked in the order in which it is asked, and leaves out what has no status', async () => {
    const [anna, dino] = [await loggedIn('1'), await inside('2', 'plain')]
    const [one, two, public_] = [
      await say(anna, 'talk', '1'),
      await say(anna, 'talk', '2'),
      await say(dino, 'plain', 'p'),
    ]
    const attachments = [FOREIGN, two, public_, one, two].map(id => ({ id }))
    const asked = { verb: 'check', target: { id: '2' }, object: { attachments } }
    const { data } = await anna.request('msg_status', asked)
    expect(data).toEqual({
      status_code: 200,
      data: {
        object: { objectType: 'statuses', attachments: [two, one].map(id => ({ id, content: 0 })) },
        target: { id: '2' },
        verb: 'check',
        id: expect.any(String),
        published: expect.any(String),
        provider: { id: 'conclave' },
      },
    })
    expect(await anna.next('gn_msg_status')).toEqual(data)
  })

  test.each([
    ['no target', { target: undefined }, 502],
    ['a blank target', { target: {} }, 502],
    ['no object', { object: undefined }, 508],
    ['no messages', { object: { attachments: [] } }, 508],
    ['no UUID', { object: { attachments: [{ id: '1' }] } }, 706],
    ['somebody unknown', { target: { id: '98765' } }, 200],
    ['no user at all', { target: { id: 'nobody' } }, 200],
  ])('%s', async (_, change, code) => {
    const anna = await loggedIn('1')
    const answer = await anna.request('msg_status', { verb: 'check', ...of('2', [FOREIGN]), ...change })
    expect(answer.code).toBe(code)
    if (code === 200) expect(answer.data.data.object.attachments).toEqual([])
  })

  test('is not enabled without the guarantee: an ack says so, and no event', async () => {
    const loose = await other({ deliveryGuarantee: false })
    const [anna, ben] = [await loggedIn('1', loose), await loggedIn('2', loose)]
    const id = await say(anna, 'talk', 'hello', loose)
    const answer = await anna.request('msg_status', { verb: 'check', ...of('2', [id]) })
    expect(answer).toMatchObject({ code: 717, data: { error: expect.any(String), message: expect.any(String) } })
    expect((await read(ben, 'talk', [id], loose)).code).toBe(200)
    await anna.settle()
    expect(anna.named('gn_msg_status')).toEqual([])
    // Nothing is replayed at a log-in either.
    await say(anna, 'talk', 'again', loose)
    expect((await unacked('2', loose)).data.object).toBe(undefined)
  })
})

describe('a log-in', () => {
  test('brings the un-acked messages of private rooms, oldest first, until they are acked', async () => {
    const gina = await inside('7', 'plain')
    const [one, two] = [await say(gina, 'pair', 'one'), await say(gina, 'trio', 'two')]
    await say(gina, 'plain', 'public')
    const private_ = { verb: 'send', target: { id: '8', objectType: 'private' }, object: { content: base64('direct') } }
    const direct = (await gina.request('message', private_)).data.data
    const { data, client } = await unacked('8')
    const shown = (id: string, room: string | undefined, text: string) => ({
      author: { id: '7', displayName: base64('user7'), attachments: [] },
      summary: room,
      id,
      content: base64(text),
      published: expect.any(String),
      objectType: 'history',
    })
    expect(data.object).toEqual({
      objectType: 'history',
      attachments: [
        shown(one, server.rooms.pair, 'one'),
        shown(two, server.rooms.trio, 'two'),
        shown(direct.id, direct.target.id, 'direct'),
      ],
    })
    await received(client, 'pair', one)
    expect((await unacked('8')).texts).toEqual(['two', 'direct'])
    await read(client, 'trio', [two])
    await client.request('read', { verb: 'read', ...of(direct.target.id, [direct.id]) })
    expect((await unacked('8')).data.object).toBe(undefined)
    // Nobody else gets what is not theirs, and one's own messages are no news.
    for (const [id, texts] of [
      ['7', []],
      ['9', ['two']],
      ['3', []],
      ['5', []],
    ] as const)
      expect((await unacked(id)).texts).toEqual(texts)
  })

  test('brings no more than one answer holds, the newest', async () => {
    const gina = await loggedIn('7')
    const text = 'x'.repeat(65_000)
    for (let number = 10; number < 50; number++) await say(gina, 'long', `${number}${text}`)
    const { texts } = await unacked('10')
    expect(texts.length).toBeGreaterThan(10)
    expect(texts.length).toBeLessThan(40)
    const last = Array.from({ length: texts.length }, (_, at) => 50 - texts.length + at)
    expect(texts.map((each: string) => Number(each.slice(0, 2)))).toEqual(last)
  })
})

describe('encrypted rooms', () => {
  test('messages come as envelopes at a log-in, and have a status', async () => {
    const encrypted = await startXchatServer()
    others.push(encrypted)
    const [a, b] = [await enroll(encrypted.url, A), await enroll(encrypted.url, B)]
    const group = await makeGroup(encrypted.url, a, [a, b])
    const body = messageBody(a, group.id, group.version)
    const sent = await ask(encrypted.url, tokenOf(A), 'POST', `/2/chat/conversations/${group.id}/messages`, { body })
    expect(sent.status).toBe(201)
    const login = async (user: string) => {
      const client = await DinoClient.open(encrypted.url)
      clients.push(client)
      return { client, data: (await client.login(user, `user${user}`, tokenOf(user))).data.data }
    }
    const ben = await login(B)
    const [message] = ben.data.object.attachments
    expect(JSON.parse(plain(message.content))).toEqual(body)
    const anna = await login(A)
    expect(await statuses(anna.client, B, message.id)).toEqual({ [message.id]: 0 })
    await ben.client.request('read', { verb: 'read', ...of(message.summary, [message.id]) })
    expect(await statuses(anna.client, B, message.id)).toEqual({ [message.id]: 2 })
    expect((await login(B)).data.object).toBe(undefined)
  })
})

const UNREAD = { dino: { history: { type: 'unread', limit: 5 } } }

describe('the history strategy unread', () => {
  let unread: TestServer
  beforeAll(async () => {
    unread = await startServer({ world: WORLD, config: UNREAD })
  })
  afterAll(() => unread.remove())

  const texts = (attachments: readonly { content: string }[]) => attachments.map(({ content }) => plain(content))
  async function history(client: DinoClient, ref: string, more: object = {}): Promise<string[]> {
    const { data } = await client.request('history', { verb: 'list', target: { id: unread.rooms[ref] }, ...more })
    return texts(data.data.object.attachments)
  }
  const at = (ref: string) => ({ verb: 'x', target: { id: unread.rooms[ref] } })
  async function joined(client: DinoClient, ref: string, more: object = {}): Promise<string[]> {
    const { data } = await client.request('join', { ...at(ref), ...more })
    return texts(data.data.object.attachments[1].attachments)
  }

  test('holds what came since one left, whether one left or was cut off', async () => {
    const anna = await inside('1', 'plain', unread)
    await say(anna, 'plain', 'before anybody came', unread)
    const ben = await loggedIn('2', unread)
    expect(await joined(ben, 'plain')).toEqual([])
    await say(anna, 'plain', 'heard', unread)
    await ben.request('leave', at('plain'))
    await say(anna, 'plain', 'missed', unread)
    expect(await joined(ben, 'plain')).toEqual(['missed'])
    ben.close()
    await anna.next('gn_user_left', ({ actor }) => actor.id === '2', anna.pushes.length - 1)
    for (const text of ['1', '2', '3', '4', '5', '6']) await say(anna, 'plain', text, unread)
    const again = await loggedIn('2', unread)
    expect(await history(again, 'plain')).toEqual(['6', '5', '4', '3', '2'])
    expect(await joined(again, 'plain')).toEqual(['6', '5', '4', '3', '2'])
    // What the client names counts before what the server knows.
    const updated = '2000-01-01T00:00:00Z'
    expect(await history(again, 'plain', { updated })).toEqual(['6', '5', '4', '3', '2'])
    expect(await joined(again, 'plain', { updated })).toEqual(['6', '5', '4', '3', '2'])
    expect(await history(again, 'plain', { updated: '2099-01-01T00:00:00Z' })).toEqual([])
    expect(await joined(again, 'plain', { updated: '2099-01-01T00:00:00Z' })).toEqual([])
  })

  test('is shorter by what one reads, and by nothing behind a message that one has not read', async () => {
    const anna = await inside('1', 'plain', unread)
    const dora = await inside('4', 'plain', unread)
    await dora.request('leave', at('plain'))
    const ids: string[] = []
    for (const text of ['one', 'two', 'three']) ids.push(await say(anna, 'plain', text, unread))
    const [one, two, three] = ids as [string, string, string]
    await dora.request('join', at('plain'))
    expect((await read(dora, 'plain', [three], unread)).code).toBe(200)
    expect(await history(dora, 'plain')).toEqual(['three', 'two', 'one'])
    await read(dora, 'plain', [one], unread)
    expect(await history(dora, 'plain')).toEqual(['three', 'two'])
    await say(dora, 'plain', 'my own', unread)
    await read(dora, 'plain', [two, three], unread)
    expect(await history(dora, 'plain')).toEqual([])
  })

  test('follows the acks in a private room, where leaving says nothing', async () => {
    const anna = await loggedIn('1', unread)
    const ben = await inside('2', 'talk', unread)
    const [one, two] = [await say(anna, 'talk', 'one', unread), await say(anna, 'talk', 'two', unread)]
    expect(await history(ben, 'talk')).toEqual(['two', 'one'])
    await ben.request('leave', at('talk'))
    expect(await history(ben, 'talk')).toEqual(['two', 'one'])
    await read(ben, 'talk', [one], unread)
    expect(await history(ben, 'talk')).toEqual(['two'])
    await read(ben, 'talk', [two], unread)
    expect(await history(ben, 'talk')).toEqual([])
  })

  test('what was read is known after a crash', async () => {
    const anna = await inside('1', 'plain', unread)
    const fred = await inside('6', 'plain', unread)
    await say(anna, 'plain', 'heard', unread)
    await fred.request('leave', at('plain'))
    await say(anna, 'plain', 'missed', unread)
    await unread.kill()
    const second = await startServer({ data: unread.data, config: UNREAD })
    others.push(second)
    expect(await joined(await loggedIn('6', second), 'plain')).toEqual(['missed'])
  })
})
