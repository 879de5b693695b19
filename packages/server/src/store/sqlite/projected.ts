// Writing what follows from an event beside the log and the head: spans, roles, erased content.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { RoomId } from '@conclave/wire'
import type { EventBody } from '../../room/events.ts'
import { erase, mediaOf, type Projected } from '../projection.ts'
import type { HiddenRows } from './hidden.ts'

const SQL = {
  openSpan: 'INSERT OR IGNORE INTO spans (user, room, opened, from_sequence) VALUES (?, ?, ?, ?)',
  closeSpan: 'UPDATE spans SET to_sequence = ? WHERE room = ? AND user = ? AND to_sequence IS NULL',
  closeSpans: 'UPDATE spans SET to_sequence = ? WHERE room = ? AND to_sequence IS NULL',
  grantRole: 'INSERT OR IGNORE INTO roles (user, room, role) VALUES (?, ?, ?)',
  revokeRole: 'DELETE FROM roles WHERE user = ? AND room = ? AND role = ?',
  dropRolesOf: 'DELETE FROM roles WHERE room = ? AND user = ?',
  dropRoles: 'DELETE FROM roles WHERE room = ?',
  openRequest: 'INSERT OR IGNORE INTO join_requests (user, room) VALUES (?, ?)',
  closeRequest: 'DELETE FROM join_requests WHERE user = ? AND room = ?',
  closeRequests: 'DELETE FROM join_requests WHERE room = ?',
  openEpoch: 'INSERT OR IGNORE INTO epochs (room, version, sequence) VALUES (?, ?, ?)',
  message: `SELECT body FROM events WHERE room = ? AND sequence = ? AND id = ? AND class = 'm'`,
  ended: `SELECT body FROM events WHERE room = ? AND sequence = ? AND class = 'm' AND expires_at <= ?`,
  erase: `UPDATE events SET class = 'x', body = ?, expires_at = NULL, file = NULL WHERE room = ? AND sequence = ?`,
} as const

export class ProjectedRows {
  readonly #sql: Readonly<Record<keyof typeof SQL, StatementSync>>

  readonly #hidden: HiddenRows
  #media: string[] = []

  constructor(database: DatabaseSync, hidden: HiddenRows) {
    this.#hidden = hidden
    const prepared = Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)])
    this.#sql = Object.fromEntries(prepared) as Record<keyof typeof SQL, StatementSync>
  }

  /** Gives the number of messages that were erased by it. The log that it erases from is written before. */
  write(room: RoomId, row: Projected): number {
    const sql = this.#sql
    switch (row.row) {
      case 'span.opened':
        sql.openSpan.run(row.user, room, row.opened, row.from)
        return 0
      case 'span.closed':
        sql.closeSpan.run(row.to, room, row.user)
        return 0
      case 'spans.closed':
        sql.closeSpans.run(row.to, room)
        return 0
      case 'role.granted':
        sql.grantRole.run(row.user, room, row.role)
        return 0
      case 'role.revoked':
        sql.revokeRole.run(row.user, room, row.role)
        return 0
      case 'roles.dropped':
        if (row.user === null) sql.dropRoles.run(room)
        else sql.dropRolesOf.run(room, row.user)
        return 0
      case 'request.opened':
        sql.openRequest.run(row.user, room)
        return 0
      case 'requests.closed':
        if (row.user === null) sql.closeRequests.run(room)
        else sql.closeRequest.run(row.user, room)
        return 0
      case 'epoch.opened':
        sql.openEpoch.run(room, row.version, row.sequence)
        return 0
      case 'message.erased':
        return this.#erase(room, row.sequence, sql.message.get(room, row.sequence, row.id))
    }
  }

  /** Erases a message whose time has ended at `at`, ms since 1970; gives 1, or 0 for what is none. */
  expire(room: RoomId, sequence: number, at: number): number {
    return this.#erase(room, sequence, this.#sql.ended.get(room, sequence, at))
  }

  /** Files of what was erased since this was last asked. */
  takeMedia(): readonly string[] {
    const media = this.#media
    if (media.length > 0) this.#media = []
    return media
  }

  #erase(room: RoomId, sequence: number, stored: Readonly<Record<string, unknown>> | undefined): number {
    if (stored === undefined) return 0
    const body = JSON.parse(stored.body as string) as EventBody
    this.#media.push(...mediaOf(body))
    this.#sql.erase.run(JSON.stringify(erase(body)), room, sequence)
    this.#hidden.join(room, sequence)
    return 1
  }
}
