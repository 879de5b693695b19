// Writing what follows from an event beside the log and the head: spans, roles, erased content.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { EventId, RoomId, UserId } from '@conclave/wire'
import type { Done, EventBody, ThreadRef } from '../../room/events.ts'
import { changed, erase, type Kept, mediaOf, mentioned, type Projected, withoutReply } from '../projection.ts'
import type { Fresh } from './fresh.ts'
import type { HiddenRows } from './hidden.ts'

const SQL = {
  openSpan: 'INSERT OR IGNORE INTO spans (user, room, opened, from_sequence) VALUES (?, ?, ?, ?)',
  closeSpan: 'UPDATE spans SET to_sequence = ? WHERE room = ? AND user = ? AND to_sequence IS NULL',
  dropKept: 'DELETE FROM kept WHERE user = ? AND room = ?',
  dropAllKept: `DELETE FROM kept WHERE room = ?1 AND user IN
    (SELECT s.user FROM spans s INDEXED BY spans_open WHERE s.room = ?1 AND s.to_sequence IS NULL)`,
  closeSpans: 'UPDATE spans SET to_sequence = ? WHERE room = ? AND to_sequence IS NULL',
  grantRole: 'INSERT OR IGNORE INTO roles (user, room, role) VALUES (?, ?, ?)',
  revokeRole: 'DELETE FROM roles WHERE user = ? AND room = ? AND role = ?',
  dropRolesOf: 'DELETE FROM roles WHERE room = ? AND user = ?',
  dropRoles: 'DELETE FROM roles WHERE room = ?',
  openRequest: 'INSERT OR IGNORE INTO join_requests (user, room) VALUES (?, ?)',
  closeRequest: 'DELETE FROM join_requests WHERE user = ? AND room = ?',
  closeRequests: 'DELETE FROM join_requests WHERE room = ?',
  openEpoch: 'INSERT OR IGNORE INTO epochs (room, version, sequence) VALUES (?, ?, ?)',
  message: `SELECT body, CAST(id AS TEXT) AS id FROM events WHERE room = ? AND sequence = ? AND id = ? AND class = 'm'`,
  ended: `SELECT body, CAST(id AS TEXT) AS id FROM events WHERE room = ? AND sequence = ? AND class = 'm' AND expires_at <= ?`,
  erase: `UPDATE events SET class = 'x', body = ?, expires_at = NULL, file = NULL, done = NULL, pinned_at = NULL, replied_at = NULL,
    thread = NULL WHERE room = ? AND sequence = ?`,
  changing: `SELECT body, done, CAST(actor AS TEXT) AS actor FROM events
    WHERE room = ? AND sequence = ? AND id = ? AND class = 'm'`,
  change: 'UPDATE events SET body = ?, done = ?, pinned_at = ?, replied_at = ? WHERE room = ? AND sequence = ?',
  mention: 'INSERT OR IGNORE INTO mentions (user, room, sequence) VALUES (?, ?, ?)',
  dropMentions: 'DELETE FROM mentions WHERE room = ? AND sequence = ?',
  makeBranch: 'INSERT OR REPLACE INTO branches (kind, parent, room, at) VALUES (?, ?, ?, ?)',
  cutBranch: 'DELETE FROM branches WHERE room = ? AND kind = ?',
  dropStars: 'DELETE FROM stars WHERE room = ? AND sequence = ?',
} as const

export class ProjectedRows {
  readonly #sql: Readonly<Record<keyof typeof SQL, StatementSync>>
  readonly #fresh: Fresh
  readonly #hidden: HiddenRows
  #media: string[] = []

  constructor(database: DatabaseSync, { fresh, hidden }: { readonly fresh: Fresh; readonly hidden: HiddenRows }) {
    this.#fresh = fresh
    this.#hidden = hidden
    const prepared = Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)])
    this.#sql = Object.fromEntries(prepared) as Record<keyof typeof SQL, StatementSync>
  }

  /** Gives the number of messages that were erased by it. The log that it erases from is written and settled before. */
  write(room: RoomId, row: Projected): number {
    const sql = this.#sql
    switch (row.row) {
      case 'span.opened':
        sql.openSpan.run(row.user, room, row.opened, row.from)
        return 0
      case 'span.closed':
        sql.closeSpan.run(row.to, room, row.user)
        sql.dropKept.run(row.user, room)
        return 0
      case 'spans.closed':
        sql.dropAllKept.run(room)
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
      case 'message.changed':
        this.#change(room, row.target, kept => changed(kept, row.by))
        return 0
      case 'message.mentions':
        for (const user of row.users) sql.mention.run(user, room, row.sequence)
        return 0
      case 'branch.made':
        sql.makeBranch.run(row.kind, row.parent, row.of, row.at)
        return 0
      case 'branch.cut':
        sql.cutBranch.run(room, row.kind)
        return 0
    }
  }

  /** Nothing where it is no message, or erased. */
  #change(room: RoomId, { id, sequence }: ThreadRef, by: (kept: Kept) => Kept): void {
    const stored = this.#sql.changing.get(room, sequence, id)
    if (stored === undefined) return
    const body = JSON.parse(stored.body as string) as Kept['body']
    const done = stored.done === null ? null : (JSON.parse(stored.done as string) as Done)
    const after = by({ body, done, sender: stored.actor as UserId | null })
    const json = after.body === body ? (stored.body as string) : JSON.stringify(after.body)
    const pinned = after.done?.pinned?.at ?? null
    const replied = after.done?.thread && after.done.thread.count > 0 ? after.done.thread.last : null
    this.#sql.change.run(json, after.done && JSON.stringify(after.done), pinned, replied, room, sequence)
    if (after.body === body) return
    this.#fresh.forget(id)
    if (body.mentions) this.#sql.dropMentions.run(room, sequence)
    for (const user of mentioned(after.body)) this.#sql.mention.run(user, room, sequence)
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
    this.#fresh.forget(stored.id as EventId)
    this.#hidden.join(room, sequence)
    this.#sql.dropStars.run(room, sequence)
    if (body.type !== 'message') return 1
    if (body.mentions) this.#sql.dropMentions.run(room, sequence)
    if (body.thread) this.#change(room, body.thread, kept => ({ ...kept, done: kept.done && withoutReply(kept.done) }))
    return 1
  }
}
