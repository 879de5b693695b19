import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migrate } from '../postgres/migrations.ts'
import { Pool } from '../postgres/pool.ts'
import { type TestDatabase, testDatabase } from '../postgres/testing.ts'
import { StoreFailure } from '../store/store.ts'
import { quotaContract } from './contract.ts'
import { localQuota } from './local.ts'
import { postgresQuota } from './postgres.ts'
import type { Quota } from './quota.ts'

const THREE = { limit: 3, window: 60_000 }
let database: TestDatabase
let pool: Pool
beforeAll(async () => {
  database = await testDatabase()
  pool = new Pool({ url: database.url, connections: 4, name: 'test' })
  await migrate(pool)
})
afterAll(async () => {
  await pool?.close()
  await database?.drop()
})

async function held(nodes = 1) {
  await pool.query('DELETE FROM conclave.quotas')
  let now = 1_700_000_000_000
  const clock = { now: () => now }
  const all = Array.from({ length: nodes }, () => postgresQuota({ pool, clock, local: localQuota(clock) }))
  let turn = 0
  const next = (): Quota => all[turn++ % nodes] as Quota
  const quota: Quota = {
    take: (key, allowance, cost) => next().take(key, allowance, cost),
    takeHere: (key, allowance, cost) => (all[0] as Quota).takeHere(key, allowance, cost),
    clear: key => next().clear(key),
  }
  return {
    all,
    quota,
    now: () => now,
    pass: async (ms: number) => {
      now += ms
    },
  }
}

quotaContract('postgres', () => held())
quotaContract('postgres, two nodes', () => held(2))

describe('quotas of nodes that share a PostgreSQL', () => {
  test('of many guesses at once on several nodes as many are let through as one window allows', async () => {
    const { all } = await held(3)
    for (let round = 0; round < 5; round++) {
      const allowance = { limit: 301, window: 60_000 }
      const key = `login:${round}`
      // The window runs: what follows only adds to it.
      await (all[0] as Quota).take(key, allowance)
      const guesses = Array.from({ length: 1_500 }, (_, n) => (all[n % 3] as Quota).take(key, allowance))
      expect((await Promise.all(guesses)).filter(({ allowed }) => allowed)).toHaveLength(300)
    }
  })

  test('what is a matter of each node is counted there', async () => {
    const { all } = await held(2)
    const [one, other] = all as [Quota, Quota]
    for (let n = 0; n < 4; n++) one.takeHere('flood', THREE)
    expect(other.takeHere('flood', THREE).remaining).toBe(2)
    expect(await pool.query('SELECT count(*) FROM conclave.quotas')).toEqual([['0']])
  })

  test('while the database is away nothing is allowed', async () => {
    const away = new Pool({ url: 'postgres://nobody:secret@127.0.0.1:1/none', connections: 1, name: 'test' })
    const clock = { now: () => 1_700_000_000_000 }
    const quota = postgresQuota({ pool: away, clock, local: localQuota(clock) })
    await expect(quota.take('a', THREE)).rejects.toThrow(StoreFailure)
    await expect(quota.take('a', THREE, 0)).rejects.toThrow(StoreFailure)
    await expect(quota.clear('a')).rejects.toThrow(StoreFailure)
    await away.close()
  })

  test('looking at a window, and being refused, begin none', async () => {
    const { quota, now, pass } = await held()
    await quota.take('a', THREE, 0)
    await quota.take('a', { limit: 0, window: 60_000 })
    await pass(30_000)
    expect((await quota.take('a', THREE)).resetsAt).toBe(now() + 60_000)
  })

  test('windows that are over are dropped', async () => {
    const { quota, pass } = await held()
    for (let n = 0; n < 100; n++) await quota.take(`key ${n}`, { limit: 1, window: 100 })
    await pass(3_600_000)
    await quota.take('last', THREE)
    await expect.poll(() => pool.query('SELECT key FROM conclave.quotas')).toEqual([['last']])
  })

  test('a key may be any text', async () => {
    const { quota } = await held()
    const key = 'a\0\u0001"\\{}é\ud800'
    expect((await quota.take(key, THREE)).remaining).toBe(2)
    expect((await quota.take(key, THREE)).remaining).toBe(1)
    await quota.clear(key)
    expect((await quota.take(key, THREE)).remaining).toBe(2)
  })
})
