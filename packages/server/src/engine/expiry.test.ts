// The job that erases what has ended. The clock of these tests stands still unless it is moved; timers are the real ones.
import type { RoomId } from '@conclave/wire'
import { afterEach, expect, test } from 'vitest'
import type { BusMessage } from '../bus/bus.ts'
import { EXPIRED_TOGETHER } from '../limits.ts'
import type { RoomEvent } from '../room/events.ts'
import { type Store, StoreFailure } from '../store/store.ts'
import { append, channel, created, fading, logOf, message, room, rows, user } from '../store/testing/items.ts'
import type { Core } from './core.ts'
import { openTestCore, type TestCore } from './testing.ts'

const ROOM = room('2070276095283454999')
const OTHER = room('2070276095283455000')
const START = 1_800_000_000_000

let opened: TestCore | null = null
afterEach(() => opened?.core.close())

async function begin(wrap?: (store: Store) => Store): Promise<TestCore> {
  opened = await openTestCore({}, wrap)
  const { core } = opened
  await core.writer.write(rows(channel('5')))
  for (const id of [ROOM, OTHER])
    await core.writer.write(append(id, 0, [created({ members: [user('1')] })], { at: START }))
  return opened
}

/** As the engine does it for what is sent: the job hears of it. */
async function send(core: Core, to: RoomId, ...ends: readonly number[]): Promise<readonly RoomEvent[]> {
  const bodies = ends.map(at => fading('gone', at))
  const outcome = await core.writer.write(append(to, 1, bodies, { at: START }))
  if (outcome.outcome !== 'committed') throw new Error(outcome.outcome)
  for (const event of outcome.events) core.expiry.follow({ kind: 'event', delivery: { event } } as BusMessage)
  return outcome.events
}

function heard(core: Core, of: RoomId): Extract<BusMessage, { kind: 'expired' }>[] {
  const told: Extract<BusMessage, { kind: 'expired' }>[] = []
  core.bus.subscribe(`room:${of}`, told_ => void (told_.kind === 'expired' && told.push(told_)))
  return told
}

async function erasedIn(core: Core, of: RoomId): Promise<number[]> {
  const expired = await core.store.expired(Number.MAX_SAFE_INTEGER, 10_000)
  const waiting = new Set(expired.filter(one => one.room === of).map(({ sequence }) => sequence))
  const messages = (await logOf(core.store, of)).filter(({ body }) => body.type === 'message')
  return messages.filter(event => event.erased && !waiting.has(event.sequence)).map(({ sequence }) => sequence)
}

const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

test('what has ended is erased and told of in its own room, and nothing else', async () => {
  const { core, clock } = await begin()
  const [here, there] = [heard(core, ROOM), heard(core, OTHER)]
  const events = await send(core, ROOM, START + 10, START + 20, START + 30)
  await send(core, OTHER, START + 20)
  await core.writer.write(append(ROOM, 1, [message('stays')], { at: START }))
  clock.set(START + 20)
  core.expiry.start()
  await core.expiry.run()
  expect(await erasedIn(core, ROOM)).toEqual([2, 3])
  expect(await erasedIn(core, OTHER)).toEqual([2])
  expect(here).toMatchObject([
    { room: { id: ROOM }, at: START + 20, messages: events.slice(0, 2).map(({ id }) => ({ id })) },
  ])
  expect(there).toHaveLength(1)
  // It is no entry of the log.
  expect((await core.store.head(ROOM))?.sequence).toBe(5)
  await core.expiry.run()
  expect(here).toHaveLength(1)
})

test('one that ends sooner than all others is not waited for longer', async () => {
  const { core, clock } = await begin()
  core.expiry.start()
  await core.expiry.run()
  await send(core, ROOM, START + 50_000)
  await send(core, ROOM, START + 60)
  await send(core, ROOM, START + 40_000)
  clock.set(START + 60)
  await wait(150)
  expect(await erasedIn(core, ROOM)).toEqual([3])
})

test('nothing is touched before its time, when a timer fires early and when the clock is set back', async () => {
  const { core, clock } = await begin()
  core.expiry.start()
  await core.expiry.run()
  await send(core, ROOM, START + 20)
  clock.set(START - 100_000)
  await core.expiry.run()
  await wait(60)
  expect(await erasedIn(core, ROOM)).toEqual([])
  clock.set(START + 1_000_000)
  await core.expiry.run()
  expect(await erasedIn(core, ROOM)).toEqual([2])
})

test('many that end at once go in bounded steps, and others write in between', async () => {
  const steps: number[] = []
  const { core, clock } = await begin(store => ({
    ...methodsOf(store),
    commit: items => {
      for (const item of items) for (const row of item.rows) if ('erase' in row) steps.push(row.sequences.length)
      return store.commit(items)
    },
  }))
  const count = EXPIRED_TOGETHER * 5 + 7
  await send(core, ROOM, ...Array.from({ length: count }, () => START + 1))
  clock.set(START + 1)
  let between = 0
  let running = true
  const others = (async () => {
    while (running) {
      await core.writer.write(append(OTHER, 1, [message('hello')], { at: START }))
      between += 1
    }
  })()
  core.expiry.start()
  await core.expiry.run()
  running = false
  await others
  expect(await erasedIn(core, ROOM)).toHaveLength(count)
  expect(Math.max(...steps)).toBe(EXPIRED_TOGETHER)
  expect(between).toBeGreaterThanOrEqual(5)
})

test('one that comes while others are erased is not forgotten', async () => {
  const { core, clock } = await begin()
  await send(core, ROOM, ...Array.from({ length: EXPIRED_TOGETHER * 2 }, () => START + 1))
  clock.set(START + 1)
  core.expiry.start()
  const run = core.expiry.run()
  const [late] = await send(core, OTHER, START + 40)
  await run
  clock.set(START + 40)
  await wait(150)
  expect(await erasedIn(core, OTHER)).toEqual([late?.sequence])
})

test('two at the same thing do no harm, and what a deletion took is no more told of', async () => {
  const { core, clock } = await begin()
  const here = heard(core, ROOM)
  await send(core, ROOM, START + 1, START + 1)
  clock.set(START + 1)
  const erase = (sequences: number[]) =>
    core.writer.write(rows({ erase: 'expired', room: ROOM, sequences, at: START + 1 }))
  await Promise.all([core.expiry.run(), erase([2, 3]), erase([3])])
  await core.expiry.run()
  expect(await erasedIn(core, ROOM)).toEqual([2, 3])
  expect((await core.store.head(ROOM))?.messages).toBe(0)
  expect(here.length).toBeLessThanOrEqual(1)
})

test('a store that takes nothing is asked again later, not at once, and the job outlives it', async () => {
  let failures = 0
  let failing = true
  const { core, clock } = await begin(store => ({
    ...methodsOf(store),
    expired: async (now, limit) => {
      if (!failing) return store.expired(now, limit)
      failures += 1
      throw new StoreFailure('no disk')
    },
  }))
  await send(core, ROOM, START + 1)
  clock.set(START + 1)
  core.expiry.start()
  await core.expiry.run()
  await wait(100)
  expect(failures).toBe(1)
  failing = false
  await core.expiry.run()
  expect(await erasedIn(core, ROOM)).toEqual([2])
})

/** A store's methods as an object that another one can be made of. */
function methodsOf(store: Store): Store {
  const bound: Record<string, unknown> = {}
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(store))) {
    const method = Reflect.get(store, name)
    if (typeof method === 'function') bound[name] = method.bind(store)
  }
  return bound as unknown as Store
}
