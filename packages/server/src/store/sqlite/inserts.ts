// The hot statement: rows of the log, written many at a time (many-rows.ts). What waits here is part of the running transaction; whoever reads the log within it settles the room first.

import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { RoomId } from '@conclave/wire'
import type { RoomEvent } from '../../room/events.ts'
import { endOf } from '../../room/ttl.ts'
import { audienceOf, classOf, keptBody, mediaOf } from '../projection.ts'
import type { Fresh } from './fresh.ts'
import { ManyRows } from './many-rows.ts'

const COLUMNS = 'room, sequence, id, at, actor, body'
const GIVEN = 6
const ROW = "(?, ?, ?, ?, ?, 'm', ?)"
/** So many messages of one room in a batch fill pages by themselves. */
const DENSE = 8
/** Characters of a body that does so alone, or nearly. A ring of such rows would be gigabytes, taken to their places by
 * whoever reads next, and held in memory where the disk takes nothing more. */
const HEAVY = 1_024

export class EventInserts {
  readonly #fresh: Fresh
  readonly #rows: ManyRows
  readonly #special: StatementSync
  /** Messages with nothing special, and how many there are for each room. */
  #waiting: SQLInputValue[] = []
  readonly #counts = new Map<RoomId, number>()
  /** Rows of the batch that were written. */
  #written = 0

  constructor(database: DatabaseSync, fresh: Fresh) {
    this.#fresh = fresh
    const insert = 'INSERT INTO events (room, sequence, id, at, actor, class, body) VALUES'
    this.#rows = new ManyRows(database, insert, ROW, GIVEN)
    this.#special = database.prepare(
      `INSERT INTO events (${COLUMNS}, class, audience, expires_at, file, thread) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
  }

  add(event: RoomEvent): void {
    const { room, sequence, id, at, actor, body } = event
    const [audience, expiresAt] = [audienceOf(body), endOf(body)]
    const file = mediaOf(body).length > 0 ? 1 : null
    const thread = body.type === 'message' && body.thread ? body.thread.sequence : null
    const json = JSON.stringify(keptBody(body))
    if (body.type !== 'message' || audience !== null || expiresAt !== null || file !== null || thread !== null) {
      this.#special.run(room, sequence, id, at, actor, json, classOf(body), audience, expiresAt, file, thread)
      return
    }
    this.#waiting.push(room, sequence, id, at, actor, json)
    this.#counts.set(room, (this.#counts.get(room) ?? 0) + 1)
  }

  /** At the end of a batch: gives the number of rows that it had. */
  finish(): number {
    this.#flush()
    const written = this.#written
    this.#written = 0
    return written
  }

  #flush(): void {
    const rows = this.#waiting
    if (rows.length === 0) return
    const counts = new Map(this.#counts)
    this.#empty()
    const dense: SQLInputValue[] = []
    const fresh: SQLInputValue[] = []
    for (let start = 0; start < rows.length; start += GIVEN) {
      const body = rows[start + GIVEN - 1] as string
      const isScattered = (counts.get(rows[start] as RoomId) as number) < DENSE && body.length < HEAVY
      const into = isScattered ? fresh : dense
      for (let column = 0; column < GIVEN; column++) into.push(rows[start + column] as SQLInputValue)
    }
    this.#rows.write(dense)
    if (fresh.length > 0) this.#fresh.add(fresh)
    this.#written += rows.length / GIVEN
  }

  /** Before messages of the room are read or changed in the transaction. */
  settle(room: RoomId): void {
    this.#flush()
    this.#fresh.settle([room])
  }

  /** Forgets what waits, when the transaction is over without it. */
  clear(): void {
    this.#empty()
    this.#written = 0
  }

  #empty(): void {
    this.#waiting = []
    this.#counts.clear()
  }
}
