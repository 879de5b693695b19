// The HTTP API as an embedding site uses it (dino.md section 12), against a real server with real clients in it.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer, type World } from '../server.ts'
import { base64, DinoClient } from './client.ts'
import { type Site, site } from './http.ts'

const WORLD: World = {
  users: [
    { id: '0', username: 'Admin', roles: ['superuser'] },
    { id: '1', username: 'ann', tokens: ['tok1'], attributes: { age: '30', gender: 'w' } },
    { id: '2', username: 'bob', tokens: ['tok2'], attributes: { age: '40', gender: 'm' } },
    { id: '3', username: 'cat', tokens: ['tok3'] },
    { id: '9', username: 'sue', tokens: ['tok9'], roles: ['superuser'] },
  ],
  channels: [
    { ref: 'c', name: 'channel', owners: ['3'] },
    { ref: 'women', name: 'women', acls: [{ action: 'list', type: 'gender', value: 'w' }] },
  ],
  rooms: [
    { ref: 'plain', channel: 'c', name: 'plain room', owners: ['3'], moderators: ['2'] },
    { ref: 'temp', channel: 'c', name: 'temp room', kind: 'temporary', owners: ['3'] },
    { ref: 'ruled', channel: 'c', name: 'ruled room', acls: [{ action: 'join', type: 'age', value: '35:' }] },
    { ref: 'women', channel: 'women', name: 'women only' },
    { ref: 'hidden', channel: 'c', name: 'hidden room', kind: 'private', owners: ['1', '2'] },
  ],
  blacklist: ['badword'],
}

let server: TestServer
let service: Site
const open: DinoClient[] = []

beforeAll(async () => {
  server = await startServer({ world: WORLD })
  const made = await server.command('token', 'create', '--service')
  service = site(server.url, (JSON.parse(made.out) as { token: string }).token)
})
afterEach(() => {
  for (const client of open.splice(0)) client.close()
})
afterAll(() => server.remove())

async function login(user: string): Promise<DinoClient> {
  const client = await DinoClient.open(server.url)
  open.push(client)
  expect((await client.login(user, { 1: 'ann', 2: 'bob', 3: 'cat', 9: 'sue' }[user] as string)).code).toBe(200)
  return client
}

async function inside(user: string, ref: string): Promise<DinoClient> {
  const client = await login(user)
  expect((await client.request('join', { verb: 'join', target: { id: server.rooms[ref] } })).code).toBe(200)
  return client
}

describe('who may call', () => {
  test('nobody without a token, with a wrong one, or with a plain user’s: 401, with the seed’s codes', async () => {
    for (const [token, code] of [
      [null, 713],
      ['nonsense', 712],
      ['tok1', 713],
    ] as const) {
      const { http, code: got, data } = await site(server.url, token).call('GET', '/rooms')
      expect([http, got, typeof data]).toEqual([401, code, 'string'])
    }
  })

  test('a superuser, with his own token', async () => {
    expect((await site(server.url, 'tok9').call('GET', '/rooms')).code).toBe(200)
  })

  test('a superuser’s token that was given away for something else opens nothing', async () => {
    const made = await server.command('token', 'create', '--user', '9', '--scope', 'users.read')
    const { token } = JSON.parse(made.out) as { token: string }
    const { http, code } = await site(server.url, token).call('GET', '/rooms')
    expect([http, code]).toEqual([401, 713])
  })

  test('a program of the same machine without a token, where the operator says so; no page and no proxy', async () => {
    const local = await startServer({ world: WORLD, config: { dino: { http: { auth: 'none on loopback' } } } })
    try {
      const anybody = site(local.url, null)
      expect((await anybody.call('GET', '/rooms')).code).toBe(200)
      for (const header of ['origin', 'x-forwarded-for', 'forwarded', 'cookie', 'sec-fetch-site'])
        expect([header, (await anybody.call('GET', '/rooms', undefined, { [header]: 'x' })).http]).toEqual([
          header,
          401,
        ])
      expect((await site(local.url, 'nonsense').call('GET', '/rooms')).http).toBe(401)
      // A page whose name was made to lead here: a browser says nothing of it but the name that it asked for.
      const asking = async (host: string): Promise<number> =>
        (await anybody.call('GET', '/rooms', undefined, { host })).http
      for (const host of [
        'evil.example',
        'evil.example:80',
        '127.0.0.1.evil.example',
        'localhost.evil.example',
        '[::2]',
      ])
        expect([host, await asking(host)]).toEqual([host, 401])
      for (const host of ['localhost', `LOCALHOST:${local.port}`, `127.0.0.1:${local.port}`, `[::1]:${local.port}`])
        expect([host, await asking(host)]).toEqual([host, 200])
    } finally {
      await local.remove()
    }
  })
})

describe('lists', () => {
  test('rooms that are listed, with their channels; hidden ones are in none', async () => {
    const { data } = await service.call('GET', '/rooms')
    expect(data).toContainEqual({
      id: server.rooms.plain,
      status: 'static',
      name: 'plain room',
      channel: 'channel',
      channel_id: server.channels.c,
    })
    expect(data.find((room: { name: string }) => room.name === 'temp room').status).toBe('temporary')
    expect(JSON.stringify(data)).not.toContain('hidden')
  })

  test('rooms that a user may list and join', async () => {
    const names = async (user_id: string): Promise<string[]> =>
      (await service.call('GET', '/rooms-acl', { user_id })).data.map((room: { room_name: string }) => room.room_name)
    expect(await names('1')).toEqual(expect.arrayContaining(['plain room', 'temp room', 'women only']))
    expect(await names('1')).not.toContain('ruled room')
    expect(await names('2')).toContain('ruled room')
    expect(await names('2')).not.toContain('women only')
    expect(await service.call('GET', '/rooms-acl', { user_id: '777' })).toMatchObject({
      code: 500,
      data: 'no such user',
    })
  })

  test('who is inside, with details and roles, and how many', async () => {
    await inside('2', 'plain')
    const room_ids = [server.rooms.plain, server.rooms.hidden, 'nonsense']
    const { data } = await service.call('GET', '/users-in-rooms', { room_ids })
    expect(data).toEqual({
      [server.rooms.plain as string]: [
        {
          id: '2',
          name: base64('bob'),
          info: { user_name: base64('bob'), age: base64('40'), gender: base64('m') },
          roles: 'moderator',
        },
      ],
    })
    const counted = await service.call('GET', '/users-in-rooms', {
      room_names: [base64('plain room')],
      only_count: true,
    })
    expect(counted.data).toEqual({ [base64('plain room')]: 1 })
  })

  test('where users are, and how often a room was joined', async () => {
    const before = (await service.call('GET', '/count-joins', { room_ids: [server.rooms.plain] })).data
    await inside('1', 'plain')
    expect((await service.call('GET', '/rooms-for-users', { users: ['1', 2, '777'] })).data).toEqual({
      1: [
        {
          room_id: server.rooms.plain,
          room_name: base64('plain room'),
          channel_id: server.channels.c,
          channel_name: base64('channel'),
        },
      ],
      2: [],
      777: [],
    })
    const { data } = await service.call('GET', '/count-joins', { room_ids: [server.rooms.plain] })
    expect(data[server.rooms.plain as string]).toBe(before[server.rooms.plain as string] + 1)
  })

  test('roles', async () => {
    const { data } = await service.call('GET', '/roles', { users: ['2', '3', '9', '777'] })
    expect(data['2']).toEqual({ global: [], channel: {}, room: { [server.rooms.plain as string]: ['moderator'] } })
    expect(data['3'].channel).toEqual({ [server.channels.c as string]: ['owner'] })
    expect(data['9'].global).toEqual(['superuser'])
    expect(data['777']).toEqual({ global: [], channel: {}, room: {} })
  })

  test('rules of rooms are listed, set, and refused when they are wrong', async () => {
    const listed = async () => (await service.call('GET', '/acl')).data.data
    expect((await listed())[server.rooms.ruled as string]).toEqual([{ type: 'age', action: 'join', value: '35:' }])
    const set = { room_id: server.rooms.ruled, action: 'join', acl_type: 'age', acl_value: '36:' }
    expect(await service.call('POST', '/acl', set)).toMatchObject({ http: 200, code: 200, data: { status: 'OK' } })
    // Another node may show its list of a second ago.
    const rules = async () => (await listed())[server.rooms.ruled as string]
    await expect.poll(rules).toEqual([{ type: 'age', action: 'join', value: '36:' }])
    const wrong = await service.call('POST', '/acl', { ...set, acl_type: 'nonsense' })
    expect(wrong).toMatchObject({ code: 200, data: { status: 'FAIL' } })
    expect(wrong.data.message).toContain('nonsense')
  })
})

describe('messages', () => {
  test('a message that is kept reaches the room like any other, and stands in its history', async () => {
    const bob = await inside('2', 'plain')
    const sent = {
      user_id: '1',
      user_name: base64('ann'),
      object_type: 'room',
      target_id: server.rooms.plain,
      content: base64('kept'),
      persist: true,
    }
    expect(await service.call('POST', '/send', sent)).toEqual({ http: 200, code: 200, data: undefined })
    const push = await bob.next('message', data => data.object.content === base64('kept'))
    expect(push.actor).toMatchObject({ id: '1', displayName: base64('ann') })
    const { data } = await service.call('GET', '/history', { room_id: server.rooms.plain })
    expect(data[0]).toEqual({
      message_id: push.id,
      from_user_id: '1',
      from_user_name: base64('ann'),
      target_id: server.rooms.plain,
      target_name: base64('plain room'),
      body: base64('kept'),
      domain: 'room',
      channel_id: server.channels.c,
      channel_name: base64('channel'),
      timestamp: push.published,
      deleted: false,
    })
    expect((await service.call('GET', '/latest-history', { room_id: server.rooms.plain, limit: 1 })).data).toEqual([
      data[0],
    ])
    expect((await service.call('POST', '/full-history', { user_id: 1 })).data).toContainEqual(data[0])
    expect((await service.call('GET', '/history', { user_id: '1' })).data).toContainEqual(data[0])
  })

  test('one that is not kept is shown to who is there, with details if wanted', async () => {
    const bob = await inside('2', 'plain')
    const sent = { user_id: '1', object_type: 'room', target_id: server.rooms.plain, content: base64('fleeting') }
    await service.call('POST', '/send', { ...sent, include_user_info: true })
    const push = await bob.next('message', data => data.object.content === base64('fleeting'))
    expect(push).toMatchObject({ verb: 'send', target: { id: server.rooms.plain, objectType: 'room' } })
    expect(push.actor.attachments).toContainEqual({ objectType: 'age', content: base64('30') })
    const { data } = await service.call('GET', '/latest-history', { room_id: server.rooms.plain })
    expect(JSON.stringify(data)).not.toContain(base64('fleeting'))
  })

  test('to a user who is online', async () => {
    const bob = await login('2')
    const sent = { user_id: '1', object_type: 'private', target_id: '2', content: base64('psst') }
    await service.call('POST', '/send', sent)
    expect((await bob.next('message')).target).toMatchObject({ id: '2', objectType: 'private' })
    await service.call('POST', '/send', { ...sent, content: base64('kept psst'), persist: true })
    const kept = await bob.next('message', data => data.object.content === base64('kept psst'))
    expect((await service.call('POST', '/full-history', { user_id: '1' })).data).not.toContainEqual(
      expect.objectContaining({ message_id: kept.id }),
    )
  })

  test('what cannot be sent is 200 all the same, and says why', async () => {
    const sent = { user_id: '1', object_type: 'room', target_id: server.rooms.plain, content: base64('x') }
    for (const [body, code] of [
      ['nonsense', 0],
      [{}, 706],
      [{ ...sent, content: 'a b!' }, 701],
      [{ ...sent, content: base64('  ') }, 700],
      [{ ...sent, object_type: 'planet' }, 600],
      [{ ...sent, target_id: 'nonsense' }, 802],
      [{ ...sent, target_id: server.rooms.hidden, user_id: '3' }, 802],
      [{ ...sent, object_type: 'private', target_id: '777' }, 800],
    ] as const) {
      const called = await service.call('POST', '/send', body)
      expect(called.http).toBe(200)
      if (code !== 0) expect([called.code, called.data?.code]).toEqual([200, code])
    }
  })

  test('a broadcast reaches everybody, or one room alone', async () => {
    const [ann, bob] = [await inside('1', 'plain'), await login('2')]
    await service.call('POST', '/broadcast', { body: base64('all'), verb: 'notice' })
    for (const client of [ann, bob])
      expect(await client.next('gn_broadcast')).toMatchObject({
        verb: 'notice',
        content: base64('all'),
        actor: { id: '0' },
      })
    await service.call('POST', '/broadcast', { body: base64('one'), verb: 'notice', room_name: base64('plain room') })
    const push = await ann.next('gn_broadcast', data => data.content === base64('one'))
    expect(push.target).toEqual({ id: server.rooms.plain, objectType: 'room', displayName: base64('plain room') })
    await bob.settle()
    expect(bob.named('gn_broadcast')).toHaveLength(1)
  })

  test('everything of a user is erased', async () => {
    const cat = await inside('3', 'plain')
    for (const text of ['one', 'two', 'three'])
      await cat.request('message', {
        verb: 'send',
        target: { id: server.rooms.plain, objectType: 'room' },
        object: { content: base64(text) },
      })
    const { data } = await service.call('POST', '/delete-messages', { id: '3', type: 'hard' })
    expect(data).toEqual({ status: 'OK', success: 3, failed: 0, total: 3 })
    const left = (await service.call('POST', '/full-history', { user_id: '3' })).data
    expect(left.filter((each: { deleted: boolean }) => !each.deleted)).toEqual([])
    expect((await service.call('POST', '/delete-messages', { id: '3' })).data.total).toBe(0)
  })

  test('words are added and taken away', async () => {
    const [ann, bob] = [await inside('1', 'plain'), await inside('2', 'plain')]
    const say = (text: string) =>
      ann.request('message', {
        verb: 'send',
        target: { id: server.rooms.plain, objectType: 'room' },
        object: { content: base64(text) },
      })
    expect((await service.call('POST', '/blacklist', { word: base64('Turnip') })).code).toBe(200)
    await say('my turnips')
    expect((await service.call('DELETE', '/blacklist', { word: base64('turnip') })).code).toBe(200)
    await say('turnips again')
    await bob.next('message', data => data.object.content === base64('turnips again'))
    expect(bob.named('message').map(data => data.object.content)).not.toContain(base64('my turnips'))
  })
})

describe('rooms', () => {
  test('a room is made, and who is online is taken inside', async () => {
    const ann = await login('1')
    const body = {
      room_name: base64('made by the site'),
      user_ids: ['1', '2'],
      owner_id: '1',
      owner_name: base64('ann'),
    }
    const { data } = await service.call('POST', '/create', body)
    expect(data).toMatchObject({ room_name: 'made by the site', user_ids_not_joined: ['2'] })
    await ann.next('gn_user_joined', push => push.target.id === data.room_id)
    const twice = await service.call('POST', '/create', body)
    expect([twice.code, twice.data]).toEqual([500, 'a room with that name already exists'])
    const channels = await ann.request('list_channels', { verb: 'list' })
    expect(JSON.stringify(channels.data)).not.toContain(data.channel_id)
    // By its name, which is how clients get into such rooms.
    const bob = await login('2')
    const named = { verb: 'join', target: { id: 'made by the site', objectType: 'name' } }
    expect((await bob.request('join', named)).code).toBe(200)
  })

  test('users are taken into a room and out of it, by the room’s rules', async () => {
    const [ann, bob] = [await login('1'), await login('2')]
    const { data } = await service.call('POST', '/join', { user_ids: ['1', '2', '3'], room_id: server.rooms.ruled })
    expect(data).toMatchObject({ success: 1, failures: 2 })
    expect(data.errors.map((each: { code: number }) => each.code).sort()).toEqual([705, 800])
    await bob.next('gn_user_joined', push => push.target.id === server.rooms.ruled)
    expect((await service.call('POST', '/leave', { user_ids: ['2'], room_id: server.rooms.ruled })).code).toBe(200)
    await bob.next('gn_user_left', push => push.target.id === server.rooms.ruled)
    await ann.settle()
    expect(ann.named('gn_user_joined')).toEqual([])
    const nowhere = await service.call('POST', '/join', { user_ids: ['1'], room_name: base64('nowhere') })
    expect(nowhere.data).toMatchObject({ success: 0, failures: 1, errors: [{ code: 802 }] })
  })
})

describe('sanctions', () => {
  const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)

  test('a ban is imposed, listed in every form, in force, and lifted', async () => {
    const [ann, cat] = [await inside('1', 'plain'), await inside('3', 'plain')]
    const wanted = { type: 'room', duration: '10m', target: server.rooms.plain, reason: base64('spam'), admin_id: '9' }
    expect(await service.call('POST', '/ban', { 1: wanted })).toMatchObject({ code: 200, data: { status: 'OK' } })
    expect(await ann.next('gn_banned')).toMatchObject({ actor: { id: '9' }, object: { id: '1', summary: '10m' } })
    await cat.next('gn_user_banned')
    const join = { verb: 'join', target: { id: server.rooms.plain } }
    expect((await ann.request('join', join)).code).toBe(703)
    const shown = { name: base64('ann'), duration: '10m', timestamp }
    expect((await service.call('GET', '/banned')).data).toEqual({
      global: {},
      channels: {},
      rooms: { [server.rooms.plain as string]: { name: base64('plain room'), users: { 1: shown } } },
    })
    const reason = base64('spam')
    const inRoom = await service.call('GET', '/banned', { room_id: server.rooms.plain })
    expect(inRoom.data).toEqual({ 1: { ...shown, reason } })
    expect((await service.call('GET', '/banned', { room_name: base64('plain room') })).data).toEqual(inRoom.data)
    const { data } = await service.call('GET', '/banned', { users: ['1', '2'] })
    expect(data['1']).toMatchObject({
      global: {},
      channel: {},
      room: { [server.rooms.plain as string]: { duration: '10m', timestamp } },
    })
    expect(data['2']).toEqual({ global: {}, channel: {}, room: {} })
    expect((await service.call('DELETE', '/ban', { user_id: '1', room_name: base64('plain room') })).data.status).toBe(
      'OK',
    )
    expect((await ann.request('join', join)).code).toBe(200)
  })

  test('a ban from a channel and from the server, also of somebody who has never logged in', async () => {
    const ban = { duration: '1h', name: base64('new one') }
    const channel = { ...ban, type: 'channel', target: server.channels.c }
    expect((await service.call('POST', '/ban', { 5555: channel, 5556: { ...ban, type: 'global' } })).data.status).toBe(
      'OK',
    )
    const { data } = await service.call('GET', '/banned')
    expect(data.channels[server.channels.c as string].users).toEqual({
      5555: { name: base64('new one'), duration: '1h', timestamp },
    })
    expect(data.global).toEqual({ 5556: { name: base64('new one'), duration: '1h', timestamp } })
    const lifted = [
      { user_id: '5555', channel_id: server.channels.c },
      { user_id: '5556', global: true },
    ]
    for (const body of lifted) expect((await service.call('DELETE', '/ban', body)).data.status).toBe('OK')
    expect((await service.call('GET', '/banned')).data).toEqual({ global: {}, channels: {}, rooms: {} })
  })

  test('a ban that is not right says for what, and bans nobody', async () => {
    const target = server.rooms.plain
    for (const wanted of [
      { type: 'room', target, duration: '5x' },
      { type: 'room', target, duration: '-5m' },
      { type: 'room', target, duration: '0s' },
      { type: 'room', target: 'nowhere', duration: '5m' },
      { type: 'room', duration: '5m' },
      { type: 'channel', target, duration: '5m' },
      { type: 'planet', duration: '5m' },
      { type: 'room', target, duration: '5m', reason: 'a b!' },
      { type: 'room', target },
    ])
      expect((await service.call('POST', '/ban', { 1: wanted })).data).toMatchObject({ status: 'FAIL' })
    expect((await service.call('POST', '/ban', { nobody: { type: 'global', duration: '5m' } })).data.status).toBe(
      'FAIL',
    )
    expect((await service.call('GET', '/banned')).data).toEqual({ global: {}, channels: {}, rooms: {} })
  })

  test('a mute is told, listed in both forms, in force also for what the site sends, and lifted', async () => {
    const ann = await inside('1', 'plain')
    const wanted = { room_id: server.rooms.plain, duration: '5m', reason: base64('loud'), muter_user_id: '9' }
    expect((await service.call('POST', '/mute', { 1: wanted })).data).toEqual({ status: 'OK' })
    expect((await ann.next('gn_mute')).object).toMatchObject({ id: '1', summary: '5m', content: base64('loud') })
    const say = {
      verb: 'send',
      target: { id: server.rooms.plain, objectType: 'room' },
      object: { content: base64('hi') },
    }
    expect((await ann.request('message', say)).code).toBe(703)
    for (const persist of [true, false]) {
      const sent = { user_id: '1', object_type: 'room', target_id: server.rooms.plain, content: base64('x'), persist }
      expect((await service.call('POST', '/send', sent)).data.code).toBe(719)
    }
    const shown = {
      muter_user_id: '9',
      room_name: base64('plain room'),
      duration: '5m',
      timestamp,
      reason: base64('loud'),
    }
    const id = server.rooms.plain as string
    expect((await service.call('GET', '/muted', { users: ['1', '2'] })).data).toEqual({ 1: { [id]: shown }, 2: {} })
    expect((await service.call('GET', '/muted', { room_id: id })).data).toEqual({ 1: { ...shown, room_id: id } })
    expect((await service.call('GET', '/muted')).code).toBe(500)
    expect((await service.call('DELETE', '/mute', { user_id: '1', room_id: id })).data).toEqual({ status: 'OK' })
    await ann.next('gn_unmute')
    expect((await ann.request('message', say)).code).toBe(200)
  })

  test('a kick takes users out, and they may come back', async () => {
    const [ann, bob] = [await inside('1', 'plain'), await inside('2', 'plain')]
    const target = server.rooms.plain
    const kicks = { 1: { target, reason: base64('out') }, 777: { target }, 2: { target: 'nowhere' } }
    expect((await service.call('POST', '/kick', kicks)).data).toEqual({ 1: 'OK', 777: 'FAIL', 2: 'FAIL' })
    for (const client of [ann, bob])
      expect((await client.next('gn_user_kicked')).object).toMatchObject({ id: '1', content: base64('out') })
    expect((await ann.request('join', { verb: 'join', target: { id: target } })).code).toBe(200)
  })
})

describe('users', () => {
  test('a global moderator is made, also of somebody who has never logged in, and unmade', async () => {
    expect((await service.call('POST', '/set-admin', { id: '4321', name: 'new one' })).code).toBe(200)
    expect((await service.call('GET', '/roles', { users: ['4321'] })).data['4321'].global).toEqual(['globalmod'])
    expect((await service.call('POST', '/remove-admin', { id: '4321' })).code).toBe(200)
    expect((await service.call('GET', '/roles', { users: ['4321'] })).data['4321'].global).toEqual([])
    expect(await service.call('POST', '/remove-admin', { id: '777' })).toMatchObject({
      code: 500,
      data: 'no such user',
    })
  })

  test('a beat keeps a user online', async () => {
    expect((await service.call('POST', '/heartbeat', ['3', 'nobody'])).data).toEqual({ status: 'OK' })
    const { data } = await service.call('GET', '/last-online', { user_id: '3' })
    expect(Math.abs(Date.parse(data.online_at) - Date.now())).toBeLessThan(60_000)
  })
})

describe('states', () => {
  test('a user is hidden and shown again by the site', async () => {
    const [ann, bob] = [await inside('1', 'plain'), await inside('2', 'plain')]
    const set = (status: string) => service.call('POST', '/status', { id: '1', status, stage: 'status' })
    expect((await set('invisible')).code).toBe(200)
    expect((await bob.next('gn_user_disconnected')).actor.id).toBe('1')
    const seen = await service.call('GET', '/users-in-rooms', { room_ids: [server.rooms.plain], only_count: true })
    expect(seen.data).toEqual({ [server.rooms.plain as string]: 1 })
    expect((await set('visible')).code).toBe(200)
    await bob.next('gn_user_joined', data => data.actor.id === '1')
    for (const status of ['away', 'back', 'online']) expect((await set(status)).code).toBe(200)
    expect((await set('asleep')).code).toBe(500)
    expect((await service.call('POST', '/status', { id: '777', status: 'online' })).code).toBe(500)
    expect(ann.disconnected).toBe(false)
  })
})

describe('bad input', () => {
  const paths = ['/acl', '/rooms-acl', '/history', '/users-in-rooms', '/create', '/join', '/set-admin', '/blacklist']

  test('is answered in the envelope, and costs nobody anything', async () => {
    const bob = await inside('2', 'plain')
    const bodies = [
      '{',
      '[]',
      'null',
      '1',
      '"x"',
      '{"room_id":{}}',
      '['.repeat(1_000),
      `"${'x'.repeat(2_000_000)}"`,
      '\u0000',
    ]
    for (const path of paths)
      for (const method of ['GET', 'POST', 'DELETE'] as const)
        for (const body of bodies) {
          const { http, code } = await service.call(method, path, body)
          expect([path, method, http === 200 || http === 404, code === 200 || code === 500]).toEqual([
            path,
            method,
            true,
            true,
          ])
        }
    await bob.settle()
    expect(bob.disconnected).toBe(false)
  })

  test('an unknown path and a URL that cannot be read', async () => {
    expect((await service.call('GET', '/nowhere')).http).toBe(404)
    expect((await service.call('GET', '/%ff')).http).toBe(400)
  })
})

test('the OpenAPI page names every route, and is read without a token', async () => {
  const page = (await (await fetch(`${server.url}/dino/openapi.json`)).json()) as { paths: Record<string, object> }
  const operations = Object.values(page.paths).flatMap(path => Object.keys(path))
  expect(operations.length).toBeGreaterThan(20)
  expect(Object.keys(page.paths)).toContain('/dino/latest-history')
})
