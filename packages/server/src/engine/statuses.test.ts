// What users are to others over all their sessions, when they were last seen, and how many a room takes.
import type { RoomId, UserId } from '@conclave/wire'
import { afterEach, describe, expect, test } from 'vitest'
import { importWorld } from '../operator/import-world.ts'
import type { SessionRef } from '../presence/presence.ts'
import { isRejection } from '../room/rejection.ts'
import type { Core } from './core.ts'
import type { Session } from './sessions.ts'
import { openTestCore, roomOf, type TestCore } from './testing.ts'

const users = ['1000', '1001', '1002', '1003'] as UserId[]
const [ann, ben] = users as [UserId, UserId]
const world = {
  users: users.map(id => ({ id, username: `user${id}` })),
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [{ ref: 'r', channel: 'c', name: 'room', owners: [ben] }],
}

let core: Core
let clock: TestCore['clock']
let room: RoomId
afterEach(() => core.close())

async function start(): Promise<void> {
  const made = await openTestCore()
  core = made.core
  clock = made.clock
  await importWorld(core, world)
  room = await roomOf(core, 'r')
}

function session(user: UserId, wire: Session['wire'] = 'dino'): Promise<Session> {
  return core.sessions.open({ user, wire, token: null, expiresAt: null, address: '', end: () => {} })
}

const seenAt = (user: UserId) => core.store.seenAt(user)

describe('a status', () => {
  test('that hides its user outlives the session, on whatever wire the next one is', async () => {
    await start()
    const first = await session(ann)
    expect(await core.statuses.change(ann, () => 'invisible')).toMatchObject({ before: 'online', wasHidden: false })
    await core.occupancy.close(first)
    expect(await core.statuses.of(ann)).toBe('offline')
    await session(ann, 'rocketchat')
    expect(await core.statuses.of(ann)).toBe('invisible')
    expect(await core.statuses.change(ann, () => 'online')).toMatchObject({ before: 'invisible', wasHidden: true })
    expect((await core.store.account(ann))?.invisible).toBe(false)
  })

  test('of who is not there is kept for their next log-in, if it hides them', async () => {
    await start()
    for (const status of ['away', 'invisible', 'offline'] as const) await core.statuses.change(ann, () => status)
    await session(ann)
    expect(await core.statuses.of(ann)).toBe('invisible')
    expect(await core.statuses.change('4711' as UserId, () => 'online')).toEqual({ rejected: 'user.unknown' })
  })

  test('that came while the session was opened holds for it', async () => {
    await start()
    const open = core.presence.open.bind(core.presence)
    core.presence.open = async (...args) => {
      // Without a session yet: kept with the account alone.
      await core.identity.users.change(ann, { invisible: true })
      return open(...args)
    }
    await session(ann)
    expect(await core.statuses.of(ann)).toBe('invisible')
  })

  test('is changed by one after the other, each told before the next begins', async () => {
    await start()
    await session(ann)
    const told: string[] = []
    const to = (status: 'online' | 'invisible' | 'offline') =>
      core.statuses.change(
        ann,
        before => (before === status ? null : status),
        async ({ before, after }) => {
          await new Promise(resolve => setImmediate(resolve))
          told.push(`${before} ${after}`)
        },
      )
    const changes = await Promise.all([to('invisible'), to('invisible'), to('online'), to('offline'), to('online')])
    expect(told).toEqual(['online invisible', 'invisible online', 'online offline', 'offline online'])
    expect(changes[1]).toBeNull()
  })

  test('that is asked for too often at once is refused, and the last one that was taken holds', async () => {
    await start()
    await session(ann)
    const changes = await Promise.all(
      Array.from({ length: 200 }, (_, n) => core.statuses.change(ann, () => (n % 2 === 0 ? 'invisible' : 'online'))),
    )
    const refused = changes.filter(change => change && 'rejected' in change)
    expect(refused.length).toBe(200 - 64)
    expect(refused[0]).toEqual({ rejected: 'busy' })
    const account = await core.store.account(ann)
    expect(await core.statuses.of(ann)).toBe(account?.invisible ? 'invisible' : 'online')
    expect(account?.invisible).toBe(false)
  })
})

describe('the time at which somebody was seen last', () => {
  test('is that of the end of their last session, whatever wire it was on', async () => {
    await start()
    const [one, two] = [await session(ann), await session(ann, 'rocketchat')]
    expect(await seenAt(ann)).toBeNull()
    await core.occupancy.close(one)
    expect(await seenAt(ann)).toBeNull()
    clock.set(clock.now() + 5_000)
    await core.occupancy.close(two)
    expect(await seenAt(ann)).toBe(clock.now())
    expect(await seenAt(ben)).toBeNull()
  })

  test('is that of their going offline or hiding, and says nothing of what they do hidden', async () => {
    await start()
    const one = await session(ann)
    const hidden = clock.now()
    await core.statuses.change(ann, () => 'invisible')
    expect(await seenAt(ann)).toBe(hidden)
    clock.set(hidden + 5_000)
    await core.occupancy.close(one)
    expect(await seenAt(ann)).toBe(hidden)
    const two = await session(ann)
    clock.set(hidden + 9_000)
    await core.statuses.change(ann, () => 'online')
    await core.statuses.change(ann, () => 'away')
    expect(await seenAt(ann)).toBe(hidden)
    await core.statuses.change(ann, () => 'offline')
    expect(await seenAt(ann)).toBe(hidden + 9_000)
    clock.set(hidden + 20_000)
    await core.occupancy.close(two)
    expect(await seenAt(ann)).toBe(hidden + 9_000)
  })
})

describe('a session', () => {
  test('is the first of its user once, however many open at once', async () => {
    await start()
    const appeared: string[] = []
    core.sessions.onFirst(({ user, wire }) => appeared.push(`${user} ${wire}`))
    const opened = await Promise.all([session(ann), session(ann, 'rocketchat'), session(ann), session(ben)])
    expect(opened.filter(({ first }) => first).map(({ user }) => user)).toEqual([ann, ben])
    expect(appeared.map(each => each.slice(0, 4)).sort()).toEqual([ann, ben])
    for (const each of opened.slice(0, 3)) await core.occupancy.close(each)
    expect((await session(ann)).first).toBe(true)
  })
})

test('who is banned while they log in does not appear', async () => {
  await start()
  const appeared: string[] = []
  core.sessions.onFirst(({ user }) => appeared.push(user))
  const ban = { kind: 'ban', user: ann, from: 0, until: null, reason: '', by: null } as const
  await core.identity.users.change(ann, { sanctions: [ban] })
  await session(ann)
  await session(ben)
  expect(appeared).toEqual([ben])
})

describe('a room with a limit', () => {
  test('lets in no more at once than one after the other, and somebody again when one has gone', async () => {
    await start()
    const sessions = await Promise.all(users.map(user => session(user)))
    const entered = await Promise.all(sessions.map(each => core.occupancy.enter(each, room, null, undefined, 1)))
    expect(entered.filter(isRejection)).toEqual([
      { rejected: 'room.full', limit: 2 },
      { rejected: 'room.full', limit: 2 },
    ])
    expect((await core.occupancy.counts([room])).get(room)).toBe(2)
    const inside = await core.occupancy.occupants(room)
    await core.occupancy.close(inside[0] as SessionRef)
    const late = sessions.find(({ id }) => !inside.some(each => each.id === id)) as Session
    expect(isRejection(await core.occupancy.enter(late, room, null, undefined, 1))).toBe(false)
  })
})
