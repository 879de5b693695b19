// Who gets inside, or stays there, in the moment in which they are put out.
import type { RoomId, UserId } from '@conclave/wire'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { importWorld } from '../operator/import-world.ts'
import type { Command } from '../room/decide.ts'
import { StoreFailure } from '../store/store.ts'
import type { Core } from './core.ts'
import type { Session } from './sessions.ts'
import { openTestCore, roomOf } from './testing.ts'

const [owner, member, guest] = ['1000', '1001', '1002'] as [UserId, UserId, UserId]
const world = {
  users: [owner, member, guest].map(id => ({ id, username: `user${id}` })),
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [
    { ref: 'open', channel: 'c', name: 'open', owners: [owner] },
    { ref: 'own', channel: 'c', name: 'own', kind: 'private', owners: [owner], members: [member] },
  ],
}

let core: Core
afterEach(() => core.close())

async function start(ref: string): Promise<RoomId> {
  core = (await openTestCore()).core
  await importWorld(core, world)
  return roomOf(core, ref)
}

function session(user: UserId): Promise<Session> {
  const opening = { user, wire: 'dino', token: null, expiresAt: null, address: '' } as const
  return core.sessions.open({ ...opening, end: () => {} })
}

const run = (room: RoomId, command: Command) => core.engine.submit({ room, command, session: null, bytes: 0 })
const ban = (user: UserId): Command => ({
  command: 'sanction',
  actor: null,
  kind: 'ban',
  user,
  until: null,
  reason: '',
  rank: 'owner',
})
const ownerRole = (user: UserId, granted: boolean): Command => ({
  command: 'change-role',
  actor: null,
  user,
  role: 'owner',
  granted,
})
const settled = () => new Promise(resolve => setTimeout(resolve, 20))

describe('entering', () => {
  test('a ban that comes while the account is looked up keeps the newcomer out', async () => {
    const room = await start('open')
    const live = await session(guest)
    core.identity.accounts.forget(guest)
    const load = core.identity.accounts.load.bind(core.identity.accounts)
    let banned: Promise<unknown> | undefined
    core.identity.accounts.load = async id => {
      const account = await load(id)
      if (!banned) {
        banned = run(room, ban(guest))
        await banned
      }
      return account
    }
    let letIn = false
    const entered = await core.occupancy.enter(live, room, null, () => {
      letIn = true
    })
    await settled()
    expect(entered).toMatchObject({ rejected: 'banned' })
    expect(letIn).toBe(false)
    expect(await core.occupancy.inside(room, guest)).toBe(false)
  })

  test('a session that has closed meanwhile is not inside, and nobody is told', async () => {
    const room = await start('open')
    const live = await session(guest)
    await core.occupancy.close(live)
    const told: string[] = []
    core.bus.subscribe(`room:${room}`, message => void told.push(message.kind))
    let letIn = false
    const entered = await core.occupancy.enter(live, room, null, () => {
      letIn = true
    })
    expect(entered).toMatchObject({ rejected: 'occupant.required' })
    expect(letIn).toBe(false)
    expect(told).toEqual([])
  })
})

test('whoever is put out is inside no longer, however long it takes until all agree', async () => {
  const room = await start('open')
  for (const user of [guest, member]) await core.occupancy.enter(await session(user), room, null)
  const asked = Promise.withResolvers<void>()
  const occupants = core.presence.occupants.bind(core.presence)
  core.presence.occupants = async id => {
    await asked.promise
    return occupants(id)
  }
  await run(room, ban(guest))
  const inside = () => Promise.all([guest, member].map(async user => core.occupancy.inside(room, user)))
  expect(await inside()).toEqual([false, true])
  asked.resolve()
  await settled()
  expect(await inside()).toEqual([false, true])
  expect((await core.occupancy.occupants(room)).map(({ user }) => user)).toEqual([member])
})

describe('who belongs to a hidden room no more is not inside', () => {
  test('an owner whose role is taken, and who was no member', async () => {
    const room = await start('own')
    await run(room, ownerRole(guest, true))
    const live = await session(guest)
    await core.occupancy.enter(live, room, null)
    expect(await core.occupancy.inside(room, guest)).toBe(true)
    await run(room, ownerRole(guest, false))
    await settled()
    expect(await core.occupancy.inside(room, guest)).toBe(false)
  })

  test('an owner who is no member, when the room is encrypted', async () => {
    const room = await start('own')
    await run(room, ownerRole(guest, true))
    await core.occupancy.enter(await session(guest), room, null)
    await core.occupancy.enter(await session(member), room, null)
    await run(room, { command: 'switch-suite', actor: owner, encrypted: true })
    await settled()
    expect(await core.occupancy.inside(room, guest)).toBe(false)
    expect(await core.occupancy.inside(room, member)).toBe(true)
  })
})

test('a store that cannot be read keeps nobody inside who is banned, and ends no process', async () => {
  const room = await start('open')
  await core.occupancy.enter(await session(guest), room, null)
  const thrown: unknown[] = []
  const note = (error: unknown): void => void thrown.push(error)
  process.on('unhandledRejection', note)
  core.rooms.load = () => Promise.reject(new Error('disk I/O error'))
  await run(room, ban(guest))
  await settled()
  process.off('unhandledRejection', note)
  expect(thrown).toEqual([])
  expect(await core.occupancy.inside(room, guest)).toBe(false)
})

test('a store that does not answer for a while keeps nobody inside who is banned', async () => {
  const room = await start('open')
  await core.occupancy.enter(await session(guest), room, null)
  const occupants = core.presence.occupants.bind(core.presence)
  let asked = 0
  core.presence.occupants = id => {
    asked += 1
    return asked > 1 ? occupants(id) : Promise.reject(new StoreFailure('no connection'))
  }
  await run(room, ban(guest))
  expect(await core.presence.inside(room, guest)).toBe(true)
  await vi.waitFor(async () => expect(await core.presence.inside(room, guest)).toBe(false))
})
