// The Store over SQLite (node:sqlite), the default: one process, one file, written on the main thread. What the
// statements are stands in rooms.ts, pages.ts, identity.ts and commit.ts; here is what happens when the disk says no.

import type { DatabaseSync } from 'node:sqlite'
import {
  type ChannelId,
  type EventId,
  IdSequence,
  type RoomId,
  snowflake,
  type UserId,
  X_EPOCH_MS,
} from '@conclave/wire'
import type { ChainHead } from '@conclave/wire/transparency/chain'
import type { Clock } from '../../clock.ts'
import { PAGE } from '../../limits.ts'
import type { RoomEvent } from '../../room/events.ts'
import type { Account, Channel, KeySet } from '../../room/facts.ts'
import type { BranchKind } from '../projection.ts'
import {
  type AckStatus,
  type App,
  type Branch,
  type ChainPage,
  type Claim,
  type Counted,
  type Document,
  type DocumentsQuery,
  type Ended,
  type Expired,
  type Head,
  type HeldKeyPair,
  type Item,
  type KeyLogEntry,
  type MarkedPage,
  type MarkedQuery,
  type Membership,
  type MembershipName,
  type MessagesQuery,
  type Outcome,
  type Outgoing,
  type PageQuery,
  type Placed,
  type Right,
  type SearchQuery,
  type Store,
  StoreFailure,
  StoreRefusal,
  type Token,
} from '../store.ts'
import { ChainRows } from './chains.ts'
import { Checkpoints } from './checkpoint.ts'
import { Commits } from './commit.ts'
import { DocumentRows } from './documents.ts'
import { Fresh } from './fresh.ts'
import { HiddenRows } from './hidden.ts'
import { IdentityRows } from './identity.ts'
import { MarkRows, search } from './marks.ts'
import { inPortions, MembershipRows } from './memberships.ts'
import { connect, errorCode, lock, MEMORY } from './open.ts'
import { OutgoingRows } from './outgoing.ts'
import { Pages } from './pages.ts'
import { messagesIn, Places, sentBy } from './places.ts'
import { ReceiptRows, unacked } from './receipts.ts'
import { check, isBug, probe, reasonOf } from './recovery.ts'
import { RoomReads } from './rooms.ts'
import { turn } from './rows.ts'

/** ms. A clock that was set back by less is made good when the store is opened. */
const DAY = 24 * 60 * 60 * 1000
/** Messages that are taken to their places between two turns of the event loop, where all have to be. */
const SETTLED = 2_048

export interface SqliteOptions {
  /** Made when it is not there; ':memory:' keeps everything in this process. */
  readonly directory: string
  /** 0 to 1023, part of every id; the database stays with the number that it was made with. */
  readonly node: number
  readonly clock: Clock
}

/** Opens the database in a directory. Throws one sentence when another process has it, or it is newer or another node's. */
export async function openSqliteStore(options: SqliteOptions): Promise<Store> {
  let held: ReturnType<typeof lock> | undefined
  try {
    held = lock(options.directory)
    const database = connect(options.directory, options.node)
    const tomorrow = snowflake(Math.max(options.clock.now(), X_EPOCH_MS) + DAY, 0, 0)
    const fresh = new Fresh(database)
    const ids = new IdSequence(options.node, new RoomReads(database).greatestId(tomorrow))
    return new SqliteStore(options, held, new Connection(database, fresh, ids), ids) satisfies Store
  } catch (error) {
    held?.release()
    throw isRefused(error)
      ? new StoreRefusal(`The data directory ${options.directory} cannot be used: ${(error as Error).message}.`)
      : error
  }
}

/** What the file system or SQLite says of a directory that is not ours, not there, full or damaged. */
function isRefused(error: unknown): boolean {
  return errorCode(error) !== undefined || typeof (error as NodeJS.ErrnoException).errno === 'number'
}

/** What reads events. */
interface Log {
  readonly pages: Pages
  readonly places: Places
  readonly receipts: ReceiptRows
  readonly marks: MarkRows
  readonly memberships: MembershipRows
}

/** One open database with its statements. Thrown away whole after a failure. */
class Connection {
  readonly database: DatabaseSync
  readonly fresh: Fresh
  readonly rooms: RoomReads
  readonly chains: ChainRows
  readonly identity: IdentityRows
  readonly hidden: HiddenRows
  /** Of messages it tells what is in its place: `#messages` of the store gives it when they are. */
  readonly unsettled: Log
  readonly outgoing: OutgoingRows
  readonly documents: DocumentRows
  readonly commits: Commits
  readonly checkpoints: Checkpoints

  constructor(database: DatabaseSync, fresh: Fresh, ids: IdSequence) {
    this.database = database
    this.fresh = fresh
    this.rooms = new RoomReads(database)
    this.hidden = new HiddenRows(database)
    this.chains = new ChainRows(database)
    this.identity = new IdentityRows(database)
    this.unsettled = {
      pages: new Pages(database, this.hidden),
      places: new Places(database),
      receipts: new ReceiptRows(database),
      marks: new MarkRows(database),
      memberships: new MembershipRows(database),
    }
    this.outgoing = new OutgoingRows(database)
    this.documents = new DocumentRows(database)
    this.commits = new Commits(database, { ...this.unsettled, ...this }, ids)
    this.checkpoints = new Checkpoints(database)
  }

  close(): void {
    this.checkpoints.stop()
    this.database.close()
  }
}

class SqliteStore implements Store {
  readonly #options: SqliteOptions
  readonly #held: { release(): void }
  readonly #ids: IdSequence
  #open: Connection
  /** Why nothing is written any more, until reopened. */
  #failure: string | null = null
  #closed = false

  constructor(options: SqliteOptions, held: { release(): void }, open: Connection, ids: IdSequence) {
    this.#options = options
    this.#held = held
    this.#open = open
    this.#ids = ids
  }

  async commit(items: readonly Item[]): Promise<readonly Outcome[]> {
    if (this.#failure !== null) throw new StoreFailure(this.#failure)
    try {
      const outcomes = this.#open.commits.run(items, this.#options.clock.now())
      this.#open.checkpoints.after(this.#open.fresh.folded, error => this.#fail(error))
      return outcomes
    } catch (error) {
      if (isBug(error) && !this.#open.database.isTransaction) throw error
      throw this.#fail(error)
    }
  }

  /**
   * Opens a second connection before the first is closed: what a failed sync has left at the end of the log is then
   * not taken for a commit (only the first of all connections reads the log's end from the file), and the probe
   * overwrites it. The other way round, a batch that was refused could come back.
   */
  async reopen(): Promise<void> {
    if (this.#closed) throw new StoreFailure('the store is closed')
    this.#open.fresh.release()
    if (this.#options.directory === MEMORY) {
      this.#failure = null
      return
    }
    let database: DatabaseSync | undefined
    try {
      database = connect(this.#options.directory, this.#options.node)
      probe(database)
      check(database)
      const next = new Connection(database, new Fresh(database), this.#ids)
      closeQuietly(this.#open)
      this.#open = next
      this.#failure = null
    } catch (error) {
      database?.close()
      throw this.#fail(error)
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#failure = 'the store is closed'
    closeQuietly(this.#open)
    this.#held.release()
  }

  async head(room: RoomId): Promise<Head | undefined> {
    return this.#open.rooms.head(room)
  }

  async heads(rooms: readonly RoomId[]): Promise<readonly Head[]> {
    return inPortions(rooms, some => this.#open.rooms.heads(some))
  }

  async controls(rooms: readonly RoomId[]): Promise<ReadonlyMap<RoomId, readonly RoomEvent[]>> {
    return Map.groupBy(await inPortions(rooms, some => this.#open.unsettled.pages.controls(some)), ({ room }) => room)
  }

  async memberships(names: readonly MembershipName[], counted: Counted): Promise<readonly Membership[]> {
    return inPortions(names, some => {
      const { memberships } = this.#messages(some.map(({ room }) => room))
      return memberships.some(some, counted, this.#now)
    })
  }

  async endedMemberships(user: UserId, since: number, limit: number): Promise<readonly Ended[]> {
    return this.#open.unsettled.memberships.ended(user, since, limit)
  }

  async lastMessages(user: UserId, rooms: readonly RoomId[]): Promise<readonly RoomEvent[]> {
    return inPortions(rooms, some => this.#messages(some).memberships.lastMessages(user, some, this.#now))
  }

  async control(room: RoomId, after: number): Promise<readonly RoomEvent[]> {
    return this.#open.unsettled.pages.control(room, after)
  }

  async page(query: PageQuery): Promise<readonly RoomEvent[] | undefined> {
    return this.#messages([query.room]).pages.page(query, this.#now)
  }

  async chain(room: RoomId, right: Right, after: number, limit: number): Promise<ChainPage | undefined> {
    return this.#open.chains.page(room, right, after, limit)
  }

  async event(room: RoomId, id: EventId, right: Right): Promise<RoomEvent | undefined> {
    return this.#messages([room]).pages.event(room, id, right, this.#now)
  }

  async countFiles(room: RoomId, right: Right): Promise<number | undefined> {
    return this.#messages([room]).pages.countFiles(room, right, this.#now)
  }

  async eventAt(room: RoomId, sequence: number): Promise<RoomEvent | undefined> {
    return this.#messages([room]).pages.eventAt(room, sequence, this.#now)
  }

  async messageKey(key: string): Promise<{ room: RoomId; sequence: number; by: UserId; digest: string } | undefined> {
    return this.#open.rooms.messageKey(key)
  }

  async marked(query: MarkedQuery): Promise<MarkedPage | undefined> {
    return this.#messages([query.room]).marks.marked(query, this.#now)
  }

  async starred(room: RoomId, user: UserId, sequences: readonly number[]): Promise<ReadonlySet<number>> {
    return this.#open.unsettled.marks.starred(room, user, sequences)
  }

  async countStarred(room: RoomId, user: UserId): Promise<number> {
    return this.#open.unsettled.marks.countStarred(room, user)
  }

  async countPinned(room: RoomId): Promise<number> {
    return this.#messages([room]).marks.countPinned(room)
  }

  search(query: SearchQuery): Promise<readonly RoomEvent[] | undefined> {
    return search(
      () => this.#messages([query.room]).marks,
      query,
      () => this.#now,
    )
  }

  async roomsIn(channel: ChannelId): Promise<readonly RoomId[]> {
    return this.#open.rooms.roomsIn(channel)
  }

  async roomsOf(user: UserId): Promise<readonly RoomId[]> {
    return this.#open.rooms.roomsOf(user)
  }

  async rolesOf(user: UserId): Promise<readonly RoomId[]> {
    return this.#open.rooms.rolesOf(user)
  }

  async requestsOf(user: UserId): Promise<readonly RoomId[]> {
    return this.#open.rooms.requestsOf(user)
  }

  async roomsNamed(name: string): Promise<readonly RoomId[]> {
    return this.#open.rooms.roomsNamed(name)
  }

  async temporaryRooms(): Promise<readonly RoomId[]> {
    return this.#open.rooms.temporaryRooms()
  }

  async claimed(claim: Claim): Promise<RoomId | undefined> {
    return this.#open.rooms.claimed(claim)
  }

  async branches(parent: RoomId, kind: BranchKind, limit: number): Promise<readonly Branch[]> {
    return this.#open.rooms.branches(parent, kind, Math.min(limit, PAGE))
  }

  async branchAt(parent: RoomId, kind: BranchKind, room: RoomId): Promise<number | undefined> {
    return this.#open.rooms.branchAt(parent, kind, room)
  }

  async countBranches(parent: RoomId, kind: BranchKind): Promise<number> {
    return this.#open.rooms.countBranches(parent, kind)
  }

  async teams(after: RoomId | null, limit: number): Promise<readonly RoomId[]> {
    return this.#open.rooms.teams(after, Math.min(limit, PAGE))
  }

  async allRooms(after: RoomId | null, limit: number): Promise<readonly RoomId[]> {
    return this.#open.rooms.allRooms(after, limit)
  }

  async account(user: UserId): Promise<Account | undefined> {
    return this.#open.identity.account(user)
  }

  async accountNamed(username: string): Promise<Account | undefined> {
    return this.#open.identity.accountNamed(username)
  }

  async accountByEmail(email: string): Promise<Account | undefined> {
    return this.#open.identity.accountByEmail(email)
  }

  async email(user: UserId): Promise<string | null> {
    return this.#open.identity.email(user)
  }

  async createdAt(user: UserId): Promise<number | null> {
    return this.#open.identity.createdAt(user)
  }

  async accounts(after: UserId | null, limit: number): Promise<readonly Account[]> {
    return this.#open.identity.accounts(after, limit)
  }

  async password(user: UserId): Promise<string | null> {
    return this.#open.identity.password(user)
  }

  async token(hash: string): Promise<Token | undefined> {
    return this.#open.identity.token(hash)
  }

  async tokensOf(user: UserId): Promise<readonly Token[]> {
    return this.#open.identity.tokensOf(user)
  }

  async tokens(after: string | null, limit: number): Promise<readonly Token[]> {
    return this.#open.identity.tokens(after, limit)
  }

  async app(id: string): Promise<App | undefined> {
    return this.#open.identity.app(id)
  }

  async channel(id: ChannelId): Promise<Channel | undefined> {
    return this.#open.identity.channel(id)
  }

  async channels(): Promise<readonly Channel[]> {
    return this.#open.identity.channels()
  }

  async keys(user: UserId): Promise<KeySet | undefined> {
    return this.#open.identity.keys(user)
  }

  async keyPair(user: UserId): Promise<HeldKeyPair | undefined> {
    return this.#open.identity.keyPair(user)
  }

  async keyLog(user: UserId, after: number, limit: number): Promise<readonly KeyLogEntry[]> {
    return this.#open.identity.keyLog(user, after, limit)
  }

  async keyLogHead(user: UserId): Promise<ChainHead> {
    return this.#open.identity.keyLogHead(user)
  }

  async ref(kind: 'channel' | 'room', ref: string): Promise<string | undefined> {
    return this.#open.identity.ref(kind, ref)
  }

  async words(): Promise<readonly string[]> {
    return this.#open.identity.words()
  }

  async locate(
    room: RoomId,
    ids: readonly EventId[],
    reader?: UserId,
  ): Promise<ReadonlyMap<EventId, Omit<Placed, 'id'>>> {
    return this.#messages([room]).places.locate(room, ids, reader)
  }

  async covers(room: RoomId, sequence: number, right: Right): Promise<boolean | undefined> {
    return this.#open.unsettled.places.covers(room, sequence, right)
  }

  async epochAt(room: RoomId, version: string): Promise<number | undefined> {
    return this.#open.unsettled.places.epoch(room, version)
  }

  async hiddenStretches(room: RoomId, user: UserId): Promise<number> {
    return this.#open.hidden.count(room, user)
  }

  async expired(now: number, limit: number): Promise<readonly Expired[]> {
    return this.#open.unsettled.places.expired(now, limit)
  }

  async nextExpiry(): Promise<number | null> {
    return this.#open.unsettled.places.nextExpiry()
  }

  async roomsOfMessages(ids: readonly EventId[]): Promise<ReadonlyMap<EventId, RoomId>> {
    return this.#settled(fresh => fresh.settleOf(ids)).places.roomsOfMessages(ids)
  }

  async messagesIn(room: RoomId, query: MessagesQuery): Promise<readonly Placed[]> {
    return messagesIn(() => this.#messages([room]).places, room, query)
  }

  async sentBy(user: UserId, since: number, until: number, limit: number): Promise<readonly RoomEvent[]> {
    for (let more = true; more; ) {
      // Where the disk takes nothing more, nothing is settled.
      more = false
      this.#settled(fresh => {
        more = fresh.settleSome(SETTLED)
      })
      await turn()
    }
    return sentBy(() => this.#settled(fresh => fresh.settleAll()).places, { user, since, until, now: this.#now }, limit)
  }

  async acks(room: RoomId, user: UserId, sequences: readonly number[]): Promise<ReadonlyMap<number, AckStatus>> {
    return this.#messages([room]).receipts.acks(room, user, sequences)
  }

  async unacked(user: UserId, rooms: readonly RoomId[], limit: number): Promise<readonly RoomEvent[]> {
    return unacked(some => this.#messages(some).receipts, user, rooms, limit, this.#now)
  }

  async cursor(room: RoomId, user: UserId): Promise<{ sequence: number; at: number } | undefined> {
    return this.#open.unsettled.receipts.cursor(room, user)
  }

  async seenAt(user: UserId): Promise<number | null> {
    return this.#open.unsettled.receipts.seenAt(user)
  }

  async dueOutgoing(to: string, now: number, limit: number): Promise<readonly Outgoing[]> {
    return this.#open.outgoing.due(to, now, limit)
  }

  async nextOutgoing(to: string): Promise<number | null> {
    return this.#open.outgoing.next(to)
  }

  async countOutgoing(): Promise<readonly { readonly to: string; readonly waiting: number; readonly dead: number }[]> {
    return this.#open.outgoing.count()
  }

  async deadOutgoing(after: string | null, limit: number): Promise<readonly Outgoing[]> {
    return this.#open.outgoing.dead(after, limit)
  }

  async outgoingOf(id: string): Promise<Outgoing | undefined> {
    return this.#open.outgoing.one(id)
  }

  async meta(key: string): Promise<string | undefined> {
    return this.#open.identity.meta(key)
  }

  async document(kind: string, key: string): Promise<Document | undefined> {
    return this.#open.documents.one(kind, key)
  }

  async documents(kind: string, query: DocumentsQuery): Promise<readonly Document[]> {
    return this.#open.documents.many(kind, query)
  }

  async countDocuments(kind: string, owner: string): Promise<number> {
    return this.#open.documents.count(kind, owner)
  }

  async dueDocuments(kind: string, now: number, limit: number): Promise<readonly Document[]> {
    return this.#open.documents.due(kind, now, limit)
  }

  /** What reads messages, with those of these rooms in their places. */
  #messages(rooms: Iterable<RoomId>): Log {
    return this.#settled(fresh => fresh.settle(rooms))
  }

  /** A disk that takes nothing more is read all the same. */
  #settled(settle: (fresh: Fresh) => void): Log {
    const { fresh, unsettled } = this.#open
    if (this.#failure === null) {
      try {
        settle(fresh)
        return unsettled
      } catch (error) {
        if (isBug(error)) throw error
        this.#fail(error)
      }
    }
    fresh.hold()
    return unsettled
  }

  newId(): string {
    return this.#ids.next(this.#options.clock.now())
  }

  get #now(): number {
    return this.#options.clock.now()
  }

  #fail(error: unknown): StoreFailure {
    this.#failure = reasonOf(error)
    this.#open.checkpoints.stop()
    return new StoreFailure(this.#failure)
  }
}

/** A connection that has failed may fail once more when it is closed. */
function closeQuietly(connection: Connection): void {
  try {
    connection.close()
  } catch {}
}
