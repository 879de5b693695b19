// Nodes on a database of their own.
import pino from 'pino'
import { migrate } from '../postgres/migrations.ts'
import { Pool } from '../postgres/pool.ts'
import { type TestDatabase, testDatabase } from '../postgres/testing.ts'
import type { Nodes } from './nodes.ts'
import { type NodeTimes, openPostgresNodes } from './postgres.ts'

/** Looks as often as a test likes, and a lease that no busy machine loses. */
export const LONG: NodeTimes = { beat: 100, lease: 120_000, unsure: 60_000, out: 180_000, known: 10_000 }
/** Where the test is about the end of a lease; a machine may stand still for a while without one. */
export const SHORT: NodeTimes = { beat: 100, lease: 4_000, unsure: 2_500, out: 120_000, known: 500 }

export async function nodesDatabase(): Promise<TestDatabase> {
  const database = await testDatabase()
  const pool = new Pool({ url: database.url, connections: 1, name: 'test' })
  await migrate(pool)
  await pool.close()
  return database
}

export interface Enter {
  readonly address?: string
  readonly alone?: boolean
  readonly times?: NodeTimes
}

export function enterNode(url: string, node: number, { address, alone, times }: Enter = {}): Promise<Nodes> {
  const log = pino({ level: 'silent' })
  return openPostgresNodes({ url, node, address: address ?? null, alone: alone ?? false, log, times: times ?? LONG })
}
