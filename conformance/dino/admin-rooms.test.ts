// Admin rooms (the seed, request_admin and report): who sees them, what is told there and to whom, and how a server that
// has none gets one.
import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { uuidOf } from '@conclave/wire'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Ddp } from '../rocketchat/ddp.ts'
import { startServer, type TestServer, type World } from '../server.ts'
import { enroll, makeGroup, messageBody } from '../xchat/hand.ts'
import { base64, DinoClient, plain } from './client.ts'
import { site } from './http.ts'
import { mismatches } from './shape.ts'

const [ANNA, BEN, CARL] = ['1001', '1002', '1003'] as const
const [SUPERUSER, GLOBALMOD, CHADMIN, FORMER] = ['2004', '2005', '2002', '2006'] as const

const user = (id: string, roles: string[] = []) => ({
  id,
  username: `user${id}`,
  // The second is what the hand-made X client uses.
  tokens: [`tok${id}`, `token-of-${id}`],
  attributes: { age: '30' },
  roles,
})
const USERS = [
  ...[ANNA, BEN, CARL, CHADMIN].map(id => user(id)),
  user(SUPERUSER, ['superuser']),
  user(GLOBALMOD, ['globalmod']),
  user(FORMER, ['globalmod']),
]
const onlyAdmins = ['join', 'list'].map(action => ({ action, type: 'admin', value: '' }))

const WORLD: World = {
  users: USERS,
  channels: [
    { ref: 'own', name: 'with its own', admins: [CHADMIN] },
    { ref: 'none', name: 'without one' },
    { ref: 'admins', name: 'Admins' },
  ],
  rooms: [
    { ref: 'here', channel: 'own', name: 'here' },
    { ref: 'there', channel: 'none', name: 'there' },
    { ref: 'unheard', channel: 'none', name: 'unheard', acls: [{ action: 'history', type: 'disallow', value: '' }] },
    { ref: 'hidden', channel: 'own', name: 'hidden', kind: 'private', owners: [ANNA, BEN] },
    // Marked, and its rules forgotten.
    { ref: 'bare', channel: 'own', name: 'bare admins', admin: true },
    { ref: 'shared', channel: 'admins', name: 'Admins', admin: true, acls: onlyAdmins },
  ],
}

const clients: DinoClient[] = []
function closeAll(): void {
  for (const client of clients.splice(0)) client.close()
}
afterEach(closeAll)

async function login({ url }: TestServer, id: string): Promise<DinoClient> {
  const client = await DinoClient.open(url, { generation: clients.length % 2 === 0 ? 2 : 4 })
  clients.push(client)
  expect((await client.login(id)).code).toBe(200)
  return client
}

const help = (room: unknown, content: unknown = base64('help me')) => ({
  verb: 'help',
  target: { id: room },
  object: { content },
})
const report = (message: string, about: string, text: string, more: object = {}) => ({
  verb: 'report',
  target: { id: about },
  object: { id: message, content: base64(text), ...more },
})

describe('a world with admin rooms', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer({ world: WORLD })
  })
  afterAll(() => server.remove())

  const as = (id: string) => login(server, id)
  const at = (ref: string) => ({ verb: 'x', target: { id: server.rooms[ref], objectType: 'room' } })
  async function joined(id: string, ...refs: string[]): Promise<DinoClient> {
    const client = await as(id)
    for (const ref of refs) expect((await client.request('join', at(ref))).code).toBe(200)
    return client
  }
  async function said(client: DinoClient, ref: string, text: string): Promise<string> {
    const { data } = await client.request('message', { ...at(ref), verb: 'send', object: { content: base64(text) } })
    return data.data.id
  }

  test('only admins see them and get into them, also where no rule says so', async () => {
    const [anna, admin, operator] = [await as(ANNA), await as(CHADMIN), await as(GLOBALMOD)]
    const listed = async (client: DinoClient, ref: string): Promise<string[]> => {
      const { data } = await client.request('list_rooms', { verb: 'list', object: { url: server.channels[ref] } })
      return data.data.object.attachments.map(({ id }: { id: string }) => id)
    }
    for (const [channel, ref] of [
      ['own', 'bare'],
      ['admins', 'shared'],
    ] as const) {
      expect(await listed(anna, channel)).not.toContain(server.rooms[ref])
      expect(await listed(operator, channel)).toContain(server.rooms[ref])
      const { code, data } = await anna.request('join', at(ref))
      expect([code, data.error]).toEqual([705, 'acl "admin" did not validate for target acl "": not admin'])
      expect((await operator.request('join', at(ref))).code).toBe(200)
    }
    expect((await anna.request('history', at('bare'))).code).toBe(705)
    expect((await admin.request('join', at('bare'))).code).toBe(200)
    expect((await admin.request('join', at('shared'))).code).toBe(705)
    // The other wires have the same door.
    const { url } = server
    const ddp = await Ddp.connect(url)
    await ddp.call('login', { resume: `tok${ANNA}` })
    expect((await ddp.ask('joinRoom', server.rooms.bare)).error).toBeDefined()
    expect((await ddp.sub('stream-room-messages', server.rooms.bare as string)).msg).toBe('nosub')
    ddp.close()
  })

  test('nobody else writes into them, from the room next door neither', async () => {
    const [anna, admin] = [await joined(ANNA, 'here'), await joined(CHADMIN, 'bare')]
    const sent = { ...at('bare'), actor: { url: server.rooms.here }, object: { content: base64('hello') } }
    const { code, data } = await anna.request('message', sent)
    expect([code, data.data]).toEqual([705, undefined])
    await admin.settle()
    expect(admin.named('message')).toEqual([])
  })

  test('nobody else is told who is inside', async () => {
    await joined(GLOBALMOD, 'bare')
    const inside = async (id: string): Promise<string[]> => {
      const { data } = await (await as(id)).request('users_in_room', at('bare'))
      return data.data.object.attachments.map((each: { id: string }) => each.id)
    }
    expect(await inside(CHADMIN)).toEqual([GLOBALMOD])
    expect(await inside(ANNA)).toEqual([])
  })

  test('who is an operator no more is inside no more', async () => {
    const [former, admin] = [await joined(FORMER, 'bare', 'here'), await joined(CHADMIN, 'bare')]
    const [anna] = [await joined(ANNA, 'here')]
    const id = await said(anna, 'here', 'bad')
    expect((await site(server.url, `tok${SUPERUSER}`).call('POST', '/remove-admin', { id: FORMER })).code).toBe(200)
    expect((await admin.next('gn_user_left')).actor.id).toBe(FORMER)
    expect((await admin.request('report', report(id, ANNA, 'bad'))).code).toBe(200)
    await admin.next('gn_reported')
    await former.settle()
    expect(former.named('gn_reported')).toEqual([])
    expect((await former.request('message', { ...at('bare'), object: { content: base64('hello') } })).code).not.toBe(
      200,
    )
    // Where everybody may be they stay.
    await said(anna, 'here', 'still there')
    await former.next('message', ({ object }) => plain(object.content) === 'still there')
  })

  test("a request for help reaches whoever is inside the channel's own admin room, and nobody else", async () => {
    const [operator, elsewhere] = [await joined(SUPERUSER, 'bare'), await as(SUPERUSER)]
    const [admin, other] = [await joined(CHADMIN, 'bare'), await joined(GLOBALMOD, 'shared')]
    const anna = await joined(ANNA, 'here')
    const { data } = await anna.request('request_admin', help(server.rooms.here))
    expect(data).toEqual({ status_code: 200, data: null })
    await anna.next('gn_request_admin')
    const told = await operator.next('gn_admin_requested')
    const named = { id: 'string', displayName: 'string' }
    const shape = {
      actor: { ...named, attachments: [{ objectType: 'string', content: 'string' }] },
      verb: 'request',
      object: { content: 'string' },
      target: named,
      generator: named,
      id: '<uuid>',
      published: '<ts>',
      provider: { id: 'string' },
    }
    expect(mismatches(shape, told)).toEqual([])
    expect(told).toMatchObject({
      actor: { id: ANNA, displayName: base64(`user${ANNA}`) },
      object: { content: base64('help me') },
      target: { id: server.rooms.bare, displayName: base64('bare admins') },
      generator: { id: server.rooms.here, displayName: base64('here') },
    })
    expect(await admin.next('gn_admin_requested')).toEqual(told)
    for (const client of [elsewhere, other, anna]) {
      await client.settle()
      expect(client.named('gn_admin_requested')).toEqual([])
    }
  })

  test('a channel without one shares that of the channel for admins', async () => {
    const [own, shared] = [await joined(SUPERUSER, 'bare'), await joined(GLOBALMOD, 'shared')]
    const anna = await joined(ANNA, 'there')
    expect((await anna.request('request_admin', help(server.rooms.there))).code).toBe(200)
    expect((await shared.next('gn_admin_requested')).target.id).toBe(server.rooms.shared)
    await own.settle()
    expect(own.named('gn_admin_requested')).toEqual([])
  })

  test('help is refused to who asks wrongly, or from outside, or while no operator is online', async () => {
    const anna = await joined(ANNA, 'here')
    const refusal = async (data: object): Promise<unknown[]> => {
      const { code, data: answer } = await anna.request('request_admin', data)
      return [code, answer.error]
    }
    const unknown = randomUUID()
    const needed = [502, 'need target.id (id of room to request help for)']
    expect(await refusal({ verb: 'help', object: { content: 'aGVscA==' } })).toEqual(needed)
    expect(await refusal({ ...help(''), target: {} })).toEqual(needed)
    expect(await refusal(help(unknown))).toEqual([802, `no room with id "${unknown}" exists`])
    expect((await refusal({ verb: 'help', target: { id: server.rooms.here } }))[0]).toBe(506)
    expect((await refusal(help(server.rooms.here, '')))[0]).toBe(506)
    expect((await refusal(help(server.rooms.here, 'x y!')))[0]).toBe(701)
    expect((await refusal(help(server.rooms.here, base64('x'.repeat(70_000)))))[0]).toBe(714)
    expect((await refusal(help(server.rooms.there)))[0]).toBe(702)
    const { data } = await (await as(CARL)).request('request_admin', help(server.rooms.hidden))
    expect([data.status_code, data.error]).toEqual([802, `no room with id "${server.rooms.hidden}" exists`])
    // Belonging to a hidden room is enough; a channel's admin has no role for the whole server.
    await joined(CHADMIN, 'bare')
    for (const ref of ['here', 'hidden'])
      expect(await refusal(help(server.rooms[ref]))).toEqual([805, 'no admin is online'])
  })

  test('an operator whom nobody sees is online all the same; one who is offline is not', async () => {
    const [anna, operator] = [await joined(ANNA, 'here'), await as(GLOBALMOD)]
    const ask = async (): Promise<number> => (await anna.request('request_admin', help(server.rooms.here))).code
    for (const [verb, code] of [
      ['invisible', 200],
      ['offline', 805],
      ['online', 200],
    ] as const) {
      expect((await operator.request('status', { verb })).code).toBe(200)
      expect([verb, await ask()]).toEqual([verb, code])
    }
  })

  test('a report reaches the admins with what the server can say about it, and nobody else', async () => {
    const [admin, anna, ben] = [await joined(SUPERUSER, 'bare'), await joined(ANNA, 'here'), await joined(BEN, 'here')]
    const id = await said(ben, 'here', 'you fool')
    const sent = report(id, BEN, 'you fool', { summary: base64('rude') })
    expect((await anna.request('report', sent)).data).toEqual({ status_code: 200, data: null })
    await anna.next('gn_report')
    const told = await admin.next('gn_reported')
    const named = { id: 'string', displayName: 'string' }
    const object = { id: '<uuid>', content: 'string', summary: 'string', objectType: 'proven' }
    const made = { id: '<uuid>', published: '<ts>', provider: { id: 'string' } }
    expect(
      mismatches({ actor: named, verb: 'report', object, target: named, generator: named, ...made }, told),
    ).toEqual([])
    expect(told).toMatchObject({
      actor: { id: ANNA, displayName: base64(`user${ANNA}`) },
      object: { id, content: base64('you fool'), summary: base64('rude') },
      target: { id: BEN, displayName: base64(`user${BEN}`) },
      generator: { id: server.rooms.here, displayName: base64('here') },
    })
    // What was not said can be claimed, and is marked so.
    expect((await anna.request('report', report(id, BEN, 'something else'))).code).toBe(200)
    const claimed = await admin.next('gn_reported', each => each.object.content === base64('something else'))
    expect(claimed.object).toMatchObject({ objectType: 'unproven', summary: '' })
    for (const client of [anna, ben]) {
      await client.settle()
      expect(client.named('gn_reported')).toEqual([])
    }
  })

  test('who reports learns nothing, and the admins learn where it was only if the reporter could read it there', async () => {
    const [admin, anna] = [await joined(SUPERUSER, 'bare', 'shared'), await joined(ANNA, 'here', 'unheard', 'hidden')]
    const [ben, carl] = [await joined(BEN, 'here', 'unheard'), await joined(CARL, 'here')]
    let reports = 0
    /** The room that the admins are shown, and whether the server knows the words. */
    const outcome = async (client: DinoClient, id: string, about: string, text = 'x'): Promise<unknown[]> => {
      const reason = base64(`report ${++reports}`)
      const { data } = await client.request('report', report(id, about, text, { summary: reason }))
      expect(data).toEqual({ status_code: 200, data: null })
      const told = await admin.next('gn_reported', ({ object }) => object.summary === reason)
      expect(told.object.id).toBe(id)
      return [told.generator?.id, told.object.objectType]
    }
    const plainly = await said(ben, 'here', 'x')
    const { here, hidden, unheard } = server.rooms
    const unknown = [undefined, 'unproven']
    expect(await outcome(anna, plainly, BEN)).toEqual([here, 'proven'])
    expect(await outcome(anna, plainly, BEN, 'y')).toEqual([here, 'unproven'])
    expect(await outcome(anna, plainly, CARL)).toEqual(unknown)
    for (const id of [randomUUID(), here as string]) expect(await outcome(anna, id, BEN)).toEqual(unknown)
    const secret = await anna.request('message', {
      verb: 'send',
      target: { id: hidden, objectType: 'private' },
      object: { content: base64('x') },
    })
    expect(await outcome(carl, secret.data.data.id, ANNA)).toEqual(unknown)
    expect(await outcome(ben, secret.data.data.id, ANNA)).toEqual([hidden, 'proven'])
    // Heard while inside, though no history is shown.
    const heard = await said(ben, 'unheard', 'x')
    expect(await outcome(carl, heard, BEN)).toEqual(unknown)
    expect(await outcome(anna, heard, BEN)).toEqual([unheard, 'unproven'])
    // A whisper that one has not heard.
    const text = JSON.stringify({ text: `-user${ANNA} x` })
    const whisper = await said(ben, 'here', text)
    expect((await outcome(carl, whisper, BEN, text))[1]).toBe('unproven')
    expect(await outcome(anna, whisper, BEN, text)).toEqual([here, 'proven'])
    // Left, and deleted, and still to be reported.
    await anna.request('leave', at('here'))
    expect(await outcome(anna, plainly, BEN)).toEqual([here, 'proven'])
    await ben.request('delete', { verb: 'delete', target: { id: here }, object: { id: plainly } })
    expect(await outcome(anna, plainly, BEN)).toEqual([here, 'unproven'])
  })

  test('a report is refused in the order and the words of the real server', async () => {
    const anna = await joined(ANNA, 'here')
    const refusal = async (target: object | undefined, object: object | undefined): Promise<unknown[]> => {
      const { code, data } = await anna.request('report', { verb: 'report', target, object })
      await anna.next('gn_report', each => JSON.stringify(each) === JSON.stringify(data))
      return [code, data.error]
    }
    const [id, content] = [randomUUID(), base64('x')]
    const ben = { id: BEN }
    expect(await refusal(ben, undefined)).toEqual([506, 'need object.content (reported message)'])
    expect(await refusal(ben, { id })).toEqual([506, 'need object.content (reported message)'])
    expect((await refusal(undefined, { content }))[0]).toBe(501)
    for (const target of [undefined, {}])
      expect(await refusal(target, { id, content })).toEqual([502, 'need target.id (id of user reported)'])
    for (const nobody of ['77777', 'nobody', ' 1002'])
      expect((await refusal({ id: nobody }, { id, content: 'x y!' }))[0]).toBe(800)
    expect(await refusal(ben, { id, content: 'x y!' })).toEqual([701, 'object.content is not base64 encoded'])
    expect((await refusal(ben, { id, content, summary: 'x y!' }))[0]).toBe(701)
    expect((await refusal(ben, { id: 'no uuid', content }))[0]).toBe(706)
    expect((await refusal(ben, { id, content: base64('x'.repeat(70_000)) }))[0]).toBe(714)
    expect((await refusal(ben, { id, content, summary: base64('x'.repeat(2_000)) }))[0]).toBe(714)
  })

  test('what a member of an encrypted room discloses goes to the admins, unproven, and is kept nowhere (L8)', async () => {
    const { url } = server
    const [a, b] = [await enroll(url, ANNA), await enroll(url, BEN)]
    const group = await makeGroup(url, a, [a, b])
    const [anna, ben, carl] = [await as(ANNA), await as(BEN), await as(CARL)]
    const admin = await joined(SUPERUSER, 'shared')
    const target = { id: uuidOf(group.id.slice(1)), objectType: 'private' }
    const object = { content: base64(JSON.stringify(messageBody(a, group.id, group.version))) }
    const { data, code } = await anna.request('message', { verb: 'send', target, object })
    expect(code).toBe(200)
    const disclosed = `what Anna wrote ${randomUUID()}`
    const sent = report(data.data.id, ANNA, disclosed)
    expect((await carl.request('report', sent)).code).toBe(200)
    expect((await admin.next('gn_reported')).generator).toBeUndefined()
    expect((await ben.request('report', sent)).code).toBe(200)
    const told = await admin.next('gn_reported', each => each.actor.id === BEN)
    expect(told.object).toMatchObject({ content: base64(disclosed), objectType: 'unproven' })
    expect(told.generator).toEqual({ id: target.id, displayName: base64(group.id) })
    await admin.settle()
    const kept = await Promise.all(
      (await readdir(server.data)).map(name => readFile(join(server.data, name), 'latin1').catch(() => '')),
    )
    expect(kept.join('').length).toBeGreaterThan(10_000)
    for (const text of [disclosed, base64(disclosed)]) {
      expect(kept.some(each => each.includes(text))).toBe(false)
      expect(server.output()).not.toContain(text)
    }
  })
})

describe('a server without an admin room', () => {
  const NONE: World = {
    users: USERS,
    channels: [{ ref: 'c', name: 'channel' }],
    rooms: [{ ref: 'r', channel: 'c', name: 'room' }],
  }
  let server: TestServer
  afterEach(() => {
    closeAll()
    return server.remove()
  })

  interface Listed {
    readonly id: string
    readonly displayName: string
  }
  async function adminRooms(operator: DinoClient): Promise<string[]> {
    const { data } = await operator.request('list_channels', { verb: 'list' })
    const channels: Listed[] = data.data.object.attachments
    const own = channels.filter(({ displayName }) => plain(displayName) === 'Admins')
    expect(own.length).toBeLessThan(2)
    if (!own[0]) return []
    const answer = await operator.request('list_rooms', { verb: 'list', object: { url: own[0].id } })
    return answer.data.data.object.attachments.map(({ id }: Listed) => id)
  }

  test('makes one for the first who asks for help, however many ask at once, and keeps it', async () => {
    server = await startServer({ world: NONE })
    const operator = await login(server, GLOBALMOD)
    expect(await adminRooms(operator)).toEqual([])
    const asking = await Promise.all([ANNA, BEN, CARL, ANNA, BEN, CARL].map(id => login(server, id)))
    for (const client of asking) await client.request('join', { verb: 'join', target: { id: server.rooms.r } })
    const answers = await Promise.all(asking.map(client => client.request('request_admin', help(server.rooms.r))))
    expect(answers.map(({ code }) => code)).toEqual(asking.map(() => 200))
    const rooms = await adminRooms(operator)
    expect(rooms).toHaveLength(1)
    const { data, code } = await operator.request('join', { verb: 'join', target: { id: rooms[0] } })
    expect([code, plain(data.data.target.displayName)]).toEqual([200, 'Admins'])
    const [acls] = data.data.object.attachments
    expect(
      acls.attachments.map(({ objectType, summary }: { objectType: string; summary: string }) => [summary, objectType]),
    ).toEqual([
      ['join', 'admin'],
      ['list', 'admin'],
    ])
    expect((await asking[0]?.request('join', { verb: 'join', target: { id: rooms[0] } }))?.code).toBe(705)
    expect((await asking[0]?.request('request_admin', help(server.rooms.r)))?.code).toBe(200)
    expect((await operator.next('gn_admin_requested')).target.id).toBe(rooms[0])

    closeAll()
    await server.stop()
    const before = server
    server = await startServer({ data: before.data })
    const again = await login(server, GLOBALMOD)
    const anna = await login(server, ANNA)
    await anna.request('join', { verb: 'join', target: { id: before.rooms.r } })
    expect((await anna.request('request_admin', help(before.rooms.r))).code).toBe(200)
    expect(await adminRooms(again)).toEqual(rooms)
  })

  test('makes one for an operator who looks for it, under another name where somebody took that', async () => {
    server = await startServer({ world: NONE })
    const ddp = await Ddp.connect(server.url)
    await ddp.call('login', { resume: `tok${ANNA}` })
    await ddp.call('createChannel', 'Admins', [])
    ddp.close()
    const [operator, anna] = [await login(server, SUPERUSER), await login(server, ANNA)]
    const listing = { verb: 'list', object: { url: server.channels.c } }
    await anna.request('list_rooms', listing)
    expect(await adminRooms(anna)).toEqual([])
    expect((await operator.request('list_rooms', listing)).code).toBe(200)
    const rooms = await adminRooms(operator)
    expect(rooms).toHaveLength(1)
    await operator.request('list_rooms', listing)
    expect(await adminRooms(operator)).toEqual(rooms)
    expect((await anna.request('join', { verb: 'join', target: { id: rooms[0] } })).code).toBe(705)
    expect((await operator.request('join', { verb: 'join', target: { id: rooms[0] } })).code).toBe(200)
  })
})
