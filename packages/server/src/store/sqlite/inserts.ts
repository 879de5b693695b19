// The hot statement: rows of the log, written many at a time, because a statement's start costs about as much as a
// row. What waits here is part of the running transaction; whoever reads the log within it flushes first.

import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { RoomEvent } from '../../room/events.ts'
import { endOf } from '../../room/ttl.ts'
import { audienceOf, classOf, keptBody, mediaOf } from '../projection.ts'

const COLUMNS = 7
/** Rows per statement: measured 8 to 128, flat from here on. */
const ROWS = 32
const ROW = '(?, ?, ?, ?, ?, ?, ?)'

export class EventInserts {
  readonly #many: StatementSync
  readonly #one: StatementSync
  readonly #special: StatementSync
  #waiting: SQLInputValue[] = []

  constructor(database: DatabaseSync) {
    const columns = 'room, sequence, id, at, actor, class, body'
    const insert = `INSERT INTO events (${columns}) VALUES`
    this.#many = database.prepare(`${insert} ${Array(ROWS).fill(ROW).join(', ')}`)
    this.#one = database.prepare(`${insert} ${ROW}`)
    this.#special = database.prepare(
      `INSERT INTO events (${columns}, audience, expires_at, file, thread) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
  }

  add(event: RoomEvent): void {
    const { room, sequence, id, at, actor, body } = event
    const [audience, expiresAt] = [audienceOf(body), endOf(body)]
    const file = mediaOf(body).length > 0 ? 1 : null
    const thread = body.type === 'message' && body.thread ? body.thread.sequence : null
    const json = JSON.stringify(keptBody(body))
    if (audience !== null || expiresAt !== null || file !== null || thread !== null) {
      // Rare, so the rows of all others go without the columns.
      this.#special.run(room, sequence, id, at, actor, classOf(body), json, audience, expiresAt, file, thread)
      return
    }
    this.#waiting.push(room, sequence, id, at, actor, classOf(body), json)
    if (this.#waiting.length === ROWS * COLUMNS) {
      this.#many.run(...this.#waiting)
      this.#waiting = []
    }
  }

  flush(): void {
    const rows = this.#waiting
    this.#waiting = []
    for (let start = 0; start < rows.length; start += COLUMNS) this.#one.run(...rows.slice(start, start + COLUMNS))
  }

  /** Forgets what waits, when the transaction is over without it. */
  clear(): void {
    this.#waiting = []
  }
}
