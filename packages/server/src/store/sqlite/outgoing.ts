// The outbox: external events that wait for delivery, written in the transaction of what they tell of.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { RoomEvent } from '../../room/events.ts'
import type { Outgoing, OutgoingRow } from '../store.ts'

const COLUMNS = `CAST(id AS TEXT) AS id, destination AS "to", at, verb, body, CAST(room AS TEXT) AS room, sequence, attempts, due_at AS dueAt,
  error`
const SQL = {
  put: `INSERT INTO outgoing (id, destination, at, verb, body, room, sequence, attempts, due_at, error)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  change: 'UPDATE outgoing SET attempts = ?, due_at = ?, error = ? WHERE id = ?',
  drop: 'DELETE FROM outgoing WHERE id = ?',
  /** By when they are due, so that a page costs the same however many wait. */
  due: `SELECT * FROM (SELECT ${COLUMNS} FROM outgoing WHERE destination = ? AND due_at <= ?
    ORDER BY due_at, outgoing.id LIMIT ?) ORDER BY CAST(id AS INTEGER)`,
  next: 'SELECT min(due_at) AS at FROM outgoing WHERE destination = ? AND due_at IS NOT NULL',
  count: `SELECT destination AS "to", count(due_at) AS waiting, count(*) - count(due_at) AS dead FROM outgoing
    GROUP BY destination`,
  dead: `SELECT ${COLUMNS} FROM outgoing WHERE due_at IS NULL AND outgoing.id > ? ORDER BY outgoing.id LIMIT ?`,
  one: `SELECT ${COLUMNS} FROM outgoing WHERE outgoing.id = ?`,
} as const

export class OutgoingRows {
  readonly #sql: Readonly<Record<keyof typeof SQL, StatementSync>>

  constructor(database: DatabaseSync) {
    const prepared = Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)])
    this.#sql = Object.fromEntries(prepared) as Record<keyof typeof SQL, StatementSync>
  }

  due(to: string, now: number, limit: number): Outgoing[] {
    return outgoingsOf(this.#sql.due.all(to, now, limit))
  }

  next(to: string): number | null {
    return (this.#sql.next.get(to)?.at as number | null | undefined) ?? null
  }

  count(): { readonly to: string; readonly waiting: number; readonly dead: number }[] {
    return (this.#sql.count.all() as { to: string; waiting: number; dead: number }[]).map(row => ({ ...row }))
  }

  dead(after: string | null, limit: number): Outgoing[] {
    return outgoingsOf(this.#sql.dead.all(after ?? '-1', limit))
  }

  one(id: string): Outgoing | undefined {
    return outgoingsOf(this.#sql.one.all(id))[0]
  }

  /** `events`: what the item's append gave. */
  write(row: OutgoingRow, events: readonly RoomEvent[]): void {
    if ('change' in row) {
      this.#sql.change.run(row.attempts, row.dueAt, row.error, row.id)
      return
    }
    if ('drop' in row) {
      this.#sql.drop.run(row.id)
      return
    }
    const { id, to, at, verb, body, attempts, dueAt, error } = row.outgoing
    const { room, sequence } = row.event === null ? row.outgoing : placeOf(row.event, events)
    this.#sql.put.run(id, to, at, verb, body, room, sequence, attempts, dueAt, error)
  }
}

function placeOf(index: number, events: readonly RoomEvent[]): RoomEvent {
  const event = events[index]
  if (event === undefined) throw new Error(`an outgoing event names event ${index} of ${events.length}`)
  return event
}

function outgoingsOf(rows: readonly unknown[]): Outgoing[] {
  return (rows as readonly Outgoing[]).map(row => ({ ...row }))
}
