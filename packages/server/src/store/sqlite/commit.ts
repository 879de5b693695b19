// Group commit: a batch of items in one transaction, one sync, one outcome per item. An item is decided whole
// before its first row is written, so that one that fails leaves no trace and nothing has to be undone. Heads and versions
// are remembered from batch to batch: the process holds the directory's lock, so nobody else writes them.

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { ChannelId, EventId, IdSequence, RoomId, UserId } from '@conclave/wire'
import { CACHED_ACCOUNTS, CACHED_ROOMS } from '../../limits.ts'
import type { EventBody, RoomEvent } from '../../room/events.ts'
import { isControl } from '../../room/events.ts'
import type { ChainDraft } from '../chains.ts'
import { advance, foldName, type HeadDraft, MEDIUM, project } from '../projection.ts'
import type {
  Append,
  DocumentRow,
  ErasureRow,
  Guard,
  IdentityRow,
  Item,
  Outcome,
  OutgoingRow,
  ReceiptRow,
  Row,
} from '../store.ts'
import type { ChainRows } from './chains.ts'
import { type DocumentRows, documentId } from './documents.ts'
import { type Fresh, undo } from './fresh.ts'
import type { HiddenRows } from './hidden.ts'
import type { IdentityRows } from './identity.ts'
import { EventInserts } from './inserts.ts'
import { Kept } from './kept.ts'
import type { MarkRows } from './marks.ts'
import type { MembershipRows } from './memberships.ts'
import type { OutgoingRows } from './outgoing.ts'
import { ProjectedRows } from './projected.ts'
import type { ReceiptRows } from './receipts.ts'
import type { RoomReads } from './rooms.ts'

const SQL = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  head: `INSERT INTO rooms (id, channel, suite, kind, sequence, control, last_id, last_at, last_message_at, messages,
      removed, name) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET channel = excluded.channel, suite = excluded.suite, kind = excluded.kind,
      sequence = excluded.sequence, control = excluded.control, last_id = excluded.last_id, last_at = excluded.last_at,
      last_message_at = excluded.last_message_at, messages = excluded.messages, removed = excluded.removed,
      name = excluded.name`,
  headMoved: 'UPDATE rooms SET sequence = ?, last_id = ?, last_at = ?, last_message_at = ?, messages = ? WHERE id = ?',
  claim: 'INSERT OR REPLACE INTO claims (space, key, room) VALUES (?, ?, ?)',
  release: 'DELETE FROM claims WHERE space = ? AND key = ? AND room = ?',
  messageUse: 'INSERT INTO message_uses (room, sequence, by, digest) VALUES (?, ?, ?, ?)',
  messageKey: 'INSERT INTO message_keys (key, use) VALUES (?, ?)',
} as const

interface OpenHead extends HeadDraft {
  /** The control sequence of the row as it is stored: only a control event changes its other columns. 0: there is none. */
  stored: number
  /** Something of this batch was appended; the row is written once, at the batch's end. */
  advanced: boolean
  /** The row is another without anything having been appended. */
  changed: boolean
  /** Read when the first control event of the batch comes. */
  chain: ChainDraft | null
}

/** What a batch has read, with its own changes. */
interface Batch {
  readonly at: number
  readonly heads: Map<RoomId, OpenHead>
  readonly versions: Readonly<Record<Guard['of'], Map<string, number>>>
  /** Message keys that the batch uses. */
  readonly keys: Map<string, UsedKey>
  /** Written last, for they read the log; no item's outcome depends on them. */
  readonly receipts: ReceiptRow[]
}

/** Where the rows beside the heads and the logs are kept. */
export interface Tables {
  readonly fresh: Fresh
  readonly rooms: RoomReads
  readonly chains: ChainRows
  readonly identity: IdentityRows
  readonly receipts: ReceiptRows
  readonly hidden: HiddenRows
  readonly marks: MarkRows
  readonly memberships: MembershipRows
  readonly outgoing: OutgoingRows
  readonly documents: DocumentRows
}

interface UsedKey {
  readonly room: RoomId
  readonly sequence: number
  readonly by: UserId
  readonly digest: string
}

export class Commits {
  readonly #database: DatabaseSync
  readonly #fresh: Fresh
  readonly #rooms: RoomReads
  readonly #chains: ChainRows
  readonly #identity: IdentityRows
  readonly #receipts: ReceiptRows
  readonly #hidden: HiddenRows
  readonly #marks: MarkRows
  readonly #memberships: MembershipRows
  readonly #outgoing: OutgoingRows
  readonly #documents: DocumentRows
  readonly #ids: IdSequence
  readonly #inserts: EventInserts
  readonly #projected: ProjectedRows
  readonly #sql: Readonly<Record<keyof typeof SQL, StatementSync>>
  readonly #heads = new Kept<RoomId, OpenHead>(CACHED_ROOMS)
  readonly #versions = {
    account: new Kept<string, number>(CACHED_ACCOUNTS),
    channel: new Kept<string, number>(CACHED_ACCOUNTS),
    keys: new Kept<string, number>(CACHED_ACCOUNTS),
  }

  constructor(database: DatabaseSync, tables: Tables, ids: IdSequence) {
    this.#database = database
    this.#fresh = tables.fresh
    this.#rooms = tables.rooms
    this.#chains = tables.chains
    this.#identity = tables.identity
    this.#receipts = tables.receipts
    this.#hidden = tables.hidden
    this.#marks = tables.marks
    this.#memberships = tables.memberships
    this.#outgoing = tables.outgoing
    this.#documents = tables.documents
    this.#ids = ids
    this.#inserts = new EventInserts(database, tables.fresh)
    this.#projected = new ProjectedRows(database, tables)
    const prepared = Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)])
    this.#sql = Object.fromEntries(prepared) as Record<keyof typeof SQL, StatementSync>
  }

  /** `now` in ms since 1970, for the ids. Throws what SQLite throws; nothing of the batch is there then. */
  run(items: readonly Item[], now: number): Outcome[] {
    const batch: Batch = {
      at: now,
      heads: new Map(),
      versions: { account: new Map(), channel: new Map(), keys: new Map(), document: new Map() },
      keys: new Map(),
      receipts: [],
    }
    // Before the batch, which may be undone as the one before was: then this is not done again for each part of it.
    this.#fresh.settle([])
    this.#sql.begin.run()
    try {
      const outcomes = items.map(item => this.#refuse(batch, item) ?? this.#write(batch, item))
      const appended = this.#inserts.finish()
      this.#writeKeys(batch.keys)
      for (const row of batch.receipts) this.#writeReceipt(batch, row)
      for (const head of batch.heads.values()) if (head.advanced || head.changed) this.#writeHead(head)
      this.#fresh.fold(appended)
      this.#sql.commit.run()
      this.#keep(batch)
      return outcomes
    } catch (error) {
      this.#inserts.clear()
      this.#projected.takeMedia()
      this.#fresh.undone()
      undo(this.#database)
      throw error
    }
  }

  /** Why the item is not written, or undefined. Reads only. */
  #refuse(batch: Batch, item: Item): Outcome | undefined {
    for (const guard of item.guards) {
      if (this.#version(batch, guard.of, guard.id) !== guard.version) return { outcome: 'stale', guard }
    }
    const refusal = item.append && this.#refuseAppend(batch, item.append)
    if (refusal) return refusal
    return item.rows.length === 0 ? undefined : this.#refuseRows(item.rows)
  }

  #refuseAppend(batch: Batch, append: Append): Outcome | undefined {
    const keys = append.messageKeys
    for (const [index, { key }] of keys.entries()) {
      const used = batch.keys.get(key) ?? this.#rooms.messageKey(key)
      if (used) return { outcome: 'exists', index, ...used }
      const twin = index === 0 ? undefined : keys.slice(0, index).find(earlier => earlier.key === key)
      if (twin) return { outcome: 'exists', index, room: append.room, sequence: 0, by: twin.by, digest: twin.digest }
    }
    const { control } = this.#head(batch, append.room)
    if (control !== append.control) return { outcome: 'moved', control }
    for (const claim of append.claims) {
      const holder = this.#rooms.claimed(claim)
      if (holder !== undefined && holder !== append.room) return { outcome: 'taken', claim, by: holder }
    }
    return undefined
  }

  /** Rows see the rows before them in the same item: two accounts may exchange their names in one. */
  #refuseRows(rows: readonly Row[]): Outcome | undefined {
    const holders = new Map<string, string | null>()
    const taken = (by: string | null): Outcome => ({ outcome: 'taken', claim: null, by })
    const holderOf = (key: string, stored: () => string | undefined) =>
      holders.has(key) ? (holders.get(key) ?? undefined) : stored()
    for (const row of rows) {
      if (!('put' in row)) continue
      if (row.put === 'account') {
        const { id } = row.account
        const name = `username ${foldName(row.account.username)}`
        const email = row.email === null ? null : `email ${foldName(row.email)}`
        const named = holderOf(name, () => this.#identity.accountNamed(row.account.username)?.id)
        if (named !== undefined && named !== id) return taken(named)
        const reached =
          row.email === null ? undefined : holderOf(`${email}`, () => this.#identity.accountByEmail(`${row.email}`)?.id)
        if (reached !== undefined && reached !== id) return taken(reached)
        const before = this.#identity.account(id)
        if (before) holders.set(`username ${foldName(before.username)}`, null)
        const emailBefore = this.#identity.email(id)
        if (emailBefore !== null) holders.set(`email ${foldName(emailBefore)}`, null)
        holders.set(name, id)
        if (email !== null) holders.set(email, id)
      } else if (row.put === 'token') {
        const held = holderOf(`token ${row.token.id}`, () => this.#identity.tokenWithId(row.token.id))
        if (held !== undefined && held !== row.token.hash) return taken(null)
        holders.set(`token ${row.token.id}`, row.token.hash)
      } else if (row.put === 'publicKey') {
        const key = `key ${row.user} ${row.key.version}`
        if (holders.has(key) || this.#identity.hasKey(row.user, row.key.version)) return taken(row.user)
        holders.set(key, row.user)
      }
    }
    return undefined
  }

  #write(batch: Batch, item: Item): Outcome {
    const events = item.append ? this.#append(batch, item.append) : []
    for (const row of item.rows) {
      if (isErasure(row)) this.#expire(batch, row)
      else if (isReceipt(row)) batch.receipts.push(row)
      else if (isOutgoing(row)) this.#outgoing.write(row, events)
      else if (isDocument(row)) this.#writeDocument(batch, row)
      else this.#identity.write(row, this.#nextVersion(batch, row))
    }
    return { outcome: 'committed', events }
  }

  #writeDocument(batch: Batch, row: DocumentRow): void {
    const { kind, key } = 'put' in row ? row.document : row
    batch.versions.document.set(documentId(kind, key), this.#documents.write(row))
  }

  #expire(batch: Batch, { room, sequences, at }: ErasureRow): void {
    const head = this.#head(batch, room)
    this.#inserts.settle(room)
    let erased = 0
    for (const sequence of sequences) erased += this.#projected.expire(room, sequence, at)
    if (erased === 0) return
    this.#eraseMedia(batch, room)
    head.messages -= erased
    head.changed = true
  }

  /** Files of erased messages are due at once, and are read by nobody from now on. */
  #eraseMedia(batch: Batch, room: RoomId): void {
    for (const key of this.#projected.takeMedia()) {
      const medium = this.#documents.one(MEDIUM, key)
      if (medium?.owner === room) this.#writeDocument(batch, { put: 'document', document: { ...medium, dueAt: 0 } })
    }
  }

  #writeReceipt(batch: Batch, row: ReceiptRow): void {
    if (row.put === 'seen') {
      this.#receipts.see(row.user, row.at)
      return
    }
    if (row.put !== 'kept') this.#fresh.settle([row.room])
    if (row.put === 'hidden') this.#hidden.write(row)
    else if (row.put === 'star') this.#marks.star(row)
    else if (row.put === 'kept') this.#memberships.write(row, this.#head(batch, row.room).sequence)
    else this.#receipts.write(row, this.#head(batch, row.room), batch.at)
  }

  #append(batch: Batch, append: Append): RoomEvent[] {
    const { room, actor, bodies } = append
    const head = this.#head(batch, room)
    const first = head.sequence + 1
    if (first === 1 && bodies[0]?.type !== 'room.created')
      throw new Error(`room ${room} does not begin with room.created`)
    const events = bodies.map(body => this.#insert(batch, head, body, append.at, actor, first))
    for (const { space, key } of append.releases) this.#sql.release.run(space, key, room)
    for (const { space, key } of append.claims) this.#sql.claim.run(space, key, room)
    // An append without events, which hides something, uses its keys too.
    const sequence = Math.min(first, head.sequence)
    for (const { key, by, digest } of append.messageKeys) batch.keys.set(key, { room, sequence, by, digest })
    return events
  }

  #insert(batch: Batch, head: OpenHead, body: EventBody, at: number, actor: UserId | null, first: number): RoomEvent {
    const event: RoomEvent = {
      room: head.room,
      sequence: head.sequence + 1,
      // Everything that the sequence gives is newer than what it gave: it needs the room's last id only once a batch.
      id: this.#ids.next(batch.at, head.advanced || head.sequence === 0 ? undefined : head.lastId) as EventId,
      at: Math.max(at, head.lastAt),
      actor,
      body,
    }
    this.#inserts.add(event)
    head.advanced = true
    if (body.type !== 'message' || body.thread || body.mentions) {
      if (isControl(body)) head.chain = this.#chains.add(head.chain, event)
      else this.#inserts.settle(event.room)
      for (const row of project(event, head.suite, first)) head.messages -= this.#projected.write(head.room, row)
      if (body.type === 'messages.deleted') this.#eraseMedia(batch, head.room)
    }
    advance(head, event)
    return event
  }

  /** The keys in the order of their index, which is none that clients follow: neighbours then share a page. */
  #writeKeys(keys: ReadonlyMap<string, UsedKey>): void {
    if (keys.size === 0) return
    const uses: [string, number | bigint][] = []
    for (const [key, { room, sequence, by, digest }] of keys) {
      uses.push([key, this.#sql.messageUse.run(room, sequence, by, digest).lastInsertRowid])
    }
    uses.sort(([a], [b]) => (a < b ? -1 : 1))
    for (const [key, use] of uses) this.#sql.messageKey.run(key, use)
  }

  #writeHead(head: OpenHead): void {
    if (head.control === head.stored && head.stored > 0) {
      const { sequence, lastId, lastAt, lastMessageAt, messages, room } = head
      this.#sql.headMoved.run(sequence, lastId, lastAt, lastMessageAt, messages, room)
      return
    }
    this.#sql.head.run(
      head.room,
      head.channel,
      head.suite,
      head.kind,
      head.sequence,
      head.control,
      head.lastId,
      head.lastAt,
      head.lastMessageAt,
      head.messages,
      head.removed ? 1 : 0,
      head.name,
    )
  }

  #head(batch: Batch, room: RoomId): OpenHead {
    let head = batch.heads.get(room)
    if (head === undefined) {
      head = this.#heads.take(room) ?? open(this.#rooms.draft(room) ?? unborn(room))
      batch.heads.set(room, head)
    }
    return head
  }

  #version(batch: Batch, of: Guard['of'], id: string): number {
    const versions = batch.versions[of]
    let version = versions.get(id)
    if (version === undefined) {
      version = of === 'document' ? this.#documents.version(id) : this.#versionOf(of, id)
      versions.set(id, version)
    }
    return version
  }

  #versionOf(of: Exclude<Guard['of'], 'document'>, id: string): number {
    return this.#versions[of].get(id) ?? this.#identity.version(of, id)
  }

  /** The batch is on disk: the next one begins with what it read and wrote. */
  #keep(batch: Batch): void {
    for (const head of batch.heads.values()) {
      if (head.sequence === 0) continue
      head.stored = head.control
      head.advanced = false
      head.changed = false
      head.chain = null
      this.#heads.set(head.room, head)
    }
    const { account, channel, keys } = batch.versions
    for (const [id, version] of account) this.#versions.account.set(id, version)
    for (const [id, version] of channel) this.#versions.channel.set(id, version)
    for (const [id, version] of keys) this.#versions.keys.set(id, version)
  }

  /** What a versioned row has after it is written; 0 for the others. */
  #nextVersion(batch: Batch, row: IdentityRow): number {
    if (!('put' in row)) return 0
    const guarded: readonly [Guard['of'], string] | undefined =
      row.put === 'account'
        ? ['account', row.account.id]
        : row.put === 'channel'
          ? ['channel', row.channel.id]
          : row.put === 'publicKey'
            ? ['keys', row.user]
            : undefined
    if (guarded === undefined) return 0
    const version = this.#version(batch, ...guarded) + 1
    batch.versions[guarded[0]].set(guarded[1], version)
    return version
  }
}

const RECEIPTS: ReadonlySet<string> = new Set<ReceiptRow['put']>(['acks', 'cursor', 'hidden', 'kept', 'seen', 'star'])

function isReceipt(row: Row): row is ReceiptRow {
  return 'put' in row && RECEIPTS.has(row.put)
}

function isErasure(row: Row): row is ErasureRow {
  return 'erase' in row
}

function isOutgoing(row: Row): row is OutgoingRow {
  if ('put' in row) return row.put === 'outgoing'
  return 'change' in row || ('drop' in row && row.drop === 'outgoing')
}

function isDocument(row: Row): row is DocumentRow {
  if ('put' in row) return row.put === 'document'
  return 'drop' in row && row.drop === 'document'
}

function open(draft: HeadDraft): OpenHead {
  return { ...draft, stored: draft.control, advanced: false, changed: false, chain: null }
}

/** Filled by room.created before anything of it is written. */
function unborn(room: RoomId): HeadDraft {
  return {
    room,
    channel: '0' as ChannelId,
    suite: 'none',
    kind: 'static',
    sequence: 0,
    control: 0,
    lastId: '0' as EventId,
    lastAt: 0,
    lastMessageAt: null,
    messages: 0,
    removed: false,
    name: null,
  }
}
