// Messages on their way into the log: more of them than the ring holds, read, changed and erased wherever they lie, with the
// process killed and the disk failing in between. That each read settles what it reads: the suites of the store, and below.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import type { RoomEvent } from '../../room/events.ts'
import type { PageQuery, Store } from '../store.ts'
import { StoreFailure } from '../store.ts'
import {
  append,
  committed,
  created,
  deleted,
  logOf,
  message,
  NOW,
  room,
  rows,
  textsOf,
  user,
} from '../testing/items.ts'
import { Fresh } from './fresh.ts'
import { connect } from './open.ts'
import { openSqliteStore } from './store.ts'

const base = mkdtempSync(join(tmpdir(), 'conclave-fresh-'))
afterAll(() => rmSync(base, { recursive: true, force: true }))
const clock = { now: () => NOW }
let directories = 0
const directory = (): string => join(base, `${directories++}`)
const open = (path: string): Promise<Store> => openSqliteStore({ directory: path, node: 1, clock })

const ROOMS = Array.from({ length: 40 }, (_, n) => room(`${2070276095283454000n + BigInt(n)}`))
/** Of the ring. */
const HALF = 16_384
/** So many that none has too much of it. */
const MANY = Array.from({ length: 256 }, (_, n) => room(`${2070276095283455000n + BigInt(n)}`))
const [ROOM, OTHER] = ROOMS as [(typeof ROOMS)[0], (typeof ROOMS)[0]]

async function begun(path: string, rooms = ROOMS): Promise<Store> {
  const store = await open(path)
  await committed(store, ...rooms.map(each => append(each, 0, [created({ members: [user('1')] })])))
  return store
}

/** The process dies: what it has not committed is nowhere, and it tidies nothing up. */
async function killed(path: string): Promise<Store> {
  const copy = directory()
  cpSync(path, copy, { recursive: true })
  return open(copy)
}

/** How many rows lie in each table, as another process sees them. */
function lying(path: string): { fresh: number; messages: number } {
  const database = new DatabaseSync(join(path, 'conclave.sqlite'), { readOnly: true })
  const count = (sql: string) => database.prepare(sql).get()?.n as number
  const found = {
    fresh: count('SELECT count(*) AS n FROM fresh'),
    messages: count("SELECT count(*) AS n FROM events WHERE class = 'm'"),
  }
  database.close()
  return found
}

function textsIn(path: string, text: string): string[] {
  return readdirSync(path).filter(file => readFileSync(join(path, file)).includes(text))
}

const said = async (store: Store, from: (typeof ROOMS)[0]) => textsOf(await logOf(store, from))?.slice(1)
const newest = (from: (typeof ROOMS)[0], limit: number): PageQuery => ({
  room: from,
  right: { by: 'server' },
  select: 'messages',
  order: 'newest',
  limit,
})

test('messages into many rooms come there first, many into one do not', async () => {
  const path = directory()
  const store = await begun(path)
  await committed(store, ...ROOMS.map(each => append(each, 1, [message('scattered')])))
  expect(lying(path)).toEqual({ fresh: 40, messages: 0 })
  await committed(
    store,
    append(
      ROOM,
      1,
      Array.from({ length: 8 }, () => message('together')),
    ),
  )
  expect(lying(path)).toEqual({ fresh: 40, messages: 8 })
  expect(await said(store, ROOM)).toEqual(['scattered', ...Array(8).fill('together')])
  expect(lying(path).messages).toBe(9)
  await store.close()
})

test('large ones do not: nobody who reads one waits for a ring of them', async () => {
  const path = directory()
  const store = await begun(path)
  const texts = ['small', 'x'.repeat(200_000), 'small again']
  for (const text of texts) await committed(store, append(ROOM, 1, [message(text)]))
  expect(lying(path)).toEqual({ fresh: 2, messages: 1 })
  expect(await said(store, ROOM)).toEqual(texts)
  await store.close()
})

test('more than the ring holds, read in between and after a crash, is all there in its order (L2, L6)', async () => {
  const path = directory()
  let store = await begun(path)
  const expected = new Map(ROOMS.map(each => [each, [] as string[]]))
  // 1,600 batches of 1 to 47 messages: some 38,000, into one room or all of them.
  for (let batch = 0; batch < 1_600; batch++) {
    const into = Array.from({ length: 1 + ((batch * 7) % 47) }, (_, n) => {
      const each = ROOMS[(batch % 5 === 0 ? batch : batch + n * 3) % ROOMS.length] as (typeof ROOMS)[0]
      const text = `${batch} ${n}`
      expected.get(each)?.push(text)
      return append(each, 1, [message(text)])
    })
    await committed(store, ...into)
    if (batch % 97 === 0) {
      const each = ROOMS[batch % ROOMS.length] as (typeof ROOMS)[0]
      const page = await store.page(newest(each, 20))
      expect(textsOf(page)?.reverse()).toEqual(expected.get(each)?.slice(-20))
    }
    if (batch === 399) {
      await store.close()
      store = await open(path)
    }
  }
  const again = await killed(path)
  for (const each of ROOMS) {
    expect(await said(again, each)).toEqual(expected.get(each))
    expect(await said(store, each)).toEqual(expected.get(each))
  }
  const total = [...expected.values()].flat().length
  expect(total).toBeGreaterThan(2 * HALF)
  expect(lying(path).messages).toBe(total)
  await Promise.all([store.close(), again.close()])
})

test('a half is in its places before it is filled again, whatever batches come and whoever reads nothing', async () => {
  const path = directory()
  const store = await begun(path, MANY)
  const write = async (rows: number) => {
    for (let n = 0; n < rows; n += 64)
      await committed(store, ...MANY.slice(n % 256, (n % 256) + 64).map(each => append(each, 1, [message(`${n}`)])))
  }
  await write(HALF)
  expect(lying(path).messages).toBeLessThanOrEqual(512)
  // Twice as many go as come.
  await write(HALF / 2)
  expect(lying(path).messages).toBeGreaterThanOrEqual(HALF)
  await write(2 * HALF)
  const { fresh, messages } = lying(path)
  expect(fresh).toBe(2 * HALF)
  expect(messages).toBeGreaterThanOrEqual(2 * HALF)
  await store.close()
})

test('a half is emptied by batches that settle a room at their end as well', async () => {
  const path = directory()
  const store = await begun(path, [ROOM, ...MANY])
  for (let n = 0; n < HALF; n += 256) await committed(store, ...MANY.map(each => append(each, 1, [message(`${n}`)])))
  const named = { ...message('you'), mentions: { users: [], groups: ['all'] } } as const
  for (let n = 0; n < 600; n++) await committed(store, append(ROOM, 1, [named]))
  expect(lying(path).messages).toBeGreaterThanOrEqual(600 + 2 * 512)
  await store.close()
})

test('what rooms have too much of goes to its places before a half is full, and never much of it at once', async () => {
  const path = directory()
  const store = await begun(path)
  let before = 0
  for (let n = 0; n < 400; n++) {
    await committed(store, ...ROOMS.map(each => append(each, 1, [message(`${n}`)])))
    if (n < 250 && n % 50 > 0) continue
    const { messages } = lying(path)
    if (n < 250) expect(messages).toBe(0)
    else if (n > 250) expect(messages - before).toBeLessThanOrEqual(512 + 2 * ROOMS.length)
    before = messages
  }
  expect(before).toBeGreaterThan(140 * ROOMS.length)
  for (let n = 0; n < 600; n++) await committed(store, append(ROOM, 1, [message('alone')]))
  const alone = (await said(store, ROOM))?.slice(400)
  expect(alone).toEqual(Array(600).fill('alone'))
  await store.close()
})

test('one room that is written into again and again, and nobody reads, has some hundred messages elsewhere', async () => {
  const path = directory()
  const store = await begun(path)
  for (let n = 0; n < 1_000; n++) await committed(store, append(ROOM, 1, [message(`${n}`)]))
  expect(lying(path).messages).toBeGreaterThanOrEqual(1_000 - 256)
  expect((await said(store, ROOM))?.map(Number)).toEqual(Array.from({ length: 1_000 }, (_, n) => n))
  await store.close()
})

test('whoever asks for a user’s messages in all rooms has the whole ring in its places, some at a time', async () => {
  const path = directory()
  const store = await begun(path, MANY)
  for (let n = 0; n < 30; n++) await committed(store, ...MANY.map(each => append(each, 1, [message(`${n}`)])))
  let turns = 0
  const count = (): void => {
    turns += 1
    walking = setImmediate(count)
  }
  let walking = setImmediate(count)
  await store.sentBy(user('1'), 0, NOW + 1, 10)
  clearImmediate(walking)
  expect(lying(path).messages).toBe(30 * MANY.length)
  expect(turns).toBeGreaterThan(3)
  await store.close()
})

test('a batch that is larger than the ring goes around it', async () => {
  const path = directory()
  const rooms = Array.from({ length: 5_000 }, (_, n) => room(`${2070276095283460000n + BigInt(n)}`))
  const store = await begun(path, rooms)
  const texts = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  await committed(
    store,
    ...rooms.map(each =>
      append(
        each,
        1,
        texts.map(text => message(text)),
      ),
    ),
  )
  expect(lying(path)).toEqual({ fresh: 2 * HALF, messages: 2 * HALF })
  for (const each of [...rooms.slice(0, 20), ...rooms.slice(-20)]) expect(await said(store, each)).toEqual(texts)
  const again = await killed(path)
  expect(lying(path).messages).toBeLessThan(7 * rooms.length)
  expect((await again.page(newest(rooms[1_500] as (typeof ROOMS)[0], 10)))?.length).toBe(7)
  await Promise.all([store.close(), again.close()])
})

describe('what is erased or changed', () => {
  test('is in no file, wherever it lay (the log moved)', async () => {
    for (const read of [false, true]) {
      const path = directory()
      const store = await begun(path)
      const secret = 'a secret that nobody may find'
      const [events] = await committed(store, append(ROOM, 1, [message(secret)]), append(OTHER, 1, [message('b')]))
      if (read) await logOf(store, ROOM)
      expect(lying(path).fresh).toBe(2)
      await committed(store, append(ROOM, 1, [deleted(...(events as RoomEvent[]))]))
      await store.reopen()
      expect(textsIn(path, secret)).toEqual([])
      await store.close()
    }
  })

  test('stays so after a crash', async () => {
    const path = directory()
    const store = await begun(path)
    const [events] = await committed(store, append(ROOM, 1, [message('kept')]), append(OTHER, 1, [message('b')]))
    const [target] = events as [RoomEvent]
    const [more] = await committed(store, append(ROOM, 1, [message('gone')]))
    const { id, sequence } = target
    const pinned = { type: 'message.pinned', target: id, sequence, on: true } as const
    await committed(store, append(ROOM, 1, [pinned, deleted(...(more as RoomEvent[]))]))
    const again = await killed(path)
    for (const each of [store, again]) {
      const page = await each.page({ ...newest(ROOM, 10), select: 'all' })
      expect(page?.find(event => event.sequence === sequence)).toMatchObject({ done: { pinned: {} } })
      expect(page?.find(event => event.sequence === 3)).toMatchObject({ erased: true })
      expect(await said(each, OTHER)).toEqual(['b'])
    }
    await Promise.all([store.close(), again.close()])
  })
})

test('a batch that is undone takes nothing of it along, and what it had put in its place is there', async () => {
  const path = directory()
  const store = await begun(path)
  await committed(store, append(ROOM, 1, [message('a')]), append(OTHER, 1, [message('b')]))
  // SQLite takes no such value, and finds out when the room's messages have been settled for the ack before it.
  const untakable = rows({ put: 'ref', kind: 'room', ref: 'r', id: {} as never })
  const cursor = rows({ put: 'cursor', room: ROOM, user: user('1'), sequence: 2, at: NOW })
  const [target] = (await store.page(newest(OTHER, 1))) as [RoomEvent]
  await committed(store, append(OTHER, 1, [message('c')]))
  for (let time = 0; time < 2; time++)
    await expect(
      store.commit([append(ROOM, 1, [message('lost')]), append(OTHER, 1, [deleted(target)]), cursor, untakable]),
    ).rejects.toThrow(TypeError)
  // Emptied behind the first, not within the second, which is undone too.
  expect(lying(path).fresh).toBe(0)
  expect(await said(store, ROOM)).toEqual(['a'])
  expect(await said(store, OTHER)).toEqual(['b', 'c'])
  await committed(store, append(ROOM, 1, [message('d')]), append(OTHER, 1, [message('e')]))
  expect(await said(store, ROOM)).toEqual(['a', 'd'])
  expect(await said(store, OTHER)).toEqual(['b', 'c', 'e'])
  await store.close()
})

test('messages that are asked for by id alone are found, and what is no id is not', async () => {
  const store = await begun(directory())
  const found: RoomEvent[] = []
  for (let batch = 0; batch < 450; batch++) {
    const batches = await committed(store, ...ROOMS.map(each => append(each, 1, [message('m')])))
    if (batch % 90 === 89 || batch > 447) found.push(...(batches.flat() as RoomEvent[]))
  }
  // One by one and the oldest first: each settles its room only.
  for (const { id, room: of } of found) expect(await store.roomsOfMessages([id])).toEqual(new Map([[id, of]]))
  const none = ['7', 'x', '', '-1'] as RoomEvent['id'][]
  expect(await store.roomsOfMessages(none)).toEqual(new Map())
  await store.close()
})

test('whatever reads messages has those that have just come', async () => {
  const store = await begun(directory())
  const reader = user('1')
  const right = { by: 'member', user: reader } as const
  const [from, sender] = [NOW - 1_000, user('2')]
  const reads: readonly ((event: RoomEvent) => Promise<unknown>)[] = [
    async () => textsOf(await store.page({ ...newest(ROOM, 1), right })),
    async ({ id }) => (await store.event(ROOM, id, right))?.id,
    async ({ sequence }) => (await store.eventAt(ROOM, sequence))?.sequence,
    async ({ id }) => [...(await store.locate(ROOM, [id])).keys()],
    async ({ id }) => (await store.roomsOfMessages([id])).get(id),
    async () => (await store.messagesIn(ROOM, { limit: 1 }))[0]?.id,
    async () => (await store.messagesIn(ROOM, { sender, limit: 1 }))[0]?.id,
    async () => (await store.sentBy(sender, from, NOW + 1_000, 100)).length,
    async () => (await store.memberships([{ user: reader, room: ROOM }], 'all'))[0]?.unread,
    async () => textsOf(await store.lastMessages(reader, [ROOM])),
    async () => textsOf(await store.unacked(reader, [ROOM], 100))?.length,
    async ({ sequence }) => (await store.acks(ROOM, reader, [sequence])).get(sequence),
    async () => (await store.search({ room: ROOM, right, matches: () => true, limit: 100 }))?.length,
  ]
  for (const [n, read] of reads.entries()) {
    const [events] = await committed(store, append(ROOM, 1, [message(`${n}`)], { actor: sender }))
    const event = (events as RoomEvent[])[0] as RoomEvent
    const found = await read(event)
    // All is in its place now, so this says what is right.
    await store.page(newest(ROOM, 1))
    expect([n, found]).toEqual([n, await read(event)])
    expect(found).toBeDefined()
  }
  await store.close()
})

test('of a disk that takes nothing more everything can be read that was acknowledged', async () => {
  const path = directory()
  const store = await begun(path)
  for (let n = 0; n < 50; n++) await committed(store, ...ROOMS.map(each => append(each, 1, [message(`${n}`)])))
  // Somebody else writes and does not end: to the store it is as if the disk took nothing.
  const other = new DatabaseSync(join(path, 'conclave.sqlite'))
  other.exec('BEGIN IMMEDIATE')
  await expect(store.commit([append(ROOM, 1, [message('refused')])])).rejects.toBeInstanceOf(StoreFailure)
  other.exec('ROLLBACK')
  const expected = Array.from({ length: 50 }, (_, n) => `${n}`)
  const before = lying(path)
  expect(before.messages).toBe(0)
  for (const each of ROOMS) expect(await said(store, each)).toEqual(expected)
  expect(await store.sentBy(user('1'), 0, NOW + 1, 20)).toHaveLength(20)
  expect(lying(path)).toEqual(before)
  await expect(store.commit([append(ROOM, 1, [message('refused')])])).rejects.toBeInstanceOf(StoreFailure)
  await store.reopen()
  await committed(store, append(ROOM, 1, [message('taken')]))
  expect(await said(store, ROOM)).toEqual([...expected, 'taken'])
  for (const each of ROOMS.slice(1)) expect(await said(store, each)).toEqual(expected)
  other.close()
  await store.close()
})

test('what is held to be read is there again when SQLite has ended its transaction, and is let go of either way', async () => {
  const path = directory()
  const store = await begun(path)
  await committed(store, append(ROOM, 1, [message('a')]))
  const copy = directory()
  cpSync(path, copy, { recursive: true })
  const database = connect(copy, 1)
  const fresh = new Fresh(database)
  fresh.add([ROOM, 3, '2070276095283999999', NOW, '1', '{}'])
  const count = database.prepare('SELECT count(*) AS n FROM events WHERE room = ? AND sequence = 3')
  fresh.hold()
  expect(count.get(ROOM)?.n).toBe(1)
  for (let time = 0; time < 2; time++) {
    // As it does where a page cannot be read.
    database.exec('ROLLBACK')
    expect(count.get(ROOM)?.n).toBe(0)
    if (time === 0) fresh.hold()
    if (time === 0) expect(count.get(ROOM)?.n).toBe(1)
  }
  fresh.release()
  fresh.settle([ROOM])
  expect(count.get(ROOM)?.n).toBe(1)
  database.close()
  await store.close()
})
