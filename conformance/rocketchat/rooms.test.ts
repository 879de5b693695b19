// Rooms over Rocket.Chat: made, set, ruled, left and ended, over REST and DDP, what members see of it live, and what nobody
// gets who should not. `admin` has that wire's role and is in no room of these tests.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer } from '../server.ts'
import { Ddp, type Frame, rest } from './ddp.ts'

const IDS = { alice: '1001', bob: '1002', carol: '1003', mallory: '1004', admin: '1005' } as const
type Name = keyof typeof IDS

let server: TestServer
const clients: Ddp[] = []
let made = 0

beforeAll(async () => {
  server = await startServer({
    world: {
      users: Object.entries(IDS).map(([username, id]) => ({
        id,
        username,
        name: username.toUpperCase(),
        tokens: [`token-of-${username}`],
        ...(username === 'admin' ? { roles: ['admin'] } : {}),
      })),
      channels: [{ ref: 'c', name: 'Lobby' }],
      rooms: [],
    },
  })
})
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})
afterAll(() => server?.remove())

const as = async (name: Name): Promise<Ddp> => {
  const client = await Ddp.connect(server.url)
  await client.call('login', { resume: `token-of-${name}` })
  clients.push(client)
  return client
}
const headers = (name: Name) => ({ id: IDS[name], token: `token-of-${name}` })
const post = async (name: Name, path: string, body: object = {}): Promise<Frame> => {
  const answer = await rest(server.url, headers(name), 'POST', `v1/${path}`, body)
  return { status: answer.status, ...answer.body }
}
const get = async (name: Name, path: string, query: Record<string, string> = {}): Promise<Frame> => {
  const answer = await rest(server.url, headers(name), 'GET', `v1/${path}?${new URLSearchParams(query)}`)
  return { status: answer.status, ...answer.body }
}
const quiet = () => new Promise(resolve => setTimeout(resolve, 150))

async function channel(more: object = {}, by: Name = 'alice'): Promise<Frame> {
  const answer = await post(by, 'channels.create', { name: `channel-${made++}`, members: ['bob'], ...more })
  expect(answer).toMatchObject({ status: 200, success: true })
  return answer.channel
}
async function group(more: object = {}): Promise<Frame> {
  const answer = await post('alice', 'groups.create', { name: `group-${made++}`, members: ['bob'], ...more })
  expect(answer).toMatchObject({ status: 200, success: true })
  return answer.group
}
const sealed = () => group({ extraData: { encrypted: true } })

describe('making a room', () => {
  test('with everything that clients say of it', async () => {
    const extraData = {
      topic: 'a topic',
      description: 'a description',
      announcement: 'an announcement',
      broadcast: true,
    }
    const room = await channel({ customFields: { color: 'red' }, extraData })
    expect(room).toMatchObject({ t: 'c', ro: true, broadcast: true, usersCount: 2, customFields: { color: 'red' } })
    expect(room).toMatchObject({ topic: 'a topic', description: 'a description', announcement: 'an announcement' })
    expect(await group({ readOnly: true })).toMatchObject({ t: 'p', ro: true, usersCount: 2 })
    expect(await group({ excludeSelf: true })).toMatchObject({ usersCount: 1 })
  })

  test('refuses what is no name, no list of members and no object, in the words that clients know', async () => {
    for (const [path, word] of [
      ['channels.create', 'Param'],
      ['groups.create', 'Body param'],
    ] as const) {
      expect(await post('alice', path, {})).toMatchObject({ status: 400, error: `${word} "name" is required` })
      expect(await post('alice', path, { name: 5 })).toMatchObject({ status: 400, error: `${word} "name" is required` })
      const members = await post('alice', path, { name: 'x', members: 'bob' })
      expect(members).toMatchObject({ status: 400, error: `${word} "members" must be an array if provided` })
      expect(await post('alice', path, { name: 'x', members: [5] })).toMatchObject({ status: 400, success: false })
      expect(await post('alice', path, { name: 'x', customFields: 'y' })).toMatchObject({ status: 400 })
    }
  })

  test('an encrypted channel is nobody’s, rather than a plain one', async () => {
    const answer = await post('alice', 'channels.create', { name: `c-${made++}`, extraData: { encrypted: true } })
    expect(answer).toMatchObject({ status: 400, errorType: 'error-action-not-allowed' })
  })

  test('a name is taken once, and `nameExists` says so', async () => {
    const { name } = await channel()
    expect(await post('bob', 'groups.create', { name })).toMatchObject({ errorType: 'error-duplicate-channel-name' })
    expect(await get('alice', 'rooms.nameExists', { roomName: name })).toMatchObject({ exists: true })
    expect(await get('alice', 'rooms.nameExists', { roomName: 'nothing' })).toMatchObject({ exists: false })
  })
})

describe('settings', () => {
  test('each route sets its own, a member hears of it live, and a system message tells it', async () => {
    const room = await channel()
    const bob = await as('bob')
    await bob.sub('stream-room-messages', room._id)
    await bob.sub('stream-notify-user', `${IDS.bob}/rooms-changed`)
    const told: [string, object, string, string][] = [
      ['setTopic', { topic: 'one' }, 'room_changed_topic', 'one'],
      ['setDescription', { description: 'two' }, 'room_changed_description', 'two'],
      ['setAnnouncement', { announcement: 'three' }, 'room_changed_announcement', 'three'],
      ['setReadOnly', { readOnly: true }, 'room-set-read-only', 'alice'],
      ['setReadOnly', { readOnly: false }, 'room-removed-read-only', 'alice'],
      ['rename', { name: `renamed-${made}` }, 'r', `renamed-${made++}`],
      ['setType', { type: 'p' }, 'room_changed_privacy', 'private'],
    ]
    for (const [verb, body, t, msg] of told) {
      const from = bob.frames.length
      expect(await post('alice', `channels.${verb}`, { roomId: room._id, ...body })).toMatchObject({ status: 200 })
      await bob.event('room-messages', ([shown]) => shown.t === t && shown.msg === msg && shown.rid === room._id, from)
      await bob.event('notify-user', ([change, doc]) => change === 'updated' && doc._id === room._id, from)
    }
    expect(await get('bob', 'groups.info', { roomId: room._id })).toMatchObject({
      group: { t: 'p', topic: 'one', description: 'two', announcement: 'three', ro: false },
    })
  })

  test('many at once through `rooms.saveRoomSettings`: all, or none of them', async () => {
    const room = await channel()
    const settings = { roomTopic: 'x', roomAnnouncement: 'y', roomCustomFields: { a: [1] }, readOnly: true }
    expect(await post('alice', 'rooms.saveRoomSettings', { rid: room._id, ...settings })).toMatchObject({
      rid: room._id,
    })
    const info = await get('alice', 'rooms.info', { roomId: room._id })
    expect(info.room).toMatchObject({ topic: 'x', announcement: 'y', customFields: { a: [1] }, ro: true })
    for (const bad of [{ readOnly: 'yes' }, { default: true }, { retentionEnabled: true }, { nonsense: 1 }])
      expect((await post('alice', 'rooms.saveRoomSettings', { rid: room._id, roomTopic: 'z', ...bad })).status).toBe(
        400,
      )
    const { room: after } = await get('alice', 'rooms.info', { roomId: room._id })
    expect(after).toEqual(info.room)
  })

  test('as a method, one by one or as an object', async () => {
    const room = await channel()
    const alice = await as('alice')
    expect(await alice.call('saveRoomSettings', room._id, 'roomTopic', 'by method')).toEqual({
      result: true,
      rid: room._id,
    })
    await alice.call('saveRoomSettings', room._id, { roomDescription: 'both', systemMessages: ['au'] })
    const info = await get('alice', 'channels.info', { roomName: room.name })
    expect(info.channel).toMatchObject({ topic: 'by method', description: 'both', sysMes: ['au'] })
    expect((await alice.ask('saveRoomSettings', room._id, 'roomTopic', 5)).error.error).toBe(400)
    expect((await alice.ask('saveRoomSettings', room._id, 'other', 5)).error.error).toBe('error-invalid-settings')
    const bob = await as('bob')
    expect((await bob.ask('saveRoomSettings', room._id, 'roomTopic', 'x')).error).toMatchObject({
      error: 'error-action-not-allowed',
      details: { method: 'saveRoomSettings', action: 'Editing_room' },
    })
  })

  test('a change that changes nothing is refused where the real server refuses it', async () => {
    const room = await channel()
    await post('alice', 'channels.setTopic', { roomId: room._id, topic: 'same' })
    const same = { error: 'The channel topic is the same as what it would be changed to.' }
    expect(await post('alice', 'channels.setTopic', { roomId: room._id, topic: 'same' })).toMatchObject(same)
    expect(await post('alice', 'channels.setTopic', { roomId: room._id })).toMatchObject({
      status: 400,
      error: 'The bodyParam "topic" is required',
    })
    expect(await post('alice', 'channels.setType', { roomId: room._id, type: 'c' })).toMatchObject({ status: 400 })
  })

  test('types of system messages that a room hides are shown to nobody', async () => {
    const room = await channel()
    const bob = await as('bob')
    await bob.sub('stream-room-messages', room._id)
    await post('alice', 'rooms.saveRoomSettings', { rid: room._id, systemMessages: ['au'] })
    await post('alice', 'channels.invite', { roomId: room._id, userId: IDS.carol })
    await post('alice', 'channels.setTopic', { roomId: room._id, topic: 'seen' })
    await bob.event('room-messages', ([shown]) => shown.t === 'room_changed_topic')
    expect(bob.events('room-messages').filter(([shown]) => shown.t === 'au')).toEqual([])
  })
})

test('every line that a change is to clients counts as a message of the room', async () => {
  const room = await channel()
  await post('alice', 'rooms.saveRoomSettings', { rid: room._id, roomTopic: 'a', roomDescription: 'b', readOnly: true })
  await post('alice', 'rooms.saveRoomSettings', {
    rid: room._id,
    roomName: `counted-${made++}`,
    roomType: 'p',
  })
  await post('alice', 'groups.invite', { roomId: room._id, usernames: ['carol', 'mallory'] })
  await post('alice', 'groups.addModerator', { roomId: room._id, userId: IDS.bob })
  await post('alice', 'groups.addLeader', { roomId: room._id, userId: IDS.bob })
  await post('alice', 'rooms.muteUser', { roomId: room._id, userId: IDS.carol })
  await post('alice', 'rooms.unmuteUser', { roomId: room._id, userId: IDS.carol })
  await post('alice', 'rooms.banUser', { roomId: room._id, userId: IDS.mallory })
  await post('alice', 'groups.kick', { roomId: room._id, userId: IDS.carol })
  await post('alice', 'chat.sendMessage', { message: { rid: room._id, msg: 'hello' } })
  const history = await get('bob', 'groups.history', { roomId: room._id, count: '100' })
  expect(history).toMatchObject({ status: 200 })
  const { messages } = history
  const { group } = await get('bob', 'groups.info', { roomId: room._id })
  expect(messages.length).toBeGreaterThan(12)
  expect(group).toMatchObject({ msgs: messages.length, lastMessage: { msg: 'hello' } })
})

describe('a read-only room', () => {
  test('takes no message of a member, until somebody gives them a voice', async () => {
    const room = await channel({ readOnly: true })
    const send = (name: Name) => post(name, 'chat.sendMessage', { message: { rid: room._id, msg: 'hello' } })
    expect(await send('alice')).toMatchObject({ status: 200 })
    expect(await send('bob')).toMatchObject({ status: 400, success: false })
    const bob = await as('bob')
    await bob.sub('stream-room-messages', room._id)
    expect(await post('alice', 'rooms.unmuteUser', { roomId: room._id, username: 'bob' })).toMatchObject({
      status: 200,
    })
    await bob.event('room-messages', ([shown]) => shown.t === 'user-unmuted' && shown.msg === 'bob')
    expect(await send('bob')).toMatchObject({ status: 200 })
    expect((await get('bob', 'channels.info', { roomId: room._id })).channel.unmuted).toEqual(['bob'])
    await post('alice', 'rooms.muteUser', { roomId: room._id, userId: IDS.bob })
    expect(await send('bob')).toMatchObject({ status: 400 })
    expect((await get('bob', 'channels.info', { roomId: room._id })).channel).toMatchObject({ muted: ['bob'] })
  })
})

describe('an archived room', () => {
  test('takes no messages and no changes, and comes back', async () => {
    const room = await channel()
    expect(await post('alice', 'channels.archive', { roomId: room._id })).toMatchObject({ status: 200 })
    const archived = { status: 400, errorType: 'error-room-archived' }
    expect(await post('alice', 'channels.archive', { roomId: room._id })).toMatchObject(archived)
    expect(await post('alice', 'channels.setTopic', { roomId: room._id, topic: 'x' })).toMatchObject(archived)
    expect(await post('carol', 'channels.join', { roomId: room._id })).toMatchObject(archived)
    const sent = await post('alice', 'chat.sendMessage', { message: { rid: room._id, msg: 'x' } })
    expect(sent).toMatchObject({ status: 400, success: false })
    expect(await get('bob', 'channels.info', { roomId: room._id })).toMatchObject({ channel: { archived: true } })
    // The real server leaves that to administrators alone.
    expect(await post('alice', 'channels.unarchive', { roomId: room._id })).toMatchObject({
      errorType: 'error-not-authorized',
    })
    expect(await post('admin', 'channels.unarchive', { roomId: room._id })).toMatchObject({ status: 200 })
    expect(await post('alice', 'chat.sendMessage', { message: { rid: room._id, msg: 'x' } })).toMatchObject({
      status: 200,
    })
  })
})

describe('a channel with a code', () => {
  test('is joined with it alone, read by nobody before, and shows it nowhere', async () => {
    const room = await channel()
    const code = `planted-${crypto.randomUUID()}`
    const set = await post('alice', 'channels.setJoinCode', { roomId: room._id, joinCode: code })
    expect(set.channel).toMatchObject({ joinCodeRequired: true })
    await post('alice', 'chat.sendMessage', { message: { rid: room._id, msg: 'for members' } })
    const carol = await as('carol')
    expect((await carol.sub('stream-room-messages', room._id)).msg).toBe('nosub')
    expect(await carol.call('loadHistory', room._id, null, 20)).toBe(false)
    const join = (joinCode?: unknown) => post('carol', 'channels.join', { roomId: room._id, joinCode })
    expect(await join()).toMatchObject({ status: 400, errorType: 'error-code-required' })
    expect(await join('wrong')).toMatchObject({ status: 400, errorType: 'error-code-invalid' })
    expect(await join({ $gt: '' })).toMatchObject({ status: 400, errorType: 'invalid-params' })
    expect((await carol.ask('joinRoom', room._id, 'wrong')).error.error).toBe('error-code-invalid')
    const joined = await join(code)
    expect(joined).toMatchObject({ status: 200, channel: { usersCount: 3 } })
    for (const shown of [set, joined, await get('alice', 'channels.info', { roomId: room._id })]) {
      expect(JSON.stringify(shown)).not.toContain(code)
      expect(JSON.stringify(shown)).not.toMatch(/digest|salt/)
    }
  })

  test('is not guessed', async () => {
    const room = await channel()
    await post('alice', 'channels.setJoinCode', { roomId: room._id, joinCode: 'right' })
    for (let tries = 0; tries < 20; tries++)
      await post('mallory', 'channels.join', { roomId: room._id, joinCode: String(tries) })
    const late = await post('mallory', 'channels.join', { roomId: room._id, joinCode: 'right' })
    expect(late).toMatchObject({ status: 429, success: false })
    expect(await post('carol', 'channels.join', { roomId: room._id, joinCode: 'right' })).toMatchObject({ status: 200 })
  })
})

describe('who is in a room', () => {
  test('comes by invitation, goes by a kick, and both sides hear of it live', async () => {
    const room = await group()
    const [bob, carol] = [await as('bob'), await as('carol')]
    await bob.sub('stream-room-messages', room._id)
    await carol.sub('stream-notify-user', `${IDS.carol}/subscriptions-changed`)
    await carol.sub('stream-notify-user', `${IDS.carol}/rooms-changed`)
    expect(await post('alice', 'groups.invite', { roomId: room._id, usernames: ['carol'] })).toMatchObject({
      group: { usersCount: 3 },
    })
    await bob.event('room-messages', ([shown]) => shown.t === 'au' && shown.msg === 'carol')
    await carol.event('notify-user', ([change, doc]) => change === 'inserted' && doc.rid === room._id)
    await carol.event('notify-user', ([change, doc]) => change === 'inserted' && doc._id === room._id)
    await carol.sub('stream-room-messages', room._id)
    const from = carol.frames.length
    expect(await post('alice', 'groups.kick', { roomId: room._id, userId: IDS.carol })).toMatchObject({ status: 200 })
    await carol.event('notify-user', ([change, doc]) => change === 'removed' && doc.rid === room._id, from)
    await bob.event('room-messages', ([shown]) => shown.t === 'ru' && shown.msg === 'carol')
    await post('alice', 'chat.sendMessage', { message: { rid: room._id, msg: 'not for carol' } })
    await bob.event('room-messages', ([shown]) => shown.msg === 'not for carol')
    await quiet()
    expect(JSON.stringify(carol.frames.slice(from))).not.toContain('not for carol')
    expect(await post('alice', 'groups.kick', { roomId: room._id, userId: IDS.carol })).toMatchObject({
      errorType: 'error-user-not-in-room',
    })
    await post('alice', 'groups.invite', { roomId: room._id, userIds: [IDS.carol] })
    const again = carol.frames.length
    await carol.event(
      'notify-user',
      ([change, doc]) => change === 'inserted' && doc.rid === room._id,
      Math.min(from, again),
    )
  })

  test('the last owner stays, is not kicked, and stays an owner', async () => {
    const room = await channel()
    const last = { status: 400, errorType: 'error-you-are-last-owner' }
    expect(await post('alice', 'channels.leave', { roomId: room._id })).toMatchObject(last)
    expect(await post('alice', 'rooms.leave', { roomId: room._id })).toMatchObject(last)
    expect(await post('admin', 'channels.kick', { roomId: room._id, userId: IDS.alice })).toMatchObject(last)
    expect(await post('alice', 'channels.removeOwner', { roomId: room._id, userId: IDS.alice })).toMatchObject({
      errorType: 'error-remove-last-owner',
    })
    await post('alice', 'channels.addOwner', { roomId: room._id, userId: IDS.bob })
    expect(await post('alice', 'channels.leave', { roomId: room._id })).toMatchObject({ status: 200 })
    await post('alice', 'channels.join', { roomId: room._id })
    const { roles } = await get('bob', 'channels.roles', { roomId: room._id })
    expect(roles.map(({ u, roles }: Frame) => [u._id, roles])).toEqual([[IDS.bob, ['owner']]])
  })

  test('roles are given and taken by owners, told to members, and refused in the words of the real server', async () => {
    const room = await group()
    const [bob, mallory] = [await as('bob'), await as('mallory')]
    for (const client of [bob, mallory]) await client.sub('stream-notify-logged', 'roles-change')
    await bob.sub('stream-notify-user', `${IDS.bob}/subscriptions-changed`)
    const change = (by: Name, verb: string, user: Name) =>
      post(by, `groups.${verb}`, { roomId: room._id, userId: IDS[user] })
    for (const role of ['Moderator', 'Leader', 'Owner']) {
      const word = role.toLowerCase()
      const from = bob.frames.length
      expect(await change('alice', `add${role}`, 'bob')).toMatchObject({ status: 200 })
      const [told] = await bob.event('notify-logged', () => true, from)
      expect(told).toMatchObject({ type: 'added', _id: word, u: { _id: IDS.bob }, scope: room._id })
      await bob.event('notify-user', ([, doc]) => doc.roles?.includes(word), from)
      expect(await change('alice', `add${role}`, 'bob')).toMatchObject({ errorType: `error-user-already-${word}` })
      expect(await change('alice', `add${role}`, 'carol')).toMatchObject({ errorType: 'error-user-not-in-room' })
      expect(await change('alice', `remove${role}`, 'bob')).toMatchObject({ status: 200 })
      expect(await change('alice', `remove${role}`, 'bob')).toMatchObject({ errorType: `error-user-not-${word}` })
      expect(await change('bob', `add${role}`, 'bob')).toMatchObject({ errorType: 'error-not-allowed' })
    }
    await quiet()
    expect(mallory.events('notify-logged')).toEqual([])
  })

  test('lists of members: owners first, by name, by who is there, in pages', async () => {
    const room = await channel({ members: ['bob', 'carol', 'mallory'] })
    await post('alice', 'channels.addModerator', { roomId: room._id, userId: IDS.mallory })
    const ordered = await get('bob', 'rooms.membersOrderedByRole', { roomId: room._id })
    expect(ordered.members.slice(0, 2).map(({ username }: Frame) => username)).toEqual(['alice', 'mallory'])
    expect(ordered).toMatchObject({ total: 4, count: 4, offset: 0, members: [{ roles: ['owner'] }, {}, {}, {}] })
    const page = await get('bob', 'channels.members', { roomId: room._id, count: '1', offset: '1', filter: 'A' })
    expect(page).toMatchObject({ count: 1, offset: 1, total: 3 })
    const there = await as('carol')
    const online = await get('bob', 'channels.members', { roomId: room._id, 'status[]': 'online' })
    expect(online.members.map(({ username }: Frame) => username)).toEqual(['carol'])
    const users = await there.call('getUsersOfRoom', room._id, true, { limit: 2, skip: 0 }, '')
    expect(users).toMatchObject({ total: 4, records: [{ username: 'carol', status: 'online' }, {}] })
    expect(await there.call('getRoomRoles', room._id)).toHaveLength(2)
  })

  test('a ban keeps out, is seen by who may ban, and ends', async () => {
    const room = await channel()
    expect(await post('bob', 'rooms.banUser', { roomId: room._id, userId: IDS.carol })).toMatchObject({
      errorType: 'error-not-allowed',
    })
    expect(await post('alice', 'rooms.banUser', { roomId: room._id, username: 'bob' })).toMatchObject({ status: 200 })
    expect(await post('bob', 'channels.join', { roomId: room._id })).toMatchObject({ status: 400 })
    expect(await post('alice', 'channels.invite', { roomId: room._id, username: 'bob' })).toMatchObject({ status: 400 })
    expect(await get('alice', 'rooms.bannedUsers', { roomId: room._id })).toMatchObject({
      bannedUsers: [{ _id: IDS.bob, username: 'bob' }],
      total: 1,
    })
    expect((await get('carol', 'rooms.bannedUsers', { roomId: room._id })).status).toBe(403)
    expect(await post('alice', 'rooms.unbanUser', { roomId: room._id, userId: IDS.bob })).toMatchObject({ status: 200 })
    expect(await post('alice', 'rooms.unbanUser', { roomId: room._id, userId: IDS.bob })).toMatchObject({ status: 400 })
    expect(await post('bob', 'channels.join', { roomId: room._id })).toMatchObject({ status: 200 })
  })
})

describe('a stranger', () => {
  const ROUTES: readonly (readonly [string, object])[] = [
    ['groups.invite', { userId: IDS.mallory }],
    ['groups.kick', { userId: IDS.bob }],
    ['groups.leave', {}],
    ['groups.addOwner', { userId: IDS.mallory }],
    ['groups.removeOwner', { userId: IDS.alice }],
    ['groups.addModerator', { userId: IDS.mallory }],
    ['groups.setTopic', { topic: 'x' }],
    ['groups.setType', { type: 'c' }],
    ['groups.rename', { name: 'mine' }],
    ['groups.setEncrypted', { encrypted: false }],
    ['groups.archive', {}],
    ['groups.delete', {}],
    ['rooms.delete', {}],
    ['rooms.leave', {}],
    ['rooms.muteUser', { userId: IDS.bob }],
    ['rooms.banUser', { userId: IDS.bob }],
  ]
  const LISTS = [
    'groups.info',
    'groups.members',
    'groups.roles',
    'groups.moderators',
    'rooms.info',
    'rooms.membersOrderedByRole',
  ]

  test('does nothing to a room that is not theirs, and hears the same of it as of one that is not there', async () => {
    const room = await sealed()
    const nowhere = crypto.randomUUID()
    for (const [path, body] of ROUTES) {
      const [foreign, unknown] = [
        await post('mallory', path, { ...body, roomId: room._id }),
        await post('mallory', path, { ...body, roomId: nowhere }),
      ]
      expect(foreign.status, path).toBeGreaterThanOrEqual(400)
      expect(foreign, path).toEqual(unknown)
    }
    for (const path of LISTS) {
      const foreign = await get('mallory', path, { roomId: room._id })
      expect(foreign.status, path).toBeGreaterThanOrEqual(400)
      expect(foreign, path).toEqual(await get('mallory', path, { roomId: nowhere }))
    }
    const mallory = await as('mallory')
    for (const [method, ...params] of [
      ['getUsersOfRoom', room._id, true],
      ['getRoomRoles', room._id],
      ['archiveRoom', room._id],
      ['eraseRoom', room._id],
      ['joinRoom', room._id],
      ['leaveRoom', room._id],
      ['saveRoomSettings', room._id, 'roomTopic', 'x'],
      ['addRoomOwner', room._id, IDS.mallory],
      ['muteUserInRoom', { rid: room._id, username: 'bob' }],
      ['removeUserFromRoom', { rid: room._id, username: 'bob' }],
    ] as const) {
      const foreign = (await mallory.ask(method, ...params)).error
      const [first] = params
      const other = typeof first === 'string' ? [nowhere, ...params.slice(1)] : [{ ...first, rid: nowhere }]
      expect(foreign, method).toBeDefined()
      expect(foreign, method).toEqual((await mallory.ask(method, ...other)).error)
    }
    expect(await get('alice', 'groups.info', { roomId: room._id })).toMatchObject({ group: { usersCount: 2 } })
    expect(await get('mallory', 'groups.list')).toMatchObject({ groups: [] })
  })

  test('an administrator rules an encrypted group from outside, reads nothing of it, and does not get in (L10)', async () => {
    const room = await sealed()
    expect(await post('admin', 'rooms.saveRoomSettings', { rid: room._id, roomTopic: 'by admin' })).toMatchObject({
      status: 200,
    })
    const listed = await get('admin', 'rooms.adminRooms', { filter: room.name })
    expect(listed).toMatchObject({ total: 1, rooms: [{ _id: room._id, topic: 'by admin', encrypted: true }] })
    const shut = [
      await post('admin', 'groups.invite', { roomId: room._id, userId: IDS.admin }),
      await post('admin', 'groups.addOwner', { roomId: room._id, userId: IDS.admin }),
      await post('admin', 'groups.setType', { roomId: room._id, type: 'c' }),
      await post('admin', 'groups.setEncrypted', { roomId: room._id, encrypted: false }),
      await get('admin', 'groups.info', { roomId: room._id }),
      await get('admin', 'groups.members', { roomId: room._id }),
      await get('admin', 'rooms.info', { roomId: room._id }),
    ]
    for (const answer of shut) expect(answer.status).toBe(400)
    const admin = await as('admin')
    expect((await admin.sub('stream-room-messages', room._id)).msg).toBe('nosub')
    expect((await admin.ask('addUsersToRoom', { rid: room._id, users: ['admin'] })).error.error).toBe(
      'error-not-allowed',
    )
    expect(await get('alice', 'groups.info', { roomId: room._id })).toMatchObject({
      group: { usersCount: 2, encrypted: true, t: 'p' },
    })
    for (const path of ['rooms.adminRooms', 'rooms.adminRooms.getRoom', 'rooms.autocomplete.adminRooms'])
      expect(await get('alice', path, { rid: room._id, selector: '{}' })).toMatchObject({
        error: 'error-not-authorized',
      })
    expect((await get('alice', 'groups.listAll')).status).toBe(403)
  })

  test('nobody opens a plain group to everybody from outside, an administrator neither (L10)', async () => {
    const room = await group()
    expect(await post('admin', 'groups.setType', { roomId: room._id, type: 'c' })).toMatchObject({ status: 400 })
    expect(await get('alice', 'groups.info', { roomId: room._id })).toMatchObject({ group: { t: 'p' } })
  })

  test('a channel that becomes a group ends the streams of those who only looked in', async () => {
    const room = await channel()
    const [bob, mallory] = [await as('bob'), await as('mallory')]
    for (const client of [bob, mallory]) await client.sub('stream-room-messages', room._id)
    await post('alice', 'channels.setType', { roomId: room._id, type: 'p' })
    await bob.event('room-messages', ([shown]) => shown.t === 'room_changed_privacy')
    const from = mallory.frames.length
    await post('alice', 'chat.sendMessage', { message: { rid: room._id, msg: 'among us' } })
    await bob.event('room-messages', ([shown]) => shown.msg === 'among us')
    await quiet()
    expect(JSON.stringify(mallory.frames.slice(from))).not.toContain('among us')
    expect((await mallory.sub('stream-room-messages', room._id)).msg).toBe('nosub')
  })
})

describe('races', () => {
  test('of many who take one name one wins', async () => {
    const name = `raced-${made++}`
    const all = await Promise.all(
      (['alice', 'bob', 'carol', 'mallory'] as const).map(by => post(by, 'channels.create', { name })),
    )
    expect(all.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(all.filter(({ errorType }) => errorType === 'error-duplicate-channel-name')).toHaveLength(3)
  })

  test('two owners who leave at the same moment leave one of them there', async () => {
    for (let round = 0; round < 5; round++) {
      const room = await channel()
      await post('alice', 'channels.addOwner', { roomId: room._id, userId: IDS.bob })
      const all = await Promise.all(
        (['alice', 'bob'] as const).map(by => post(by, 'channels.leave', { roomId: room._id })),
      )
      expect(all.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 400])
      expect(all.find(({ status }) => status === 400)).toMatchObject({ errorType: 'error-you-are-last-owner' })
    }
  })
})

describe('the end of a room', () => {
  test('takes it from everybody’s lists at once, and its name is free again', async () => {
    const room = await group()
    const bob = await as('bob')
    await bob.sub('stream-notify-user', `${IDS.bob}/subscriptions-changed`)
    expect(await post('bob', 'groups.delete', { roomId: room._id })).toMatchObject({ errorType: 'error-not-allowed' })
    expect(await post('alice', 'groups.delete', { roomId: room._id })).toMatchObject({ status: 200 })
    await bob.event('notify-user', ([change, doc]) => change === 'removed' && doc.rid === room._id)
    expect(await get('bob', 'groups.info', { roomId: room._id })).toMatchObject({ errorType: 'error-room-not-found' })
    expect(await post('bob', 'groups.create', { name: room.name })).toMatchObject({ status: 200 })
  })
})

describe('lists of rooms', () => {
  test('channels to everybody, groups to their members, in pages and sorted', async () => {
    const [open, hidden] = [await channel(), await group()]
    const { channels } = await get('mallory', 'channels.list', { count: '0' })
    expect(channels.map(({ _id }: Frame) => _id)).toContain(open._id)
    expect(channels.map(({ _id }: Frame) => _id)).not.toContain(hidden._id)
    const members = await get('bob', 'channels.list', { count: '0' })
    expect(members.channels.map(({ _id }: Frame) => _id)).not.toContain(hidden._id)
    const joined = await get('bob', 'channels.list.joined', { count: '0' })
    expect(joined.channels.map(({ _id }: Frame) => _id)).toContain(open._id)
    const page = await get('bob', 'groups.list', { count: '1', offset: '0', sort: '{"name":-1}' })
    expect(page).toMatchObject({ count: 1, offset: 0, groups: [{ t: 'p' }] })
    const completed = await get('bob', 'rooms.autocomplete.channelAndPrivate', {
      selector: JSON.stringify({ name: hidden.name }),
    })
    expect(completed.items).toMatchObject([{ _id: hidden._id, t: 'p', fname: hidden.fname }])
    const foreign = await get('mallory', 'rooms.autocomplete.channelAndPrivate', {
      selector: JSON.stringify({ name: hidden.name }),
    })
    expect(foreign.items).toEqual([])
  })
})

describe('cleaning a room', () => {
  const span = { oldest: '0001-01-01T00:00:00.000Z', latest: '9999-12-31T23:59:59.000Z' }

  test('takes what is meant and leaves the rest, live, for those who may and may read it', async () => {
    const room = await channel({ members: ['bob', 'admin'] })
    const say = async (name: Name, msg: string) =>
      (await post(name, 'chat.sendMessage', { message: { rid: room._id, msg } })).message._id as string
    const [first, pinned, third] = [await say('alice', 'one'), await say('bob', 'two'), await say('bob', 'three')]
    expect(await post('alice', 'chat.pinMessage', { messageId: pinned })).toMatchObject({ status: 200 })
    const clean = (name: Name, body: object) => post(name, 'rooms.cleanHistory', { roomId: room._id, ...span, ...body })
    expect(await clean('alice', {})).toMatchObject({ status: 400, errorType: 'error-not-allowed' })
    expect(await clean('admin', { latest: undefined })).toMatchObject({ error: 'Body parameter "latest" is required.' })
    expect(await clean('admin', { latest: 'yesterday' })).toMatchObject({ status: 400, errorType: 'invalid-params' })
    expect(await clean('admin', { latest: '2001-01-01T00:00:00.000Z' })).toMatchObject({ status: 200, count: 0 })
    const alice = await as('alice')
    await alice.sub('stream-notify-room', `${room._id}/deleteMessage`)
    expect(await clean('admin', { users: ['bob'], excludePinned: true })).toMatchObject({ status: 200, count: 1 })
    expect(await alice.event('notify-room')).toMatchObject([{ _id: third }])
    expect(await clean('admin', { users: ['nobody'] })).toMatchObject({ count: 0 })
    expect(await clean('admin', { limit: 1 })).toMatchObject({ count: 1 })
    const admin = await as('admin')
    const gone = await admin.call('cleanRoomHistory', {
      roomId: room._id,
      oldest: { $date: 0 },
      latest: { $date: Date.now() + 60_000 },
    })
    expect(gone).toBe(1)
    const shown = JSON.stringify(await get('alice', 'channels.history', { roomId: room._id }))
    for (const id of [first, pinned, third]) expect(shown).not.toContain(id)
  })

  test('an administrator cleans no group in which they are not (L10)', async () => {
    for (const room of [await group(), await sealed()])
      expect(await post('admin', 'rooms.cleanHistory', { roomId: room._id, ...span })).toMatchObject({ status: 400 })
  })
})

describe('searching', () => {
  test('finds open rooms and people by a part of their names, and nothing hidden', async () => {
    const [open, hidden] = [await channel({}, 'carol'), await group()]
    const found = await get('mallory', 'spotlight', { query: `#${open.name}` })
    expect(found).toMatchObject({ rooms: [{ _id: open._id, t: 'c', name: open.name }], users: [] })
    expect((await get('mallory', 'spotlight', { query: hidden.name })).rooms).toEqual([])
    const people = await get('mallory', 'spotlight', { query: '@ALI' })
    expect(people).toMatchObject({ users: [{ _id: IDS.alice, username: 'alice', name: 'ALICE' }], rooms: [] })
    const mallory = await as('mallory')
    expect(await mallory.call('spotlight', 'ali', ['alice'], { users: true, rooms: false })).toEqual({
      users: [],
      rooms: [],
    })
    expect((await mallory.ask('spotlight', { $ne: 1 })).error.error).toBe(400)
  })

  test('the directory shows channels and people in pages, addresses to nobody, and no group of others', async () => {
    const [open, hidden] = [await channel(), await group()]
    const browse = (name: Name, query: object, more: Record<string, string> = {}) =>
      get(name, 'directory', { query: JSON.stringify(query), ...more })
    expect(await browse('mallory', { type: 'channels', text: open.name })).toMatchObject({
      result: [{ _id: open._id, t: 'c', usersCount: 2 }],
      total: 1,
    })
    expect(await browse('mallory', { type: 'channels', text: hidden.name })).toMatchObject({ result: [], total: 0 })
    expect(await browse('bob', { type: 'channels', text: hidden.name })).toMatchObject({ total: 1 })
    const users = await browse('mallory', { type: 'users' }, { sort: '{"username":1}', count: '2' })
    expect(users).toMatchObject({ count: 2, result: [{ username: 'admin' }, { username: 'alice' }] })
    expect(JSON.stringify(users)).not.toContain('emails')
    expect(await browse('mallory', { type: 'planets' })).toMatchObject({ status: 400, success: false })
    expect(await browse('mallory', {}, { sort: '{"a":1,"b":1}' })).toMatchObject({ status: 400 })
    const mallory = await as('mallory')
    expect(await mallory.call('browseChannels', { type: 'channels', text: open.name })).toMatchObject({ total: 1 })
    expect((await mallory.call('channelsList', hidden.name, 'private', 10, 'name')).channels).toEqual([])
    expect(await mallory.call('getTotalChannels')).toBeGreaterThan(0)
  })
})

test('everybody comes in by one call, for an administrator of a server that is not too large', async () => {
  const room = await channel()
  expect(await post('alice', 'channels.addAll', { roomId: room._id })).toMatchObject({ status: 400 })
  expect(await post('admin', 'channels.addAll', { roomId: room._id })).toMatchObject({ status: 200 })
  expect((await get('alice', 'channels.info', { roomId: room._id })).channel.usersCount).toBeGreaterThanOrEqual(5)
})

test('a mute and a read-only room refuse over REST in the words of the real server', async () => {
  const room = await channel()
  const send = () => post('bob', 'chat.sendMessage', { message: { rid: room._id, msg: 'hello' } })
  await post('alice', 'rooms.muteUser', { roomId: room._id, username: 'bob' })
  expect(await send()).toMatchObject({ status: 400, error: 'You_have_been_muted' })
  await post('alice', 'rooms.unmuteUser', { roomId: room._id, username: 'bob' })
  await post('alice', 'channels.setReadOnly', { roomId: room._id, readOnly: true })
  expect(await send()).toMatchObject({ status: 400, error: "You can't send messages because the room is readonly." })
})
