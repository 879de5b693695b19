// Reading what is kept beside the logs: heads, members' and owners' rooms, names, claims, message keys.
import type { EventId, RoomId, UserId } from '@conclave/wire'
import { idParameter, idParameters } from '../../postgres/ids.ts'
import type { Pool } from '../../postgres/pool.ts'
import { indexed } from '../../postgres/text.ts'
import { type BranchKind, foldName } from '../projection.ts'
import type { Branch, Claim, Head } from '../store.ts'
import type { Columns } from './rows.ts'

const HEAD = 'id, channel, suite, kind, sequence, control, last_id, last_at, last_message_at, messages, removed'

const SQL = {
  head: `SELECT ${HEAD} FROM conclave.rooms WHERE id = $1`,
  heads: `SELECT ${HEAD} FROM conclave.rooms WHERE id = ANY ($1::bigint[])`,
  messageKey: `SELECT u.room, u.sequence, u.by, u.digest FROM conclave.message_keys u WHERE u.key = $1`,
  roomsIn: 'SELECT id FROM conclave.rooms WHERE channel = $1 AND NOT removed ORDER BY id',
  roomsOf: 'SELECT s.room FROM conclave.spans s WHERE s.user = $1 AND s.to_sequence IS NULL ORDER BY s.room',
  rolesOf: 'SELECT DISTINCT o.room FROM conclave.roles o WHERE o.user = $1 ORDER BY o.room',
  requestsOf: 'SELECT q.room FROM conclave.join_requests q WHERE q.user = $1 ORDER BY q.room',
  roomsNamed: 'SELECT id FROM conclave.rooms WHERE name = $1 ORDER BY id',
  claimed: 'SELECT room FROM conclave.claims WHERE space = $1 AND key = $2',
  branches: `SELECT room, at FROM conclave.branches WHERE kind = $1 AND parent = $2 ORDER BY at DESC, room DESC LIMIT $3`,
  branchAt: 'SELECT at FROM conclave.branches WHERE kind = $1 AND parent = $2 AND room = $3',
  countBranches: 'SELECT count(*) FROM conclave.branches WHERE kind = $1 AND parent = $2',
  teams: `SELECT room FROM conclave.branches WHERE kind = 'team' AND parent = room AND parent > $1 ORDER BY parent LIMIT $2`,
  allRooms: 'SELECT id FROM conclave.rooms WHERE id > $1 ORDER BY id LIMIT $2',
  temporaryRooms: `SELECT id FROM conclave.rooms WHERE kind = 'temporary' AND NOT removed ORDER BY id`,
} as const

export class RoomReads {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async head(room: RoomId): Promise<Head | undefined> {
    return (await this.#pool.query(SQL.head, [idParameter(room)])).map(headOf)[0]
  }

  /** In no order. */
  async heads(rooms: readonly RoomId[]): Promise<Head[]> {
    return (await this.#pool.query(SQL.heads, [idParameters(rooms)])).map(headOf)
  }

  async messageKey(key: string): Promise<{ room: RoomId; sequence: number; by: UserId; digest: string } | undefined> {
    const [row] = await this.#pool.query(SQL.messageKey, [indexed(key)])
    if (row === undefined) return undefined
    const [room, sequence, by, digest] = row
    return { room: room as RoomId, sequence: Number(sequence), by: by as UserId, digest: digest as string }
  }

  async roomsIn(channel: string): Promise<RoomId[]> {
    return this.#ids(SQL.roomsIn, idParameter(channel))
  }

  async roomsOf(user: UserId): Promise<RoomId[]> {
    return this.#ids(SQL.roomsOf, idParameter(user))
  }

  async rolesOf(user: UserId): Promise<RoomId[]> {
    return this.#ids(SQL.rolesOf, idParameter(user))
  }

  async requestsOf(user: UserId): Promise<RoomId[]> {
    return this.#ids(SQL.requestsOf, idParameter(user))
  }

  async roomsNamed(name: string): Promise<RoomId[]> {
    return this.#ids(SQL.roomsNamed, indexed(foldName(name)))
  }

  async claimed(claim: Claim): Promise<RoomId | undefined> {
    return (await this.#ids(SQL.claimed, claim.space, indexed(claim.key)))[0]
  }

  async branches(parent: RoomId, kind: BranchKind, limit: number): Promise<Branch[]> {
    const rows = await this.#pool.query(SQL.branches, [kind, idParameter(parent), limit])
    return rows.map(([room, at]) => ({ room: room as RoomId, at: Number(at) }))
  }

  async branchAt(parent: RoomId, kind: BranchKind, room: RoomId): Promise<number | undefined> {
    const [row] = await this.#pool.query(SQL.branchAt, [kind, idParameter(parent), idParameter(room)])
    return row && Number(row[0])
  }

  async countBranches(parent: RoomId, kind: BranchKind): Promise<number> {
    const [row] = await this.#pool.query(SQL.countBranches, [kind, idParameter(parent)])
    return Number(row?.[0])
  }

  async teams(after: RoomId | null, limit: number): Promise<RoomId[]> {
    return this.#ids(SQL.teams, idParameter(after ?? '-1'), limit)
  }

  async allRooms(after: RoomId | null, limit: number): Promise<RoomId[]> {
    return this.#ids(SQL.allRooms, idParameter(after ?? '-1'), limit)
  }

  async temporaryRooms(): Promise<RoomId[]> {
    return this.#ids(SQL.temporaryRooms)
  }

  async #ids(sql: string, ...values: readonly (string | number | null)[]): Promise<RoomId[]> {
    return (await this.#pool.query(sql, values)).map(([id]) => id as RoomId)
  }
}

function headOf(row: Columns): Head {
  const [room, channel, suite, kind, sequence, control, lastId, lastAt, lastMessageAt, messages, removed] = row
  return {
    room: room as RoomId,
    channel: channel as Head['channel'],
    suite: suite as Head['suite'],
    kind: kind as Head['kind'],
    sequence: Number(sequence),
    control: Number(control),
    lastId: lastId as EventId,
    lastAt: Number(lastAt),
    lastMessageAt: lastMessageAt === null ? null : Number(lastMessageAt),
    messages: Number(messages),
    removed: removed as boolean,
  }
}
