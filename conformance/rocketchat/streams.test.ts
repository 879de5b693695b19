// Every stream (rocketchat.md section 3): who may listen, who may write, what comes, and that it ends with the right to
// it, whatever takes the right away.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { Ddp, type Frame, rest } from './ddp.ts'
import { IDS, type Name, start, tokenOf } from './start.ts'

let server: TestServer
let general: string
let secret: string
const root = { id: IDS.ada, token: tokenOf('ada') }
const open: Ddp[] = []
let made = 0

beforeAll(async () => {
  server = await start({ config: { limits: { flood: 100_000 } } })
  general = server.rooms.general as string
  secret = server.rooms.secret as string
})
afterEach(() => {
  for (const client of open.splice(0)) client.close()
})
afterAll(() => server?.remove())

const kept = (client: Ddp): Ddp => {
  open.push(client)
  return client
}
const as = async (name: Name): Promise<Ddp> => kept(await Ddp.as(server.url, name))
const stranger = async (): Promise<Ddp> => kept(await Ddp.connect(server.url))
const admin = (verb: 'GET' | 'POST', path: string, body?: unknown) => rest(server.url, root, verb, `v1/${path}`, body)
const api = (name: Name, path: string, body: unknown) =>
  rest(server.url, { id: IDS[name], token: tokenOf(name) }, 'POST', `v1/${path}`, body)
const quiet = (ms = 250) => new Promise(resolve => setTimeout(resolve, ms))
const channel = async (client: Ddp, members: Name[] = ['bob']): Promise<string> =>
  (await client.call('createChannel', `stream-room-${made++}`, members, false)).rid
const group = async (client: Ddp, members: Name[] = ['bob']): Promise<string> =>
  (await client.call('createPrivateGroup', `stream-group-${made++}`, members, false, {}, {})).rid
const refusal = async (client: Ddp, stream: string, event: string): Promise<unknown> =>
  (await client.sub(`stream-${stream}`, event)).error?.error
const seen = (client: Ddp, from: number) => client.frames.slice(from).filter(({ msg }) => msg === 'changed')

describe('who may listen', () => {
  const cases: [stream: string, event: (rooms: { general: string; secret: string }) => string, ...rest: unknown[]][] = [
    // stream, event, nobody logged in, somebody who is no member (mallory), a member (alice)
    ['room-messages', ({ general }) => general, 'not-allowed', undefined, undefined],
    ['room-messages', ({ secret }) => secret, 'not-allowed', 'not-allowed', undefined],
    ['room-messages', () => 'no-such-room', 'not-allowed', 'not-allowed', 'not-allowed'],
    ['room-messages', () => '__my_messages__', undefined, undefined, undefined],
    ['notify-room', ({ general }) => `${general}/user-activity`, 'not-allowed', undefined, undefined],
    ['notify-room', ({ general }) => `${general}/typing`, 'not-allowed', undefined, undefined],
    ['notify-room', ({ secret }) => `${secret}/user-activity`, 'not-allowed', 'not-allowed', undefined],
    ['notify-room', ({ secret }) => `${secret}/deleteMessage`, 'not-allowed', 'not-allowed', undefined],
    ['notify-room', ({ secret }) => `${secret}/webrtc`, undefined, undefined, undefined],
    ['notify-room', () => 'nothing', 'not-allowed', 'not-allowed', 'not-allowed'],
    ['notify-room-users', ({ general }) => `${general}/webrtc`, 'not-allowed', 'not-allowed', 'not-allowed'],
    ['room-data', ({ secret }) => secret, 'not-allowed', 'not-allowed', undefined],
    ['room-data', ({ general }) => general, 'not-allowed', undefined, undefined],
    ['notify-user', () => `${IDS.alice}/message`, 'not-allowed', 'not-allowed', undefined],
    ['notify-user', () => `${IDS.alice}/subscriptions-changed`, 'not-allowed', 'not-allowed', undefined],
    ['notify-user', () => `${IDS.alice}/webrtc`, undefined, undefined, undefined],
    ['notify-user', () => IDS.alice, 'not-allowed', 'not-allowed', 'not-allowed'],
    ['notify-logged', () => 'user-status', 'not-allowed', undefined, undefined],
    ['notify-logged', () => 'permissions-changed', 'not-allowed', undefined, undefined],
    ['notify-logged', () => 'private-settings-changed', 'not-allowed', 'not-allowed', 'not-allowed'],
    ['notify-all', () => 'public-settings-changed', undefined, undefined, undefined],
    ['roles', () => 'roles', 'not-allowed', undefined, undefined],
    ['apps', () => 'app/added', undefined, undefined, undefined],
    ['importers', () => 'progress', undefined, undefined, undefined],
    ['stdout', () => 'stdout', 'not-allowed', 'not-allowed', 'not-allowed'],
    ['livechat-inquiry-queue-observer', () => 'public', 'not-allowed', 'not-allowed', 'not-allowed'],
    ['local', () => 'x', 'not-allowed', 'not-allowed', 'not-allowed'],
    ['none-of-these', () => 'x', 404, 404, 404],
    ['notify-all', () => '', 'invalid-event-name', 'invalid-event-name', 'invalid-event-name'],
  ]
  test('is asked of every stream', async () => {
    const [nobody, outsider, member] = [await stranger(), await as('mallory'), await as('alice')]
    for (const [stream, event, ...expected] of cases) {
      const name = event({ general, secret })
      const answers = []
      for (const client of [nobody, outsider, member]) answers.push(await refusal(client, stream, name))
      expect([stream, name, ...answers]).toEqual([stream, name, ...expected])
    }
    expect(await refusal(await stranger(), 'user-presence', '')).toBe('not-allowed')
  })

  test('what is accepted for show brings nothing of others', async () => {
    const [mallory, alice, bob] = [await as('mallory'), await as('alice'), await as('bob')]
    await mallory.sub('stream-notify-user', `${IDS.bob}/webrtc`)
    await mallory.sub('stream-notify-room', `${secret}/webrtc`)
    await bob.sub('stream-notify-user', `${IDS.bob}/webrtc`)
    await alice.call('stream-notify-user', `${IDS.bob}/webrtc`, 'offer', { sdp: 'of alice' })
    await alice.call('stream-notify-room', `${secret}/webrtc`, 'offer')
    expect(await bob.event('notify-user')).toEqual(['offer', { sdp: 'of alice' }])
    await quiet()
    expect([mallory.events('notify-user'), mallory.events('notify-room')]).toEqual([[], []])
  })
})

describe('who may write', () => {
  test('nobody forges what the server tells', async () => {
    const [alice, bob, mallory] = [await as('alice'), await as('bob'), await as('mallory')]
    const events = [
      'message',
      'subscriptions-changed',
      'rooms-changed',
      'notification',
      'userData',
      'force_logout',
      'banners',
    ]
    for (const event of events) await bob.sub('stream-notify-user', `${IDS.bob}/${event}`)
    for (const event of ['deleteMessage', 'messagesRead', 'e2e.keyRequest', 'typing', 'user-activity'])
      await bob.sub('stream-notify-room', `${general}/${event}`)
    await bob.sub('stream-notify-all', 'public-settings-changed')
    await bob.sub('stream-notify-logged', 'user-status')
    await bob.sub('stream-room-messages', general)
    await bob.sub('stream-roles', 'roles')
    await quiet(500)
    const from = bob.frames.length
    for (const client of [alice, mallory]) {
      for (const event of events) {
        expect(await client.ask('stream-notify-user', `${IDS.bob}/${event}`, 'forged')).not.toHaveProperty('error')
        await client.ask('stream-notify-room-users', `${general}/${event}`, 'forged')
      }
      for (const event of ['deleteMessage', 'messagesRead', 'e2e.keyRequest', 'typing'])
        expect(await client.ask('stream-notify-room', `${general}/${event}`, 'alice', true)).not.toHaveProperty('error')
      for (const name of ['bob', 'BOB', '', null, 'ALICE '])
        await client.ask('stream-notify-room', `${general}/user-activity`, name, ['user-typing'])
      for (const stream of [
        'room-messages',
        'notify-all',
        'notify-logged',
        'roles',
        'room-data',
        'user-presence',
        'apps',
        'importers',
      ])
        expect(await client.ask(`stream-${stream}`, general, { forged: true })).not.toHaveProperty('result')
    }
    await quiet()
    expect(seen(bob, from)).toEqual([])
  })

  test('typing reaches the others in both forms, and nobody outside', async () => {
    const [alice, bob, mallory] = [await as('alice'), await as('bob'), await as('mallory')]
    const rid = await group(alice)
    for (const client of [alice, bob])
      for (const event of ['user-activity', 'typing']) await client.sub('stream-notify-room', `${rid}/${event}`)
    await mallory.call('stream-notify-room', `${rid}/user-activity`, 'mallory', ['user-typing'])
    await alice.call('stream-notify-room', `${rid}/user-activity`, 'alice', ['user-typing'])
    await alice.call('stream-notify-room', `${rid}/user-activity`, 'ALICE', [])
    await bob.event('notify-room', ([, on], name) => name.endsWith('typing') && on === false)
    expect(bob.events('notify-room', `${rid}/user-activity`)).toEqual([
      ['alice', ['user-typing']],
      ['ALICE', []],
    ])
    expect(bob.events('notify-room', `${rid}/typing`)).toEqual([
      ['alice', true],
      ['ALICE', false],
    ])
    expect(alice.events('notify-room')).toEqual([])
  })

  test('a member’s word reaches every other member, and no more than words', async () => {
    const [alice, bob, carol] = [await as('alice'), await as('bob'), await as('carol')]
    for (const [client, name] of [
      [bob, 'bob'],
      [carol, 'carol'],
    ] as const)
      await client.sub('stream-notify-user', `${IDS[name]}/e2ekeyRequest`)
    const rid = await group(alice)
    await alice.call('stream-notify-room-users', `${rid}/e2ekeyRequest`, rid, 'x'.repeat(10_000))
    await alice.call('stream-notify-room-users', `${rid}/e2ekeyRequest`, rid, 'key')
    expect(await bob.event('notify-user')).toEqual([rid, 'key'])
    expect(carol.events('notify-user')).toEqual([])
  })
})

describe('presence', () => {
  const changes = (client: Ddp, uid: string): Frame[] =>
    client.frames.filter(({ collection, id }) => collection === 'stream-user-presence' && id === uid)
  const of = (client: Ddp, uid: string, code: number, from = 0): Promise<Frame> =>
    client.until(
      ({ collection, id, fields }) => collection === 'stream-user-presence' && id === uid && fields.args[0][1] === code,
      from,
    )
  const watch = async (client: Ddp, options: unknown): Promise<Frame> => client.sub('stream-user-presence', '', options)

  test('comes for those who are watched, as they come, change and go', async () => {
    const alice = await as('alice')
    expect((await watch(alice, { added: [IDS.dave] })).msg).toBe('ready')
    const dave = await as('dave')
    const told = await of(alice, IDS.dave, 1)
    expect(told).toEqual({
      msg: 'changed',
      collection: 'stream-user-presence',
      id: IDS.dave,
      fields: { uid: IDS.dave, args: [['dave', 1, '']], eventName: IDS.dave },
    })
    await api('dave', 'users.setStatus', { status: 'away', message: 'at lunch' })
    expect((await of(alice, IDS.dave, 2)).fields.args).toEqual([['dave', 2, 'at lunch']])
    await api('dave', 'users.setStatus', { status: 'online', message: '' })
    await of(alice, IDS.dave, 1, alice.frames.length - 1)
    dave.close()
    await of(alice, IDS.dave, 0)
  })

  test('a second subscription edits the list, and is answered nosub without an error', async () => {
    const alice = await as('alice')
    await watch(alice, { added: [IDS.carol] })
    const second = await watch(alice, { useCollection: false, args: [{ added: [IDS.dave], removed: [IDS.carol] }] })
    expect(second).toEqual({ msg: 'nosub', id: second.id })
    await as('carol')
    await as('dave')
    await of(alice, IDS.dave, 1)
    expect(changes(alice, IDS.carol)).toEqual([])
    for (const options of [
      null,
      true,
      7,
      { added: 'x' },
      { added: [{}, null, 'none', '-1'] },
      { removed: [[]] },
      { args: 7 },
    ])
      expect((await watch(alice, options)).msg).toBe('nosub')
  })

  test('is told to no client that has ended its subscription, or logged out', async () => {
    const alice = await as('alice')
    const { id } = await watch(alice, { added: [IDS.dave] })
    alice.send({ msg: 'unsub', id })
    await alice.call('rooms/get')
    await as('dave')
    await quiet(500)
    expect(changes(alice, IDS.dave)).toEqual([])
    expect((await watch(alice, { added: [IDS.dave] })).msg).toBe('ready')
  })

  test('reaches everybody as user-status, and oneself as userData', async () => {
    const [bob, dave] = [await as('bob'), await as('dave')]
    await bob.sub('stream-notify-logged', 'user-status')
    await dave.sub('stream-notify-user', `${IDS.dave}/userData`)
    await api('dave', 'users.setStatus', { status: 'busy', message: 'writing' })
    const [status] = await bob.event('notify-logged', ([one]) => one?.[0] === IDS.dave && one[2] === 3)
    expect(status.slice(0, 5)).toEqual([IDS.dave, 'dave', 3, 'writing', 'DAVE'])
    const [data] = await dave.event('notify-user', ([one]) => one.diff?.status === 'busy')
    expect(data).toMatchObject({ type: 'updated', id: IDS.dave })
    await api('dave', 'users.setStatus', { status: 'online', message: '' })
  })
})

describe('what comes', () => {
  test('a room’s document changes with its messages, without the last of them', async () => {
    const [alice, carol] = [await as('alice'), await as('carol')]
    await carol.sub('stream-room-data', general)
    await alice.call('sendMessage', { rid: general, msg: 'one more' })
    const [room] = await carol.event('room-data')
    expect(room).toMatchObject({ _id: general, t: 'c' })
    expect(room.lastMessage).toBeUndefined()
  })

  test('__my_messages__ brings public rooms that one is not in, and no others', async () => {
    const [alice, mallory, bob] = [await as('alice'), await as('mallory'), await as('bob')]
    for (const client of [mallory, bob]) await client.sub('stream-room-messages', '__my_messages__', true)
    const rids = [await channel(alice), await group(alice, []), general]
    for (const rid of rids) await alice.call('sendMessage', { rid, msg: `to ${rid}` })
    const last = `to ${general}`
    const [, about] = await mallory.event('room-messages', ([one]) => one.msg === last)
    expect(about).toEqual({ roomParticipant: false, roomType: 'c', roomName: 'general' })
    expect((await bob.event('room-messages', ([one]) => one.msg === last))[1].roomParticipant).toBe(true)
    await quiet()
    const heard = (client: Ddp) => client.events('room-messages').flatMap(([{ t, msg }]) => (t ? [] : [msg]))
    expect(heard(mallory)).toEqual([`to ${rids[0]}`, last])
    expect(heard(bob)).toEqual([`to ${rids[0]}`, last])
    await api('mallory', 'channels.join', { roomId: rids[0] })
    await alice.call('sendMessage', { rid: rids[0], msg: 'now a member' })
    const [, now] = await mallory.event('room-messages', ([one]) => one.msg === 'now a member')
    expect(now.roomParticipant).toBe(true)
    await quiet()
    expect(heard(mallory).filter(msg => msg === 'now a member')).toHaveLength(1)
  })

  test('a changed setting: everybody, with its new value', async () => {
    const [nobody, alice] = [await stranger(), await as('alice')]
    await nobody.sub('stream-notify-all', 'public-settings-changed')
    await nobody.sub('stream-notify-all', 'public-info')
    await alice.sub('stream-notify-logged', 'private-settings-changed')
    expect((await admin('POST', 'settings/Site_Name', { value: 'Renamed' })).body).toMatchObject({ success: true })
    const [action, setting] = await nobody.event('notify-all', (_, name) => name === 'public-settings-changed')
    expect([action, setting]).toMatchObject(['updated', { _id: 'Site_Name', value: 'Renamed' }])
    expect((await nobody.event('notify-all', (_, name) => name === 'public-info'))[0][0]).toBe(
      'public-settings-changed',
    )
    await quiet()
    expect(alice.events('notify-logged')).toEqual([])
  })

  test('a private setting: only who may see it', async () => {
    const operator = kept(await Ddp.connect(server.url))
    await operator.call('login', { resume: root.token })
    const [alice] = [await as('alice')]
    expect((await operator.sub('stream-notify-logged', 'private-settings-changed')).msg).toBe('ready')
    await alice.sub('stream-notify-all', 'public-settings-changed')
    await admin('POST', 'settings/API_User_Limit', { value: 499 })
    expect((await operator.event('notify-logged'))[1]).toMatchObject({ _id: 'API_User_Limit', value: 499 })
    await quiet()
    expect(alice.events('notify-all')).toEqual([])
  })

  test('a forced log-out, to the client that asked, before its socket goes', async () => {
    const [first, second] = [await as('carol'), await as('carol')]
    await first.sub('stream-notify-user', `${IDS.carol}/force_logout`)
    await api('carol', 'users.logout', {}).catch(() => null)
    const codes = await Promise.all([first.untilClosed(), second.untilClosed()])
    expect(codes).toEqual([4001, 4001])
    expect(first.events('notify-user', `${IDS.carol}/force_logout`)).toEqual([[]])
    expect(second.events('notify-user')).toEqual([])
  })
})

describe('a right that is lost ends what comes', () => {
  /** Listens to everything of a room. */
  const listen = async (client: Ddp, rid: string): Promise<void> => {
    await client.sub('stream-room-messages', rid)
    await client.sub('stream-room-data', rid)
    for (const event of ['user-activity', 'deleteMessage']) await client.sub('stream-notify-room', `${rid}/${event}`)
  }
  /** Says something of every kind, and waits until it would have come. */
  const stir = async (client: Ddp, name: Name, rid: string): Promise<void> => {
    const { _id } = await client.call('sendMessage', { rid, msg: 'not for everybody' })
    await client.call('stream-notify-room', `${rid}/user-activity`, name, ['user-typing'])
    await client.ask('deleteMessage', { _id })
    await quiet(300)
  }
  const ofRoom = (client: Ddp, rid: string, from: number): Frame[] =>
    seen(client, from).filter(frame => JSON.stringify(frame).includes(rid) && !frame.collection.endsWith('notify-user'))

  const ways: [string, (rid: string) => Promise<unknown>][] = [
    ['a kick', rid => api('alice', 'groups.kick', { roomId: rid, userId: IDS.bob })],
    ['leaving', rid => api('bob', 'groups.leave', { roomId: rid })],
    ['a ban', rid => api('alice', 'rooms.banUser', { roomId: rid, userId: IDS.bob })],
    ['the room’s end', rid => api('alice', 'groups.delete', { roomId: rid })],
  ]
  test.each(ways)('%s', async (_, lose) => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    const rid = await group(alice)
    await listen(bob, rid)
    await alice.call('sendMessage', { rid, msg: 'still for you' })
    await bob.event('room-messages', ([one]) => one.msg === 'still for you')
    expect(await lose(rid)).toMatchObject({ status: 200 })
    await quiet()
    const from = bob.frames.length
    await stir(alice, 'alice', rid).catch(() => null)
    expect(ofRoom(bob, rid, from)).toEqual([])
    expect(await refusal(bob, 'room-messages', rid)).toBe('not-allowed')
    expect(await refusal(bob, 'notify-room', `${rid}/user-activity`)).toBe('not-allowed')
  })

  test('a public room that becomes private is closed to those who only looked in', async () => {
    const [alice, mallory, bob] = [await as('alice'), await as('mallory'), await as('bob')]
    const rid = await channel(alice)
    for (const client of [mallory, bob]) await listen(client, rid)
    expect((await api('alice', 'channels.setType', { roomId: rid, type: 'p' })).status).toBe(200)
    await quiet()
    const [from, members] = [mallory.frames.length, bob.frames.length]
    await stir(alice, 'alice', rid)
    expect(ofRoom(mallory, rid, from)).toEqual([])
    expect(ofRoom(bob, rid, members)).not.toEqual([])
  })

  test('a permission that is taken away', async () => {
    const [alice, mallory, bob] = [await as('alice'), await as('mallory'), await as('bob')]
    const rid = await channel(alice)
    for (const client of [mallory, bob]) await listen(client, rid)
    await mallory.sub('stream-room-messages', '__my_messages__')
    const roles = (given: string[]) => ({
      permissions: ['view-c-room', 'preview-c-room'].map(_id => ({ _id, roles: given })),
    })
    expect((await admin('POST', 'permissions.update', roles(['admin']))).status).toBe(200)
    try {
      await quiet()
      const [from, members] = [mallory.frames.length, bob.frames.length]
      await stir(alice, 'alice', rid)
      expect(ofRoom(mallory, rid, from)).toEqual([])
      expect(ofRoom(bob, rid, members)).not.toEqual([])
      expect(await refusal(mallory, 'room-messages', rid)).toBe('not-allowed')
    } finally {
      await admin('POST', 'permissions.update', roles(['admin', 'user', 'anonymous']))
    }
    expect(await refusal(mallory, 'room-messages', rid)).toBeUndefined()
  })

  test('a role that is taken away: settings are heard no more', async () => {
    const role = { roleName: 'admin', roleId: 'admin', username: 'carol' }
    expect((await admin('POST', 'roles.addUserToRole', role)).status).toBe(200)
    const carol = await as('carol')
    expect((await carol.sub('stream-notify-logged', 'private-settings-changed')).msg).toBe('ready')
    await admin('POST', 'settings/API_User_Limit', { value: 498 })
    await carol.event('notify-logged')
    expect((await admin('POST', 'roles.removeUserFromRole', role)).status).toBe(200)
    await quiet()
    const from = carol.frames.length
    await admin('POST', 'settings/API_User_Limit', { value: 497 })
    await quiet()
    expect(seen(carol, from).filter(({ fields }) => fields.eventName === 'private-settings-changed')).toEqual([])
  })

  test('an account that is switched off: its sockets go', async () => {
    const dave = await as('dave')
    expect((await admin('POST', 'users.setActiveStatus', { userId: IDS.dave, activeStatus: false })).status).toBe(200)
    expect(await dave.untilClosed()).toBe(4001)
    await admin('POST', 'users.setActiveStatus', { userId: IDS.dave, activeStatus: true })
  })

  test('whoever is kicked while subscribing hears nothing, whichever came first', async () => {
    const [alice, bob] = [await as('alice'), await as('bob')]
    for (let round = 0; round < 25; round++) {
      const rid = await group(alice)
      for (const [i, stream] of ['room-messages', 'room-data', 'notify-room'].entries()) {
        const params = [stream === 'notify-room' ? `${rid}/user-activity` : rid, false]
        bob.send({ msg: 'sub', id: `r${round}-${i}`, name: `stream-${stream}`, params })
      }
      const kicked = alice.ask('removeUserFromRoom', { rid, username: 'bob' })
      if (round % 2) for (let i = 0; i < 3; i++) bob.send({ msg: 'unsub', id: `r${round}-${i}` })
      expect((await kicked).error).toBeUndefined()
      await bob.call('rooms/get')
      const from = bob.frames.length
      await alice.call('sendMessage', { rid, msg: 'after the kick' })
      await alice.call('stream-notify-room', `${rid}/user-activity`, 'alice', ['user-typing'])
      await quiet(30)
      expect(ofRoom(bob, rid, from)).toEqual([])
    }
  })
})
