// What a user keeps of their rooms: what is unread, favorites, hidden rooms, notifications; what of it others learn, which
// is nothing; and direct rooms of any number of users.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { Ddp, type Frame, rest } from './ddp.ts'
import { IDS, type Name, start, tokenOf } from './start.ts'

let server: TestServer
let general: string
const open: Ddp[] = []
let made = 0

beforeAll(async () => {
  server = await start()
  general = server.rooms.general as string
})
afterAll(() => server?.remove())
afterEach(() => {
  for (const client of open.splice(0)) client.close()
})

const as = async (name: Name): Promise<Ddp> => {
  const client = await Ddp.as(server.url, name)
  open.push(client)
  return client
}
const api = (name: Name, verb: 'GET' | 'POST', path: string, body?: unknown) =>
  rest(server.url, { id: IDS[name], token: tokenOf(name) }, verb, `v1/${path}`, body)
const quiet = (ms = 250) => new Promise(resolve => setTimeout(resolve, ms))
const subscription = async (name: Name, roomId: string): Promise<Frame> =>
  (await api(name, 'GET', `subscriptions.getOne?roomId=${roomId}`)).body.subscription
const say = async (name: Name, rid: string, more: object = {}): Promise<Frame> => {
  const { status, body } = await api(name, 'POST', 'chat.sendMessage', { message: { rid, msg: 'hello', ...more } })
  expect([status, body.error]).toEqual([200, undefined])
  return body.message
}
const group = async (maker: Ddp, members: Name[], extra: object = {}): Promise<string> =>
  (await maker.call('createPrivateGroup', `kept ${made++}`, members, false, {}, extra)).rid
/** The newest subscription that a client was told of. */
const told = (client: Ddp, rid: string): Frame[] =>
  client
    .events('notify-user')
    .filter(([, document]) => document?.rid === rid && document.u)
    .map(([, document]) => document)

let alice: Ddp
beforeEach(async () => {
  alice = await as('alice')
})

describe('unread', () => {
  test('of a group mentions are counted, and other messages alert; reading ends both, on every wire', async () => {
    const rid = await group(alice, ['bob'])
    expect(await subscription('bob', rid)).toMatchObject({ alert: false, unread: 0, open: true })
    await say('alice', rid)
    expect(await subscription('bob', rid)).toMatchObject({ alert: true, unread: 0, userMentions: 0 })
    expect(await subscription('alice', rid)).toMatchObject({ alert: false, unread: 0 })
    await say('alice', rid, { msg: '@bob look' })
    await say('alice', rid, { msg: '@all look' })
    expect(await subscription('bob', rid)).toMatchObject({ unread: 2, userMentions: 1, groupMentions: 1 })
    const before = (await subscription('bob', rid)).ls
    expect(await (await as('bob')).call('readMessages', rid)).toBeUndefined()
    const read = await subscription('bob', rid)
    expect(read).toMatchObject({ alert: false, unread: 0, userMentions: 0, groupMentions: 0 })
    expect(Date.parse(read.ls)).toBeGreaterThan(Date.parse(before))
  })

  test('of a direct room all messages are, also encrypted ones that mention nobody', async () => {
    const { rid } = await alice.call('createDirectMessage', 'carol')
    expect(await subscription('carol', rid)).toMatchObject({ open: false, unread: 0 })
    await say('alice', rid)
    await say('alice', rid)
    expect(await subscription('carol', rid)).toMatchObject({ open: true, alert: true, unread: 2, fname: 'ALICE' })
    expect((await api('carol', 'POST', 'subscriptions.read', { rid })).status).toBe(200)
    expect(await subscription('carol', rid)).toMatchObject({ alert: false, unread: 0 })
  })

  test('an encrypted message names whom its sender names beside it', async () => {
    const rid = await group(alice, ['bob', 'carol'], { encrypted: true })
    const content = { algorithm: 'rc.v2.aes-sha2', kid: 'k', iv: 'A'.repeat(16), ciphertext: 'A'.repeat(24) }
    const e2eMentions = { e2eUserMentions: ['@bob'], e2eChannelMentions: [] }
    await say('alice', rid, { t: 'e2e', msg: '', content, e2eMentions })
    expect(await subscription('bob', rid)).toMatchObject({ unread: 1, userMentions: 1, alert: true })
    expect(await subscription('carol', rid)).toMatchObject({ unread: 0, userMentions: 0, alert: true })
  })

  test('marked as unread from a message on, it is until it is read again', async () => {
    const { rid } = await alice.call('createDirectMessage', 'dave')
    const [first] = [await say('alice', rid), await say('alice', rid)]
    await api('dave', 'POST', 'subscriptions.read', { rid })
    const body = { firstUnreadMessage: { _id: first._id } }
    expect((await api('dave', 'POST', 'subscriptions.unread', body)).status).toBe(200)
    const marked = await subscription('dave', rid)
    expect(marked).toMatchObject({ alert: true, unread: 2 })
    expect(Date.parse(marked.ls)).toBe(Date.parse(first.ts) - 1)
    await api('dave', 'POST', 'subscriptions.read', { rid })
    expect(await subscription('dave', rid)).toMatchObject({ alert: false, unread: 0 })
    // One's own messages, and those of rooms in which one is not, are nobody's to mark.
    expect((await api('alice', 'POST', 'subscriptions.unread', body)).body.errorType).toBe('error-action-not-allowed')
    expect((await api('mallory', 'POST', 'subscriptions.unread', body)).body.errorType).toBe('error-action-not-allowed')
  })
})

test('a thread that is followed is unread until it is looked at, or read with the room', async () => {
  const rid = await group(alice, ['bob'])
  const threads = async () => (await subscription('bob', rid)).tunread
  const [first, second] = [await say('bob', rid), await say('bob', rid)]
  await say('alice', rid, { tmid: first._id })
  await say('alice', rid, { tmid: second._id })
  expect(new Set(await threads())).toEqual(new Set([first._id, second._id]))
  expect(await subscription('bob', rid)).toMatchObject({ alert: true, unread: 0, lr: expect.any(String) })
  await (await as('bob')).call('getThreadMessages', { tmid: first._id })
  expect(await threads()).toEqual([second._id])
  await say('alice', rid, { tmid: first._id })
  expect(new Set(await threads())).toEqual(new Set([first._id, second._id]))
  await api('bob', 'POST', 'subscriptions.read', { rid })
  expect(await subscription('bob', rid)).toMatchObject({ alert: true })
  await api('bob', 'POST', 'subscriptions.read', { rid, readThreads: true })
  expect(await subscription('bob', rid)).toMatchObject({ alert: false })
  expect(await threads()).toBeUndefined()
  // Nobody else's threads are read by it.
  await say('alice', rid, { tmid: first._id })
  await (await as('carol')).call('readThreads', first._id)
  expect(await threads()).toEqual([first._id])
})

describe('streams', () => {
  test('a second message into a group that alerts already is told to nobody’s list', async () => {
    const rid = await group(alice, ['bob'])
    const bob = await as('bob')
    await bob.sub('stream-notify-user', `${IDS.bob}/subscriptions-changed`)
    await say('alice', rid)
    await bob.event('notify-user', ([, document]) => document.rid === rid && document.alert === true)
    await say('alice', rid)
    await quiet()
    expect(told(bob, rid).map(({ alert }) => alert)).toEqual([true])
    await say('alice', rid, { msg: 'hi @bob' })
    await bob.event('notify-user', ([, document]) => document.rid === rid && document.unread === 1)
    await bob.call('readMessages', rid)
    await bob.event('notify-user', ([, document]) => document.rid === rid && document.alert === false)
  })

  test('counters that are told are those that are read anew, whatever happens between', async () => {
    const { rid } = await alice.call('createDirectMessage', 'mallory')
    const mallory = await as('mallory')
    await mallory.sub('stream-notify-user', `${IDS.mallory}/subscriptions-changed`)
    const newest = () => told(mallory, rid).at(-1)
    for (let round = 0; round < 4; round++) {
      const sent = await Promise.all([say('alice', rid), say('alice', rid), say('mallory', rid)])
      if (round === 1) await api('alice', 'POST', 'chat.delete', { roomId: rid, msgId: sent[0]?._id })
      if (round === 2) await mallory.call('readMessages', rid)
      await quiet(300)
      const { unread, alert, open } = await subscription('mallory', rid)
      expect(newest()).toMatchObject({ unread, alert, open })
    }
    expect(newest().unread).toBe(2)
  })

  test('a read that comes with a message from another wire is told too', async () => {
    const rid = await group(alice, ['bob'])
    const [one, other] = [await as('bob'), await as('bob')]
    await one.sub('stream-notify-user', `${IDS.bob}/subscriptions-changed`)
    await say('alice', rid)
    await one.event('notify-user', ([, document]) => document.rid === rid && document.alert)
    await other.call('toggleFavorite', rid, true)
    await one.event('notify-user', ([, document]) => document.rid === rid && document.f === true)
    await other.call('readMessages', rid)
    await one.event('notify-user', ([, document]) => document.rid === rid && !document.alert && document.f)
  })

  test('nobody hears of what another keeps', async () => {
    const rid = await group(alice, ['bob'])
    const bob = await as('bob')
    for (const event of ['subscriptions-changed', 'rooms-changed', 'notification'])
      await bob.sub('stream-notify-user', `${IDS.bob}/${event}`)
    expect((await bob.sub('stream-notify-user', `${IDS.alice}/subscriptions-changed`)).msg).toBe('nosub')
    const from = bob.frames.length
    await alice.call('toggleFavorite', rid, true)
    await alice.call('saveNotificationSettings', rid, 'desktopNotifications', 'nothing')
    await alice.call('hideRoom', rid)
    await alice.call('readMessages', rid)
    await quiet()
    expect(bob.frames.slice(from)).toEqual([])
    for (const field of ['f', 'desktopNotifications']) expect(await subscription('bob', rid)).not.toHaveProperty(field)
  })

  test('messagesRead tells up to when everybody has read', async () => {
    const rid = await group(alice, ['bob'])
    await alice.sub('stream-notify-room', `${rid}/messagesRead`)
    await say('alice', rid)
    await alice.call('readMessages', rid)
    await quiet()
    expect(alice.events('notify-room')).toEqual([])
    await (await as('bob')).call('readMessages', rid)
    const [{ until }] = await alice.event('notify-room')
    expect(until.$date).toBeGreaterThan(0)
  })
})

describe('notifications', () => {
  const listening = async (name: Name): Promise<Ddp> => {
    const client = await as(name)
    await client.sub('stream-notify-user', `${IDS[name]}/notification`)
    return client
  }

  test('say who wrote, where and what, and of an encrypted message only that there is one', async () => {
    const bob = await listening('bob')
    const plain = await group(alice, ['bob'])
    await say('alice', plain, { msg: 'dinner?' })
    const [shown] = await bob.event('notify-user', ([one]) => one.payload?.rid === plain)
    expect(shown).toMatchObject({ text: 'alice: dinner?', payload: { type: 'p', sender: { username: 'alice' } } })
    const sealed = await group(alice, ['bob'], { encrypted: true })
    const content = { algorithm: 'rc.v2.aes-sha2', kid: 'k', iv: 'A'.repeat(16), ciphertext: 'A'.repeat(24) }
    await say('alice', sealed, { t: 'e2e', msg: '', content })
    const [hidden] = await bob.event('notify-user', ([one]) => one.payload?.rid === sealed)
    expect(hidden).toMatchObject({ text: 'alice: Encrypted message', payload: { message: { t: 'e2e', content } } })
  })

  test('come as their reader wants them', async () => {
    const bob = await listening('bob')
    const rid = await group(alice, ['bob'])
    const came = () => bob.events('notify-user').filter(([one]) => one.payload?.rid === rid).length
    const after = async (message: object = {}, who: Name = 'alice'): Promise<number> => {
      const before = came()
      await say(who, rid, message)
      await quiet()
      return came() - before
    }
    const want = (field: string, value: string) => bob.call('saveNotificationSettings', rid, field, value)
    expect([await after(), await after({}, 'bob')]).toEqual([1, 0])
    await want('desktopNotifications', 'mentions')
    expect([await after(), await after({ msg: '@bob' }), await after({ msg: '@all' })]).toEqual([0, 1, 1])
    await want('muteGroupMentions', '1')
    expect(await after({ msg: '@all' })).toBe(0)
    await want('desktopNotifications', 'nothing')
    expect(await after({ msg: '@bob' })).toBe(0)
    await want('desktopNotifications', 'default')
    await bob.call('ignoreUser', { rid, userId: IDS.alice })
    expect(await after({ msg: '@bob' })).toBe(0)
    expect(await subscription('bob', rid)).toMatchObject({ ignored: [IDS.alice] })
    await bob.call('ignoreUser', { rid, userId: IDS.alice, ignore: false })
    expect(await after()).toBe(1)
    await want('disableNotifications', '1')
    expect(await after({ msg: '@bob' })).toBe(0)
  })
})

describe('what is kept', () => {
  test('a hidden room is open again when somebody else writes', async () => {
    const rid = await group(alice, ['bob'])
    const bob = await as('bob')
    await say('alice', rid)
    expect(await bob.call('hideRoom', rid)).toBe(1)
    expect(await subscription('bob', rid)).toMatchObject({ open: false, alert: false })
    expect((await api('bob', 'POST', 'groups.close', { roomId: rid })).body.error).toMatch(/already closed/)
    await say('bob', rid)
    expect((await subscription('bob', rid)).open).toBe(false)
    await say('alice', rid)
    expect(await subscription('bob', rid)).toMatchObject({ open: true, alert: true })
    await bob.call('hideRoom', rid)
    expect(await bob.call('openRoom', rid)).toBe(1)
    expect(await subscription('bob', rid)).toMatchObject({ open: true, alert: false })
  })

  test('changes since a time are those that were, and what has ended is told', async () => {
    const [stays, goes] = [await group(alice, ['bob']), await group(alice, ['bob'])]
    const bob = await as('bob')
    const whole = await bob.call('subscriptions/get')
    const since = { $date: Math.max(...whole.map((one: Frame) => one._updatedAt.$date)) }
    const { _id } = whole.find((one: Frame) => one.rid === goes)
    expect(await bob.call('subscriptions/get', since)).toEqual({ update: [], remove: [] })
    await quiet(5)
    await bob.call('toggleFavorite', stays)
    await alice.call('removeUserFromRoom', { rid: goes, username: 'bob' })
    const changed = await bob.call('subscriptions/get', since)
    expect(changed.update.map((one: Frame) => one.rid)).toEqual([stays])
    expect(changed.remove).toEqual([{ _id, _deletedAt: { $date: expect.any(Number) } }])
    expect((await bob.call('rooms/get', since)).remove).toMatchObject([{ _id: goes }])
    expect(
      (await api('bob', 'GET', `rooms.get?updatedSince=${new Date(since.$date).toISOString()}`)).body.remove,
    ).toMatchObject([{ _id: goes }])
    // What the room was for others is nobody's who left, and nobody else hears of it.
    expect((await (await as('carol')).call('rooms/get', since)).remove).toEqual([])
    expect((await alice.call('subscriptions/get', since)).remove).toEqual([])
    await alice.call('addUsersToRoom', { rid: goes, users: ['bob'] })
    expect((await bob.call('subscriptions/get', since)).remove).toEqual([])
    expect(await subscription('bob', goes)).toMatchObject({ unread: 0, alert: false })
  })

  test('a member who comes back keeps nothing of what they kept', async () => {
    const rid = await group(alice, ['bob'])
    await (await as('bob')).call('toggleFavorite', rid, true)
    expect((await subscription('bob', rid)).f).toBe(true)
    await alice.call('removeUserFromRoom', { rid, username: 'bob' })
    await alice.call('addUsersToRoom', { rid, users: ['bob'] })
    expect((await subscription('bob', rid)).f ?? false).toBe(false)
  })

  test('changes of many sessions at once all hold', async () => {
    const rid = await group(alice, ['bob'])
    const clients = await Promise.all(Array.from({ length: 8 }, () => as('bob')))
    const [a, b, c, d, ...readers] = clients as [Ddp, Ddp, Ddp, Ddp, ...Ddp[]]
    await Promise.all([
      a.call('toggleFavorite', rid, true),
      b.call('saveNotificationSettings', rid, 'desktopNotifications', 'mentions'),
      c.call('ignoreUser', { rid, userId: IDS.alice }),
      d.call('saveNotificationSettings', rid, 'muteGroupMentions', '1'),
      ...readers.map(client => client.call('readMessages', rid)),
    ])
    expect(await subscription('bob', rid)).toMatchObject({
      f: true,
      desktopNotifications: 'mentions',
      ignored: [IDS.alice],
      muteGroupMentions: true,
    })
  })
})

describe('others', () => {
  test('learn and change nothing: rooms that are not theirs are as rooms that are not there', async () => {
    const rid = await group(alice, ['bob'])
    await say('alice', rid)
    const dave = await as('dave')
    for (const room of [rid, '01234567-89ab-cdef-0123-456789abcdef', 'nothing']) {
      for (const [method, ...params] of [
        ['hideRoom', room],
        ['openRoom', room],
      ] as const)
        expect(await dave.call(method, ...params)).toBe(0)
      for (const [method, params] of [
        ['toggleFavorite', [room, true]],
        ['saveNotificationSettings', [room, 'desktopNotifications', 'all']],
        ['ignoreUser', [{ rid: room, userId: IDS.alice }]],
        ['unreadMessages', [null, room]],
        ['getRoomById', [room]],
        ['getRoomNameById', [room]],
        ['getRoomByTypeAndName', ['p', room]],
      ] as const) {
        const { error } = await dave.ask(method, ...params)
        expect([method, typeof error?.error, error?.error]).not.toContain(500)
        expect([method, error === undefined]).toEqual([method, false])
      }
      expect(await dave.call('canAccessRoom', room)).toBe(false)
      expect((await dave.ask('canAccessRoom', rid, IDS.alice)).error.error).toBe('error-invalid-user')
      expect((await api('dave', 'GET', `subscriptions.getOne?roomId=${room}`)).body.subscription).toBeNull()
      expect((await api('dave', 'POST', 'subscriptions.read', { rid: room })).body.error).toBe(
        'error-invalid-subscription',
      )
      expect((await api('dave', 'POST', 'im.open', { roomId: rid })).status).toBe(403)
      expect((await api('dave', 'GET', `groups.counters?roomId=${room}`)).status).toBe(400)
    }
    expect(await subscription('bob', rid)).toMatchObject({ alert: true, open: true })
  })

  test('RC-192: reading a public room in which one is not is answered 500 over DDP and 400 over REST', async () => {
    const carol = await as('carol')
    expect((await carol.ask('readMessages', general)).error.error).toBe(500)
    const { status, body } = await api('carol', 'POST', 'subscriptions.read', { rid: general })
    expect([status, body.error]).toEqual([400, 'error-invalid-subscription'])
  })

  test('wrong arguments are refused and change nothing', async () => {
    const rid = await group(alice, ['bob'])
    const bob = await as('bob')
    for (const [method, ...params] of [
      ['readMessages', 7],
      ['readMessages', { $gt: '' }],
      ['readMessages', rid, 'yes'],
      ['toggleFavorite', rid, 'yes'],
      ['toggleFavorite', null],
      ['saveNotificationSettings', rid, 'desktopNotifications', 1],
      ['ignoreUser', rid],
      ['ignoreUser', { rid, userId: 7 }],
      ['unreadMessages', 7],
      ['createDirectMessage', { $ne: 1 }],
    ] as const)
      expect([method, (await bob.ask(method, ...params)).error?.error]).toEqual([method, 400])
    for (const [field, value] of [
      ['desktopNotifications', 'loud'],
      ['open', '0'],
      ['__proto__', '1'],
      ['constructor', '1'],
      ['E2EKey', 'mine'],
      ['audioNotificationValue', 'x'.repeat(1_000)],
    ] as const)
      expect((await bob.ask('saveNotificationSettings', rid, field, value)).error.error).toBe('error-invalid-settings')
    expect((await bob.ask('ignoreUser', { rid, userId: IDS.mallory })).error.error).toBe('error-invalid-subscription')
    const kept = await subscription('bob', rid)
    for (const field of ['f', 'desktopNotifications', 'E2EKey', 'ignored', 'audioNotificationValue'])
      expect(kept).not.toHaveProperty(field)
  })
})

describe('direct rooms', () => {
  const create = (name: Name, body: object) => api(name, 'POST', 'im.create', body)

  test('one for each set of users, whoever asks and in whatever order, also at the same time', async () => {
    const made = await Promise.all([
      create('alice', { usernames: 'bob, carol' }),
      create('bob', { usernames: 'carol,alice' }),
      create('carol', { usernames: 'alice,bob,carol' }),
    ])
    const rids = new Set(made.map(({ body }) => body.room.rid))
    expect(rids.size).toBe(1)
    const [rid] = [...rids]
    expect(made.map(({ body }) => body.room.inserted).filter(Boolean)).toHaveLength(1)
    expect(await subscription('alice', rid)).toMatchObject({
      t: 'd',
      fname: 'BOB, CAROL',
      name: 'bob,carol',
      open: true,
    })
    const pair = (await create('alice', { username: 'bob' })).body.room.rid
    expect(pair).toBe(IDS.alice + IDS.bob)
    expect((await create('bob', { username: 'alice' })).body.room.rid).toBe(pair)
  })

  test('can be encrypted by any of them, and stay closed to others', async () => {
    const { rid } = (await create('alice', { usernames: 'bob,dave' })).body.room
    const saved = await api('dave', 'POST', 'rooms.saveRoomSettings', { rid, encrypted: true })
    expect(saved.body.success).toBe(true)
    expect((await api('alice', 'POST', 'chat.sendMessage', { message: { rid, msg: 'plain' } })).body.errorType).toBe(
      'error-not-allowed',
    )
    for (const path of [`im.members?roomId=${rid}`, `im.counters?roomId=${rid}`, `im.messages?roomId=${rid}`])
      expect((await api('mallory', 'GET', path)).body.success).toBe(false)
    for (const path of ['im.close', 'im.open', 'im.setTopic', 'im.delete'])
      expect((await api('mallory', 'POST', path, { roomId: rid, topic: 'x' })).body.success).toBe(false)
    expect((await api('alice', 'GET', 'im.list')).body.ims.map((one: Frame) => one._id)).toContain(rid)
    expect((await api('mallory', 'GET', 'im.list')).body.ims.map((one: Frame) => one._id)).not.toContain(rid)
    expect((await api('alice', 'GET', 'im.list.everyone')).status).toBe(403)
  })

  test('with oneself, with who is not there, and with too many', async () => {
    const own = (await create('alice', { username: 'alice' })).body.room
    expect(await subscription('alice', own.rid)).toMatchObject({ name: 'alice', fname: 'ALICE' })
    await say('alice', own.rid)
    expect(await subscription('alice', own.rid)).toMatchObject({ alert: false, unread: 0 })
    expect((await create('alice', { usernames: 'bob,nobody' })).body.errorType).toBe('error-invalid-user')
    expect((await create('alice', { username: 'bob', excludeSelf: true })).body.errorType).toBe('error-invalid-user')
    expect((await create('alice', {})).body.errorType).toBe('invalid-params')
    expect((await create('alice', { username: { $ne: '' } })).body.errorType).toBe('invalid-params')
    const others = (await create('alice', { usernames: 'carol,dave', excludeSelf: true })).body.room
    expect(others.rid).toBe(IDS.carol + IDS.dave)
    // Whether they had talked before is not told.
    expect(others).not.toHaveProperty('inserted')
    expect(
      (await api('alice', 'POST', 'chat.sendMessage', { message: { rid: others.rid, msg: 'x' } })).body.success,
    ).toBe(false)
  })
})
