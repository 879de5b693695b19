// How far somebody has read when they go, whichever way they go.
import type { RoomId, UserId } from '@conclave/wire'
import { afterEach, expect, test } from 'vitest'
import { importWorld } from '../operator/import-world.ts'
import type { Command } from '../room/decide.ts'
import type { Core } from './core.ts'
import type { Session } from './sessions.ts'
import { openTestCore, roomOf } from './testing.ts'

const [anna, ben] = ['1000', '1001'] as [UserId, UserId]
const WORLD = {
  users: [anna, ben].map(id => ({ id, username: `user${id}` })),
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [
    { ref: 'open', channel: 'c', name: 'open', owners: [anna] },
    { ref: 'other', channel: 'c', name: 'other', owners: [anna] },
    { ref: 'own', channel: 'c', name: 'own', kind: 'private', owners: [anna, ben] },
  ],
}

let core: Core
afterEach(() => core.close())

async function start(dino: object): Promise<void> {
  core = (await openTestCore({ CONCLAVE_DINO: JSON.stringify(dino) })).core
  await importWorld(core, WORLD)
}

async function enter(user: UserId, ...rooms: RoomId[]): Promise<Session> {
  const opening = { user, wire: 'dino', token: null, expiresAt: null, address: '' } as const
  const session = await core.sessions.open({ ...opening, end: () => {} })
  for (const room of rooms) await core.occupancy.enter(session, room, null)
  return session
}

const run = (room: RoomId, command: Command) => core.engine.submit({ room, command, session: null, bytes: 0 })
const say = (room: RoomId): Promise<unknown> =>
  run(room, {
    command: 'send-message',
    actor: null,
    content: { suite: 'none', text: 'hello' },
    messageId: null,
    digest: '',
    inside: false,
    attributes: null,
    origin: null,
  })
const cursor = async (room: RoomId) => (await core.store.cursor(room, ben))?.sequence
const newest = async (room: RoomId) => (await core.store.head(room))?.sequence

const UNREAD = { history: { type: 'unread', limit: 50 } }

test('whoever leaves has read up to the newest event of that moment', async () => {
  await start(UNREAD)
  const room = await roomOf(core, 'open')
  const session = await enter(ben, room)
  await say(room)
  expect(await cursor(room)).toBe(undefined)
  await core.occupancy.leave(session, room)
  const left = await newest(room)
  expect(await cursor(room)).toBe(left)
  await say(room)
  expect(await cursor(room)).toBe(left)
})

test('only the last session takes its user out', async () => {
  await start(UNREAD)
  const room = await roomOf(core, 'open')
  const [first, second] = [await enter(ben, room), await enter(ben, room)]
  await core.occupancy.leave(first, room)
  expect(await cursor(room)).toBe(undefined)
  await core.occupancy.close(second)
  expect(await cursor(room)).toBe(await newest(room))
})

test('a lost connection leaves every room in the same moment', async () => {
  await start(UNREAD)
  const rooms = [await roomOf(core, 'open'), await roomOf(core, 'other')]
  const session = await enter(ben, ...rooms)
  const before = await Promise.all(rooms.map(newest))
  const closed = core.occupancy.close(session)
  const said = Promise.all(rooms.map(say))
  await closed
  expect(await Promise.all(rooms.map(cursor))).toEqual(before)
  await said
})

test('a ban takes its user out too', async () => {
  await start(UNREAD)
  const room = await roomOf(core, 'open')
  await enter(ben, room)
  await run(room, { command: 'sanction', actor: null, kind: 'ban', user: ben, until: null, reason: '', rank: 'owner' })
  await core.settled()
  while ((await cursor(room)) === undefined) await new Promise(resolve => setImmediate(resolve))
  expect(await cursor(room)).toBe(await newest(room))
})

test('acks alone say what was read of a private room, where they are kept', async () => {
  for (const [deliveryGuarantee, isWritten] of [
    [true, false],
    [false, true],
  ]) {
    await start({ ...UNREAD, deliveryGuarantee })
    const room = await roomOf(core, 'own')
    const session = await enter(ben, room)
    await say(room)
    await core.occupancy.leave(session, room)
    expect((await cursor(room)) !== undefined).toBe(isWritten)
    if (deliveryGuarantee) await core.close()
  }
})

test('nothing is written where histories hold the newest messages', async () => {
  await start({})
  const room = await roomOf(core, 'open')
  const session = await enter(ben, room)
  await core.occupancy.leave(session, room)
  expect(await cursor(room)).toBe(undefined)
})

test('a store that fails lets everybody leave', async () => {
  await start(UNREAD)
  const room = await roomOf(core, 'open')
  const session = await enter(ben, room)
  await core.writer.close()
  await core.occupancy.leave(session, room)
  expect(await core.occupancy.inside(room, ben)).toBe(false)
})
