// Rows of rooms' chains: one is written with each control event, and read by the right that reads the log (L10).
// Whoever may read the room sees every link; what lies outside of what they may read stays closed.
import { randomFillSync } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { RoomId } from '@conclave/wire'
import { NO_HEAD, toHex } from '@conclave/wire/transparency/chain'
import { PAGE } from '../../limits.ts'
import type { RoomEvent } from '../../room/events.ts'
import { type ChainDraft, linkOfEvent, SALT_BYTES, startOfRoom } from '../chains.ts'
import type { ChainLink, ChainPage, Right } from '../store.ts'
import { all, type Columns, EVENT, eventOf, one, prepareRows } from './rows.ts'
import { isHeard, isMember, isSpanned } from './sight.ts'

/** Bind: 1 room, 2 the number before, 3 limit; 4 user; 5 control sequence. `seen`: whether the event may be read. */
const BY: Readonly<Record<Right['by'], { readonly where: string; readonly seen: string }>> = {
  member: { where: isMember('?1', '?4'), seen: `${isSpanned('?1', '?4')} AND ${isHeard('?4')}` },
  grant: { where: 'EXISTS (SELECT 1 FROM rooms r WHERE r.id = ?1 AND r.control = ?5)', seen: isHeard('?4') },
  server: { where: 'TRUE', seen: 'TRUE' },
}

/** Salts that are fetched together: asking the system for each one costs more than the rest of the link. */
const SALTS = 256

export class ChainRows {
  readonly #put: StatementSync
  readonly #last: StatementSync
  readonly #pages: Readonly<Record<Right['by'], StatementSync>>
  readonly #holds: Readonly<Record<Right['by'], StatementSync>>
  readonly #salts = Buffer.alloc(SALT_BYTES * SALTS)
  #used = SALTS

  constructor(database: DatabaseSync) {
    this.#put = database.prepare(
      'INSERT INTO chain (room, number, sequence, salt, digest, hash) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.#last = prepareRows(database, 'SELECT number, hash FROM chain WHERE room = ? ORDER BY number DESC LIMIT 1')
    const page = (by: Right['by']) => prepareRows(database, pageSql(by))
    this.#pages = { member: page('member'), grant: page('grant'), server: page('server') }
    const holds = (by: Right['by']) =>
      database.prepare(`SELECT 1 AS one WHERE ?1 IS NOT NULL AND ?2 IS NOT NULL AND ?3 IS NOT NULL AND ${BY[by].where}`)
    this.#holds = { member: holds('member'), grant: holds('grant'), server: holds('server') }
  }

  /** Writes the event's link. `last`: what it follows, where that is known. */
  add(last: ChainDraft | null, event: RoomEvent): ChainDraft {
    const salt = this.#salt()
    const { number, hash, digest } = linkOfEvent(last ?? this.#lastBefore(event), event, salt)
    this.#put.run(event.room, number, event.sequence, salt, digest, hash)
    return { number, hash }
  }

  page(room: RoomId, right: Right, after: number, limit: number): ChainPage | undefined {
    const most = Math.min(limit, PAGE)
    const bind =
      right.by === 'member'
        ? [room, after, most, right.user]
        : right.by === 'grant'
          ? [room, after, most, right.user, right.control]
          : [room, after, most]
    const rows = all(this.#pages[right.by], ...bind)
    // No rows may mean no links or no right.
    if (rows.length === 0 && this.#holds[right.by].get(...bind) === undefined) return undefined
    const { number, hash } = this.#lastOf(room)
    const head = number === 0 ? NO_HEAD : { number, hash: toHex(hash) }
    return { head, links: rows.map(row => linkOfRow(room, row)) }
  }

  #lastBefore({ room, sequence }: RoomEvent): ChainDraft {
    return sequence === 1 ? startOfRoom(room) : this.#lastOf(room)
  }

  #lastOf(room: RoomId): ChainDraft {
    const row = one(this.#last, room)
    return row ? { number: row[0] as number, hash: row[1] as Uint8Array } : startOfRoom(room)
  }

  #salt(): Uint8Array {
    if (this.#used === SALTS) {
      randomFillSync(this.#salts)
      this.#used = 0
    }
    const start = this.#used++ * SALT_BYTES
    return this.#salts.subarray(start, start + SALT_BYTES)
  }
}

function pageSql(by: Right['by']): string {
  const { where, seen } = BY[by]
  return `SELECT c.number, c.digest, c.hash, ${seen} AS seen, c.salt, ${EVENT}
    FROM chain c CROSS JOIN events e ON e.room = c.room AND e.sequence = c.sequence
    WHERE c.room = ?1 AND c.number > ?2 AND ${where} ORDER BY c.number LIMIT ?3`
}

function linkOfRow(room: RoomId, [number, digest, hash, seen, salt, ...event]: Columns): ChainLink {
  const opened = seen === 1 ? { salt: toHex(salt as Uint8Array), event: eventOf(room, event) } : null
  return { number: number as number, digest: toHex(digest as Uint8Array), hash: toHex(hash as Uint8Array), opened }
}
