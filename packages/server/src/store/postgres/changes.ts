// The feed of changes (bus/feed.ts). Rows are written in the transaction of what they tell of, so a row with a small number
// may come to be seen after one with a greater number: they are read by the transactions, and a place in the feed moves past
// those alone of which none is running any more that began before. What is behind them is given at once, and again: somebody
// else on the server may keep a transaction open for hours. A place carries the time at which it was read, by which a node
// that was away for too long knows that it missed something.
import type { RoomId, UserId } from '@conclave/wire'
import type { Change, Changes, Feed } from '../../bus/feed.ts'
import type { Columns, Query } from '../../postgres/pool.ts'
import { StoreFailure } from '../store.ts'

/** Minutes that a change is kept, and for which a place in the feed is good. A node that is away for longer has long lost
 * its lease. */
const KEPT = 15
const GOOD = 14
/** ms between looks of one node for what may go, and rows that go together: with many nodes somebody always looks. */
const PRUNED = 60_000
const PRUNED_TOGETHER = 10_000

/** Seconds after which a commit of a node is over, whatever else is running (postgres/pool.ts ends it before). */
const OVER = 60

const CLOCK = 'extract(epoch FROM clock_timestamp())::bigint'
const OPEN = 'pg_snapshot_xmin(pg_current_snapshot())'
const POSITION = `SELECT ${OPEN}::text, ${CLOCK}`
/** Of the newest transaction that is over by its age: whatever has a smaller number began before it. */
const OLD = `(SELECT o.transaction FROM conclave.changes o WHERE o.at < clock_timestamp() - interval '${OVER} seconds'
  ORDER BY o.transaction DESC LIMIT 1)`
/** $1 transaction, $2 number, $3 limit. One row is the time alone: it is there where there are no changes. */
const READ = `SELECT ${CLOCK}, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  UNION ALL (SELECT NULL, c.transaction::text, c.number::text, c.of, c.id, c.room::text, c.sequence::text,
      c.transaction < ${OPEN} OR c.transaction <= ${OLD}
    FROM conclave.changes c WHERE (c.transaction, c.number) > ($1::text::xid8, $2::bigint)
    ORDER BY c.transaction, c.number LIMIT $3)`
const PRUNE = `DELETE FROM conclave.changes WHERE (transaction, number) IN (SELECT transaction, number
  FROM conclave.changes WHERE at < clock_timestamp() - interval '${KEPT} minutes' LIMIT ${PRUNED_TOGETHER})`

export class PostgresChanges implements Feed {
  readonly #query: Query
  #prunedAt = performance.now()

  constructor(query: Query) {
    this.#query = query
  }

  async position(): Promise<string> {
    const [row] = await this.#query(POSITION)
    return `${row?.[0]} 0 ${row?.[1]}`
  }

  async read(after: string, limit: number): Promise<Changes> {
    const [transaction = '0', number = '0', readAt = '0'] = after.split(' ')
    const read = await this.#query(READ, [transaction, number, limit])
    const rows = read.filter(([now]) => now === null)
    const now = Number(read.find(([now]) => now !== null)?.[0])
    if (!Number.isFinite(now)) throw new StoreFailure('the feed of changes gives no time')
    this.#prune()
    const last = rows.findLast(row => row[7] === true)
    const place = last ? `${last[1]} ${last[2]}` : `${transaction} ${number}`
    const missed = now - Number(readAt) > GOOD * 60
    return {
      changes: rows.flatMap(changeOf),
      cursor: `${place} ${now}`,
      more: rows.length === limit && rows.at(-1) === last,
      missed,
    }
  }

  /** Nobody waits for it, and the next one does what this one could not. */
  #prune(): void {
    if (performance.now() - this.#prunedAt < PRUNED) return
    this.#prunedAt = performance.now()
    this.#query(PRUNE).catch(() => {})
  }
}

/** What a newer version wrote and this one does not know is left out. */
function changeOf([, , , of, id, room, sequence]: Columns): Change[] {
  switch (of) {
    case 'account':
    case 'channel':
    case 'keys':
    case 'document':
      return [{ of, id: id as string }]
    case 'token':
      return [{ of, hash: id as string }]
    case 'membership':
      return [{ of, user: id as UserId, room: room as RoomId, sequence: Number(sequence) }]
    case 'listed':
      return [{ of, room: room as RoomId, sequence: Number(sequence) }]
    default:
      return []
  }
}
