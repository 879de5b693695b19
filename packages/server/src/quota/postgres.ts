// Quotas of nodes that share a PostgreSQL, by the clock that they share. What is taken in one turn goes into one statement.
// While the database is away nothing is allowed: whoever asks gets a StoreFailure.
import type { Clock } from '../clock.ts'
import { QUOTA_SWEEP, QUOTA_TOGETHER, QUOTA_WAITING } from '../limits.ts'
import { PerTurn } from '../postgres/per-turn.ts'
import type { Pool } from '../postgres/pool.ts'
import { fromStoredJson } from '../postgres/text.ts'
import type { Allowance, Quota, Taken } from './quota.ts'

export interface PostgresQuotaOptions {
  readonly pool: Pick<Pool, 'query'>
  readonly clock: Clock
  /** Counts what is a matter of this node. */
  readonly local: Quota
}

export function postgresQuota(options: PostgresQuotaOptions): Quota {
  return new SharedQuota(options)
}

interface Taking {
  readonly key: string
  readonly allowance: Allowance
  readonly cost: number
}

class SharedQuota implements Quota {
  readonly #options: PostgresQuotaOptions
  readonly #takings: PerTurn<Taking, Taken>
  /** ms since 1970 of this node's last look for windows that are over. */
  #sweptAt = 0

  constructor(options: PostgresQuotaOptions) {
    this.#options = options
    const run = (takings: readonly Taking[]): Promise<readonly Taken[]> => this.#take(takings)
    this.#takings = new PerTurn({ run, together: QUOTA_TOGETHER, waiting: QUOTA_WAITING })
  }

  async take(key: string, allowance: Allowance, cost = 1): Promise<Taken> {
    return this.#takings.ask({ key, allowance, cost })
  }

  takeHere(key: string, allowance: Allowance, cost = 1): Taken {
    return this.#options.local.takeHere(key, allowance, cost)
  }

  async clear(key: string): Promise<void> {
    await this.#options.local.clear(key)
    await this.#options.pool.query('DELETE FROM conclave.quotas WHERE key = $1', [key])
  }

  async #take(takings: readonly Taking[]): Promise<readonly Taken[]> {
    const { pool, clock } = this.#options
    const now = clock.now()
    const [row] = await pool.query('SELECT conclave.quota_take($1, $2, $3, $4, $5)', [
      takings.map(({ key }) => key),
      takings.map(({ allowance }) => allowance.limit),
      takings.map(({ allowance }) => allowance.window),
      takings.map(({ cost }) => cost),
      now,
    ])
    if (Math.abs(now - this.#sweptAt) >= QUOTA_SWEEP) this.#sweep(now)
    return fromStoredJson(row?.[0] as string) as readonly Taken[]
  }

  /** Nobody waits for it, and what is left goes the next time. */
  #sweep(now: number): void {
    this.#sweptAt = now
    this.#options.pool.query('DELETE FROM conclave.quotas WHERE ends_at <= $1', [now]).catch(() => {})
  }
}
