// What Rocket.Chat's owners do to a plain room holds for Dino's clients at once, and the other way round: settings, mutes,
// roles, kicks, bans, names, the end.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { base64, DinoClient } from './dino/client.ts'
import { Ddp, rest } from './rocketchat/ddp.ts'
import { IDS, type Name, start, tokenOf } from './rocketchat/start.ts'
import type { TestServer } from './server.ts'

let server: TestServer
let alice: Ddp
let made = 0
const open: { close(): void }[] = []

beforeAll(async () => {
  server = await start()
})
afterEach(() => {
  for (const client of open.splice(0)) client.close()
})
afterAll(() => server?.remove())

const dinoAs = async (name: Name): Promise<DinoClient> => {
  const client = await DinoClient.open(server.url)
  open.push(client)
  expect((await client.login(IDS[name], name.toUpperCase(), tokenOf(name))).code).toBe(200)
  return client
}

/** A channel of alice's with bob, who is inside of it with a Dino client; alice listens. */
async function shared(
  type: 'createChannel' | 'createPrivateGroup' = 'createChannel',
): Promise<{ rid: string; bob: DinoClient }> {
  alice = await Ddp.as(server.url, 'alice')
  open.push(alice)
  const { rid } = await alice.call(type, `shared ${made++}`, ['bob'])
  await alice.sub('stream-room-messages', rid)
  await alice.sub('stream-notify-user', `${IDS.alice}/rooms-changed`)
  const bob = await dinoAs('bob')
  expect((await bob.request('join', { verb: 'join', target: { id: rid } })).code).toBe(200)
  return { rid, bob }
}
const send = (client: DinoClient, rid: string, text: string) =>
  client.request('message', {
    verb: 'send',
    target: { id: rid, objectType: 'room' },
    object: { content: base64(text) },
  })
const set = (rid: string, setting: string, value: unknown) => alice.call('saveRoomSettings', rid, setting, value)

test('a room that is made read-only takes no more messages of a Dino member, until they get a voice', async () => {
  const { rid, bob } = await shared()
  expect((await send(bob, rid, 'before')).code).toBe(200)
  await set(rid, 'readOnly', true)
  expect((await send(bob, rid, 'refused')).code).toBe(705)
  await alice.call('unmuteUserInRoom', { rid, username: 'bob' })
  expect((await send(bob, rid, 'with a voice')).code).toBe(200)
  await alice.event('room-messages', ([shown]) => shown.msg === 'with a voice')
  expect(JSON.stringify(alice.events('room-messages'))).not.toContain('refused')
})

test('an archived room takes none of anybody', async () => {
  const { rid, bob } = await shared()
  await alice.call('archiveRoom', rid)
  expect((await send(bob, rid, 'refused')).code).toBe(705)
})

test('a mute stops a Dino sender and is told to them', async () => {
  const { rid, bob } = await shared()
  const from = bob.pushes.length
  await alice.call('muteUserInRoom', { rid, username: 'bob' })
  expect((await bob.next('gn_mute', () => true, from)).target.id).toBe(rid)
  expect((await send(bob, rid, 'refused')).code).not.toBe(200)
  await alice.call('unmuteUserInRoom', { rid, username: 'bob' })
  await bob.next('gn_unmute', () => true, from)
  expect((await send(bob, rid, 'free')).code).toBe(200)
})

test('a new name, a kick and the end reach Dino’s clients', async () => {
  const { rid, bob } = await shared()
  const from = bob.pushes.length
  const name = `renamed ${made++}`
  await set(rid, 'roomName', name)
  expect((await bob.next('gn_room_renamed', () => true, from)).target).toMatchObject({
    id: rid,
    displayName: base64(name),
  })
  await alice.call('removeUserFromRoom', { rid, username: 'bob' })
  expect((await bob.next('gn_user_kicked', () => true, from)).object.id).toBe(IDS.bob)
  expect((await send(bob, rid, 'refused')).code).not.toBe(200)
  await bob.request('join', { verb: 'join', target: { id: rid } })
  await alice.call('eraseRoom', rid)
  expect((await bob.next('gn_room_removed', () => true, from)).target.id).toBe(rid)
})

test('a ban from Dino takes the subscription away live, and stands in the list of the banned', async () => {
  const { rid } = await shared()
  const bob = await Ddp.as(server.url, 'bob')
  open.push(bob)
  await bob.sub('stream-notify-user', `${IDS.bob}/subscriptions-changed`)
  const mark = alice.frames.length
  const dino = await dinoAs('alice')
  await dino.request('join', { verb: 'join', target: { id: rid } })
  const banned = await dino.request('ban', {
    verb: 'ban',
    object: { id: IDS.bob, summary: '5m' },
    target: { id: rid, objectType: 'room' },
  })
  expect(banned.code).toBe(200)
  await bob.event('notify-user', ([change, doc]) => change === 'removed' && doc.rid === rid)
  await alice.event('room-messages', ([shown]) => shown.t === 'user-banned' && shown.msg === 'bob', mark)
  const listed = await rest(
    server.url,
    { id: IDS.alice, token: tokenOf('alice') },
    'GET',
    `v1/rooms.bannedUsers?roomId=${rid}`,
  )
  expect(listed.body).toMatchObject({ bannedUsers: [{ _id: IDS.bob }], total: 1 })
})

test('an owner made over Rocket.Chat rules over Dino, and no more once that is taken', async () => {
  const { rid, bob } = await shared()
  const rename = (name: string) =>
    bob.request('rename_room', { verb: 'rename', target: { id: rid, displayName: base64(name) } })
  expect((await rename(`by bob ${made++}`)).code).toBe(705)
  await alice.call('addRoomOwner', rid, IDS.bob)
  const from = alice.frames.length
  const name = `by bob ${made++}`
  expect((await rename(name)).code).toBe(200)
  await alice.event('room-messages', ([shown]) => shown.t === 'r' && shown.msg === name, from)
  await alice.call('removeRoomOwner', rid, IDS.bob)
  expect((await rename(`by bob ${made++}`)).code).toBe(705)
})

test('a leader rules nothing over Dino, and comes into nothing by it', async () => {
  const { rid, bob } = await shared('createPrivateGroup')
  await alice.call('addRoomLeader', rid, IDS.bob)
  const renamed = await bob.request('rename_room', {
    verb: 'rename',
    target: { id: rid, displayName: base64('x y z') },
  })
  expect(renamed.code).toBe(705)
  await alice.call('removeUserFromRoom', { rid, username: 'bob' })
  expect((await bob.request('join', { verb: 'join', target: { id: rid } })).code).toBe(705)
})

test('a channel that becomes a group puts out who is no member, and Dino lists it to members alone', async () => {
  const { rid, bob } = await shared()
  const carol = await dinoAs('carol')
  expect((await carol.request('join', { verb: 'join', target: { id: rid } })).code).toBe(200)
  const mark = bob.pushes.length
  await set(rid, 'roomType', 'p')
  await alice.event('room-messages', ([shown]) => shown.t === 'room_changed_privacy')
  await bob.next('gn_user_left', data => data.actor.id === IDS.carol, mark)
  expect((await send(carol, rid, 'refused')).code).not.toBe(200)
  const from = carol.pushes.length
  await send(bob, rid, 'among us')
  await alice.event('room-messages', ([shown]) => shown.msg === 'among us')
  await carol.settle()
  expect(JSON.stringify(carol.pushes.slice(from))).not.toContain(base64('among us'))
  expect((await carol.request('join', { verb: 'join', target: { id: rid } })).code).toBe(705)
})

test('a room with a code is shut to a Dino client who has not joined it', async () => {
  const { rid } = await shared()
  await set(rid, 'joinCode', 'open sesame')
  const carol = await dinoAs('carol')
  expect((await carol.request('join', { verb: 'join', target: { id: rid } })).code).toBe(705)
  expect((await carol.request('history', { verb: 'list', target: { id: rid } })).code).not.toBe(200)
  const ddp = await Ddp.as(server.url, 'carol')
  open.push(ddp)
  expect(await ddp.call('joinRoom', rid, 'open sesame')).toBe(true)
  expect((await carol.request('join', { verb: 'join', target: { id: rid } })).code).toBe(200)
})
