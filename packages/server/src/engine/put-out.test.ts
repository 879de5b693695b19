// Whoever is put out of a room on one node is out on all, also where that node does nothing more than to commit it: here each
// node knows of its own sessions alone, as if the one that commits crashed before it could take anybody out.
import type { RoomId, UserId } from '@conclave/wire'
import { afterEach, expect, test, vi } from 'vitest'
import type { BusMessage } from '../bus/bus.ts'
import { openTestCluster, type TestCluster, type TestNode } from '../bus/testing/cluster.ts'
import { PERFECT, seeded, TestNetwork, TestTime } from '../bus/testing/network.ts'
import { BUS_POLL, PUT_OUT_ANYHOW } from '../limits.ts'
import { importWorld } from '../operator/import-world.ts'
import type { Command } from '../room/decide.ts'
import { isRejection } from '../room/rejection.ts'
import { StoreFailure } from '../store/store.ts'
import type { Session } from './sessions.ts'
import { roomOf } from './testing.ts'

const [owner, member, guest] = ['1000', '1001', '1002'] as [UserId, UserId, UserId]
const world = {
  users: [owner, member, guest].map(id => ({ id, username: `user${id}` })),
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [
    { ref: 'open', channel: 'c', name: 'open', owners: [owner] },
    { ref: 'own', channel: 'c', name: 'own', kind: 'private', owners: [owner], members: [owner, member] },
  ],
}

let time: TestTime
let network: TestNetwork
let cluster: TestCluster
afterEach(async () => {
  for (const { errors } of cluster.nodes) expect(errors).toEqual([])
  await cluster.close()
})

async function start(ref: string): Promise<{ here: TestNode; there: TestNode; room: RoomId }> {
  time = new TestTime()
  network = new TestNetwork(time, PERFECT, seeded(1))
  cluster = await openTestCluster(2, network, time)
  const [here, there] = cluster.nodes as [TestNode, TestNode]
  await importWorld(there.core, world)
  await time.pass(20_000)
  return { here, there, room: await roomOf(there.core, ref) }
}

/** Lets time go on until it is there. */
async function until<T>(promise: Promise<T>): Promise<T> {
  let settled = false
  const done = (): void => {
    settled = true
  }
  promise.then(done, done)
  while (!settled) await time.pass(1)
  return promise
}

async function enter({ core }: TestNode, user: UserId, room: RoomId): Promise<Session> {
  const opening = { user, wire: 'dino', token: null, expiresAt: null, address: '', end: () => {} } as const
  const live = await until(core.sessions.open(opening))
  const entered = await until(core.occupancy.enter(live, room, null))
  if (isRejection(entered)) throw new Error(entered.rejected)
  return live
}

function heard({ bus }: TestNode, room: RoomId): BusMessage[] {
  const messages: BusMessage[] = []
  bus.subscribe(`room:${room}`, message => void (message.kind === 'left' && messages.push(message)))
  return messages
}

const run = ({ core }: TestNode, room: RoomId, command: Command) =>
  until(core.engine.submit({ room, command, session: null, bytes: 0 }))
const kick = (user: UserId): Command => ({ command: 'kick', actor: null, user, reason: '', banMs: 0 })
const ban = (user: UserId): Command => ({
  command: 'sanction',
  actor: null,
  kind: 'ban',
  user,
  until: null,
  reason: '',
  rank: 'owner',
})

for (const lost of [0, 1])
  test(`by a ban in the room that another node committed (${lost} of the messages lost)`, async () => {
    const { here, there, room } = await start('open')
    const [live, again] = [await enter(here, guest, room), await enter(here, guest, room)]
    await enter(here, owner, room)
    const left = heard(here, room)
    const out: string[] = []
    here.core.occupancy.onPutOut((_, { id }) => void out.push(id))
    network.faults = { ...PERFECT, lost }
    await run(there, room, ban(guest))
    await time.pass(BUS_POLL + 100)
    expect(await here.core.occupancy.inside(room, guest)).toBe(false)
    expect(await here.core.occupancy.inside(room, owner)).toBe(true)
    expect(left).toMatchObject([{ kind: 'left', session: { user: guest }, putOut: 'banned' }])
    expect(out.sort()).toEqual([live.id, again.id].sort())
  })

test('by a removal; and whoever was let in after it stays', async () => {
  const { here, there, room } = await start('own')
  const live = await enter(here, member, room)
  const left = heard(here, room)
  await run(there, room, kick(member))
  await time.pass(100)
  expect(await here.core.occupancy.inside(room, member)).toBe(false)
  expect(left).toMatchObject([{ putOut: 'kicked' }])
  await run(there, room, { command: 'add-members', actor: owner, users: [member], signed: null })
  expect(isRejection(await until(here.core.occupancy.enter(live, room, null)))).toBe(false)
  await time.pass(BUS_POLL * 2)
  expect(await here.core.occupancy.inside(room, member)).toBe(true)
  expect(left).toHaveLength(1)
})

test('by a ban from the channel, which stands in no log; owners may stay', async () => {
  const { here, there, room } = await start('open')
  await enter(here, guest, room)
  await enter(here, owner, room)
  const left = heard(here, room)
  network.faults = { ...PERFECT, lost: 1 }
  const [channel] = await there.core.store.channels()
  for (const user of [guest, owner]) {
    const scope = { of: 'channel', channel: channel?.id as never } as const
    const asked = { actor: null, session: null, user, scope, until: null, reason: '', summary: '' }
    expect(isRejection(await until(there.core.sanctions.ban(asked)))).toBe(false)
  }
  await time.pass(BUS_POLL + 100)
  await vi.waitFor(async () => expect(await here.core.occupancy.inside(room, guest)).toBe(false), {
    timeout: PUT_OUT_ANYHOW + 5_000,
  })
  expect(await here.core.occupancy.inside(room, owner)).toBe(true)
  expect(left).toMatchObject([{ session: { user: guest }, putOut: 'banned' }])
})

test('a session whose entering nobody could finish is not inside', async () => {
  const { here, room } = await start('open')
  const live = await until(
    here.core.sessions.open({ user: guest, wire: 'dino', token: null, expiresAt: null, address: '', end: () => {} }),
  )
  const { presence, rooms, occupancy } = here.core
  const [enter, load, current] = [presence.enter.bind(presence), rooms.load.bind(rooms), rooms.current.bind(rooms)]
  presence.enter = async (...asked) => {
    const entered = await enter(...asked)
    rooms.current = () => undefined
    rooms.load = () => Promise.reject(new StoreFailure('no connection'))
    return entered
  }
  await expect(until(occupancy.enter(live, room, null))).rejects.toThrow('no connection')
  Object.assign(rooms, { current, load })
  await vi.waitFor(async () => expect(await occupancy.inside(room, guest)).toBe(false))
})
