// Discussions: rooms that belong to a room or to one of its messages. Who may come in, what the parent shows of them, and
// what an encrypted parent demands.
import { expect, test } from 'vitest'
import { stage } from './stage.ts'
import { IDS, type Name } from './start.ts'

const on = stage()
const { as, api } = on
let made = 0

const group = async (members: string[], encrypted = false): Promise<string> =>
  (await (await as('alice')).call('createPrivateGroup', `parent ${made++}`, members, false, {}, { encrypted })).rid
const begin = (name: Name, body: object) => api(name, 'POST', 'rooms.createDiscussion', body)
const said = async (name: Name, rid: string, msg = 'a word'): Promise<string> =>
  (await (await as(name)).call('sendMessage', { rid, msg }))._id

test('a discussion belongs to its parent, whose message tells of it and of what is said in it', async () => {
  const parent = await group(['bob'])
  const bob = await as('bob')
  await bob.sub('stream-room-messages', parent)
  const { body } = await begin('alice', { prid: parent, t_name: 'lunch', reply: 'who is in?', users: ['carol'] })
  const { discussion } = body
  expect(discussion).toMatchObject({ prid: parent, fname: 'lunch', t: 'p', rid: discussion._id, usersCount: 2 })
  const isStart = ([message]: { t?: string; dcount?: number }[]) => message?.t === 'discussion-created'
  const [shown] = await bob.event('room-messages', isStart)
  expect(shown).toMatchObject({ msg: 'lunch', drid: discussion._id, u: { username: 'alice' }, rid: parent })
  const [counted] = await bob.event('room-messages', args => isStart(args) && args[0].dcount === 1)
  expect(counted._id).toBe(shown._id)
  await said('carol', discussion._id, 'me')
  const [more] = await bob.event('room-messages', args => isStart(args) && args[0].dcount === 2)
  expect(more.dlm.$date).toBeGreaterThanOrEqual(counted.dlm.$date)
  const listed = await api('bob', 'GET', `chat.getDiscussions?roomId=${parent}&text=LUN`)
  expect(listed.body).toMatchObject({ total: 1, count: 1, messages: [{ drid: discussion._id, dcount: 2 }] })
  expect((await api('bob', 'GET', `chat.getDiscussions?roomId=${parent}&text=tea`)).body.messages).toEqual([])
  const rooms = await api('bob', 'GET', `rooms.getDiscussions?roomId=${parent}`)
  expect(rooms.body).toMatchObject({ total: 1, discussions: [{ _id: discussion._id, prid: parent }] })
  const history = await bob.call('loadHistory', parent, null, 50)
  expect(history.messages).toContainEqual(expect.objectContaining({ t: 'discussion-created', dcount: 2 }))
})

test('members of a private parent may come into its discussions, and nobody else learns of them', async () => {
  const parent = await group(['bob'])
  const { discussion } = (await begin('alice', { prid: parent, t_name: 'plans' })).body
  const [bob, mallory] = [await as('bob'), await as('mallory')]
  expect((await bob.ask('loadHistory', discussion._id, null, 10)).result?.messages ?? []).toEqual([])
  for (const ask of [
    () => mallory.ask('joinRoom', discussion._id),
    () => mallory.ask('joinRoom', parent),
    () => mallory.ask('joinRoom', '018e0000-0000-7000-8000-000000000000'),
  ])
    expect((await ask()).error).toMatchObject({ error: 'error-invalid-room' })
  for (const path of [`rooms.info?roomId=${discussion._id}`, `rooms.getDiscussions?roomId=${parent}`])
    expect((await api('mallory', 'GET', path)).status).toBe(400)
  expect((await api('mallory', 'GET', `chat.getDiscussions?roomId=${parent}`)).body).toEqual({
    success: false,
    error: 'error-not-allowed',
  })
  expect(await bob.call('joinRoom', discussion._id)).toBe(true)
  await said('alice', discussion._id, 'ours')
  const { messages } = await bob.call('loadHistory', discussion._id, null, 10)
  expect(messages[0]).toMatchObject({ msg: 'ours' })
  // Out of the parent, and not yet in: no way in is left.
  const other = (await begin('alice', { prid: parent, t_name: 'secrets' })).body.discussion
  await bob.call('leaveRoom', parent)
  expect((await bob.ask('joinRoom', other._id)).error).toMatchObject({ error: 'error-invalid-room' })
})

test('a discussion of an encrypted room is encrypted, and takes no words (L3)', async () => {
  const parent = await group(['bob'], true)
  const refused = await begin('alice', { prid: parent, t_name: 'a', reply: 'plain', encrypted: false })
  expect(refused).toMatchObject({ status: 400, body: { errorType: 'error-invalid-arguments' } })
  const { discussion } = (await begin('alice', { prid: parent, t_name: 'sealed', encrypted: false })).body
  expect(discussion).toMatchObject({ encrypted: true, t: 'p' })
  const alice = await as('alice')
  expect((await alice.ask('sendMessage', { rid: discussion._id, msg: 'plain' })).error).toMatchObject({
    error: 'error-not-allowed',
  })
  await alice.call('e2e.setRoomKeyID', discussion._id, 'abcdefghijkl')
  const pair = { public_key: '{"kty":"RSA","n":"b","e":"AQAB"}', private_key: '{"$binary":"AAAA"}' }
  const bob = await as('bob')
  await bob.call('e2e.setUserPublicAndPrivateKeys', pair)
  expect(await bob.call('joinRoom', discussion._id)).toBe(true)
  const { room } = (await api('alice', 'GET', `rooms.info?roomId=${discussion._id}`)).body
  expect(room.usersWaitingForE2EKeys).toContainEqual(expect.objectContaining({ userId: IDS.bob }))
})

test('a message has one discussion, however many begin one at the same time', async () => {
  const parent = await group(['bob', 'carol'])
  const pmid = await said('bob', parent, 'worth a talk')
  const all = await Promise.all(
    (['alice', 'bob', 'carol'] as const).map(name => begin(name, { prid: parent, pmid, t_name: `of ${name}` })),
  )
  const ids = new Set(all.map(({ body }) => body.discussion?._id))
  expect(ids.size).toBe(1)
  const [id] = ids
  expect((await api('alice', 'GET', `rooms.getDiscussions?roomId=${parent}`)).body.total).toBe(1)
  const { members } = (await api('alice', 'GET', `groups.members?roomId=${id}`)).body
  expect(members.map(({ username }: { username: string }) => username).sort()).toEqual(['alice', 'bob', 'carol'])
  const { messages } = (await api('alice', 'GET', `chat.getDiscussions?roomId=${parent}`)).body
  expect(messages[0].attachments).toMatchObject([{ text: 'worth a talk', author_name: 'bob' }])
  // What it is about is gone: nothing of it is left in the message that tells of it.
  await (await as('bob')).call('deleteMessage', { _id: pmid })
  const after = (await api('alice', 'GET', `chat.getDiscussions?roomId=${parent}`)).body.messages
  expect(JSON.stringify(after)).not.toContain('worth a talk')
})

test('what may not be discussed is refused, and nothing is left of it', async () => {
  const [parent, foreign] = [await group(['bob', 'carol']), await group([])]
  const pmid = await said('alice', foreign)
  const refusals: [Name, object, string][] = [
    ['mallory', { prid: parent, t_name: 'x' }, 'error-invalid-room'],
    ['bob', { prid: foreign, t_name: 'x' }, 'error-invalid-room'],
    ['bob', { prid: parent, pmid, t_name: 'x' }, 'error-invalid-message'],
    ['alice', { prid: parent, pmid, t_name: 'x' }, 'error-invalid-arguments'],
    ['bob', { prid: parent, t_name: { a: 1 } }, 'invalid-params'],
    ['bob', { prid: parent, t_name: 'x', users: [1] }, 'invalid-params'],
    ['bob', { prid: parent, t_name: 'x', reply: 'y'.repeat(6_000) }, 'error-message-size-exceeded'],
  ]
  for (const [name, body, errorType] of refusals)
    expect(await begin(name, body)).toMatchObject({ status: 400, body: { errorType } })
  const alice = await as('alice')
  await alice.call('muteUserInRoom', { rid: parent, username: 'bob' })
  expect((await begin('bob', { prid: parent, t_name: 'x' })).body.errorType).toBe('You_have_been_muted')
  const nested = (await begin('carol', { prid: parent, t_name: 'one' })).body.discussion._id
  expect((await begin('carol', { prid: nested, t_name: 'two' })).body.errorType).toBe('error-nested-discussion')
  expect((await api('alice', 'GET', `rooms.getDiscussions?roomId=${parent}`)).body.total).toBe(1)
})

test("a discussion takes nobody's name and is found by none", async () => {
  const { general } = on.server.rooms
  const { discussion } = (await begin('alice', { prid: general, t_name: 'general' })).body
  expect(discussion).toMatchObject({ fname: 'general', t: 'c' })
  const mallory = await as('mallory')
  expect(await mallory.call('getRoomIdByNameOrId', 'general')).toBe(general)
  expect((await api('mallory', 'GET', 'channels.info?roomName=general')).body.channel._id).toBe(general)
  // Nor where the discussion was there first.
  const early = (await begin('mallory', { prid: general, t_name: 'early' })).body.discussion
  const late = (await (await as('alice')).call('createChannel', 'early', [])).rid
  expect(late).not.toBe(early._id)
  expect(await mallory.call('getRoomIdByNameOrId', 'early')).toBe(late)
  expect((await api('bob', 'GET', 'channels.info?roomName=early')).body.channel._id).toBe(late)
  // Of a public room everybody may come in.
  expect(await mallory.call('joinRoom', discussion._id)).toBe(true)
})

test('discussions go with their room, and their message says so when they go alone', async () => {
  const parent = await group(['bob'])
  const bob = await as('bob')
  await bob.sub('stream-room-messages', parent)
  const { discussion } = (await begin('alice', { prid: parent, t_name: 'short' })).body
  const kept = (await begin('bob', { prid: parent, t_name: 'long' })).body.discussion
  expect((await api('alice', 'POST', 'groups.delete', { roomId: discussion._id })).status).toBe(200)
  const [shown] = await bob.event('room-messages', ([message]) => message.msg === 'short' && !message.drid)
  expect(shown.t).toBe('discussion-created')
  await bob.sub('stream-notify-user', `${IDS.bob}/rooms-changed`)
  await api('alice', 'POST', 'groups.delete', { roomId: parent })
  await bob.event('notify-user', ([change, room]) => change === 'removed' && room._id === kept._id)
  expect((await api('bob', 'GET', `rooms.info?roomId=${kept._id}`)).status).toBe(400)
})
