// The bus of many nodes over a network that loses, repeats and delays: every watched room leaves every node in the order of its
// log, once and whole, and what stands in no log is learnt by the next look.
import type { RoomId, UserId } from '@conclave/wire'
import { afterEach, describe, expect, test } from 'vitest'
import { roomOf } from '../engine/testing.ts'
import { BUS_ANNOUNCED, BUS_KEPT, BUS_POLL } from '../limits.ts'
import { importWorld } from '../operator/import-world.ts'
import { apply } from '../room/apply.ts'
import type { Command } from '../room/decide.ts'
import type { RoomState } from '../room/state.ts'
import { StoreFailure } from '../store/store.ts'
import type { Bus, BusMessage, Delivery, Topic } from './bus.ts'
import { clusterBus } from './cluster.ts'
import { busContract } from './contract.ts'
import { localBus } from './local.ts'
import { openTestCluster, type TestCluster, type TestNode } from './testing/cluster.ts'
import { type Faults, PERFECT, seeded, TestNetwork, TestTime } from './testing/network.ts'

const NOTHING = { peek: () => undefined, load: async () => undefined, forget: () => {} }
const STRANGER = {
  rooms: { peek: () => undefined, refresh: async () => undefined, set: () => {} },
  accounts: NOTHING,
  channels: NOTHING,
  tokenOf: (hash: string) => hash,
  forget: () => {},
}
const EMPTY = { heads: async () => [], page: async () => [], control: async () => [], eventAt: async () => undefined }

function alone(network: TestNetwork, time: TestTime, errors: unknown[]) {
  const onError = (error: unknown): void => void errors.push(error)
  const parts = {
    local: localBus({ onError }),
    transport: network.open(),
    store: EMPTY,
    feed: null,
    clock: time,
    timers: time,
    onError,
  }
  const bus = clusterBus(parts)
  bus.attach(STRANGER)
  return bus
}

busContract('cluster, one node', async () => {
  const time = new TestTime()
  const errors: unknown[] = []
  return { bus: alone(new TestNetwork(time), time, errors), errors, settled: () => time.pass(10) }
})

busContract('cluster, from one node to another', async () => {
  const time = new TestTime()
  const errors: unknown[] = []
  const network = new TestNetwork(time)
  const [here, there] = [alone(network, time, errors), alone(network, time, errors)]
  const waiting: (readonly [Topic, BusMessage])[] = []
  const bus: Bus = {
    follow: topic => there.follow(topic),
    keeps: room => there.keeps(room),
    alone: there.alone,
    subscribe: (topic, receive) => there.subscribe(topic, receive),
    publish: (topic, message) => void waiting.push([topic, message]),
    close: async () => {
      await here.close()
      await there.close()
    },
  }
  const settled = async (): Promise<void> => {
    await time.pass(10)
    while (waiting.length > 0) {
      for (const [topic, message] of waiting.splice(0)) here.publish(topic, message)
      await time.pass(10)
    }
  }
  return { bus, errors, settled }
})

const PEOPLE = 6
const user = (n: number): UserId => String(1_000 + n) as UserId
const world = {
  users: Array.from({ length: PEOPLE }, (_, n) => ({ id: user(n), username: `user${n}`, tokens: [`token${n}`] })),
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [
    {
      ref: 'r',
      channel: 'c',
      name: 'room',
      kind: 'public',
      members: [user(0), user(1), user(2)],
      owners: [user(0), user(1)],
    },
  ],
}

let time: TestTime
let network: TestNetwork
let cluster: TestCluster
let room: RoomId

async function start(count: number, faults: Faults = PERFECT, seed = 1): Promise<void> {
  time = new TestTime()
  network = new TestNetwork(time, PERFECT, seeded(seed))
  cluster = await openTestCluster(count, network, time)
  await importWorld((cluster.nodes[0] as TestNode).core, world)
  room = await roomOf((cluster.nodes[0] as TestNode).core, 'r')
  await time.pass(20_000)
  network.faults = faults
}

afterEach(async () => {
  if (!cluster) return
  for (const { errors } of cluster.nodes) expect(errors).toEqual([])
  await cluster.close()
})

function node(index: number): TestNode {
  return cluster.nodes[index] as TestNode
}

function say(text: string, actor: UserId = user(0)): Command {
  return {
    command: 'send-message',
    actor,
    content: { suite: 'none', text },
    messageId: null,
    digest: text,
    inside: false,
    attributes: null,
    origin: null,
  }
}

async function submit(index: number, command: Command): Promise<void> {
  const answer = await node(index).core.engine.submit({ room, command, session: null, bytes: 10 })
  if ('rejected' in answer) throw new Error(answer.rejected)
}

const role = (granted: boolean, who: UserId): Command => ({
  command: 'change-role',
  actor: user(0),
  user: who,
  role: 'moderator',
  granted,
})

interface Reader {
  /** Everything after it has to come. */
  readonly head: number
  readonly deliveries: Delivery[]
  readonly others: BusMessage[]
  stop(): void
}

/** As a gateway lets a session in: follows, listens, reads. */
async function read(index: number, topic: Topic = `room:${room}`): Promise<Reader> {
  const { bus } = node(index)
  await until(bus.follow(topic))
  const deliveries: Delivery[] = []
  const others: BusMessage[] = []
  const stop = bus.subscribe(topic, message => {
    if (message.kind === 'event') deliveries.push(message.delivery)
    else others.push(message)
  })
  const head = (await cluster.store.head(room))?.sequence ?? 0
  return { head, deliveries, others, stop }
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

const sequences = ({ deliveries }: Reader): number[] => deliveries.map(({ event }) => event.sequence)

async function log() {
  const query = { room, right: { by: 'server' }, select: 'all', order: 'oldest', limit: 10_000 } as const
  return (await cluster.store.page(query)) ?? []
}

/** In order, none twice, none missing; each with its content and with the room as it stood then at least. */
async function expectWhole(reader: Reader): Promise<void> {
  const events = await log()
  const got = sequences(reader)
  const wanted = events.map(({ sequence }) => sequence).filter(sequence => sequence > reader.head)
  expect(got).toEqual(got.map((_, index) => (got[0] ?? 0) + index))
  expect(got.filter(sequence => sequence > reader.head)).toEqual(wanted)
  let state: RoomState | undefined
  const controls = events.map(event => {
    state = apply(state, event)
    return state.control
  })
  for (const { event, room: told, channel, actor } of reader.deliveries) {
    expect(event).toEqual(events[event.sequence - 1])
    expect(told.control).toBeGreaterThanOrEqual(controls[event.sequence - 1] as number)
    expect(channel.id).toBe(told.channel)
    expect(actor?.id ?? null).toBe(event.actor)
  }
}

describe('a room that is watched on several nodes', () => {
  test('is delivered on the node that commits in the turn of the commit, and on the others over the network', async () => {
    await start(2)
    const [here, there] = [await read(0), await read(1)]
    const before = network.carried
    await submit(0, say('one'))
    expect(sequences(here)).toEqual([here.head + 1])
    expect(sequences(there)).toEqual([])
    await time.pass(1)
    expect(sequences(there)).toEqual([here.head + 1])
    expect(network.carried).toBe(before + 1)
    expect(there.deliveries[0]?.room).toEqual(here.deliveries[0]?.room)
    expect({ ...there.deliveries[0] }).toEqual({ ...here.deliveries[0] })
  })

  test('who subscribes without waiting gets what this node writes from then on', async () => {
    await start(2)
    await submit(1, say('before'))
    const heard: number[] = []
    node(0).bus.subscribe(`room:${room}`, message => {
      if (message.kind === 'event') heard.push(message.delivery.event.sequence)
    })
    await submit(0, say('one'))
    await submit(1, say('two'))
    await submit(0, say('three'))
    await time.pass(BUS_POLL)
    expect(heard).toEqual([3, 4, 5])
  })

  test('is told with the room as the writing node tells it, several events of one append too', async () => {
    await start(2)
    const [here, there] = [await read(0), await read(1)]
    await submit(0, { command: 'kick', actor: user(0), user: user(2), reason: '', banMs: 60_000 })
    expect(sequences(here).length).toBeGreaterThan(1)
    await submit(1, role(true, user(3)))
    await submit(0, say('after'))
    await time.pass(10)
    expect(there.deliveries).toEqual(here.deliveries)
    expect(node(1).core.rooms.peek(room)).toEqual(node(0).core.rooms.peek(room))
  })

  test('is told with its people as they were at least when it was written', async () => {
    await start(2)
    const reader = await read(1)
    await submit(0, say('one', user(1)))
    await time.pass(10)
    network.faults = { ...PERFECT, lost: 1 }
    await node(0).core.identity.users.change(user(1), { name: 'Other' })
    network.faults = PERFECT
    await submit(0, say('two', user(1)))
    await time.pass(10)
    const names = reader.deliveries.map(({ actor }) => actor?.name)
    expect(names).toEqual([names[0], 'Other'])
    expect(names[0]).not.toBe('Other')
  })

  test('what stands in no log comes after what came before it, on every node', async () => {
    await start(2)
    const order: string[] = []
    const typing = { kind: 'receipt', room, user: user(0), read: true } as const
    await until(node(1).bus.follow(`room:${room}`))
    node(1).bus.subscribe(`room:${room}`, message => order.push(message.kind))
    network.faults = { ...PERFECT, lost: 1 }
    await submit(0, say('lost'))
    network.faults = PERFECT
    await submit(0, say('waits for it'))
    node(0).bus.publish(`room:${room}`, typing)
    await time.pass(1)
    expect(order).toEqual([])
    node(1).bus.publish(`room:${room}`, typing)
    await time.pass(100)
    expect(order).toEqual(['event', 'event', 'receipt', 'receipt'])
  })

  test('an event that is too large for the network is read', async () => {
    await start(2)
    const reader = await read(1)
    Object.assign(node(0).transport, { most: 700 })
    await submit(0, say('x'.repeat(2_000)))
    await time.pass(100)
    await expectWhole(reader)
    expect(reader.deliveries).toHaveLength(1)
  })

  test('a store that does not answer delays what was lost, and nothing is left out or turned round', async () => {
    await start(2)
    const reader = await read(1)
    const { page } = cluster.store
    cluster.store.page = async () => {
      throw new StoreFailure('gone')
    }
    network.faults = { ...PERFECT, lost: 1 }
    await submit(0, say('lost'))
    network.faults = PERFECT
    await submit(0, say('next'))
    await submit(1, say('own'))
    await time.pass(BUS_POLL)
    expect(sequences(reader)).toEqual([])
    cluster.store.page = page
    await time.pass(1_000)
    await expectWhole(reader)
    expect(reader.deliveries).toHaveLength(3)
  })

  test('a last message that was lost comes by the next announcement', async () => {
    await start(2)
    const reader = await read(1)
    network.faults = { ...PERFECT, lost: 1 }
    await submit(0, say('lost'))
    await time.pass(10)
    expect(sequences(reader)).toEqual([])
    network.faults = PERFECT
    await time.pass(BUS_ANNOUNCED + 100)
    await expectWhole(reader)
    expect(reader.deliveries).toHaveLength(1)
  })

  test('where every message is lost, whatever was written comes by the next look', async () => {
    await start(2)
    const reader = await read(1)
    network.faults = { ...PERFECT, lost: 1 }
    for (let n = 0; n < 1_200; n++) void submit(0, say(`${n}`))
    await time.pass(BUS_POLL + 2_000)
    await expectWhole(reader)
    expect(reader.deliveries).toHaveLength(1_200)
  })

  test('a node that was cut off has everything at once when it is back', async () => {
    await start(2)
    const [here, there] = [await read(0), await read(1)]
    node(1).transport.cut()
    for (let n = 0; n < 20; n++) await submit(n % 2, say(`${n}`))
    expect(sequences(there).length).toBeLessThan(20)
    node(1).transport.mend()
    await time.pass(200)
    await expectWhole(there)
    // What the cut node wrote it could tell nobody: the other one looks.
    await time.pass(BUS_POLL)
    await expectWhole(here)
  })

  test('what was written while a node was cut off is looked for as soon as it is back', async () => {
    await start(2)
    const reader = await read(1)
    node(1).transport.cut()
    await submit(0, say('unheard'))
    await time.pass(20)
    node(1).transport.mend()
    await time.pass(100)
    await expectWhole(reader)
    expect(reader.deliveries).toHaveLength(1)
  })

  test('is announced for a few seconds after the last event, and then no more', async () => {
    await start(2)
    await read(1)
    await submit(0, say('one'))
    await time.pass(BUS_ANNOUNCED * 20)
    const before = network.carried
    await time.pass(BUS_ANNOUNCED * 20)
    expect(network.carried).toBe(before)
  })

  test('what a node wrote before it died without a word is found by the others', async () => {
    await start(2)
    const reader = await read(1)
    node(0).transport.cut()
    await submit(0, say('last words'))
    await node(0).core.close()
    await time.pass(BUS_POLL + 100)
    await expectWhole(reader)
    expect(reader.deliveries).toHaveLength(1)
  })

  test('what comes before an event of another node that is on its way waits for it, and no longer than for a look', async () => {
    await start(2, { ...PERFECT, delay: 0 })
    const [here, there] = [await read(0), await read(1)]
    network.faults = { ...PERFECT, lost: 1 }
    await submit(0, say('one'))
    network.faults = PERFECT
    await submit(1, say('two'))
    expect(sequences(there)).toEqual([])
    await time.pass(100)
    await expectWhole(there)
    await expectWhole(here)
    expect(there.deliveries).toHaveLength(2)
  })

  for (const seed of Array.from({ length: 24 }, (_, index) => index + 1)) {
    test(`comes whole and in order whatever is lost, repeated and late (seed ${seed})`, async () => {
      const random = seeded(seed)
      await start(3, { lost: random() * 0.4, repeated: random() * 0.3, delay: random() * 120 }, seed)
      const readers: Reader[] = []
      const stopped = new Set<Reader>()
      const pick = (most: number): number => Math.floor(random() * most)
      for (let step = 0; step < 60; step++) {
        const what = random()
        if (what < 0.55) await submit(pick(3), say(`${step}`, user(pick(3))))
        else if (what < 0.75) await submit(pick(3), role(random() < 0.5, user(2 + pick(2)))).catch(() => {})
        else if (what < 0.9) readers.push(await read(pick(3)))
        else if (readers.length > 0) {
          const reader = readers[pick(readers.length)] as Reader
          reader.stop()
          stopped.add(reader)
        }
        if (random() < 0.2) await time.pass(pick(300))
        if (random() < 0.03) node(pick(3)).transport.cut()
        if (random() < 0.1) for (const { transport } of cluster.nodes) if (!transport.connected) transport.mend()
      }
      for (const { transport } of cluster.nodes) if (!transport.connected) transport.mend()
      await time.pass(BUS_POLL + 3_000)
      for (const reader of readers) if (!stopped.has(reader)) await expectWhole(reader)
      expect(readers.some(({ deliveries }) => deliveries.length > 0)).toBe(true)
    })
  }
})

describe('a room that nobody here watches', () => {
  test('costs nothing: no message arrives and nothing is asked of the store', async () => {
    await start(2)
    await time.pass(BUS_POLL)
    let asked: readonly RoomId[] = []
    const { heads } = cluster.store
    cluster.store.heads = async rooms => {
      asked = [...asked, ...rooms]
      return heads.call(cluster.store, rooms)
    }
    const before = network.carried
    for (let n = 0; n < 50; n++) await submit(0, say(`${n}`))
    await time.pass(BUS_POLL * 2)
    expect(network.carried).toBe(before)
    expect(asked).toEqual([])
  })

  test('is followed for a while after the last one left, and then no more', async () => {
    await start(2)
    const reader = await read(1)
    reader.stop()
    await time.pass(BUS_POLL * (BUS_KEPT - 2))
    const before = network.carried
    await submit(0, say('still heard'))
    await time.pass(10)
    expect(network.carried).toBe(before + 1)
    await time.pass(BUS_POLL * 4)
    const after = network.carried
    await submit(0, say('unheard'))
    await time.pass(BUS_POLL)
    expect(network.carried).toBe(after)
    expect(node(1).bus.keeps(room)).toBe(false)
    // Whoever comes back hears again.
    const again = await read(1)
    await submit(0, say('heard'))
    await time.pass(10)
    await expectWhole(again)
    expect(again.deliveries).toHaveLength(1)
  })

  test('is remembered no longer than a look lasts', async () => {
    await start(2)
    const old = await node(1).core.rooms.load(room)
    network.faults = { ...PERFECT, lost: 1 }
    await submit(0, role(true, user(2)))
    await time.pass(BUS_POLL)
    expect(node(1).core.rooms.current(room)).toBeUndefined()
    expect((await node(1).core.rooms.load(room))?.control).toBe((old?.control ?? 0) + 1)
    const [all] = await node(1).core.rooms.loadAll([room])
    expect(all?.control).toBe((old?.control ?? 0) + 1)
  })
})

describe('what another node has just changed, and nobody was told of', () => {
  test('refuses nobody: a refusal is decided by what the store has', async () => {
    await start(2)
    await node(1).core.rooms.load(room)
    await node(1).core.identity.accounts.load(user(2))
    network.faults = { ...PERFECT, lost: 1 }
    await submit(0, { ...role(true, user(2)), role: 'owner' } as Command)
    await submit(1, { ...role(true, user(3)), actor: user(2) } as Command)
    expect((await cluster.store.head(room))?.control).toBe(3)
    // And who was one is refused.
    await submit(0, { ...role(false, user(2)), role: 'owner' } as Command)
    await expect(submit(1, { ...role(false, user(3)), actor: user(2) } as Command)).rejects.toThrow('role.required')
  })

  test('is found by whoever looks the room up', async () => {
    await start(2)
    await node(1).core.reading.room(room)
    network.faults = { ...PERFECT, lost: 1 }
    await submit(0, role(true, user(2)))
    expect((await node(1).core.reading.room(room))?.room.roles.get(user(2))).toEqual(['moderator'])
    await submit(0, role(true, user(3)))
    const [listed] = await node(1).core.reading.states([room])
    expect(listed?.roles.get(user(3))).toEqual(['moderator'])
  })

  test('of a watched room is remembered as soon as it is delivered', async () => {
    await start(2)
    await read(1)
    await node(1).core.rooms.load(room)
    await submit(0, role(true, user(2)))
    await time.pass(1)
    expect(node(1).core.rooms.current(room)?.roles.get(user(2))).toEqual(['moderator'])
  })
})

describe('what stands in no watched room', () => {
  for (const lost of [0, 1])
    test(`a user hears once that they were made a moderator elsewhere (${lost} of the messages lost)`, async () => {
      await start(2)
      const reader = await read(1, `user:${user(2)}`)
      network.faults = { ...PERFECT, lost }
      await submit(0, role(true, user(2)))
      await time.pass(BUS_POLL * 3)
      expect(reader.deliveries.map(({ event }) => event.body.type)).toEqual(['roles.changed'])
      expect(reader.deliveries[0]?.room.roles.get(user(2))).toEqual(['moderator'])
    })

  test('a user who follows hears nothing of what was before, though the feed tells of it', async () => {
    await start(2)
    // Between two looks.
    await time.pass(BUS_POLL / 4)
    await submit(0, role(true, user(2)))
    expect(cluster.feed.changes.at(-1)).toMatchObject({ of: 'membership', user: user(2) })
    const reader = await read(1, `user:${user(2)}`)
    await time.pass(BUS_POLL * 2)
    expect(reader.deliveries).toEqual([])
  })

  test('nor where the feed tells of it again', async () => {
    await start(2)
    cluster.feed.again = 10
    await submit(0, role(true, user(2)))
    await time.pass(BUS_POLL * 2)
    const reader = await read(1, `user:${user(2)}`)
    await time.pass(BUS_POLL * 2)
    expect(reader.deliveries).toEqual([])
    network.faults = { ...PERFECT, lost: 1 }
    await submit(0, role(false, user(2)))
    await time.pass(BUS_POLL * 3)
    expect(sequences(reader)).toHaveLength(1)
  })

  test('nor does one who subscribes before, as activity streams do', async () => {
    await start(2)
    await time.pass(BUS_POLL / 4)
    network.faults = { ...PERFECT, lost: 1 }
    await submit(0, role(true, user(2)))
    const heard: unknown[] = []
    node(1).bus.subscribe(`user:${user(2)}`, message => heard.push(message.kind))
    await until(node(1).bus.follow(`user:${user(2)}`))
    await time.pass(BUS_POLL * 2)
    expect(heard).toEqual([])
    await submit(0, role(false, user(2)))
    await time.pass(BUS_POLL * 2)
    expect(heard).toEqual(['event'])
  })

  test('a user whose room is watched hears of themselves first', async () => {
    await start(2)
    const order: string[] = []
    await until(node(1).bus.follow(`room:${room}`))
    await until(node(1).bus.follow(`user:${user(2)}`))
    node(1).bus.subscribe(`room:${room}`, ({ kind }) => order.push(`room ${kind}`))
    node(1).bus.subscribe(`user:${user(2)}`, ({ kind }) => order.push(`user ${kind}`))
    network.faults = { ...PERFECT, lost: 0.5, repeated: 0.5, delay: 100 }
    await submit(0, role(true, user(2)))
    await time.pass(BUS_POLL * 2)
    expect(order).toEqual(['user event', 'room event'])
  })

  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8])
    test(`whoever listens to a room because of what they heard of themselves misses nothing of it (seed ${seed})`, async () => {
      await start(3, { lost: seed * 0.1, repeated: 0.3, delay: 50 }, seed)
      const sequencesHeard: number[] = []
      let since = 0
      await until(node(1).bus.follow(`user:${user(2)}`))
      node(1).bus.subscribe(`user:${user(2)}`, message => {
        if (message.kind !== 'event' || since > 0) return
        since = message.delivery.event.sequence
        node(1).bus.subscribe(`room:${room}`, heard => {
          if (heard.kind === 'event') sequencesHeard.push(heard.delivery.event.sequence)
        })
      })
      await submit(0, role(true, user(2)))
      for (let n = 0; n < 10; n++) {
        await submit(n % 3, say(`${n}`))
        await time.pass(seed)
      }
      await time.pass(BUS_POLL * 3)
      const all = (await log()).map(({ sequence }) => sequence)
      expect(sequencesHeard.filter(sequence => sequence > since)).toEqual(all.filter(sequence => sequence > since))
      expect(sequencesHeard).toEqual([...new Set(sequencesHeard)].sort((a, b) => a - b))
    })

  test('the end of a user’s sessions comes after what they were told before it, though that has to be looked up', async () => {
    await start(2)
    const order: string[] = []
    for (const topic of [`user:${user(3)}`, 'all'] as const) {
      await until(node(1).bus.follow(topic))
      node(1).bus.subscribe(topic, ({ kind }) => order.push(kind))
    }
    const account = await node(0).core.identity.accounts.load(user(3))
    // Its node has to ask a store that takes its time.
    const { accounts } = node(1).core.identity
    Object.assign(accounts, { peek: () => undefined, load: () => new Promise(r => time.after(50, () => r(account))) })
    const told = { room: null, channel: null, account, actor: null, summary: '', rooms: [], lifted: false }
    const sanction = { kind: 'ban', user: user(3), from: 0, until: null, reason: '', by: null }
    const banned = { kind: 'sanctioned', scope: 'global', sanction, ...told } as unknown as BusMessage
    node(0).bus.publish(`user:${user(3)}`, banned)
    node(0).bus.publish('all', { kind: 'end', token: null, user: user(3), wire: null, reason: 'banned' })
    await time.pass(BUS_POLL)
    expect(order).toEqual(['sanctioned', 'end'])
  })

  test('a change of an account whose message was lost is learnt by the next look', async () => {
    await start(2)
    const { identity } = node(1).core
    expect((await identity.accounts.load(user(3)))?.name).not.toBe('Other')
    network.faults = { ...PERFECT, lost: 1 }
    await node(0).core.identity.users.change(user(3), { name: 'Other' })
    await time.pass(BUS_POLL + 10)
    expect((await identity.accounts.load(user(3)))?.name).toBe('Other')
  })

  test('sessions of a token or of somebody that ended on another node end, though nobody was told', async () => {
    await start(2)
    const ended: string[] = []
    const { sessions, identity } = node(1).core
    const token = (await cluster.store.tokensOf(user(4)))[0]
    const open = (who: UserId, id: string | null) =>
      sessions.open({
        user: who,
        wire: 'dino',
        token: id,
        expiresAt: null,
        address: '',
        end: reason => ended.push(`${who} ${reason}`),
      })
    for (const who of [user(3), user(4), user(5)]) await until(node(1).bus.follow(`user:${who}`))
    await open(user(3), null)
    await open(user(4), token?.id ?? '')
    await open(user(5), null)
    network.faults = { ...PERFECT, lost: 1 }
    await node(0).core.identity.users.end(user(3))
    await cluster.store.commit([{ guards: [], append: null, rows: [{ drop: 'token', hash: token?.hash ?? '' }] }])
    await time.pass(BUS_POLL + 10)
    expect(ended).toContain(`${user(3)} account ended`)
    expect(ended).toContain(`${user(4)} token ended`)
    expect(ended.some(text => text.startsWith(user(5)))).toBe(false)
    expect((await identity.accounts.load(user(3)))?.active).toBe(false)
  })

  test('a node that missed more than is kept relies on nothing that it remembered', async () => {
    await start(2)
    const { rooms, identity } = node(1).core
    await rooms.load(room)
    await identity.accounts.load(user(3))
    network.faults = { ...PERFECT, lost: 1 }
    await submit(0, role(true, user(2)))
    await submit(0, role(true, user(3)))
    cluster.feed.pruned = cluster.feed.changes.length - 1
    await time.pass(BUS_POLL + 10)
    expect(rooms.peek(room)).toBeUndefined()
    expect(identity.accounts.peek(user(3))).toBeUndefined()
  })
})

describe('whoever hears all public rooms', () => {
  for (const seed of [1, 2, 3, 4, 5, 6])
    test(`hears every message of a room once, in its order (seed ${seed})`, async () => {
      await start(3, PERFECT, seed)
      const reader = await read(1, 'public')
      await submit(0, say('first'))
      await time.pass(200)
      network.faults = { lost: 0.3, repeated: 0.3, delay: 60 }
      for (let n = 0; n < 30; n++) {
        await submit(n % 3, say(`${n}`))
        if (n % 7 === 0) await submit(0, role(n % 2 === 0, user(2)))
        if (n === 15) await read(1)
        await time.pass(n % 5)
      }
      network.faults = PERFECT
      await time.pass(BUS_ANNOUNCED * 3)
      const messages = (await log()).filter(({ body, sequence }) => body.type === 'message' && sequence > reader.head)
      expect(sequences(reader)).toEqual(messages.map(({ sequence }) => sequence))
    })
})
