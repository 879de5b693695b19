// Reading what is kept beside the logs: heads, members' and owners' rooms, names, claims, message keys.

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { EventId, RoomId, UserId } from '@conclave/wire'
import type { RoomKind, Suite } from '../../room/events.ts'
import { type BranchKind, foldName, type HeadDraft } from '../projection.ts'
import type { Branch, Claim, Head } from '../store.ts'

interface HeadRow {
  id: string
  channel: string
  suite: Suite
  kind: RoomKind
  sequence: number
  control: number
  last_id: string
  last_at: number
  last_message_at: number | null
  messages: number
  removed: number
  name: string | null
}

const HEAD = `CAST(id AS TEXT) AS id, CAST(channel AS TEXT) AS channel, suite, kind, sequence, control,
  CAST(last_id AS TEXT) AS last_id, last_at, last_message_at, messages, removed, name`
export class RoomReads {
  readonly #head: StatementSync
  readonly #heads: StatementSync
  readonly #messageKey: StatementSync
  readonly #roomsIn: StatementSync
  readonly #roomsOf: StatementSync
  readonly #rolesOf: StatementSync
  readonly #requestsOf: StatementSync
  readonly #roomsNamed: StatementSync
  readonly #claimed: StatementSync
  readonly #branches: StatementSync
  readonly #branchAt: StatementSync
  readonly #countBranches: StatementSync
  readonly #teams: StatementSync
  readonly #allRooms: StatementSync
  readonly #temporary: StatementSync
  readonly #greatestId: StatementSync

  constructor(database: DatabaseSync) {
    const prepare = (sql: string) => database.prepare(sql)
    const id = 'CAST(id AS TEXT) AS id'
    const room = 'CAST(room AS TEXT) AS id'
    this.#head = prepare(`SELECT ${HEAD} FROM rooms WHERE id = ?`)
    this.#heads = prepare(`SELECT ${HEAD} FROM rooms WHERE rooms.id IN (SELECT j.value FROM json_each(?) j)`)
    this.#messageKey = prepare(`SELECT ${room}, sequence, CAST(by AS TEXT) AS by, digest
      FROM message_keys CROSS JOIN message_uses ON number = use WHERE key = ?`)
    this.#roomsIn = prepare(`SELECT ${id} FROM rooms WHERE channel = ? AND removed = 0 ORDER BY rooms.id`)
    this.#roomsOf = prepare(`SELECT ${room} FROM spans WHERE user = ? AND to_sequence IS NULL ORDER BY spans.room`)
    this.#rolesOf = prepare(`SELECT DISTINCT ${room} FROM roles WHERE user = ? ORDER BY roles.room`)
    this.#requestsOf = prepare(`SELECT ${room} FROM join_requests WHERE user = ? ORDER BY join_requests.room`)
    this.#roomsNamed = prepare(`SELECT ${id} FROM rooms WHERE name = ? ORDER BY rooms.id`)
    this.#claimed = prepare(`SELECT ${room} FROM claims WHERE space = ? AND key = ?`)
    this.#branches = prepare(
      `SELECT ${room}, at FROM branches WHERE kind = ? AND parent = ? ORDER BY at DESC, branches.room DESC LIMIT ?`,
    )
    this.#branchAt = prepare('SELECT at FROM branches WHERE kind = ? AND parent = ? AND room = ?')
    this.#countBranches = prepare('SELECT count(*) AS count FROM branches WHERE kind = ? AND parent = ?')
    this.#teams = prepare(`SELECT ${room} FROM branches WHERE kind = 'team' AND parent = branches.room AND parent > ?
      ORDER BY parent LIMIT ?`)
    this.#allRooms = prepare(`SELECT ${id} FROM rooms WHERE rooms.id > ? ORDER BY rooms.id LIMIT ?`)
    this.#temporary = prepare(`SELECT ${id} FROM rooms WHERE kind = 'temporary' AND removed = 0 ORDER BY rooms.id`)
    this.#greatestId = prepare(`SELECT CAST(max(id) AS TEXT) AS id FROM (SELECT max(id) AS id FROM events
      UNION ALL SELECT max(id) FROM rooms WHERE id < :below UNION ALL SELECT max(id) FROM channels WHERE id < :below
      UNION ALL SELECT max(id) FROM outgoing)`)
  }

  draft(room: RoomId): HeadDraft | undefined {
    const row = this.#head.get(room) as unknown as HeadRow | undefined
    return row && draftOf(row)
  }

  head(room: RoomId): Head | undefined {
    const draft = this.draft(room)
    return draft && headOf(draft)
  }

  /** In no order. */
  heads(rooms: readonly RoomId[]): Head[] {
    return (this.#heads.all(JSON.stringify(rooms)) as unknown as HeadRow[]).map(row => headOf(draftOf(row)))
  }

  messageKey(key: string): { room: RoomId; sequence: number; by: UserId; digest: string } | undefined {
    const row = this.#messageKey.get(key)
    if (row === undefined) return undefined
    return {
      room: row.id as RoomId,
      sequence: row.sequence as number,
      by: row.by as UserId,
      digest: row.digest as string,
    }
  }

  roomsIn(channel: string): RoomId[] {
    return idsOf(this.#roomsIn.all(channel))
  }

  roomsOf(user: UserId): RoomId[] {
    return idsOf(this.#roomsOf.all(user))
  }

  rolesOf(user: UserId): RoomId[] {
    return idsOf(this.#rolesOf.all(user))
  }

  requestsOf(user: UserId): RoomId[] {
    return idsOf(this.#requestsOf.all(user))
  }

  roomsNamed(name: string): RoomId[] {
    return idsOf(this.#roomsNamed.all(foldName(name)))
  }

  claimed(claim: Claim): RoomId | undefined {
    return this.#claimed.get(claim.space, claim.key)?.id as RoomId | undefined
  }

  branches(parent: RoomId, kind: BranchKind, limit: number): Branch[] {
    const rows = this.#branches.all(kind, parent, limit) as unknown as { id: RoomId; at: number }[]
    return rows.map(({ id, at }) => ({ room: id, at }))
  }

  branchAt(parent: RoomId, kind: BranchKind, room: RoomId): number | undefined {
    return this.#branchAt.get(kind, parent, room)?.at as number | undefined
  }

  countBranches(parent: RoomId, kind: BranchKind): number {
    return Number(this.#countBranches.get(kind, parent)?.count)
  }

  teams(after: RoomId | null, limit: number): RoomId[] {
    return idsOf(this.#teams.all(after ?? '-1', limit))
  }

  allRooms(after: RoomId | null, limit: number): RoomId[] {
    return idsOf(this.#allRooms.all(after ?? '-1', limit))
  }

  temporaryRooms(): RoomId[] {
    return idsOf(this.#temporary.all())
  }

  /**
   * The greatest id of an event, of a room, of a channel or in the outbox; 0 for none. Those of rooms and channels may have come from
   * outside, so from `below` on they do not count. (The greatest event id is the greatest last id of the heads.)
   */
  greatestId(below: bigint): bigint {
    return BigInt((this.#greatestId.get({ below })?.id as string | null | undefined) ?? 0)
  }
}

function idsOf(rows: readonly unknown[]): RoomId[] {
  return (rows as readonly { id: RoomId }[]).map(row => row.id)
}

function headOf({ name: _name, ...head }: HeadDraft): Head {
  return head
}

function draftOf(row: HeadRow): HeadDraft {
  return {
    room: row.id as RoomId,
    channel: row.channel as Head['channel'],
    suite: row.suite,
    kind: row.kind,
    sequence: row.sequence,
    control: row.control,
    lastId: row.last_id as EventId,
    lastAt: row.last_at,
    lastMessageAt: row.last_message_at,
    messages: row.messages,
    removed: row.removed === 1,
    name: row.name,
  }
}
