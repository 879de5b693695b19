// A membership, a store or a socket that ends in the middle of a log-in.
import type { RoomId, UserId } from '@conclave/wire'
import { afterEach, expect, test } from 'vitest'
import type { Core } from '../../../engine/core.ts'
import { openTestCore, roomOf } from '../../../engine/testing.ts'
import { Outlet } from '../../../fanout/outlet.ts'
import { Turn } from '../../../fanout/turn.ts'
import { importWorld } from '../../../operator/import-world.ts'
import type { GatewayParts } from '../../gateway.ts'
import { readActivity } from '../activity.ts'
import { Directory } from '../directory.ts'
import { Feeds } from '../feeds.ts'
import type { Gate } from '../gate.ts'
import type { DinoSession } from '../session.ts'
import { login } from './login.ts'

const [owner, member] = ['1000', '1001'] as [UserId, UserId]
const world = {
  users: [owner, member].map(id => ({ id, username: `user${id}`, tokens: [`tok${id}`] })),
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [{ ref: 'own', channel: 'c', name: 'own', kind: 'private', owners: [owner], members: [member] }],
}

let core: Core
afterEach(() => core.close())

function gateOf(core: Core): Gate {
  const turn = new Turn()
  const parts = { ...core, turn } as unknown as GatewayParts
  const feeds = new Feeds(parts, turn, { room: () => {}, user: () => {} })
  return { parts, log: core.log, turn, feeds, directory: new Directory(parts), closing: false } as unknown as Gate
}

function sessionOf(gate: Gate, connected = true): DinoSession {
  const transport = { open: true, unsent: 0, write: () => {}, writeAll: () => {} }
  const outlet = new Outlet(gate.turn, transport, { onOverflow: () => {} })
  const socket = { id: 's', connected }
  const session = { socket, outlet, live: null, failing: null, address: '', rooms: new Set(), belongs: new Set() }
  return { ...session, end: () => {} } as unknown as DinoSession
}

const attachments = [{ objectType: 'token', content: 'tok1001' }]
const displayName = Buffer.from('user1001').toString('base64')
const read = readActivity({ verb: 'login', actor: { id: member, displayName, attachments } })

test('who is removed from a private room while they log in gets none of its messages', async () => {
  core = (await openTestCore()).core
  await importWorld(core, world)
  const room: RoomId = await roomOf(core, 'own')
  const roomsOf = core.reading.roomsOf.bind(core.reading)
  core.reading.roomsOf = async user => {
    const rooms = await roomsOf(user)
    const command = { command: 'remove-members', actor: null, users: [user], how: 'left', reason: '' } as const
    await core.engine.submit({ room, command: { ...command, keepOwner: false }, session: null, bytes: 0 })
    return rooms
  }
  const gate = gateOf(core)
  const session = sessionOf(gate)
  expect(await login({ gate, session, read, answer: () => {} })).toBe('answered')
  expect(session.live?.user).toBe(member)
  expect([...session.belongs]).toEqual([])
  expect(gate.feeds.get(room)).toBeUndefined()
})

test.each([
  [1, true],
  [2, true],
  [1, false],
  [2, false],
])('a log-in that fails at its step %i (socket there: %s) leaves nobody behind', async (failing, connected) => {
  core = (await openTestCore()).core
  await importWorld(core, world)
  const roomsOf = core.reading.roomsOf.bind(core.reading)
  let step = 0
  core.reading.roomsOf = async user => {
    if (++step === failing) throw new Error('the disk is gone')
    return roomsOf(user)
  }
  const gate = gateOf(core)
  const session = sessionOf(gate, connected)
  await expect(login({ gate, session, read, answer: () => {} })).rejects.toThrow('the disk is gone')
  expect(session.live).toBeNull()
  expect(core.sessions.count).toBe(0)
  expect(await core.presence.statusOf(member)).toBe('offline')
  expect([...gate.feeds.sessions()]).toEqual([])
})
