// The feed of changes on a real PostgreSQL: in the order of commits, without a gap whatever commits overtake each other, and a
// reader who was away for too long is told so.

import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { migrate } from '../../postgres/migrations.ts'
import { Pool } from '../../postgres/pool.ts'
import { type TestDatabase, testDatabase } from '../../postgres/testing.ts'
import { PostgresChanges } from './changes.ts'

let database: TestDatabase
let pool: Pool
let feed: PostgresChanges
beforeAll(async () => {
  database = await testDatabase()
  pool = new Pool({ url: database.url, connections: 2, name: 'a test of the feed' })
  await migrate(pool)
})
beforeEach(async () => {
  await database.query('DELETE FROM conclave.changes')
  feed = new PostgresChanges(pool.query)
})
afterAll(async () => {
  await pool?.close()
  await database?.drop()
})

const ROW = (id: string): string => `INSERT INTO conclave.changes (of, id) VALUES ('account', '${id}')`

/** The feed shows what no transaction of the whole server can precede any more; other test files have some. */
async function settled(): Promise<void> {
  const { rows } = await database.query('SELECT pg_current_xact_id()::text AS now')
  await expect.poll(async () => (await database.query(PASSED, [rows[0].now])).rows[0].passed).toBe(true)
}
const PASSED = 'SELECT pg_snapshot_xmin(pg_current_snapshot()) > $1::text::xid8 AS passed'

async function ids(after: string, limit = 100) {
  const { changes, cursor, more, missed } = await feed.read(after, limit)
  return { ids: changes.map(change => ('id' in change ? change.id : '')), cursor, more, missed }
}

describe('the feed of changes', () => {
  test('gives what was written since, once, in pages', async () => {
    await database.query(ROW('0'))
    await settled()
    const start = await feed.position()
    expect((await ids(start)).ids).toEqual([])
    const written = Array.from({ length: 12 }, (_, index) => `${index + 1}`)
    // In one transaction: their numbers alone tell their order, and are no texts.
    await database.query(written.map(ROW).join(';'))
    await settled()
    const first = await ids(start, 11)
    expect(first).toMatchObject({ ids: written.slice(0, 11), more: true, missed: false })
    const second = await ids(first.cursor, 11)
    expect(second).toMatchObject({ ids: ['12'], more: false })
    expect((await ids(second.cursor)).ids).toEqual([])
  })

  test('gives every kind with what belongs to it, and leaves out what it does not know', async () => {
    await settled()
    const start = await feed.position()
    await database.query(`INSERT INTO conclave.changes (of, id, room, sequence) VALUES ('channel', '5', NULL, NULL),
      ('keys', '6', NULL, NULL), ('document', 'upload/a b', NULL, NULL), ('token', 'tok', NULL, NULL),
      ('membership', '7', 9007199254740993, 8), ('listed', '', 12, 1), ('newer', 'x', NULL, NULL)`)
    await settled()
    expect((await feed.read(start, 100)).changes).toEqual([
      { of: 'channel', id: '5' },
      { of: 'keys', id: '6' },
      { of: 'document', id: 'upload/a b' },
      { of: 'token', hash: 'tok' },
      { of: 'membership', user: '7', room: '9007199254740993', sequence: 8 },
      { of: 'listed', room: '12', sequence: 1 },
    ])
  })

  test('passes by nothing that was begun before and committed after what was read', async () => {
    const slow = new pg.Client({ connectionString: database.url })
    await slow.connect()
    try {
      await settled()
      const start = await feed.position()
      await slow.query('BEGIN')
      await slow.query(ROW('slow'))
      await database.query(ROW('fast'))
      const early = await ids(start)
      await slow.query('COMMIT')
      await settled()
      const late = await ids(early.cursor)
      // One is given twice: who learns it again learns nothing new.
      expect(early.ids).toEqual(['fast'])
      expect(late.ids.sort()).toEqual(['fast', 'slow'])
      expect((await ids(late.cursor)).ids).toEqual([])
    } finally {
      await slow.end()
    }
  })

  test('keeps nothing back while somebody else on the server leaves a transaction open', async () => {
    const other = new pg.Client({ connectionString: database.url })
    await other.connect()
    try {
      await other.query('BEGIN')
      await other.query('SELECT pg_current_xact_id()')
      const start = await feed.position()
      await database.query(ROW('ban'))
      const early = await ids(start)
      expect(early.ids).toEqual(['ban'])
      expect((await ids(early.cursor)).ids).toEqual(['ban'])
      // A minute later, and before it would be pruned, it is given no more.
      await database.query(`UPDATE conclave.changes SET at = at - interval '61 seconds'`)
      await database.query(ROW('next'))
      const later = await ids(early.cursor)
      expect(later.ids).toEqual(['ban', 'next'])
      expect((await ids(later.cursor)).ids).toEqual(['next'])
    } finally {
      await other.end()
    }
  })

  test('says that something was missed to whoever comes back after more than is kept', async () => {
    const start = await feed.position()
    const [transaction, number, at] = start.split(' ')
    expect((await feed.read(start, 10)).missed).toBe(false)
    const read = await feed.read(`${transaction} ${number} ${Number(at) - 14 * 60 - 5}`, 10)
    expect(read.missed).toBe(true)
    expect((await feed.read(read.cursor, 10)).missed).toBe(false)
  })
})
