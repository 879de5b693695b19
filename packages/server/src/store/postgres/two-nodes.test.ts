// Several nodes on one database: whatever they write at the same time, a room has one log, an id is given once, and what
// was decided on something that has changed is not written (L2, L3, L6, L7).
import { compareIds, type EventId, type RoomId } from '@conclave/wire'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { type EventBody, isControl, type RoomEvent } from '../../room/events.ts'
import type { Append, Item, Outcome, Store } from '../store.ts'
import { chained } from '../testing/chains.ts'
import {
  account,
  added,
  append,
  committed,
  created,
  deleted,
  logOf,
  message,
  NOW,
  outcomeOf,
  removed,
  room,
  rows,
  user,
} from '../testing/items.ts'
import { type FreshStores, freshStores } from './testing.ts'

const HOUR = 3_600_000
const ROOMS = ['2070276095283454991', '2070276095283454992', '2070276095283454993'].map(room)
const [ROOM] = ROOMS as [RoomId]

let stores: FreshStores | undefined
afterEach(async () => {
  await stores?.close()
  stores = undefined
})

/** Nodes 1, 2 and 3: one with the right time, one an hour behind and one an hour ahead. */
async function nodes(): Promise<[Store, Store, Store]> {
  stores = await freshStores()
  const at = (node: number, now: number) => (stores as FreshStores).open({ node, clock: { now: () => now } })
  return [await at(1, NOW), await at(2, NOW - HOUR), await at(3, NOW + HOUR)]
}

/** An append as an engine makes it: on the control sequence that it sees, and again where that has moved. */
async function decided(
  store: Store,
  of: RoomId,
  bodies: readonly EventBody[],
  more: Partial<Append> = {},
): Promise<Outcome> {
  let control = 1
  for (;;) {
    const outcome = await outcomeOf(store, append(of, control, bodies, more))
    if (outcome.outcome !== 'moved') return outcome
    control = outcome.control
  }
}

function eventsOf(outcomes: readonly Outcome[]): RoomEvent[] {
  return outcomes.flatMap(each => (each.outcome === 'committed' ? each.events : []))
}

/** What every reader sees of a room, on every node the same: sequences without gaps, ids and times that grow. */
async function oneLog(all: readonly Store[], of: RoomId): Promise<RoomEvent[]> {
  const [log = [], ...others] = await Promise.all(all.map(store => logOf(store, of)))
  for (const other of others) expect(other).toEqual(log)
  expect(log.map(({ sequence }) => sequence)).toEqual(log.map((_, index) => index + 1))
  for (const [index, { id, at }] of log.entries()) {
    const before = log[index - 1]
    if (!before) continue
    expect(compareIds(id, before.id)).toBeGreaterThan(0)
    expect(at).toBeGreaterThanOrEqual(before.at)
  }
  const last = log.at(-1)
  const control = log.findLast(({ body }) => isControl(body))
  for (const store of all) {
    expect(await store.head(of)).toMatchObject({ sequence: log.length, lastId: last?.id, control: control?.sequence })
    await chained(store, of)
  }
  return log
}

test('nodes that write to the same rooms at the same time leave one log in each, in one order (L2, L3)', async () => {
  const all = await nodes()
  for (const of of ROOMS) await committed(all[0], append(of, 0, [created({ members: [user('1')] })]))
  let said = 0
  const acked: RoomEvent[] = []
  /** One node's batches, one after the other, as its engine writes them. */
  const busy = async (store: Store, seed: number): Promise<void> => {
    const now = NOW + (seed - 2) * HOUR
    const controls = new Map(ROOMS.map(of => [of, 1]))
    for (let batch = 0; batch < 25; batch++) {
      const items = fc.sample(
        fc.record({
          of: fc.constantFrom(...ROOMS),
          what: fc.constantFrom('says', 'says', 'says', 'says', 'adds', 'removes', 'acks'),
          who: fc.integer({ min: 2, max: 5 }),
        }),
        { numRuns: 12, seed: seed * 1_000 + batch },
      )
      const asked = items.map(({ of, what, who }): Item => {
        if (what === 'acks') {
          return rows({ put: 'cursor', room: of, user: user(`${who}`), sequence: batch, at: NOW })
        }
        const body = what === 'says' ? message(`${++said}`) : what === 'adds' ? added([`${who}`]) : removed([`${who}`])
        return append(of, controls.get(of) ?? 0, [body], { at: now + batch })
      })
      const outcomes = await store.commit(asked)
      acked.push(...eventsOf(outcomes))
      for (const [index, outcome] of outcomes.entries()) {
        const of = asked[index]?.append?.room
        if (!of) continue
        if (outcome.outcome === 'moved') controls.set(of, outcome.control)
        else if (outcome.outcome === 'committed') {
          const newest = outcome.events.findLast(({ body }) => body.type !== 'message')
          if (newest) controls.set(of, newest.sequence)
        }
      }
    }
  }
  await Promise.all(all.map((store, index) => busy(store, index + 1)))
  const logs = await Promise.all(ROOMS.map(of => oneLog(all, of)))
  const ids = logs.flat().map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  // Whatever was acked is there, as it was told, and nothing else is.
  expect(acked.length).toBeGreaterThan(200)
  const byId = new Map(logs.flat().map(event => [event.id, event]))
  for (const event of acked) expect(byId.get(event.id)).toEqual(event)
  expect(byId.size).toBe(acked.length + ROOMS.length)
})

test('ids of a node whose clock is an hour behind are newer than the room, and no two nodes give one id', async () => {
  const [right, behind, ahead] = await nodes()
  const [[first]] = (await committed(ahead, append(ROOM, 0, [created()]))) as [[RoomEvent]]
  const ids: string[] = [first.id, behind.newId(), right.newId(), ahead.newId()]
  for (const store of [behind, right, ahead, behind]) {
    const [events = []] = await committed(store, append(ROOM, 1, [message('a'), message('b')]))
    ids.push(...events.map(({ id }) => id), store.newId())
  }
  expect(new Set(ids).size).toBe(ids.length)
  await oneLog([right, behind, ahead], ROOM)
})

test('more events than an ms has ids for are given growing ones, across batches and nodes', async () => {
  const [one, two] = await nodes()
  await committed(one, append(ROOM, 0, [created()]))
  const many = Array.from({ length: 2_500 }, (_, n) => append(ROOM, 1, [message(`${n}`)]))
  const [a, b] = await Promise.all([one.commit(many), two.commit(many)])
  expect(eventsOf([...a, ...b]).length).toBe(5_000)
  await oneLog([one, two], ROOM)
  expect(compareIds(one.newId(), eventsOf(a).at(-1)?.id as EventId)).toBeGreaterThan(0)
})

test('a message key that is sent to three nodes at once gives one event (L7)', async () => {
  const all = await nodes()
  await committed(all[0], append(ROOM, 0, [created()]), append(ROOMS[1] as RoomId, 0, [created()]))
  for (let round = 0; round < 20; round++) {
    const messageKeys = [{ key: `key ${round}`, digest: 'd', by: user('1') }]
    // To different rooms too: nothing but the key brings them together.
    const outcomes = await Promise.all(
      all.map((store, index) =>
        outcomeOf(store, append(ROOMS[index % 2] as RoomId, 1, [message(`${round}`)], { messageKeys })),
      ),
    )
    const [event, ...more] = eventsOf(outcomes)
    expect(more).toEqual([])
    const met = { outcome: 'exists', index: 0, room: event?.room, sequence: event?.sequence, by: '1', digest: 'd' }
    expect(outcomes.filter(({ outcome }) => outcome !== 'committed')).toEqual([met, met])
  }
})

test('of 25 control changes at once on three nodes one wins each control sequence (L2)', async () => {
  const all = await nodes()
  await committed(all[0], append(ROOM, 0, [created()]))
  const outcomes = await Promise.all(
    Array.from({ length: 25 }, (_, n) => outcomeOf(all[n % 3] as Store, append(ROOM, 1, [added([`${n + 2}`])]))),
  )
  expect(outcomes.filter(({ outcome }) => outcome === 'committed').length).toBe(1)
  expect(outcomes.filter(({ outcome }) => outcome === 'moved').length).toBe(24)
  // And each of them comes in when it is decided again.
  await Promise.all(Array.from({ length: 25 }, (_, n) => decided(all[n % 3] as Store, ROOM, [added([`${n + 40}`])])))
  const log = await oneLog(all, ROOM)
  expect(log.length).toBe(27)
})

test('nobody writes on a version of an account that another node has changed by then (L3)', async () => {
  const all = await nodes()
  const [one, two] = all
  await committed(one, append(ROOM, 0, [created()]), rows(account('7')))
  const says = (version: number, text: string): Item => ({
    ...append(ROOM, 1, [message(text)]),
    guards: [{ of: 'account', id: '7', version }],
  })
  for (let version = 1; version <= 15; version++) {
    // The change leaves a mark in the log in its own transaction: what was written under the old version stands before it.
    const change: Item = { ...append(ROOM, 1, [message(`version ${version + 1}`)]), rows: [account('7')] }
    const sent = Array.from({ length: 6 }, (_, n) => outcomeOf(all[n % 3] as Store, says(version, `under ${version}`)))
    const changed = outcomeOf(two, change)
    const late = Array.from({ length: 6 }, (_, n) => outcomeOf(all[n % 3] as Store, says(version, `under ${version}`)))
    await Promise.all([...sent, changed, ...late])
    expect((await outcomeOf(one, says(version, 'late'))).outcome).toBe('stale')
  }
  let stands = 1
  for (const { body } of await oneLog(all, ROOM)) {
    if (body.type !== 'message' || body.content.suite !== 'none') continue
    const [word, number] = body.content.text.split(' ')
    if (word === 'version') stands = Number(number)
    else expect(Number(number)).toBe(stands)
  }
  expect(stands).toBe(16)
})

test('a room, a name and a claim are had by one of the nodes that want them at once', async () => {
  const all = await nodes()
  for (let round = 0; round < 10; round++) {
    const claim = { space: 'name', key: `general ${round}` } as const
    const rooms = await Promise.all(
      all.map((store, index) =>
        outcomeOf(store, append(room(`${5_000 + round * 10 + index}`), 0, [created()], { claims: [claim] })),
      ),
    )
    expect(rooms.map(({ outcome }) => outcome).sort()).toEqual(['committed', 'taken', 'taken'])
    const same = await Promise.all(all.map(store => outcomeOf(store, append(room(`${9_000 + round}`), 0, [created()]))))
    expect(same.map(({ outcome }) => outcome).sort()).toEqual(['committed', 'moved', 'moved'])
    const named = await Promise.all(
      all.map((store, index) =>
        outcomeOf(store, rows(account(`${100 + round * 10 + index}`, { username: `u${round}` }))),
      ),
    )
    expect(named.map(({ outcome }) => outcome).sort()).toEqual(['committed', 'taken', 'taken'])
  }
})

test('what several nodes do to one message at once is all done: reactions, replies, then its end', async () => {
  const all = await nodes()
  const [log] = await committed(all[0], append(ROOM, 0, [created(), message('root')]))
  const root = log?.[1] as RoomEvent
  const react = (who: number): EventBody => {
    return { type: 'message.reacted', target: root.id, sequence: 2, user: user(`${who}`), emoji: ':a:', on: true }
  }
  const reply: EventBody = {
    ...(message('reply') as Extract<EventBody, { type: 'message' }>),
    thread: { id: root.id, sequence: 2 },
  }
  await Promise.all(
    all.map(async (store, node) => {
      for (let batch = 0; batch < 8; batch++) {
        const who = 100 * node + batch * 2
        const items = [react(who), reply, react(who + 1)].map(body =>
          append(ROOM, 1, [body], { actor: user(`${who}`) }),
        )
        expect((await store.commit(items)).map(({ outcome }) => outcome)).toEqual(Array(3).fill('committed'))
      }
    }),
  )
  const events = await oneLog(all, ROOM)
  const { done } = events[1] as RoomEvent
  const replies = events.filter(({ body }) => body.type === 'message' && body.thread)
  expect(done?.reactions).toMatchObject([{ emoji: ':a:' }])
  expect(new Set(done?.reactions?.[0]?.users).size).toBe(48)
  expect(done?.thread).toEqual({ count: 24, last: replies.at(-1)?.at, sequence: replies.at(-1)?.sequence })
  expect(done?.at).toBe(events.at(-1)?.at)
  await Promise.all(all.map(store => outcomeOf(store, append(ROOM, 1, [deleted(root)]))))
  expect(await all[1].head(ROOM)).toMatchObject({ messages: 24 })
  await oneLog(all, ROOM)
})
