// What routes about one room answer to members, to others, and of rooms that are not there: `rooms.info`, `join`, `hide`,
// `saveDraft`, `isMember`, bans, lists by rank. Nobody can tell a room of others from none by them.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestServer } from '../server.ts'
import { Ddp, rest } from './ddp.ts'
import { IDS, type Name, start, tokenOf } from './start.ts'

let server: TestServer
const clients: Ddp[] = []
let made = 0

beforeAll(async () => {
  server = await start()
})
afterAll(async () => {
  for (const client of clients) client.close()
  await server.remove()
})

const as = async (name: Name): Promise<Ddp> => {
  const client = await Ddp.as(server.url, name)
  clients.push(client)
  return client
}
const post = (name: Name, path: string, body: object) =>
  rest(server.url, { id: IDS[name], token: tokenOf(name) }, 'POST', `v1/${path}`, body)
const get = (name: Name, path: string, query: Record<string, string>) =>
  rest(server.url, { id: IDS[name], token: tokenOf(name) }, 'GET', `v1/${path}?${new URLSearchParams(query)}`)
const channel = async (more: object = {}) =>
  (await post('alice', 'channels.create', { name: `open-${made++}`, members: ['bob'], ...more })).body.channel
const group = async (more: object = {}) =>
  (await post('alice', 'groups.create', { name: `shut-${made++}`, members: ['bob'], ...more })).body.group

/** An id as this server makes them, of a room that is gone. */
async function goneId(): Promise<string> {
  const { _id } = await group()
  expect((await post('alice', 'groups.delete', { roomId: _id })).status).toBe(200)
  return _id
}

test('a room of others and none at all are answered alike', async () => {
  const theirs = (await group())._id
  const gone = await goneId()
  const asked: ((rid: string) => ReturnType<typeof get>)[] = [
    rid => get('mallory', 'rooms.info', { roomId: rid }),
    rid => get('mallory', 'rooms.isMember', { roomId: rid, userId: IDS.alice }),
    rid => get('mallory', 'rooms.membersOrderedByRole', { roomId: rid }),
    rid => post('mallory', 'rooms.join', { roomId: rid }),
    rid => post('mallory', 'rooms.hide', { roomId: rid }),
    rid => post('mallory', 'rooms.open', { roomId: rid }),
    rid => post('mallory', 'rooms.saveDraft', { rid, draft: 'a word' }),
    rid =>
      post('mallory', 'rooms.cleanHistory', {
        roomId: rid,
        oldest: '2020-01-01T00:00:00Z',
        latest: '2030-01-01T00:00:00Z',
      }),
  ]
  for (const ask of asked) {
    const [one, other] = [await ask(theirs), await ask(gone)]
    expect(one.status).toBeGreaterThanOrEqual(400)
    expect([one.status, one.body]).toEqual([other.status, other.body])
  }
  expect((await get('mallory', 'rooms.info', { roomId: theirs })).body.error).toBe('not-allowed')
  expect((await get('mallory', 'rooms.isMember', { roomId: theirs, userId: IDS.bob })).status).toBe(403)
  expect((await post('mallory', 'rooms.hide', { roomId: theirs })).status).toBe(401)
  expect((await post('mallory', 'rooms.join', { roomId: theirs })).body.errorType).toBe('error-not-allowed')
  expect((await post('mallory', 'rooms.join', { roomId: 'no id' })).body.errorType).toBe('error-room-not-found')
  expect((await get('bob', 'rooms.isMember', { roomId: theirs, userId: IDS.mallory })).body.isMember).toBe(false)
})

test('an open room is joined by id or name, with its code where it has one', async () => {
  const open = await channel()
  expect((await post('carol', 'rooms.join', { roomId: open._id })).body.room).toMatchObject({
    _id: open._id,
    usersCount: 3,
  })
  expect((await post('carol', 'rooms.join', { roomName: open.name })).body.room._id).toBe(open._id)
  await post('alice', 'channels.setJoinCode', { roomId: open._id, joinCode: '123' })
  const tried = [{}, { joinCode: 'other' }, { joinCode: '123' }].map(more => ({ roomId: open._id, ...more }))
  const answers = []
  for (const one of tried) answers.push((await post('dave', 'rooms.join', one)).body)
  expect(answers).toMatchObject([
    { errorType: 'error-code-required' },
    { errorType: 'error-code-invalid' },
    { room: { _id: open._id } },
  ])
})

test('what a room hangs on is told to those who may know of it', async () => {
  const { _id: rid } = await channel()
  const { roomId: main, _id: teamId } = (await post('alice', 'teams.create', { name: `team-${made++}`, type: 1 })).body
    .team
  expect((await post('alice', 'teams.addRooms', { teamId, rooms: [rid] })).status).toBe(200)
  expect((await get('alice', 'rooms.info', { roomId: rid })).body).toMatchObject({
    parent: { _id: main },
    team: { _id: teamId, roomId: main, type: 1 },
  })
  expect((await get('alice', 'rooms.info', { roomId: main })).body).toHaveProperty('team')
  expect((await get('alice', 'rooms.info', { roomId: main })).body).not.toHaveProperty('parent')
  const outside = (await get('bob', 'rooms.info', { roomId: rid })).body
  expect(outside.room._id).toBe(rid)
  expect(outside).not.toHaveProperty('team')
  expect(outside).not.toHaveProperty('parent')
  const { discussion } = (await post('alice', 'rooms.createDiscussion', { prid: rid, t_name: 'about it' })).body
  const about = (await get('alice', 'rooms.info', { roomId: discussion._id })).body
  expect(about.parent._id).toBe(rid)
  expect(about).not.toHaveProperty('team')
  // A main room ends with its team alone.
  expect((await post('alice', 'rooms.delete', { roomId: main })).status).toBe(400)
  expect((await get('alice', 'rooms.info', { roomId: main })).status).toBe(200)
})

test('an archived channel is still shown, and a fresh one says nothing that was not set', async () => {
  const { _id: rid } = await channel()
  expect((await get('alice', 'rooms.info', { roomId: rid })).body.room).not.toHaveProperty('customFields')
  await post('alice', 'channels.setCustomFields', { roomId: rid, customFields: { a: '1' } })
  expect((await get('alice', 'rooms.info', { roomId: rid })).body.room.customFields).toEqual({ a: '1' })
  await post('alice', 'channels.archive', { roomId: rid })
  expect((await get('mallory', 'rooms.info', { roomId: rid })).body.room).toMatchObject({ _id: rid, archived: true })
})

test('a room is hidden once', async () => {
  const { _id: roomId } = await group()
  expect((await post('bob', 'rooms.hide', { roomId })).status).toBe(200)
  expect((await post('bob', 'rooms.hide', { roomId })).body).toEqual({
    success: false,
    error: 'error-room-already-hidden',
  })
  expect((await post('bob', 'rooms.open', { roomId })).status).toBe(200)
  expect((await post('bob', 'rooms.hide', { roomId })).status).toBe(200)
})

test('a draft is its writer’s alone, and of an encrypted room none reaches the server (L3)', async () => {
  const { _id: rid } = await group()
  const draftOf = async (name: Name) =>
    (await get(name, 'subscriptions.getOne', { roomId: rid })).body.subscription.draft
  const [bob, alice] = [await as('bob'), await as('alice')]
  await bob.sub('stream-notify-user', `${IDS.bob}/subscriptions-changed`)
  await alice.sub('stream-notify-user', `${IDS.alice}/subscriptions-changed`)
  expect((await post('bob', 'rooms.saveDraft', { rid, draft: 'half a thought' })).status).toBe(200)
  expect([await draftOf('bob'), await draftOf('alice')]).toEqual(['half a thought', undefined])
  expect(
    (await get('bob', 'subscriptions.get', {})).body.update.find((one: { rid: string }) => one.rid === rid).draft,
  ).toBe('half a thought')
  expect(JSON.stringify(alice.frames)).not.toContain('half a thought')
  const long = await post('bob', 'rooms.saveDraft', { rid, draft: 'x'.repeat(5_001) })
  expect(long).toMatchObject({ status: 400, body: { error: 'error-message-size-exceeded' } })
  for (const draft of [undefined, null, 5, {}, ['x']])
    expect((await post('bob', 'rooms.saveDraft', { rid, draft })).status).toBe(400)
  expect(await draftOf('bob')).toBe('half a thought')
  expect((await post('bob', 'rooms.saveDraft', { rid, draft: '' })).status).toBe(200)
  expect(await draftOf('bob')).toBe(undefined)

  const sealed = (await group({ extraData: { encrypted: true } }))._id
  const refused = await post('bob', 'rooms.saveDraft', { rid: sealed, draft: 'half a thought' })
  expect(refused).toMatchObject({ status: 400, body: { errorType: 'error-not-allowed' } })
  expect((await get('bob', 'subscriptions.getOne', { roomId: sealed })).body.subscription).not.toHaveProperty('draft')
})

test('who is banned is not invited, not banned twice, and neither is anybody with them', async () => {
  const { _id: roomId } = await channel()
  const ban = () => post('alice', 'rooms.banUser', { roomId, userId: IDS.bob })
  expect((await ban()).status).toBe(200)
  expect((await ban()).body).toMatchObject({ success: false, error: 'error-user-already-banned' })
  expect((await post('bob', 'chat.sendMessage', { message: { rid: roomId, msg: 'still here' } })).status).toBe(400)
  expect((await post('bob', 'rooms.join', { roomId })).status).toBe(400)
  const invited = await post('alice', 'channels.invite', { roomId, userIds: [IDS.bob, IDS.carol] })
  expect(invited).toMatchObject({ status: 400, body: { errorType: 'error-user-is-banned' } })
  expect((await get('alice', 'rooms.isMember', { roomId, userId: IDS.carol })).body.isMember).toBe(false)
  // Whoever may not invite does not hear of the ban.
  expect((await post('carol', 'channels.invite', { roomId, userId: IDS.bob })).body.errorType).toBe('error-not-allowed')
  const lift = () => post('alice', 'rooms.unbanUser', { roomId, username: 'bob' })
  expect((await lift()).status).toBe(200)
  expect((await lift()).body).toMatchObject({ success: false, error: 'error-user-not-banned' })
  expect((await post('alice', 'channels.invite', { roomId, userId: IDS.bob })).status).toBe(200)
})

test('members are listed by rank, then as is asked', async () => {
  const { _id: roomId } = await channel({ members: ['bob', 'carol', 'dave', 'erin'] })
  await post('alice', 'channels.addLeader', { roomId, userId: IDS.dave })
  await post('alice', 'channels.addModerator', { roomId, userId: IDS.bob })
  const listed = async (query: Record<string, string> = {}) =>
    (await get('alice', 'rooms.membersOrderedByRole', { roomId, ...query })).body.members.map(
      ({ username }: { username: string }) => username,
    )
  expect(await listed()).toEqual(['alice', 'dave', 'bob', 'carol', 'erin'])
  expect(await listed({ sort: '{"username":-1}' })).toEqual(['alice', 'dave', 'bob', 'erin', 'carol'])
  expect(await listed({ sort: '{"rolePriority":-1}' })).toEqual(['carol', 'erin', 'bob', 'dave', 'alice'])
  expect(await listed({ count: '1', offset: '1' })).toEqual(['dave'])
})

test('a room’s last message carries the reader’s own star and no one else’s', async () => {
  const { _id: roomId } = await channel()
  const { message } = (await post('alice', 'chat.sendMessage', { message: { rid: roomId, msg: 'see this' } })).body
  expect((await post('alice', 'chat.starMessage', { messageId: message._id })).status).toBe(200)
  const last = async (name: Name) => (await get(name, 'channels.info', { roomId })).body.channel.lastMessage
  expect(await last('alice')).toMatchObject({ msg: 'see this', starred: [{ _id: IDS.alice }] })
  expect(await last('bob')).not.toHaveProperty('starred')
})

test('only an administrator lists what hidden rooms there are', async () => {
  const { name } = await group()
  const listed = await get('ada', 'rooms.adminRooms.privateRooms', { filter: name })
  expect(listed.body.rooms).toHaveLength(1)
  expect((await get('alice', 'rooms.adminRooms.privateRooms', { filter: name })).status).toBe(403)
})
