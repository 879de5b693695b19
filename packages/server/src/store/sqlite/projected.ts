// Writing what follows from an event beside the log and the head: spans, roles, erased content.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { RoomId } from '@conclave/wire'
import type { EventBody } from '../../room/events.ts'
import { erase, type Projected } from '../projection.ts'

const SQL = {
  openSpan: 'INSERT OR IGNORE INTO spans (user, room, opened, from_sequence) VALUES (?, ?, ?, ?)',
  closeSpan: 'UPDATE spans SET to_sequence = ? WHERE room = ? AND user = ? AND to_sequence IS NULL',
  closeSpans: 'UPDATE spans SET to_sequence = ? WHERE room = ? AND to_sequence IS NULL',
  grantRole: 'INSERT OR IGNORE INTO roles (user, room, role) VALUES (?, ?, ?)',
  revokeRole: 'DELETE FROM roles WHERE user = ? AND room = ? AND role = ?',
  dropRolesOf: 'DELETE FROM roles WHERE room = ? AND user = ?',
  dropRoles: 'DELETE FROM roles WHERE room = ?',
  message: `SELECT body FROM events WHERE room = ? AND sequence = ? AND id = ? AND class = 'm'`,
  erase: `UPDATE events SET class = 'x', body = ? WHERE room = ? AND sequence = ?`,
} as const

export class ProjectedRows {
  readonly #sql: Readonly<Record<keyof typeof SQL, StatementSync>>

  constructor(database: DatabaseSync) {
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
      case 'message.erased': {
        const stored = sql.message.get(room, row.sequence, row.id)
        if (stored === undefined) return 0
        sql.erase.run(JSON.stringify(erase(JSON.parse(stored.body as string) as EventBody)), room, row.sequence)
        return 1
      }
    }
  }
}
