// A commit that was checked and is not written yet: what it was checked against stays as it is until it ends, and what
// changes that waits (L3). Another transaction holds it up in the middle.
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Guard, Item, Row, Store } from '../store.ts'
import {
  account,
  append,
  channel,
  committed,
  created,
  message,
  NOW,
  publicKey,
  room,
  rows,
  user,
} from '../testing/items.ts'
import { type FreshStores, freshStores } from './testing.ts'

const ROOM = room('2070276095283454991')
const OTHER = room('2070276095283454992')
const clock = { now: () => NOW }

let stores: FreshStores
let one: Store
let two: Store
let other: pg.Client
beforeEach(async () => {
  stores = await freshStores()
  one = await stores.open({ node: 1, clock })
  two = await stores.open({ node: 2, clock })
  other = new pg.Client({ connectionString: stores.database.url })
  await other.connect()
  await committed(one, append(ROOM, 0, [created()]), append(OTHER, 0, [created()]))
})
afterEach(async () => {
  await other.end()
  await stores.close()
})

/** Commits that wait for a lock of that kind now. */
async function waiting(kind: 'advisory' | 'transactionid'): Promise<number> {
  const { rows: found } = await stores.database.query(
    `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
     AND wait_event = $1`,
    [kind],
  )
  return found[0].count
}

const document: Row = { put: 'document', document: { kind: 'k', key: '7', owner: '', body: '{}', dueAt: null } }
const CHANGES: readonly (readonly [Guard['of'], string, Row])[] = [
  ['account', '7', account('7')],
  ['channel', '7', channel('7')],
  ['keys', '7', { put: 'publicKey', user: user('7'), key: publicKey('1') }],
  ['document', 'k/7', document],
]

test.each(CHANGES)('%s: a change waits for what was checked against the version before it', async (of, id, row) => {
  await other.query(`BEGIN; INSERT INTO conclave.message_keys VALUES ('held', 1, 1, 1, '')`)
  const says: Item = {
    ...append(ROOM, 1, [message('a')], { messageKeys: [{ key: 'held', digest: 'd', by: user('1') }] }),
    guards: [{ of, id, version: 0 }],
  }
  const said = one.commit([says])
  await expect.poll(() => waiting('transactionid')).toBe(1)
  let isChanged = false
  const changed = two.commit([rows(row)]).finally(() => {
    isChanged = true
  })
  await expect.poll(async () => isChanged || (await waiting('advisory')) === 1).toBe(true)
  expect(isChanged).toBe(false)
  await other.query('ROLLBACK')
  expect(await said).toMatchObject([{ outcome: 'committed' }])
  expect(await changed).toMatchObject([{ outcome: 'committed' }])
})

test.each(CHANGES)('%s: what is checked while a change is written waits for it, and is stale', async (of, id, row) => {
  await other.query(`BEGIN; INSERT INTO conclave.meta VALUES ('held', '')`)
  const changed = two.commit([rows(row, { put: 'meta', key: 'held', value: '' })])
  await expect.poll(() => waiting('transactionid')).toBe(1)
  const said = one.commit([{ ...append(ROOM, 1, [message('a')]), guards: [{ of, id, version: 0 }] }])
  await expect.poll(() => waiting('advisory')).toBe(1)
  await other.query('ROLLBACK')
  expect(await changed).toMatchObject([{ outcome: 'committed' }])
  expect(await said).toEqual([{ outcome: 'stale', guard: { of, id, version: 0 } }])
})

test('who is held up in one room keeps nobody waiting in another', async () => {
  await other.query(`BEGIN; SELECT * FROM conclave.rooms WHERE id = ${ROOM} FOR UPDATE`)
  const held = one.commit([append(ROOM, 1, [message('a')])])
  await expect.poll(() => waiting('transactionid')).toBe(1)
  await committed(two, append(OTHER, 1, [message('b')]), rows(account('7')))
  await other.query('ROLLBACK')
  expect(await held).toMatchObject([{ outcome: 'committed' }])
})

test('receipts are written in one order on every node, whatever the order of their items', async () => {
  const seen = (...users: readonly string[]): Item[] =>
    users.map(who => rows({ put: 'seen', user: user(who), at: NOW }))
  await committed(one, ...seen('1', '2', '3'))
  await other.query('BEGIN; SELECT * FROM conclave.seen WHERE "user" = 2 FOR UPDATE')
  const held = one.commit(seen('3', '2', '1'))
  await expect.poll(() => waiting('transactionid')).toBe(1)
  const { rows: free } = await stores.database.query(
    `SELECT "user"::text FROM conclave.seen WHERE "user" <> 2 FOR UPDATE SKIP LOCKED`,
  )
  expect(free).toEqual([{ user: '3' }])
  await other.query('ROLLBACK')
  await held
})
