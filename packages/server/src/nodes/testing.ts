// Nodes on a database of their own, with leases that a test can wait for.
import pino from 'pino'
import { migrate } from '../postgres/migrations.ts'
import { Pool } from '../postgres/pool.ts'
import { type TestDatabase, testDatabase } from '../postgres/testing.ts'
import type { Nodes } from './nodes.ts'
import { type NodeTimes, openPostgresNodes } from './postgres.ts'

/** A lease that a busy machine does not lose by itself. */
export const SHORT: NodeTimes = { beat: 100, lease: 1_200, unsure: 600, out: 2_500 }

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
}

export function enterNode(url: string, node: number, { address, alone }: Enter = {}): Promise<Nodes> {
  const log = pino({ level: 'silent' })
  return openPostgresNodes({ url, node, address: address ?? null, alone: alone ?? false, log, times: SHORT })
}
