// Rooms that clients make, rename, remove and open to others over Dino's wire, with both generations of clients and a
// real server process.
import { idOfUuid } from '@conclave/wire'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer, type World } from '../server.ts'
import { base64, DinoClient, type Generation, plain } from './client.ts'

const user = (id: string, more: object = {}) => ({ id, username: `user${id}`, tokens: [`tok${id}`], ...more })
const acl = (action: string, type: string, value = '') => ({ action, type, value })

const WORLD: World = {
  users: [
    user('1', { attributes: { gender: 'w', avatar: 'http://x/y.jpg' } }),
    user('2', { attributes: { gender: 'm' } }),
    user('3', { attributes: { gender: 'm' }, excluded: ['1'] }),
    user('4', { attributes: { gender: 'm' } }),
    user('5', { roles: ['superuser'] }),
    user('6', { roles: ['globalmod'] }),
    user('7'),
    user('8'),
    user('9', { attributes: { gender: 'w' } }),
  ],
  channels: [
    { ref: 'c', name: 'channel', owners: ['7'], admins: ['8'] },
    { ref: 'women', name: 'women', acls: [acl('create', 'gender', 'w'), acl('list', 'gender', 'w')] },
  ],
  rooms: [
    { ref: 'plain', channel: 'c', name: 'plain room', owners: ['1'], moderators: ['2'] },
    { ref: 'twin-a', channel: 'c', name: 'Twin' },
    { ref: 'twin-b', channel: 'c', name: 'twin' },
    { ref: 'own', channel: 'c', name: 'own room', kind: 'private', owners: ['1', '2'] },
    { ref: 'rename', channel: 'c', name: 'rename me', owners: ['1'], moderators: ['2'] },
    { ref: 'listed', channel: 'c', name: 'for women', owners: ['1'], acls: [acl('list', 'gender', 'w')] },
    { ref: 'remove', channel: 'c', name: 'remove me', owners: ['1'], moderators: ['2'] },
    { ref: 'fleeting', channel: 'c', name: 'fleeting', kind: 'temporary', owners: ['1'], moderators: ['2'] },
    { ref: 'ruled', channel: 'c', name: 'ruled', owners: ['1'] },
    { ref: 'hers', channel: 'women', name: 'hers' },
  ],
  blacklist: ['BadWord'],
  sanctions: [
    { kind: 'ban', user: '4', scope: 'room', target: 'plain', until: '2099-01-01T00:00:00Z' },
    { kind: 'ban', user: '4', scope: 'channel', target: 'women', until: '2099-01-01T00:00:00Z' },
  ],
}

let server: TestServer
const clients: DinoClient[] = []

beforeAll(async () => {
  server = await startServer({ world: WORLD, config: { rooms: { grace: 600 } } })
})
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})
afterAll(() => server.remove())

async function loggedIn(id: string, generation: Generation = 4): Promise<DinoClient> {
  const client = await DinoClient.open(server.url, { generation })
  clients.push(client)
  expect((await client.login(id)).code).toBe(200)
  return client
}

let made = 0
const newName = (): string => `made room ${made++}`
const wanted = (name: string, more: object = {}, object: object = {}) => ({
  verb: 'create',
  target: { displayName: base64(name), ...more },
  object: { url: server.channels.c, ...object },
})
const owners = (summary: string) => ({ attachments: [{ objectType: 'owners', summary }] })
const rules = (...attachments: object[]) => ({ objectType: 'acl', attachments })
const rule = (objectType: string, summary: string, content?: string) => ({
  objectType,
  summary,
  ...(content === undefined ? {} : { content }),
})
const at = (ref: string, more: object = {}) => ({ verb: 'x', target: { id: server.rooms[ref], ...more } })
const namesIn = async (client: DinoClient, channel: string): Promise<string[]> => {
  const { data } = await client.request('list_rooms', { verb: 'list', object: { url: server.channels[channel] } })
  return data.data.object.attachments.map(({ displayName }: { displayName: string }) => plain(displayName))
}
/** What came of one event, for one room. */
const about = (client: DinoClient, event: string, id: string) =>
  client.named(event).filter(({ target }) => target.id === id)
const aclsOf = async (client: DinoClient, ref: string, objectType = 'room') => {
  const id = objectType === 'room' ? server.rooms[ref] : server.channels[ref]
  const { data } = await client.request('get_acl', { verb: 'get', target: { id, objectType } })
  return data.data.object.attachments
}
const setAcls = (ref: string, attachments: readonly object[] | undefined, objectType: string | undefined = 'room') => ({
  verb: 'set',
  target: { id: objectType === 'channel' ? server.channels[ref] : server.rooms[ref], objectType },
  object: { objectType: 'acl', ...(attachments ? { attachments } : {}) },
})

describe.each<Generation>([2, 4])('create, with socket.io-client %i', generation => {
  test('makes a temporary room that its maker owns and is not inside, and tells everybody who may list it', async () => {
    const [anna, ben] = [await loggedIn('1', generation), await loggedIn('2', generation)]
    const stranger = await DinoClient.open(server.url, { generation })
    clients.push(stranger)
    const name = newName()
    const request = { ...wanted(name), extra: { kept: true }, id: 'mine' }
    const { data, code } = await anna.request('create', request)
    expect(code).toBe(200)
    const { id } = data.data.target
    expect(data.data).toMatchObject({
      verb: 'create',
      target: { displayName: base64(name), objectType: 'temporary' },
      object: { url: server.channels.c },
      actor: { id: '1', displayName: base64('user1') },
      extra: { kept: true },
    })
    expect(data.data.id).not.toBe('mine')
    const push = await ben.next('gn_room_created', ({ target }) => target.id === id)
    expect(push).toEqual({
      actor: {
        id: '1',
        displayName: base64('user1'),
        attachments: [
          { objectType: 'user_name', content: base64('user1') },
          { objectType: 'gender', content: base64('w') },
          { objectType: 'avatar', content: base64('http://x/y.jpg') },
        ],
      },
      object: { url: server.channels.c },
      target: { id, displayName: base64(name), objectType: 'temporary' },
      verb: 'create',
      id: expect.any(String),
      published: expect.any(String),
      provider: { id: 'conclave' },
    })
    await anna.next('gn_room_created', ({ target }) => target.id === id)
    for (const client of [anna, ben]) {
      await client.settle()
      expect(about(client, 'gn_room_created', id)).toHaveLength(1)
    }
    expect(stranger.named('gn_room_created')).toEqual([])
    expect(await namesIn(ben, 'c')).toContain(name)
    const { data: users } = await anna.request('users_in_room', { verb: 'list', target: { id } })
    expect(users.data.object.attachments).toEqual([])
    const { data: joined } = await ben.request('join', { verb: 'join', target: { id } })
    expect(joined.data.object.attachments[2].attachments).toEqual([{ id: '1', displayName: base64('user1') }])
  })
})

describe('create', () => {
  test('says what is wrong with the request, in the order of the real server, and makes nothing', async () => {
    const anna = await loggedIn('1')
    const before = await namesIn(await loggedIn('2'), 'c')
    const refusal = async (data: object, event = 'create'): Promise<[number, string]> => {
      const reply = await anna.request(event, data)
      return [reply.code, reply.data.error]
    }
    const name = newName()
    expect(await refusal({ verb: 'x', target: { displayName: base64(name) } })).toEqual([503, 'no channel id set'])
    expect(await refusal({ ...wanted(name), object: {} })).toEqual([503, 'no channel id set'])
    expect(await refusal({ verb: 'x', object: { url: server.channels.c } })).toEqual([504, 'no room name set'])
    const nowhere = '00000000-0000-4000-8000-000000000000'
    expect(await refusal(wanted(name, {}, { url: nowhere }))).toEqual([801, 'channel does not exist'])
    expect(await refusal(wanted(name, {}, { url: 'c' }))).toEqual([801, 'channel does not exist'])
    expect(await refusal(wanted(name, { displayName: ' ' }))).toEqual([504, 'got blank room name, can not create'])
    expect(await refusal(wanted(name, { displayName: base64('   ') }))).toEqual([
      504,
      'got blank room name, can not create',
    ])
    expect(await refusal(wanted(name, { displayName: 'not base64!' }))).toEqual([
      701,
      'invalid room name, not base64 encoded',
    ])
    for (const restricted of ['Admins', 'admin', ' AD\u200bMIN ', 'my bAdwOrd room'])
      expect(await refusal(wanted(restricted))).toEqual([718, 'restricted room name'])
    for (const taken of ['plain room', 'PLAIN Room', 'Twin', 'own room'])
      expect(await refusal(wanted(taken))).toEqual([704, 'a room with that name already exists'])
    expect((await refusal(wanted('zz')))[0]).toBe(711)
    expect((await refusal(wanted('😀😀')))[0]).toBe(711)
    expect((await refusal(wanted('z'.repeat(121))))[0]).toBe(710)
    const bad = { ...wanted(name), object: { url: server.channels.c } }
    for (const [attachments, code] of [
      [[rule('foo', 'join', 'w')], 601],
      [[rule('gender', 'foo', 'w')], 602],
      [[{ objectType: 'gender', content: 'w' }], 602],
      [[rule('gender', 'join', 'zz')], 603],
      [[rule('gender', 'join', 'w'), rule('age', 'join', '35')], 603],
      [[{ content: 'w', summary: 'join' }], 509],
      [Array.from({ length: 65 }, () => rule('gender', 'join', 'w')), 705],
    ] as const)
      expect((await refusal({ ...bad, object: { ...bad.object, ...rules(...attachments) } }))[0]).toBe(code)
    expect((await refusal(wanted(name, owners('1,424242'))))[0]).toBe(800)
    expect((await refusal(wanted(name, owners('nobody'))))[0]).toBe(800)
    const crowd = Array.from({ length: 101 }, (_, n) => String(10_000 + n)).join()
    expect((await refusal(wanted(name, owners(crowd))))[0]).toBe(705)
    await anna.settle()
    expect(anna.named('gn_room_created')).toEqual([])
    expect(await namesIn(await loggedIn('2'), 'c')).toEqual(before)
    expect((await anna.request('create', wanted(name))).code).toBe(200)
  })

  test('counts characters, not bytes', async () => {
    const anna = await loggedIn('1')
    expect((await anna.request('create', wanted(`${newName()} ${'😀'.repeat(60)}`))).code).toBe(200)
    expect((await anna.request('create', wanted(`${'ü'.repeat(120)}`))).code).toBe(200)
  })

  test('is ruled by the channel: its ACL, its bans; and is told only to those who may list the channel', async () => {
    const [anna, ben, nina] = [await loggedIn('1'), await loggedIn('2'), await loggedIn('9')]
    const inWomen = (name: string) => wanted(name, {}, { url: server.channels.women })
    const denied = await ben.request('create', inWomen(newName()))
    expect([denied.code, denied.data.error]).toEqual([
      705,
      'acl "gender" did not validate for target acl "w": session value m not in allowed values [w]',
    ])
    const banned = await (await loggedIn('4')).request('create', inWomen(newName()))
    expect([banned.code, banned.data.error.target.objectType]).toEqual([703, 'channel'])
    const { data } = await anna.request('create', inWomen(newName()))
    const { id } = data.data.target
    await nina.next('gn_room_created', ({ target }) => target.id === id)
    await ben.settle()
    expect(about(ben, 'gn_room_created', id)).toEqual([])
    expect((await anna.request('remove_room', { verb: 'remove', target: { id } })).code).toBe(200)
    await nina.next('gn_room_removed', ({ target }) => target.id === id)
    await ben.settle()
    expect(about(ben, 'gn_room_removed', id)).toEqual([])
  })

  test('sets the rules that are sent with it; a blank one says nothing, but for those that need no value', async () => {
    const [anna, ben] = [await loggedIn('1'), await loggedIn('2')]
    const sent = rules(rule('gender', 'join', 'w'), rule('age', 'join', ''), rule('disallow', 'history'))
    const { data, code } = await anna.request('create', wanted(newName(), {}, sent))
    expect(code).toBe(200)
    expect(data.data.object).toEqual({ url: server.channels.c, ...sent })
    const { id } = data.data.target
    const kept = [rule('gender', 'join', 'w'), rule('disallow', 'history', '')]
    const push = await ben.next('gn_room_created', ({ target }) => target.id === id)
    expect(push.object).toEqual({ url: server.channels.c, attachments: kept })
    expect((await ben.request('join', { verb: 'join', target: { id } })).code).toBe(705)
    const { data: read } = await ben.request('get_acl', { verb: 'get', target: { id, objectType: 'room' } })
    expect(read.data.object.attachments).toEqual(kept)
  })

  test('makes a private room for its owners alone, on every session of theirs', async () => {
    const [anna, again, ben, carl] = [
      await loggedIn('1'),
      await loggedIn('1', 2),
      await loggedIn('2'),
      await loggedIn('7'),
    ]
    const name = newName()
    const more = { objectType: 'private', ...owners('2, 2,1') }
    const { data, code } = await anna.request('create', wanted(name, more))
    expect([code, data.data.target.objectType]).toEqual([200, 'private'])
    expect(data.data.target.attachments).toEqual(more.attachments)
    const { id } = data.data.target
    for (const client of [anna, again, ben])
      expect((await client.next('gn_room_created', ({ target }) => target.id === id)).target.objectType).toBe('private')
    expect(await namesIn(ben, 'c')).toContain(name)
    expect(await namesIn(carl, 'c')).not.toContain(name)
    const target = { id, objectType: 'private' }
    const object = { content: base64('among us') }
    expect((await anna.request('message', { verb: 'send', target, object })).code).toBe(200)
    expect(plain((await ben.next('message')).object.content)).toBe('among us')
    await carl.settle()
    expect([...carl.named('gn_room_created'), ...carl.named('message')]).toEqual([])
  })

  test('names further owners of a temporary room, who may do what owners may', async () => {
    const [anna, ben] = [await loggedIn('1'), await loggedIn('2')]
    const { data } = await anna.request('create', wanted(newName(), owners('2')))
    const target = { id: data.data.target.id, displayName: base64(newName()) }
    expect((await ben.request('rename_room', { verb: 'rename', target })).code).toBe(200)
  })

  test('of one name by many at once makes one room', async () => {
    const crowd = [await loggedIn('1'), await loggedIn('2'), await loggedIn('5'), await loggedIn('9')]
    const request = wanted(newName())
    const codes = await Promise.all(crowd.map(async client => (await client.request('create', request)).code))
    expect(codes.sort((a, b) => a - b)).toEqual([200, 704, 704, 704])
  })
})

describe('create with a limit of rooms per owner', () => {
  let limited: TestServer
  beforeAll(async () => {
    limited = await startServer({
      world: {
        users: [user('1'), user('2'), user('3'), user('4')],
        channels: [{ ref: 'c', name: 'channel' }],
        rooms: [{ ref: 'brought', channel: 'c', name: 'brought', kind: 'temporary', owners: ['1'] }],
      },
      config: { dino: { limitAmount: { maxRooms: 3 } }, rooms: { grace: 600 } },
    })
  })
  afterAll(() => limited.remove())

  const session = async (id: string): Promise<DinoClient> => {
    const client = await DinoClient.open(limited.url)
    clients.push(client)
    await client.login(id)
    return client
  }
  const create = (client: DinoClient, more: object = {}) =>
    client.request('create', {
      verb: 'create',
      target: { displayName: base64(newName()), ...more },
      object: { url: limited.channels.c },
    })

  test('is never exceeded by many sessions that create at once, and counts rooms that a world brought', async () => {
    const sessions = await Promise.all(Array.from({ length: 8 }, () => session('1')))
    const replies = await Promise.all(sessions.map(client => create(client)))
    const codes = replies.map(({ code }) => code).sort((a, b) => a - b)
    expect(codes).toEqual([200, 200, 709, 709, 709, 709, 709, 709])
    expect((await create(sessions[0] as DinoClient, { objectType: 'private' })).code).toBe(200)
    expect((await create(await session('2'))).code).toBe(200)
    const [one] = replies.filter(({ code }) => code === 200)
    const target = { id: one?.data.data.target.id }
    expect((await (sessions[0] as DinoClient).request('remove_room', { verb: 'remove', target })).code).toBe(200)
    const again = await Promise.all(sessions.map(async client => (await create(client)).code))
    expect(again.sort((a, b) => a - b)).toEqual([200, 709, 709, 709, 709, 709, 709, 709])
  })

  test('counts for nobody what somebody else has made in their name', async () => {
    const [maker, named] = [await session('3'), await session('4')]
    for (const code of [200, 200, 200, 709]) expect((await create(maker, owners('4'))).code).toBe(code)
    expect((await create(named)).code).toBe(200)
  })
})

describe('rename_room', () => {
  const renamed = (ref: string, name: string) => ({
    verb: 'rename',
    target: { id: server.rooms[ref], displayName: base64(name), objectType: 'room' },
  })

  test('gives the old name and the new one to everybody who may list the room', async () => {
    const [anna, ben] = [await loggedIn('1'), await loggedIn('2', 2)]
    const { data } = await anna.request('rename_room', renamed('rename', 'a new name'))
    const target = { id: server.rooms.rename, displayName: base64('a new name'), objectType: 'room' }
    expect(data.data).toEqual({
      target,
      verb: 'renamed',
      id: expect.any(String),
      published: expect.any(String),
      provider: { id: 'conclave' },
    })
    for (const client of [anna, ben])
      expect(await client.next('gn_room_renamed')).toEqual({
        actor: { id: '1', displayName: base64('user1') },
        target: {
          ...target,
          summary: base64('rename me'),
          attachments: [{ id: '1', objectType: 'owner', displayName: base64('user1') }],
        },
        verb: 'rename',
        id: expect.any(String),
        published: expect.any(String),
        provider: { id: 'conclave' },
      })
    expect((await ben.request('create', wanted('rename me'))).code).toBe(200)
    expect((await anna.request('rename_room', renamed('rename', 'a new name'))).code).toBe(200)
  })

  test('of a room that one may not list, or that is hidden, is told to nobody else', async () => {
    const [anna, ben, nina, carl] = [await loggedIn('1'), await loggedIn('2'), await loggedIn('9'), await loggedIn('3')]
    expect((await anna.request('rename_room', renamed('listed', 'women only'))).code).toBe(200)
    expect((await anna.request('rename_room', renamed('own', 'ours alone'))).code).toBe(200)
    await nina.next('gn_room_renamed', ({ target }) => target.id === server.rooms.listed)
    await ben.next('gn_room_renamed', ({ target }) => target.id === server.rooms.own)
    for (const client of [nina, carl]) {
      await client.settle()
      expect(about(client, 'gn_room_renamed', server.rooms.own as string)).toEqual([])
    }
    expect(about(ben, 'gn_room_renamed', server.rooms.listed as string)).toEqual([])
  })

  test('says who may not, and what is wrong with a name', async () => {
    const anna = await loggedIn('1')
    const refusal = async (client: DinoClient, data: object): Promise<[number, unknown]> => {
      const reply = await client.request('rename_room', data)
      return [reply.code, reply.data.error]
    }
    for (const id of ['2', '4', '6'])
      expect(await refusal(await loggedIn(id), renamed('remove', 'other'))).toEqual([
        705,
        `user ${id} is not allowed to rename the room`,
      ])
    expect(await refusal(await loggedIn('4'), renamed('remove', 'plain room'))).toEqual([
      705,
      'user 4 is not allowed to rename the room',
    ])
    for (const [name, code] of [
      ['plain room', 704],
      ['TWIN', 704],
      ['Admins', 718],
      ['a badword', 718],
      ['zz', 711],
      ['z'.repeat(121), 710],
      ['  ', 504],
    ] as const)
      expect((await refusal(anna, renamed('remove', name)))[0]).toBe(code)
    expect((await refusal(anna, at('remove', { displayName: 'a b!' })))[0]).toBe(701)
    expect((await refusal(anna, at('remove')))[0]).toBe(504)
    expect((await refusal(anna, { verb: 'rename' }))[0]).toBe(502)
    expect((await refusal(anna, { verb: 'rename', target: {} }))[0]).toBe(502)
    expect((await refusal(anna, at('remove', { id: 'nowhere', displayName: base64('other') })))[0]).toBe(802)
    const stranger = await loggedIn('4')
    expect((await refusal(stranger, renamed('own', 'other')))[0]).toBe(802)
    expect((await refusal(await loggedIn('5'), renamed('remove', 'Remove Me')))[0]).toBe(200)
    for (const id of ['7', '8', '2', '6']) {
      const allowed = await refusal(await loggedIn(id), renamed('fleeting', `fleeting ${id}`))
      expect([id, allowed[0]]).toEqual([id, 200])
    }
  })
})

describe('remove_room', () => {
  test('is told to everybody who may list the room and to everybody inside, with its reason', async () => {
    const [anna, ben, nina] = [await loggedIn('1'), await loggedIn('2', 2), await loggedIn('9')]
    const { data: created } = await anna.request('create', wanted(newName(), {}, rules(rule('gender', 'list', 'w'))))
    const { id, displayName } = created.data.target
    await ben.request('join', { verb: 'join', target: { id } })
    const request = { verb: 'remove', target: { id }, object: { content: base64('spam & ü') } }
    const { data } = await anna.request('remove_room', request)
    expect(data.data).toEqual({
      target: { id, displayName, objectType: 'room' },
      verb: 'removed',
      id: expect.any(String),
      published: expect.any(String),
      provider: { id: 'conclave' },
    })
    for (const client of [anna, ben, nina]) {
      const push = await client.next('gn_room_removed', ({ target }) => target.id === id)
      expect(push).toMatchObject({
        actor: { id: '1', displayName: base64('user1') },
        target: { id, displayName, objectType: 'room', attachments: [{ id: '1', objectType: 'owner' }] },
        object: { content: base64('spam & ü'), objectType: 'reason' },
        verb: 'remove',
      })
      await client.settle()
      expect(about(client, 'gn_room_removed', id)).toHaveLength(1)
    }
    expect(ben.named('gn_user_left')).toEqual([])
    for (const event of ['join', 'history', 'rename_room', 'remove_room', 'message'])
      expect([
        event,
        (await ben.request(event, { verb: 'x', target: { id, objectType: 'room' }, object: { content: 'eA==' } })).code,
      ]).toEqual([event, 802])
    expect((await anna.request('create', { ...wanted(''), target: { displayName } })).code).toBe(200)
  })

  test('says who may not and what is missing', async () => {
    const [anna, stranger] = [await loggedIn('1'), await loggedIn('4')]
    const refusal = async (client: DinoClient, data: object): Promise<[number, unknown]> => {
      const reply = await client.request('remove_room', data)
      return [reply.code, reply.data.error]
    }
    expect(await refusal(stranger, at('remove'))).toEqual([705, 'user 4 is not allowed to remove the room'])
    expect(await refusal(await loggedIn('6'), at('remove'))).toEqual([705, 'user 6 is not allowed to remove the room'])
    expect((await refusal(stranger, at('own')))[0]).toBe(802)
    expect((await refusal(anna, { verb: 'remove' }))[0]).toBe(502)
    expect((await refusal(anna, at('remove', { id: server.channels.c })))[0]).toBe(802)
    expect((await refusal(anna, { ...at('remove'), object: { content: 'not base64!' } }))[0]).toBe(701)
    expect((await refusal(anna, { ...at('remove'), object: { content: base64('x'.repeat(1_025)) } }))[0]).toBe(714)
    const { data } = await (await loggedIn('2')).request('remove_room', at('fleeting'))
    expect(data.data.verb).toBe('removed')
    expect(await anna.next('gn_room_removed')).not.toHaveProperty('object')
    expect((await anna.request('remove_room', at('remove'))).code).toBe(200)
  })
})

describe('get_acl and set_acl', () => {
  test('change one rule at a time, keep the others, and take a blank one away, for that action alone', async () => {
    const [anna, ben] = [await loggedIn('1'), await loggedIn('2')]
    const set = (...attachments: object[]) => anna.request('set_acl', setAcls('ruled', attachments))
    expect((await set(rule('gender', 'join', 'm,w'), rule('gender', 'history', 'w'))).data).toEqual({
      status_code: 200,
      data: null,
    })
    await set(rule('gender', 'join', 'p'), rule('age', 'message', '18:'))
    expect(await aclsOf(ben, 'ruled')).toEqual([
      rule('gender', 'join', 'p'),
      rule('gender', 'history', 'w'),
      rule('age', 'message', '18:'),
    ])
    expect((await ben.request('join', at('ruled'))).code).toBe(705)
    await set(rule('gender', 'join', ''), rule('age', 'message'), rule('city', 'join'))
    expect(await aclsOf(ben, 'ruled')).toEqual([rule('gender', 'history', 'w')])
    expect((await ben.request('join', at('ruled'))).code).toBe(200)
    const { data } = await ben.request('get_acl', at('ruled', { objectType: 'room' }))
    expect(data.data).toMatchObject({
      object: { objectType: 'acl' },
      target: { id: server.rooms.ruled, objectType: 'room' },
      verb: 'get',
      provider: { id: 'conclave' },
    })
  })

  test('of a channel are in force at once', async () => {
    const [owner, admin, ben] = [await loggedIn('7'), await loggedIn('8'), await loggedIn('2')]
    const set = (client: DinoClient, ...attachments: object[]) =>
      client.request('set_acl', setAcls('c', attachments, 'channel'))
    expect((await set(admin, rule('gender', 'create', 'w'))).code).toBe(200)
    expect((await ben.request('create', wanted(newName()))).code).toBe(705)
    expect(await aclsOf(ben, 'c', 'channel')).toEqual([rule('gender', 'create', 'w')])
    expect((await set(owner, rule('gender', 'create', ''))).code).toBe(200)
    expect((await ben.request('create', wanted(newName()))).code).toBe(200)
    const refused = await set(ben, rule('gender', 'create', 'm'))
    expect([refused.code, refused.data.error]).toEqual([705, 'user is not allowed to change acls on the target'])
    expect((await set(await loggedIn('5'), rule('age', 'nothing', '1:'))).code).toBe(602)
  })

  test('of a channel by many at once: every change is made', async () => {
    const crowd = [await loggedIn('7'), await loggedIn('8'), await loggedIn('5')]
    const types = ['country', 'city', 'group']
    const set = (client: DinoClient, type: string, value: string) =>
      client.request('set_acl', setAcls('women', [rule(type, 'list', value)], 'channel'))
    const operators = [crowd[2] as DinoClient, await loggedIn('6'), await loggedIn('5', 2)]
    const codes = await Promise.all(
      operators.map(async (client, n) => (await set(client, types[n] as string, 'x')).code),
    )
    expect(codes).toEqual([200, 200, 200])
    const kept = (await aclsOf(operators[0] as DinoClient, 'women', 'channel')) as { objectType: string }[]
    expect(kept.map(({ objectType }) => objectType).sort()).toEqual(['city', 'country', 'gender', 'gender', 'group'])
    for (const type of types) expect((await set(operators[0] as DinoClient, type, '')).code).toBe(200)
  })

  test('say what is wrong, and then nothing is changed', async () => {
    const [anna, stranger] = [await loggedIn('1'), await loggedIn('4')]
    const before = await aclsOf(anna, 'plain')
    const refusal = async (client: DinoClient, data: object): Promise<[number, string]> => {
      const reply = await client.request('set_acl', data)
      return [reply.code, reply.data.error]
    }
    const good = rule('gender', 'join', 'w')
    expect(await refusal(anna, setAcls('plain', [good, rule('foo', 'join', 'x')]))).toEqual([
      601,
      'invalid acl type "foo"',
    ])
    expect(await refusal(await loggedIn('5'), setAcls('plain', [rule('foo', 'join', 'x')]))).toEqual([
      601,
      'invalid acl type "foo"',
    ])
    expect(await refusal(anna, setAcls('plain', [good, rule('gender', 'foo', 'w')]))).toEqual([
      602,
      'invalid api action "foo"',
    ])
    expect(await refusal(anna, setAcls('plain', [{ objectType: 'gender', content: 'w' }]))).toEqual([
      602,
      'invalid api action "None"',
    ])
    expect((await refusal(anna, setAcls('plain', [rule('gender', 'join', 'zz')])))[0]).toBe(603)
    expect((await refusal(anna, setAcls('plain', [rule('age', 'kick', '18:')])))[0]).toBe(601)
    expect((await refusal(anna, setAcls('plain', [{ content: 'w', summary: 'join' }])))[0]).toBe(509)
    expect((await refusal(anna, setAcls('plain', [])))[0]).toBe(508)
    expect((await refusal(anna, { ...setAcls('plain', []), object: undefined }))[0]).toBe(508)
    const notype = { ...setAcls('plain', [good]), target: { id: server.rooms.plain } }
    expect(await refusal(anna, notype)).toEqual([600, 'empty object_type, must be one of [channel, room]'])
    expect(await refusal(anna, setAcls('plain', [good], 'foo'))).toEqual([
      600,
      'invalid object_type "foo", must be one of [channel, room]',
    ])
    expect((await refusal(anna, { verb: 'set', object: rules(good) }))[0]).toBe(502)
    const unknown = { id: '00000000-0000-4000-8000-000000000000' }
    expect((await refusal(anna, { ...notype, target: { ...unknown, objectType: 'room' } }))[0]).toBe(802)
    expect((await refusal(anna, { ...notype, target: { ...unknown, objectType: 'channel' } }))[0]).toBe(801)
    for (const client of [stranger, await loggedIn('2'), await loggedIn('8')]) {
      const [code] = await refusal(client, setAcls('plain', [good]))
      expect([703, 705]).toContain(code)
    }
    expect((await refusal(stranger, setAcls('own', [good])))[0]).toBe(802)
    expect(await aclsOf(anna, 'plain')).toEqual(before)
    expect((await refusal(await loggedIn('7'), setAcls('plain', [rule('disallow', 'kick', 'y')])))[0]).toBe(200)
    expect(await aclsOf(anna, 'plain')).toEqual([rule('disallow', 'kick', 'y')])
  })

  test('get_acl of a hidden room answers as for one that is not there, to operators too', async () => {
    const get = async (id: string, target: object | undefined): Promise<[number, string]> => {
      const reply = await (await loggedIn(id)).request('get_acl', { verb: 'get', ...(target ? { target } : {}) })
      return [reply.code, reply.data.error]
    }
    const own = { id: server.rooms.own, objectType: 'room' }
    const nowhere = { id: '00000000-0000-4000-8000-000000000000', objectType: 'room' }
    expect(await get('4', own)).toEqual(await get('4', nowhere))
    expect((await get('5', own))[0]).toBe(802)
    expect((await get('2', own))[0]).toBe(200)
    expect(await get('1', undefined)).toEqual([502, 'no target on activity'])
    expect(await get('1', { objectType: 'room' })).toEqual([502, 'blank target id on activity'])
    expect(await get('1', { id: server.rooms.plain })).toEqual([605, 'blank object type on activity'])
    expect(await get('1', { id: server.rooms.plain, objectType: 'foo' })).toEqual([
      605,
      'unknown object type "foo", must be one of [channel, room]',
    ])
    expect((await get('1', { id: server.rooms.plain, objectType: 'channel' }))[0]).toBe(801)
  })
})

describe('invite', () => {
  const invitation = (id: string, ref: string) => ({
    verb: 'invite',
    target: { id },
    actor: { url: server.rooms[ref] },
  })

  test('reaches every session of whom it is for, and says who invites', async () => {
    const [anna, ben, again, carl] = [
      await loggedIn('1'),
      await loggedIn('2'),
      await loggedIn('2', 2),
      await loggedIn('9'),
    ]
    await anna.request('join', at('ruled'))
    expect((await anna.request('invite', invitation('2', 'ruled'))).data).toEqual({ status_code: 200, data: null })
    for (const client of [ben, again])
      expect(await client.next('gn_invitation')).toEqual({
        actor: { id: '1', displayName: base64('user1'), attachments: expect.any(Array) },
        verb: 'invite',
        object: { url: server.channels.c, displayName: base64('channel') },
        target: { id: server.rooms.ruled, displayName: base64('ruled') },
        id: expect.any(String),
        published: expect.any(String),
        provider: { id: 'conclave' },
      })
    for (const client of [anna, carl]) {
      await client.settle()
      expect(client.named('gn_invitation')).toEqual([])
    }
  })

  test('needs to be inside or to belong, and somebody and something to invite to', async () => {
    const [anna, nina] = [await loggedIn('1'), await loggedIn('9')]
    const refusal = async (client: DinoClient, data: object): Promise<[number, string]> => {
      const reply = await client.request('invite', data)
      return [reply.code, reply.data.error]
    }
    const noRoom = 'no room/channel found for actor.url room uuid'
    expect((await refusal(nina, invitation('2', 'plain')))[0]).toBe(702)
    expect((await refusal(await loggedIn('5'), invitation('2', 'plain')))[0]).toBe(702)
    expect(await refusal(nina, invitation('2', 'own'))).toEqual([802, noRoom])
    expect(await refusal(anna, invitation('424242', 'plain'))).toEqual([
      800,
      'no such user for target.id (uuid of user to invite)',
    ])
    expect((await refusal(anna, invitation('no number', 'plain')))[0]).toBe(800)
    expect(await refusal(anna, { verb: 'invite', target: { id: '2' } })).toEqual([802, noRoom])
    expect(await refusal(anna, { ...invitation('2', 'plain'), actor: { url: server.channels.c } })).toEqual([
      802,
      noRoom,
    ])
    expect(await refusal(anna, { verb: 'invite', actor: { url: server.rooms.plain } })).toEqual([
      502,
      'no target.id (uuid of user to invite)',
    ])
    expect((await refusal(await loggedIn('4'), invitation('2', 'plain')))[0]).toBe(703)
    expect((await refusal(anna, invitation('2', 'own')))[0]).toBe(200)
  })

  test('of whom is banned there or does not want to hear of the inviter reaches nobody, and the inviter learns nothing', async () => {
    const [anna, carl, banned] = [await loggedIn('1'), await loggedIn('3'), await loggedIn('4')]
    const answers = [
      await anna.request('invite', invitation('3', 'plain')),
      await anna.request('invite', invitation('4', 'plain')),
      await anna.request('invite', invitation('2', 'plain')),
    ]
    for (const { data } of answers) expect(data).toEqual({ status_code: 200, data: null })
    for (const client of [carl, banned]) {
      await client.settle()
      expect(client.named('gn_invitation')).toEqual([])
    }
  })
})

test('nobody writes into a private room from the room next door', async () => {
  const [anna, stranger] = [await loggedIn('1'), await loggedIn('9')]
  await stranger.request('join', at('plain'))
  for (const objectType of ['room', 'private']) {
    const target = { id: server.rooms.own, objectType }
    const sent = { verb: 'send', actor: { url: server.rooms.plain }, target, object: { content: base64('hello') } }
    const { code, data } = await stranger.request('message', sent)
    expect([code, data.data]).toEqual([702, undefined])
  }
  await anna.settle()
  expect(anna.named('message')).toEqual([])
})

test('a message that names where it comes from tells nothing of that', async () => {
  const [ben, stranger] = [await loggedIn('2'), await loggedIn('7')]
  for (const client of [ben, stranger]) await client.request('join', at('plain'))
  const from = async (client: DinoClient, url: string | undefined): Promise<unknown[]> => {
    const target = { id: server.rooms.plain, objectType: 'room' }
    const sent = { verb: 'send', actor: { url }, target, object: { content: base64('hello') } }
    const { code, data } = await client.request('message', sent)
    return [code, data.error ?? data.data.provider]
  }
  // A hidden room is unknown to those outside of it.
  const nowhere = '00000000-0000-4000-8000-000000000000'
  expect(await from(stranger, nowhere)).toEqual([802, `origin room ${nowhere} does not exist`])
  expect(await from(stranger, server.rooms.own)).toEqual([802, `origin room ${server.rooms.own} does not exist`])
  const channel = { url: server.channels.c, displayName: base64('channel') }
  expect(await from(ben, server.rooms.own)).toEqual([200, channel])
  // And so is the name of a channel to those who may not list it.
  expect(await from(ben, server.rooms.hers)).toEqual([200, undefined])
})

test('ids of rooms are this server’s own', async () => {
  const anna = await loggedIn('1')
  const { data } = await anna.request('create', wanted(newName()))
  expect(idOfUuid(data.data.target.id)).toMatch(/^\d+$/)
})
