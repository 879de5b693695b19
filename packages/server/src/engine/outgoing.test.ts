// What waits for the embedding site, and how it gets there: order, tries, rests, dead letters, stops.

import type { RoomId } from '@conclave/wire'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { localBus } from '../bus/local.ts'
import { OUTGOING_AGAIN, OUTGOING_HOLD, OUTGOING_REST } from '../limits.ts'
import { openLog } from '../log.ts'
import { localNodes } from '../nodes/local.ts'
import type { Delivered, ExternalEvent, Outlet } from '../outlet/outlet.ts'
import { openSqliteStore } from '../store/sqlite/store.ts'
import { type Item, type Outgoing, type Store, StoreFailure } from '../store/store.ts'
import { OutgoingEvents, type OutgoingParts, type Told } from './outgoing.ts'
import { Writer } from './writer.ts'

const START = 1_800_000_000_000
const HOUR = 3_600_000
const TAKEN: Delivered = { delivered: 'taken' }
const REFUSED: Delivered = { delivered: 'refused', error: 'answered 400' }
const UNWELL: Delivered = { delivered: 'unwell', error: 'ECONNREFUSED', after: null }
const GONE: Delivered = { delivered: 'gone', error: 'answered 410' }

let now: number
let store: Store
let writer: Writer
/** What each destination was told, in order. */
let told: Record<string, string[]>
/** What becomes of an event at a destination; a promise holds it up. */
let answer: (event: ExternalEvent, to: string) => Delivered | Promise<Delivered>
let outgoing: OutgoingEvents
let closed: boolean

const clock = { now: () => now }

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  now = START
  told = { one: [], two: [] }
  answer = () => TAKEN
  closed = false
  store = await openSqliteStore({ directory: ':memory:', node: 1, clock })
  const bug = (error: unknown): never => {
    throw error
  }
  writer = new Writer(store, { failed() {}, recovered() {}, committed: () => outgoing.wake(), bug })
  outgoing = open()
})

afterEach(async () => {
  await stop()
  await writer.close()
  await store.close()
  vi.useRealTimers()
})

function open(options: Partial<OutgoingParts> = {}): OutgoingEvents {
  let end: (result: Delivered) => void = () => {}
  const cut = new Promise<Delivered>(resolve => {
    end = resolve
  })
  const outlet: Outlet = {
    destinations: ['one', 'two'].map(name => ({ name, width: 4, wants: verb => name === 'one' || verb !== 'send' })),
    deliver: async (event, to) => {
      told[to]?.push(event.id)
      return Promise.race([answer(event, to), cut])
    },
    close: async () => {
      closed = true
      end(UNWELL)
    },
  }
  const write = (item: Item) => writer.write(item)
  const random = { bytes: (count: number) => new Uint8Array(count).fill(127) }
  const parts = {
    store,
    write,
    bus: localBus(),
    clock,
    nodes: localNodes(1, clock),
    random,
    log: openLog('silent'),
    outlet,
    patience: 72 * HOUR,
    most: 1_000,
    mostDead: 100,
  }
  return new OutgoingEvents({ ...parts, ...options })
}

/** Ends at once what hangs. */
async function stop(): Promise<void> {
  const closing = outgoing.close()
  await vi.advanceTimersByTimeAsync(10_000)
  await closing
}

/** Everything that can be done now is done: the store in memory and the outlet answer within a few turns. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn++) await new Promise(resolve => setImmediate(resolve))
}

async function pass(ms: number): Promise<void> {
  now += ms
  await vi.advanceTimersByTimeAsync(ms)
  await settle()
}

function tell(id: string, room: string | null = null, verb: Told['verb'] = 'send', actor = '1'): void {
  outgoing.tell({ verb, body: JSON.stringify({ id, verb, actor: { id: actor } }), room: room as RoomId | null })
}

async function waiting(to = 'one'): Promise<readonly Outgoing[]> {
  return store.dueOutgoing(to, Number.MAX_SAFE_INTEGER, 1_000)
}

async function dead(): Promise<readonly Outgoing[]> {
  return store.deadOutgoing(null, 1_000)
}

test('what stands in a room’s log is told in the log’s order, whatever the clocks that its nodes wrote it by', async () => {
  const room = '77' as RoomId
  const late = outgoingRow('late', room, 2, now)
  const rows = [late, outgoingRow('early', room, 1, now + 30), outgoingRow('other', null, null, now + 20)]
  for (const outgoing of rows)
    await writer.write({ guards: [], append: null, rows: [{ put: 'outgoing', outgoing, event: null }] })
  now += 100
  await outgoing.start()
  await settle()
  expect(told.one).toEqual(['early', 'other', 'late'])
})

function outgoingRow(id: string, room: RoomId | null, sequence: number | null, at: number): Outgoing {
  const body = JSON.stringify({ id, verb: 'send', actor: { id: '1' } })
  return { id: store.newId(), to: 'one', at, verb: 'send', body, room, sequence, attempts: 0, dueAt: at, error: '' }
}

describe('telling', () => {
  test('brings an event to every destination that wants it, once, and keeps nothing', async () => {
    await outgoing.start()
    tell('a')
    tell('b', null, 'login')
    await settle()
    expect(told).toEqual({ one: ['a', 'b'], two: ['b'] })
    expect(await store.countOutgoing()).toEqual([])
    await pass(HOUR)
    expect(told).toEqual({ one: ['a', 'b'], two: ['b'] })
  })

  test('says when something is written, and when it could not be', async () => {
    const body = JSON.stringify({ id: 'a', verb: 'report', actor: { id: '1' } })
    await outgoing.keep({ verb: 'report', body, room: null })
    expect(await waiting()).toHaveLength(1)
    const write = () => Promise.reject(new StoreFailure('the disk is full'))
    await expect(open({ write }).keep({ verb: 'report', body, room: null })).rejects.toThrow(StoreFailure)
    await expect(open({ outlet: null }).keep({ verb: 'report', body, room: null })).resolves.toBeUndefined()
  })

  test('without an outlet nothing is made', async () => {
    const none = open({ outlet: null })
    expect([none.enabled, none.wants('login')]).toEqual([false, false])
    expect(none.rows({ verb: 'login', body: '{"id":"x"}', at: now, room: null, event: null })).toEqual([])
  })

  test('goes on after a stop with what was not brought, in its order', async () => {
    for (const id of ['a', 'b', 'c']) tell(id, '7')
    await settle()
    expect(told.one).toEqual([])
    await outgoing.start()
    await settle()
    expect(told.one).toEqual(['a', 'b', 'c'])
  })

  test('a stop lets what is on its way end, and asks nobody anew', async () => {
    let end: (result: Delivered) => void = () => {}
    answer = () =>
      new Promise<Delivered>(resolve => {
        end = resolve
      })
    await outgoing.start()
    tell('a', '7')
    tell('b', '7')
    await settle()
    const closing = outgoing.close()
    await settle()
    end(TAKEN)
    await closing
    expect(closed).toBe(true)
    expect(told.one).toEqual(['a'])
    expect((await waiting()).map(({ body }) => JSON.parse(body).id)).toEqual(['b'])
  })

  test('what a stop cuts short is no try', async () => {
    let end: (result: Delivered) => void = () => {}
    answer = () =>
      new Promise<Delivered>(resolve => {
        end = resolve
      })
    await outgoing.start()
    tell('a')
    await settle()
    const closing = outgoing.close()
    await settle()
    end(UNWELL)
    await closing
    expect(await waiting()).toMatchObject([{ attempts: 0, error: '' }])
  })

  test('more than may wait is lost and counted, and written again when there is room', async () => {
    outgoing = open({ most: 2 })
    await outgoing.start()
    answer = () => UNWELL
    for (const id of ['a', 'b', 'c']) tell(id, '7')
    await settle()
    expect([outgoing.lost, (await waiting()).length]).toEqual([1, 2])
    answer = () => TAKEN
    await pass(OUTGOING_REST.most)
    tell('d', '7')
    await settle()
    expect([outgoing.lost, told.one?.at(-1)]).toEqual([1, 'd'])
  })
})

describe('order', () => {
  test('within a room one goes after the other, rooms and people go side by side', async () => {
    const ends = new Map<string, (result: Delivered) => void>()
    answer = ({ id }) => new Promise<Delivered>(resolve => ends.set(id, resolve))
    await outgoing.start()
    tell('a1', '7')
    tell('a2', '7')
    tell('b1', '8')
    tell('c1', null, 'send', '100')
    tell('c2', null, 'send', '100')
    tell('d1', null, 'send', '200')
    await settle()
    expect(told.one).toEqual(['a1', 'b1', 'c1', 'd1'])
    ends.get('a1')?.(TAKEN)
    await settle()
    expect(told.one).toEqual(['a1', 'b1', 'c1', 'd1', 'a2'])
    for (const end of ends.values()) end(TAKEN)
    await settle()
    expect(told.one?.at(-1)).toBe('c2')
  })

  test('is kept for thousands, of which a few are on their way at a time', async () => {
    let flying = 0
    let most = 0
    answer = async () => {
      flying += 1
      most = Math.max(most, flying)
      await new Promise(resolve => setImmediate(resolve))
      flying -= 1
      return TAKEN
    }
    outgoing = open({ most: 10_000 })
    for (let n = 0; n < 2_000; n++) tell(`${n % 7}/${n}`, String(100 + (n % 7)))
    await outgoing.start()
    for (let look = 0; look < 200 && (told.one?.length ?? 0) < 2_000; look++) await settle()
    const last = new Map<string, number>()
    for (const id of told.one ?? []) {
      const [room, n] = id.split('/') as [string, string]
      expect(Number(n)).toBeGreaterThan(last.get(room) ?? -1)
      last.set(room, Number(n))
    }
    expect([told.one?.length, new Set(told.one).size, most]).toEqual([2_000, 2_000, 4])
    await settle()
    expect(await store.countOutgoing()).toEqual([])
  })

  test('is kept through an outage: nothing overtakes what was not taken', async () => {
    await outgoing.start()
    answer = () => UNWELL
    for (const id of ['a', 'b', 'c']) tell(id, '7')
    await pass(OUTGOING_REST.least)
    tell('d', '7')
    await settle()
    expect(new Set(told.one)).toEqual(new Set(['a']))
    told.one = []
    answer = () => TAKEN
    await pass(OUTGOING_REST.most)
    expect(told.one).toEqual(['a', 'b', 'c', 'd'])
  })
})

describe('a destination that does not answer', () => {
  test('is left alone for longer and longer, and asked with one event', async () => {
    await outgoing.start()
    answer = () => UNWELL
    for (let room = 0; room < 10; room++) tell(`r${room}`, String(10 + room))
    await settle()
    const asked = told.one?.length ?? 0
    expect(asked).toBeLessThanOrEqual(4)
    await pass(OUTGOING_REST.least / 2)
    expect(told.one?.length).toBe(asked)
    await pass(OUTGOING_REST.least)
    expect(told.one?.length).toBe(asked + 1)
    await pass(OUTGOING_REST.least)
    expect(told.one?.length).toBe(asked + 1)
    await pass(OUTGOING_REST.least)
    expect(told.one?.length).toBe(asked + 2)
    answer = () => TAKEN
    await pass(OUTGOING_REST.most)
    expect(await waiting()).toEqual([])
  })

  test('holds up no other destination', async () => {
    await outgoing.start()
    answer = (_event, to) => (to === 'one' ? new Promise<Delivered>(() => {}) : TAKEN)
    for (let n = 0; n < 500; n++) tell(`e${n}`, String(n), 'join')
    for (let look = 0; look < 50 && (told.two?.length ?? 0) < 500; look++) await settle()
    expect(told.two?.length).toBe(500)
  })

  test('may ask for more time', async () => {
    await outgoing.start()
    answer = () => ({ ...UNWELL, after: HOUR }) as Delivered
    tell('a')
    await settle()
    await pass(HOUR - 1)
    expect(told.one).toEqual(['a'])
    await pass(1)
    expect(told.one).toEqual(['a', 'a'])
  })

  test('an event that never gets an answer steps aside after a few tries, and comes again by itself', async () => {
    await outgoing.start()
    answer = ({ id }) => (id === 'poison' ? UNWELL : TAKEN)
    tell('poison', '7')
    tell('next', '7')
    for (let tries = 0; tries < OUTGOING_HOLD; tries++) {
      expect(told.one).not.toContain('next')
      await pass(2 * OUTGOING_REST.most)
    }
    expect(told.one?.filter(id => id === 'poison').length).toBe(OUTGOING_HOLD)
    await pass(OUTGOING_REST.most)
    expect(told.one?.at(-1)).toBe('next')
    answer = () => TAKEN
    await pass(OUTGOING_AGAIN.at(-1) as number)
    expect(told.one?.at(-1)).toBe('poison')
    expect(await waiting()).toEqual([])
  })
})

describe('an event that is refused', () => {
  test('steps aside at once and is tried again at its times, under the same id', async () => {
    await outgoing.start()
    answer = ({ id }) => (id === 'odd' ? REFUSED : TAKEN)
    tell('odd', '7')
    tell('next', '7')
    await settle()
    expect(told.one).toEqual(['odd', 'next'])
    const [first = 0, second = 0] = OUTGOING_AGAIN
    await pass(0.8 * first)
    expect(told.one?.length).toBe(2)
    await pass(0.4 * first)
    expect(told.one).toEqual(['odd', 'next', 'odd'])
    await pass(second)
    expect(told.one).toEqual(['odd', 'next', 'odd', 'odd'])
    expect(await waiting()).toMatchObject([{ attempts: 3, error: 'answered 400' }])
  })

  test('is a dead letter when its time is over', async () => {
    await outgoing.start()
    answer = () => REFUSED
    tell('odd')
    await settle()
    for (const age of OUTGOING_AGAIN) await pass(START + 1.001 * age - now)
    expect(await waiting()).toEqual([])
    expect(await dead()).toMatchObject([{ to: 'one', verb: 'send', error: 'answered 400', dueAt: null }])
    const tries = told.one?.length
    expect(tries).toBe(OUTGOING_AGAIN.length + 1)
    await pass(100 * HOUR)
    expect(told.one?.length).toBe(tries)
  })

  test('is a dead letter at once where the destination is gone for good', async () => {
    await outgoing.start()
    answer = () => GONE
    tell('a')
    await settle()
    expect(await dead()).toMatchObject([{ attempts: 1, error: 'answered 410' }])
  })

  test('a report loses what it disclosed when it becomes a dead letter (L8)', async () => {
    await outgoing.start()
    answer = () => GONE
    const object = { id: 'm', content: 'disclosed', summary: 'because' }
    const body = JSON.stringify({ id: 'r', verb: 'report', actor: { id: '1' }, object, target: { id: '2' } })
    outgoing.tell({ verb: 'report', body, room: null })
    await settle()
    const letters = await dead()
    expect(letters.map(({ to }) => to).sort()).toEqual(['one', 'two'])
    for (const letter of letters) {
      expect(JSON.parse(letter.body)).toEqual({
        id: 'r',
        verb: 'report',
        actor: { id: '1' },
        object: { id: 'm' },
        target: { id: '2' },
      })
    }
  })
})

test('of too many dead letters the oldest go', async () => {
  outgoing = open({ mostDead: 3 })
  await outgoing.start()
  answer = () => GONE
  for (let n = 0; n < 6; n++) {
    tell(`e${n}`, '7')
    await settle()
  }
  const kept = (await dead()).map(({ body }) => JSON.parse(body).id)
  expect(kept.length).toBeLessThanOrEqual(3)
  expect(kept).toEqual(['e3', 'e4', 'e5'].slice(-kept.length))
  expect(kept.length).toBeGreaterThan(0)
})

test('a page that was read before an event was dropped does not bring it again', async () => {
  const due = store.dueOutgoing.bind(store)
  vi.spyOn(store, 'dueOutgoing').mockImplementation(async (...query) => {
    const page = await due(...query)
    // As long as a store behind a network may take.
    for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve))
    return page
  })
  let end: (result: Delivered) => void = () => {}
  answer = () =>
    new Promise<Delivered>(resolve => {
      end = resolve
    })
  await outgoing.start()
  tell('a', '7')
  await settle()
  expect(told.one).toEqual(['a'])
  outgoing.wake()
  for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve))
  answer = () => TAKEN
  end(TAKEN)
  await settle()
  expect(told.one).toEqual(['a'])
  expect(await waiting()).toEqual([])
})

test('a store that cannot be read is looked at again', async () => {
  const due = store.dueOutgoing.bind(store)
  vi.spyOn(store, 'dueOutgoing').mockRejectedValueOnce(new StoreFailure('disk')).mockImplementation(due)
  tell('a')
  await settle()
  await outgoing.start()
  await pass(2_000)
  expect(told.one).toEqual(['a'])
})

test('what waits for a destination that is configured no longer becomes a dead letter', async () => {
  const outlet: Outlet = {
    destinations: [{ name: 'former', width: 1, wants: () => true }],
    deliver: async () => TAKEN,
    close: async () => {},
  }
  open({ outlet }).tell({ verb: 'login', body: '{"id":"x","actor":{"id":"1"}}', room: null })
  await settle()
  const none = open({ outlet: null })
  await none.start()
  expect(await dead()).toMatchObject([{ to: 'former', attempts: 0, error: 'this destination is configured no longer' }])
})

test('a store that fails for a while neither loses an event nor brings it over and over', async () => {
  await outgoing.start()
  let failing = true
  let failures = 0
  const commit = store.commit.bind(store)
  answer = () => TAKEN
  tell('a', '7')
  vi.spyOn(store, 'commit').mockImplementation(async items => {
    const drops = items.some(({ rows }) => rows.some(row => 'drop' in row))
    if (drops && failing) {
      failures += 1
      throw new StoreFailure('disk')
    }
    return commit(items)
  })
  await settle()
  expect([told.one, failures]).toEqual([['a'], 1])
  await pass(1_000)
  failing = false
  await pass(2_000)
  expect(told.one).toEqual(['a'])
  expect(await waiting()).toEqual([])
})
