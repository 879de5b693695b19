// What reading costs in a log of any length: counted in the pages that PostgreSQL looks at, which no busy machine changes,
// under the plans that it keeps when it does not know what is asked (as the pool's prepared statements have).
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrate } from '../../postgres/migrations.ts'
import { Pool, type Value } from '../../postgres/pool.ts'
import { type TestDatabase, testDatabase } from '../../postgres/testing.ts'
import type { PageQuery, Right } from '../store.ts'
import { eventId, NOW, room, user } from '../testing/items.ts'
import { ChainRows } from './chains.ts'
import { STORE_FUNCTIONS } from './functions.ts'
import { MarkRows } from './marks.ts'
import { MembershipRows } from './memberships.ts'
import { Pages } from './pages.ts'
import { Places } from './places.ts'

const [SMALL, LARGE] = [room('1'), room('2')]
const LENGTH = { [SMALL]: 2_000, [LARGE]: 100_000 }
/** Rooms of few events each. */
const ROOMS = Array.from({ length: 1_000 }, (_, index) => room(`${1_000 + index}`))
const READER = user('1')
/** Has hidden all but the first and the last hundred. */
const TIDY = user('2')

let database: TestDatabase
let pool: Pool
beforeAll(async () => {
  database = await testDatabase()
  pool = new Pool({
    url: database.url,
    connections: 1,
    name: 'growth',
    settings: { plan_cache_mode: 'force_generic_plan' },
  })
  await migrate(pool, STORE_FUNCTIONS)
  const fill = async (ids: readonly string[], length: number): Promise<void> => {
    const [rooms, part] = [`unnest('{${ids.join(',')}}'::bigint[]) r`, length / 20]
    await pool.query(`INSERT INTO conclave.rooms (id, channel, sequence, control, last_id, last_at, messages, removed, suite, kind)
      SELECT r, 5, ${length}, 1, 0, 0, 0, false, 'none', 'static' FROM ${rooms}`)
    await pool.query(`INSERT INTO conclave.events (room, sequence, id, at, actor, class, body, file, thread, pinned_at, replied_at)
      SELECT r, s, r * 1000000 + s, ${NOW} + s, 3, CASE WHEN s % ${part} = 0 THEN 'c' ELSE 'm' END,
        '{"type":"message","messageId":null,"content":{"suite":"none","text":"said"}}', CASE WHEN s % ${part} = 1 THEN true END,
        CASE WHEN s % ${part} = 2 AND s > 2 THEN 2 END, CASE WHEN s % ${part} = 3 THEN s END, CASE WHEN s % ${part} = 2 THEN s END
      FROM ${rooms}, generate_series(1, ${length}) s`)
    await pool.query(`INSERT INTO conclave.spans (room, "user", opened, from_sequence)
      SELECT r, u, 1, 0 FROM ${rooms}, generate_series(1, 2) u`)
  }
  for (const id of [SMALL, LARGE]) {
    const length = LENGTH[id] as number
    await fill([id], length)
    await pool.query(`INSERT INTO conclave.hidden (room, "user", low, high) VALUES (${id}, 2, 100, ${length - 100})`)
    await pool.query(
      `INSERT INTO conclave.stars SELECT ${id}, 1, s * ${length / 20} + 5, s FROM generate_series(1, 19) s`,
    )
    await pool.query(
      `INSERT INTO conclave.mentions SELECT ${id}, 1, s * ${length / 20} + 5 FROM generate_series(1, 19) s`,
    )
    await pool.query(`INSERT INTO conclave.chain SELECT ${id}, row_number() OVER (ORDER BY e.sequence), e.sequence, '', '', ''
      FROM conclave.events e WHERE e.room = ${id} AND e.class = 'c'`)
  }
  await fill(ROOMS, 40)
  await pool.query('VACUUM ANALYZE')
})
afterAll(async () => {
  await pool?.close()
  await database?.drop()
})

/** How many pages a read looks at. */
async function looked(read: (counting: Pool) => Promise<unknown>): Promise<number> {
  let pages = 0
  const query = async (sql: string, values: readonly Value[] = []) => {
    await pool.query(`PREPARE asked AS ${sql}`)
    const [row] = await pool.query(
      `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE asked (${values.map(literal).join(', ')})`,
    )
    await pool.query('DEALLOCATE asked')
    const [{ Plan: plan }] = JSON.parse(row?.[0] as string)
    pages += plan['Shared Hit Blocks'] + plan['Shared Read Blocks']
    return pool.query(sql, values)
  }
  expect(await read({ query } as unknown as Pool)).toBeDefined()
  return pages
}

function literal(value: Value): string {
  if (Array.isArray(value)) return `'{${value.join(',')}}'`
  return value === null ? 'NULL' : typeof value === 'string' ? `'${value}'` : String(value)
}

/** Half as much again for the index's further levels, and a handful for what is read once. */
const AGAIN = (pages: number): number => pages * 1.5 + 8

async function expectEven(read: (of: typeof SMALL, length: number, counting: Pool) => Promise<unknown>): Promise<void> {
  const [small, large] = [
    await looked(counting => read(SMALL, LENGTH[SMALL] as number, counting)),
    await looked(counting => read(LARGE, LENGTH[LARGE] as number, counting)),
  ]
  expect(large).toBeLessThanOrEqual(AGAIN(small))
}

const RIGHTS: readonly Right[] = [
  { by: 'member', user: READER },
  { by: 'member', user: TIDY },
  { by: 'grant', user: READER, control: 1 },
  { by: 'server' },
]
for (const right of RIGHTS) {
  for (const select of ['messages', 'files', 'all', 'control', 'kept'] as const) {
    test(`a page of ${select} costs the same, by ${right.by}${right.by === 'member' ? ` ${right.user}` : ''}`, async () => {
      const page = (bounds: (length: number) => Partial<PageQuery>) =>
        expectEven((of, length, counting) =>
          new Pages(counting).page({ room: of, right, select, order: 'newest', limit: 50, ...bounds(length) }, NOW),
        )
      await page(() => ({}))
      await page(() => ({ order: 'oldest' }))
      await page(length => ({ before: length / 2 }))
      await page(length => ({ after: length / 2, order: 'oldest' }))
      await page(length => ({ since: NOW + length / 2, order: 'oldest' }))
      await page(length => ({ until: NOW + length / 2 }))
    })
  }
}

test('what is found by its place or its mark costs the same', async () => {
  const right = { by: 'member', user: READER } as const
  await expectEven((of, length, counting) => new Pages(counting).eventAt(of, length / 2, NOW))
  await expectEven((of, length, counting) =>
    new Pages(counting).event(of, eventId(`${Number(of) * 1_000_000 + length / 2}`), right, NOW),
  )
  await expectEven((of, _, counting) => new Pages(counting).countFiles(of, right, NOW))
  await expectEven((of, length, counting) => new Pages(counting).control(of, length / 2))
  await expectEven((of, _, counting) => new ChainRows(counting).page(of, right, 5, 5))
  await expectEven((of, length, counting) => new Places(counting).covers(of, length / 2, right))
  await expectEven((of, _, counting) => new Places(counting).messagesIn(of, { limit: 50 }))
  await expectEven((of, _, counting) => new Places(counting).messagesIn(of, { limit: 50, sender: user('3') }))
  for (const of of ['pinned', 'starred', 'threads', 'mentioning', 'replies'] as const) {
    const sought = of === 'mentioning' ? { sought: READER } : of === 'replies' ? { sought: 2 } : {}
    await expectEven((id, _, counting) =>
      new MarkRows(counting).marked({ room: id, right, of, offset: 0, limit: 50, ...sought }, NOW),
    )
  }
})

test('the last messages of a thousand memberships cost a few pages each', async () => {
  const read = (counting: Pool) => new MembershipRows(counting).lastMessages(READER, [SMALL, LARGE, ...ROOMS], NOW)
  expect(await read(pool)).toHaveLength(ROOMS.length + 2)
  expect(await looked(read)).toBeLessThan(16 * ROOMS.length)
})
