// How a server gets its one admin room, and what an operator's own rules and a stale list do to that.
import type { ChannelId, RoomId, UserId } from '@conclave/wire'
import { afterEach, expect, test } from 'vitest'
import type { Core } from '../../engine/core.ts'
import { openTestCore, roomOf } from '../../engine/testing.ts'
import { importWorld } from '../../operator/import-world.ts'
import { isRejection } from '../../room/rejection.ts'
import type { GatewayParts } from '../gateway.ts'
import { adminRoomFor } from './admin-rooms.ts'
import { Directory } from './directory.ts'
import type { Gate } from './gate.ts'

let core: Core
afterEach(() => core.close())

/** As one node has it: its own list of rooms, over the one store. */
async function gateOf(core: Core): Promise<Gate> {
  const parts = {
    ...core,
    roomsChannel: await core.roomsChannel(),
    newId: () => core.store.newId(),
    write: (item: Parameters<Core['writer']['write']>[0]) => core.writer.write(item),
  } as unknown as GatewayParts
  return { parts, log: core.log, directory: new Directory(parts) } as unknown as Gate
}

async function adminRooms(core: Core): Promise<{ readonly channels: number; readonly rooms: readonly RoomId[] }> {
  const channels = (await core.store.channels()).filter(({ name }) => name === 'Admins')
  const rooms = await core.reading.states(await core.store.allRooms(null, 100))
  return { channels: channels.length, rooms: rooms.filter(({ isAdmin }) => isAdmin).map(({ id }) => id) }
}

const channels = [
  { ref: 'c', name: 'channel' },
  { ref: 'd', name: 'other' },
]

test('of many nodes that make one at the same time, all have the same', async () => {
  core = (await openTestCore()).core
  await importWorld(core, { users: [{ id: '0', username: 'Admin' }], channels })
  const channel = (await core.store.ref('channel', 'c')) as ChannelId
  await core.roomsChannel()
  const gates = await Promise.all(Array.from({ length: 20 }, () => gateOf(core)))
  const found = await Promise.all(gates.map(gate => adminRoomFor(gate, channel)))
  const { channels: made, rooms } = await adminRooms(core)
  expect([made, rooms]).toEqual([1, [found[0]?.id]])
  expect(new Set(found.map(room => room?.id)).size).toBe(1)
  expect(found[0]?.roles).toEqual(new Map([['0' as UserId, ['owner']]]))
  expect(found[0]?.acls).toEqual([
    { action: 'join', type: 'admin', value: '' },
    { action: 'list', type: 'admin', value: '' },
  ])
})

test('one that a world brings is taken, and one that is gone is not', async () => {
  core = (await openTestCore()).core
  const rooms = [
    { ref: 'old', channel: 'd', name: 'old', admin: true },
    { ref: 'own', channel: 'c', name: 'own', admin: true, kind: 'private' },
  ]
  await importWorld(core, { channels, rooms })
  const [c, d] = [
    (await core.store.ref('channel', 'c')) as ChannelId,
    (await core.store.ref('channel', 'd')) as ChannelId,
  ]
  const [old, own] = [await roomOf(core, 'old'), await roomOf(core, 'own')]
  const gate = await gateOf(core)
  expect((await adminRoomFor(gate, c))?.id).toBe(own)
  expect((await adminRoomFor(gate, d))?.id).toBe(old)
  expect((await adminRoomFor(gate, await core.roomsChannel()))?.id).toBe(old)
  for (const room of [old, own]) {
    const command = { command: 'remove-room', actor: null, reason: '' } as const
    expect(isRejection(await core.engine.submit({ room, command, session: null, bytes: 0 }))).toBe(false)
  }
  // The list of rooms is a moment old and names them still.
  const made = await adminRoomFor(gate, c)
  expect(await adminRooms(core)).toEqual({ channels: 1, rooms: [made?.id] })
  expect((await adminRoomFor(gate, d))?.id).toBe(made?.id)
})

test('is made without rules where the own table of rules knows none for admins', async () => {
  core = (await openTestCore()).core
  const { engine } = core
  const acl = { ...engine.settings.acl, available: new Set(['age']) }
  Object.defineProperty(engine, 'settings', { value: { ...engine.settings, acl } })
  const room = await adminRoomFor(await gateOf(core), await core.roomsChannel())
  expect([room?.isAdmin, room?.acls]).toEqual([true, []])
})
