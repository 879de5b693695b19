// When a temporary room goes, with the clock in hand: `sweep` stands for the timer.
import type { RoomId, UserId } from '@conclave/wire'
import { afterEach, describe, expect, test } from 'vitest'
import type { LiveNode, NodeEvents, Nodes } from '../nodes/nodes.ts'
import { importWorld } from '../operator/import-world.ts'
import type { Wire } from '../presence/presence.ts'
import { blankRoom } from '../room/commands/create-room.ts'
import type { Command } from '../room/decide.ts'
import type { RoomKind, Suite } from '../room/events.ts'
import { isRejection } from '../room/rejection.ts'
import { StoreFailure } from '../store/store.ts'
import type { Core } from './core.ts'
import type { Session } from './sessions.ts'
import { TemporaryRooms } from './temporary.ts'
import { openTestCore, roomOf, type TestCore } from './testing.ts'

const [owner, other, guest, moderator] = ['1000', '1001', '1002', '1003'] as [UserId, UserId, UserId, UserId]
const world = {
  users: [owner, other, guest, moderator].map(id => ({ id, username: `user${id}` })),
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [
    { ref: 'brought', channel: 'c', name: 'brought', kind: 'temporary', owners: [owner, other] },
    { ref: 'static', channel: 'c', name: 'static', owners: [owner] },
  ],
}
const GRACE = 30_000
const EMPTY_DELAY = 120_000

let core: Core
let clock: TestCore['clock']
afterEach(() => core.close())

async function start(env: Record<string, string> = {}): Promise<void> {
  ;({ core, clock } = await openTestCore(env))
  await importWorld(core, world)
}

async function create(
  owners: readonly UserId[] = [owner],
  kind: RoomKind = 'temporary',
  suite: Suite = 'none',
): Promise<RoomId> {
  const [channel] = await core.store.channels()
  const room = blankRoom({ suite, kind, name: `room ${core.store.newId()}`, members: owners, owners })
  const done = await core.engine.submit({
    room: core.store.newId() as RoomId,
    channel: channel?.id as string,
    command: { command: 'create-room', actor: owner, room, claimName: true, slot: null, epoch: null },
    session: null,
    bytes: 0,
  })
  if (isRejection(done)) throw new Error(done.rejected)
  return done.room.id
}

function session(user: UserId, wire: Wire = 'dino'): Promise<Session> {
  return core.sessions.open({ user, wire, token: null, expiresAt: null, address: '', end: () => {} })
}

async function inside(room: RoomId, user: UserId, wire: Wire = 'dino'): Promise<Session> {
  const live = await session(user, wire)
  const entered = await core.occupancy.enter(live, room, null)
  if (isRejection(entered)) throw new Error(entered.rejected)
  return live
}

const run = (room: RoomId, command: Command) => core.engine.submit({ room, command, session: null, bytes: 0 })
const there = async (room: RoomId) => (await core.rooms.load(room))?.removed === false
async function after(ms: number): Promise<void> {
  clock.set(clock.now() + ms)
  await core.temporary.sweep()
}

/** Whoever is put out by an event is put out after it: nobody waits for that. */
async function gone(room: RoomId): Promise<boolean> {
  for (let waited = 0; waited < 5_000; waited += 5) {
    if (!(await there(room))) return true
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  return false
}

describe('the last owner who is inside', () => {
  test('leaves: the room goes at once, whoever else is there', async () => {
    await start()
    const room = await create()
    const live = await inside(room, owner)
    await inside(room, guest)
    await core.occupancy.leave(live, room)
    expect(await there(room)).toBe(false)
    const log = await core.store.control(room, 0)
    expect(log.at(-1)?.body).toEqual({ type: 'room.removed', reason: '' })
  })

  test('leaves with one of two sessions: it stays', async () => {
    await start()
    const room = await create()
    const first = await inside(room, owner)
    await inside(room, owner)
    await inside(room, guest)
    await core.occupancy.leave(first, room)
    expect(await there(room)).toBe(true)
  })

  test('leaves while another owner is inside: it stays, and goes with that one', async () => {
    await start()
    const room = await create([owner, other])
    const [first, second] = [await inside(room, owner), await inside(room, other)]
    await inside(room, guest)
    await core.occupancy.leave(first, room)
    expect(await there(room)).toBe(true)
    await core.occupancy.leave(second, room)
    expect(await there(room)).toBe(false)
  })

  test('is cut off: the room goes when the grace time is over, not before', async () => {
    await start()
    const room = await create()
    const live = await inside(room, owner)
    await inside(room, guest)
    await core.occupancy.close(live)
    await after(GRACE - 1)
    expect(await there(room)).toBe(true)
    await after(1)
    expect(await there(room)).toBe(false)
    expect(core.temporary.waiting).toBe(0)
  })

  test('is cut off while the store does not say which rooms are theirs: it is asked again', async () => {
    await start()
    const room = await create()
    const live = await inside(room, owner)
    await inside(room, guest)
    const rolesOf = core.store.rolesOf.bind(core.store)
    core.store.rolesOf = () => Promise.reject(new StoreFailure('no connection'))
    await core.occupancy.close(live)
    await after(GRACE)
    expect(await there(room)).toBe(true)
    core.store.rolesOf = rolesOf
    await after(5_000)
    await after(GRACE)
    expect(await there(room)).toBe(false)
  })

  test('is cut off and comes back inside: it stays', async () => {
    await start()
    const room = await create()
    const live = await inside(room, owner)
    await inside(room, guest)
    await core.occupancy.close(live)
    await after(GRACE - 1)
    await inside(room, owner)
    await after(GRACE)
    expect(await there(room)).toBe(true)
  })

  test('is cut off and logs in without entering: it stays until they have been gone for the grace time again', async () => {
    await start()
    const room = await create()
    const live = await inside(room, owner)
    await inside(room, guest)
    await core.occupancy.close(live)
    const back = await session(owner)
    await after(GRACE)
    expect(await there(room)).toBe(true)
    await core.occupancy.close(back)
    await after(GRACE - 1)
    expect(await there(room)).toBe(true)
    await after(1)
    expect(await there(room)).toBe(false)
  })

  test('is cut off with one connection and has another elsewhere: the grace time begins with the end of that', async () => {
    await start()
    const room = await create()
    const live = await inside(room, owner)
    const elsewhere = await session(owner, 'rocketchat')
    await inside(room, guest)
    await core.occupancy.close(live)
    await after(GRACE)
    expect(await there(room)).toBe(true)
    await core.occupancy.close(elsewhere)
    await after(GRACE)
    expect(await there(room)).toBe(false)
  })

  test('cannot be replaced by another owner who never entered, however often that one logs in and out', async () => {
    await start()
    const room = await create([owner, other])
    const live = await inside(room, owner)
    await inside(room, guest)
    await core.occupancy.close(live)
    for (let times = 0; times < 3; times++) {
      await core.occupancy.close(await session(other))
      await after(GRACE / 3)
    }
    expect(await there(room)).toBe(false)
  })

  test('is banned or loses their account’s sessions: the room goes at once, or after the grace time', async () => {
    await start()
    const [banned, ended] = [await create(), await create()]
    const live = await inside(banned, owner)
    await core.occupancy.enter(live, ended, null)
    for (const room of [banned, ended]) await inside(room, guest)
    await run(banned, {
      command: 'sanction',
      actor: null,
      rank: 'owner',
      kind: 'ban',
      user: owner,
      until: null,
      reason: '',
    })
    expect(await gone(banned)).toBe(true)
    await core.occupancy.close(live)
    expect(await there(ended)).toBe(true)
    await after(GRACE)
    expect(await there(ended)).toBe(false)
  })

  test('closes the room’s stream over Rocket.Chat, as its client does for another room: it stays while they are logged in', async () => {
    await start()
    const room = await create()
    const live = await inside(room, owner, 'rocketchat')
    await inside(room, guest)
    await core.occupancy.leave(live, room)
    await after(GRACE)
    expect(await there(room)).toBe(true)
    await core.occupancy.close(live)
    await after(GRACE)
    expect(await there(room)).toBe(false)
  })
})

describe('a room in which nobody is left', () => {
  test('goes at once, by leaving, by a lost connection and by a kick, whichever wire the last one was on', async () => {
    await start()
    const [left, lost, kicked] = [await create(), await create(), await create()]
    await core.occupancy.leave(await inside(left, guest), left)
    await core.occupancy.close(await inside(lost, guest, 'rocketchat'))
    await inside(kicked, guest)
    await core.sanctions.kick({ actor: null, session: null, room: kicked, user: guest, reason: '', banMs: 0 })
    expect([await there(left), await there(lost), await gone(kicked)]).toEqual([false, false, true])
  })

  test('goes with until-empty when the last one goes, owner or not', async () => {
    await start({ CONCLAVE_ROOMS_TEMPORARY: 'until-empty' })
    const room = await create()
    const live = await inside(room, owner)
    const last = await inside(room, guest)
    await core.occupancy.leave(live, room)
    await core.occupancy.close(live)
    await after(GRACE)
    expect(await there(room)).toBe(true)
    await core.occupancy.leave(last, room)
    expect(await there(room)).toBe(false)
  })

  test('waits with delayedRemoval, and stays if somebody comes back', async () => {
    await start({ CONCLAVE_DINO_DELAYED_REMOVAL: 'true' })
    const [alone, visited] = [await create(), await create()]
    await session(owner)
    for (const room of [alone, visited]) await core.occupancy.leave(await inside(room, guest), room)
    await after(EMPTY_DELAY - 1)
    await inside(visited, guest)
    expect(await there(alone)).toBe(true)
    await after(1)
    expect([await there(alone), await there(visited)]).toEqual([false, true])
  })

  test('waits as long for an owner who was cut off, and goes though others came meanwhile', async () => {
    await start({ CONCLAVE_DINO_DELAYED_REMOVAL: 'true' })
    const [alone, visited] = [await create(), await create()]
    const live = await inside(alone, owner)
    await core.occupancy.enter(live, visited, null)
    await core.occupancy.close(live)
    await after(GRACE)
    expect(await there(alone)).toBe(true)
    await inside(visited, guest)
    await after(EMPTY_DELAY - GRACE)
    expect([await there(alone), await there(visited)]).toEqual([false, false])
  })
})

describe('a room that nobody has entered', () => {
  test('goes with its maker, when they have been gone for the grace time', async () => {
    await start()
    const room = await create()
    const live = await session(owner)
    await after(10 * GRACE)
    expect(await there(room)).toBe(true)
    await core.occupancy.close(live)
    await after(GRACE)
    expect(await there(room)).toBe(false)
  })

  test('stays while another of its owners is there', async () => {
    await start()
    const room = await create([owner, other])
    const [live, second] = [await session(owner), await session(other)]
    await core.occupancy.close(live)
    await after(GRACE)
    expect(await there(room)).toBe(true)
    await core.occupancy.close(second)
    await after(GRACE)
    expect(await there(room)).toBe(false)
  })

  test('waits for its first visitor when a world brought it', async () => {
    await start()
    const room = await roomOf(core, 'brought')
    await core.occupancy.close(await session(owner))
    await after(GRACE)
    expect(await there(room)).toBe(true)
    await core.occupancy.leave(await inside(room, guest), room)
    expect(await there(room)).toBe(false)
  })
})

describe('after a start', () => {
  test('what was left behind goes after the grace time, but not where somebody has come, nor what a world brought', async () => {
    await start()
    const [left, visited, brought] = [await create(), await create(), await roomOf(core, 'brought')]
    await core.temporary.start()
    await inside(visited, guest)
    await after(GRACE - 1)
    expect(await there(left)).toBe(true)
    await after(1)
    expect([await there(left), await there(visited), await there(brought)]).toEqual([false, true, true])
  })
})

describe('no removal', () => {
  test('of a room that is not temporary, or is encrypted', async () => {
    await start()
    const [kept, own] = [await roomOf(core, 'static'), await create([owner], 'private')]
    const encrypted = await create([owner], 'temporary', 'rocketchat')
    for (const room of [kept, own, encrypted]) {
      const live = await inside(room, owner)
      await core.occupancy.leave(live, room)
      await core.occupancy.close(live)
    }
    await after(GRACE)
    expect([await there(kept), await there(own), await there(encrypted)]).toEqual([true, true, true])
  })

  test('while the server stops', async () => {
    await start()
    const [room, waiting] = [await create(), await create()]
    const live = await inside(room, owner)
    const lost = await inside(waiting, owner)
    await inside(waiting, guest)
    await core.occupancy.close(lost)
    core.temporary.stop()
    await core.occupancy.leave(live, room)
    await core.occupancy.close(live)
    await after(GRACE)
    expect([await there(room), await there(waiting)]).toEqual([true, true])
  })
})

test('a removal that cannot be written is tried again, and nobody who leaves hears of it', async () => {
  await start()
  const room = await create()
  const live = await inside(room, guest)
  const submit = core.engine.submit.bind(core.engine)
  core.engine.submit = async () => ({ rejected: 'unavailable' })
  await core.occupancy.leave(live, room)
  expect(await there(room)).toBe(true)
  core.engine.submit = submit
  await after(5_000)
  expect(await there(room)).toBe(false)
})

test('whoever enters in the moment in which the room goes is refused or was inside: nobody is left in a room that is gone', async () => {
  await start()
  const outcomes = new Set<string>()
  for (let round = 0; round < 20; round++) {
    const room = await create()
    const [live, late] = [await inside(room, owner), await session(guest)]
    const leaving = core.occupancy.leave(live, room)
    for (let turn = 0; turn < round % 7; turn++) await new Promise(setImmediate)
    let letIn = false
    const entered = await core.occupancy.enter(late, room, null, () => {
      letIn = true
    })
    await leaving
    outcomes.add(isRejection(entered) ? entered.rejected : 'inside')
    expect(letIn).toBe(!isRejection(entered))
    if (isRejection(entered)) expect(await core.occupancy.inside(room, guest)).toBe(false)
    await core.occupancy.close(late)
    expect(await there(room)).toBe(false)
  }
  expect(outcomes).toEqual(new Set(['room.unknown', 'inside']))
})

describe('a node that was there first', () => {
  const [self, second] = [1, 2].map(node => ({ node, instance: `${node}`, address: null })) as [LiveNode, LiveNode]

  for (const leaves of ['while it is still there', 'and is gone then'])
    test(`looks after the rooms of another that did so before it, ${leaves}`, async () => {
      await start()
      await create()
      let live: readonly LiveNode[] = [self]
      let taken = (): void => {}
      let events: NodeEvents = {}
      const nodes = {
        ...core.nodes,
        live: () => live,
        watch: (all: NodeEvents) => {
          events = all
        },
        hold: (_: string, then: () => void) => {
          taken = then
          return { held: true, release: async () => {} }
        },
      } as Nodes
      const temporary = new TemporaryRooms({ ...core, nodes, rule: 'owner', grace: GRACE, delayed: false })
      await temporary.start()
      temporary.stop()
      live = [self, second]
      if (leaves === 'and is gone then') {
        live = [self]
        events.lost?.(second)
      }
      const asked: unknown[] = []
      const rooms = core.store.temporaryRooms.bind(core.store)
      core.store.temporaryRooms = async () => {
        asked.push(1)
        return rooms()
      }
      taken()
      expect(asked).not.toEqual([])
    })

  test('does not where nobody has been there before it', async () => {
    await start()
    let taken = (): void => {}
    const hold = (_: string, then: () => void) => {
      taken = then
      return { held: true, release: async () => {} }
    }
    const nodes = { ...core.nodes, live: () => [self], watch: () => {}, hold } as unknown as Nodes
    const temporary = new TemporaryRooms({ ...core, nodes, rule: 'owner', grace: GRACE, delayed: false })
    await temporary.start()
    temporary.stop()
    let asked = false
    core.store.temporaryRooms = async () => {
      asked = true
      return []
    }
    taken()
    expect(asked).toBe(false)
  })
})
