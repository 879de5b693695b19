// The Store over PostgreSQL, for many nodes: whatever they share stands there, and nothing is kept here. What the statements
// are stands in rooms.ts, pages.ts, identity.ts and commit-sql.ts; here is what happens when it cannot be asked.
import type { ChannelId, EventId, RoomId, UserId } from '@conclave/wire'
import type { ChainHead } from '@conclave/wire/transparency/chain'
import type { Clock } from '../../clock.ts'
import { PAGE } from '../../limits.ts'
import { migrate } from '../../postgres/migrations.ts'
import { Pool } from '../../postgres/pool.ts'
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
  type Token,
} from '../store.ts'
import { ChainRows } from './chains.ts'
import { commit, NodeOut } from './commit.ts'
import { DocumentRows } from './documents.ts'
import { STORE_FUNCTIONS } from './functions.ts'
import { HiddenRows } from './hidden.ts'
import { IdentityRows } from './identity.ts'
import { MarkRows } from './marks.ts'
import { inPortions, MembershipRows } from './memberships.ts'
import { OutgoingRows } from './outgoing.ts'
import { Pages } from './pages.ts'
import { Places } from './places.ts'
import { NodeIds } from './positions.ts'
import { ReceiptRows } from './receipts.ts'
import { RoomReads } from './rooms.ts'

/** For reading, side by side; commits have a connection of their own, so that no page keeps them waiting. */
const CONNECTIONS = 10
/** Of the connection that commits: every table of it is asked by an index, whatever the server knows of it so far. A plan
 * that was made while a table was empty would be kept when it is not any more. */
const BY_INDEX = { enable_seqscan: 'off', enable_hashjoin: 'off', enable_mergejoin: 'off' }

/** Everything that is given from now on is newer: than what this node gave, and than what waits in the outbox. */
const GREATEST = `SELECT greatest((SELECT n.last_id FROM conclave.nodes n WHERE n.node = $1),
  (SELECT max(o.id) FROM conclave.outgoing o))`

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string
  /** 0 to 1023, part of every id that is given here. */
  readonly node: number
  /** Under which the node is registered now (nodes/nodes.ts): nothing is written under another one. */
  readonly instance: () => string
  /** Called where a commit was refused for that. */
  readonly out?: () => void
  /** The database's, where there are other nodes. */
  readonly clock: Clock
  /** Connections for reading; default 10. */
  readonly connections?: number
}

/** Brings the database to the newest form. Throws StoreRefusal on one that is newer, StoreFailure where it does not answer. */
export async function openPostgresStore(options: PostgresOptions): Promise<Store> {
  const name = `conclave ${options.node}`
  const pool = new Pool({ url: options.url, connections: options.connections ?? CONNECTIONS, name })
  const commits = new Pool({ url: options.url, connections: 1, name: `${name} commits`, settings: BY_INDEX })
  try {
    await migrate(commits, STORE_FUNCTIONS)
    const [row] = await commits.query(GREATEST, [options.node])
    const ids = new NodeIds(options.node)
    ids.committed((row?.[0] as EventId | null | undefined) ?? undefined)
    return new PostgresStore(options, pool, commits, ids) satisfies Store
  } catch (error) {
    await Promise.all([pool.close(), commits.close()])
    throw error
  }
}

class PostgresStore implements Store {
  readonly #options: PostgresOptions
  readonly #pool: Pool
  readonly #commits: Pool
  readonly #ids: NodeIds
  readonly #rooms: RoomReads
  readonly #chains: ChainRows
  readonly #pages: Pages
  readonly #places: Places
  readonly #identity: IdentityRows
  readonly #receipts: ReceiptRows
  readonly #hidden: HiddenRows
  readonly #marks: MarkRows
  readonly #memberships: MembershipRows
  readonly #outgoing: OutgoingRows
  readonly #documents: DocumentRows
  /** Why nothing is written any more, until reopened. */
  #failure: string | null = null
  #closed = false

  constructor(options: PostgresOptions, pool: Pool, commits: Pool, ids: NodeIds) {
    this.#options = options
    this.#pool = pool
    this.#commits = commits
    this.#ids = ids
    this.#rooms = new RoomReads(pool)
    this.#chains = new ChainRows(pool)
    this.#pages = new Pages(pool)
    this.#places = new Places(pool)
    this.#identity = new IdentityRows(pool)
    this.#receipts = new ReceiptRows(pool)
    this.#hidden = new HiddenRows(pool)
    this.#marks = new MarkRows(pool)
    this.#memberships = new MembershipRows(pool)
    this.#outgoing = new OutgoingRows(pool)
    this.#documents = new DocumentRows(pool)
  }

  async commit(items: readonly Item[]): Promise<readonly Outcome[]> {
    if (this.#failure !== null) throw new StoreFailure(this.#failure)
    if (items.length === 0) return []
    const { clock, instance, out } = this.#options
    const now = clock.now()
    try {
      const { outcomes, newest } = await commit(this.#commits, items, this.#ids.giver(instance(), now), now)
      this.#ids.committed(newest)
      return outcomes
    } catch (error) {
      if (error instanceof StoreFailure) this.#failure ??= error.message
      if (error instanceof NodeOut) out?.()
      throw error
    }
  }

  /** Resolves when this node counts, and the database takes writes. */
  async reopen(): Promise<void> {
    if (this.#closed) throw new StoreFailure('the store is closed')
    const { node, instance } = this.#options
    const [row] = await this.#commits.query(
      'SELECT pg_is_in_recovery(), EXISTS (SELECT 1 FROM conclave.nodes n WHERE n.node = $1 AND n.instance = $2)',
      [node, instance()],
    )
    if (row?.[0] !== false) throw new StoreFailure('the database takes no writes')
    if (row[1] !== true) {
      this.#options.out?.()
      throw new StoreFailure('this node does not count any more')
    }
    this.#failure = null
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#failure = 'the store is closed'
    await Promise.all([this.#pool.close(), this.#commits.close()])
  }

  async head(room: RoomId): Promise<Head | undefined> {
    return this.#rooms.head(room)
  }

  async heads(rooms: readonly RoomId[]): Promise<readonly Head[]> {
    return inPortions(rooms, some => this.#rooms.heads(some))
  }

  async controls(rooms: readonly RoomId[]): Promise<ReadonlyMap<RoomId, readonly RoomEvent[]>> {
    return Map.groupBy(await inPortions(rooms, some => this.#pages.controls(some)), ({ room }) => room)
  }

  async memberships(names: readonly MembershipName[], counted: Counted): Promise<readonly Membership[]> {
    return inPortions(names, some => this.#memberships.some(some, counted, this.#now))
  }

  async endedMemberships(user: UserId, since: number, limit: number): Promise<readonly Ended[]> {
    return this.#memberships.ended(user, since, limit)
  }

  async lastMessages(user: UserId, rooms: readonly RoomId[]): Promise<readonly RoomEvent[]> {
    return inPortions(rooms, some => this.#memberships.lastMessages(user, some, this.#now))
  }

  async control(room: RoomId, after: number): Promise<readonly RoomEvent[]> {
    return this.#pages.control(room, after)
  }

  async page(query: PageQuery): Promise<readonly RoomEvent[] | undefined> {
    return this.#pages.page(query, this.#now)
  }

  async chain(room: RoomId, right: Right, after: number, limit: number): Promise<ChainPage | undefined> {
    return this.#chains.page(room, right, after, limit)
  }

  async event(room: RoomId, id: EventId, right: Right): Promise<RoomEvent | undefined> {
    return this.#pages.event(room, id, right, this.#now)
  }

  async countFiles(room: RoomId, right: Right): Promise<number | undefined> {
    return this.#pages.countFiles(room, right, this.#now)
  }

  async eventAt(room: RoomId, sequence: number): Promise<RoomEvent | undefined> {
    return this.#pages.eventAt(room, sequence, this.#now)
  }

  async messageKey(key: string): Promise<{ room: RoomId; sequence: number; by: UserId; digest: string } | undefined> {
    return this.#rooms.messageKey(key)
  }

  async marked(query: MarkedQuery): Promise<MarkedPage | undefined> {
    return this.#marks.marked(query, this.#now)
  }

  async starred(room: RoomId, user: UserId, sequences: readonly number[]): Promise<ReadonlySet<number>> {
    return this.#marks.starred(room, user, sequences)
  }

  async countStarred(room: RoomId, user: UserId): Promise<number> {
    return this.#marks.countStarred(room, user)
  }

  async countPinned(room: RoomId): Promise<number> {
    return this.#marks.countPinned(room)
  }

  search(query: SearchQuery): Promise<readonly RoomEvent[] | undefined> {
    return this.#marks.search(query, () => this.#now)
  }

  async roomsIn(channel: ChannelId): Promise<readonly RoomId[]> {
    return this.#rooms.roomsIn(channel)
  }

  async roomsOf(user: UserId): Promise<readonly RoomId[]> {
    return this.#rooms.roomsOf(user)
  }

  async rolesOf(user: UserId): Promise<readonly RoomId[]> {
    return this.#rooms.rolesOf(user)
  }

  async requestsOf(user: UserId): Promise<readonly RoomId[]> {
    return this.#rooms.requestsOf(user)
  }

  async roomsNamed(name: string): Promise<readonly RoomId[]> {
    return this.#rooms.roomsNamed(name)
  }

  async temporaryRooms(): Promise<readonly RoomId[]> {
    return this.#rooms.temporaryRooms()
  }

  async claimed(claim: Claim): Promise<RoomId | undefined> {
    return this.#rooms.claimed(claim)
  }

  async branches(parent: RoomId, kind: BranchKind, limit: number): Promise<readonly Branch[]> {
    return this.#rooms.branches(parent, kind, Math.min(limit, PAGE))
  }

  async branchAt(parent: RoomId, kind: BranchKind, room: RoomId): Promise<number | undefined> {
    return this.#rooms.branchAt(parent, kind, room)
  }

  async countBranches(parent: RoomId, kind: BranchKind): Promise<number> {
    return this.#rooms.countBranches(parent, kind)
  }

  async teams(after: RoomId | null, limit: number): Promise<readonly RoomId[]> {
    return this.#rooms.teams(after, Math.min(limit, PAGE))
  }

  async allRooms(after: RoomId | null, limit: number): Promise<readonly RoomId[]> {
    return this.#rooms.allRooms(after, limit)
  }

  async account(user: UserId): Promise<Account | undefined> {
    return this.#identity.account(user)
  }

  async accountNamed(username: string): Promise<Account | undefined> {
    return this.#identity.accountNamed(username)
  }

  async accountByEmail(email: string): Promise<Account | undefined> {
    return this.#identity.accountByEmail(email)
  }

  async email(user: UserId): Promise<string | null> {
    return this.#identity.email(user)
  }

  async createdAt(user: UserId): Promise<number | null> {
    return this.#identity.createdAt(user)
  }

  async accounts(after: UserId | null, limit: number): Promise<readonly Account[]> {
    return this.#identity.accounts(after, limit)
  }

  async password(user: UserId): Promise<string | null> {
    return this.#identity.password(user)
  }

  async token(hash: string): Promise<Token | undefined> {
    return this.#identity.token(hash)
  }

  async tokensOf(user: UserId): Promise<readonly Token[]> {
    return this.#identity.tokensOf(user)
  }

  async tokens(after: string | null, limit: number): Promise<readonly Token[]> {
    return this.#identity.tokens(after, limit)
  }

  async app(id: string): Promise<App | undefined> {
    return this.#identity.app(id)
  }

  async channel(id: ChannelId): Promise<Channel | undefined> {
    return this.#identity.channel(id)
  }

  async channels(): Promise<readonly Channel[]> {
    return this.#identity.channels()
  }

  async keys(user: UserId): Promise<KeySet | undefined> {
    return this.#identity.keys(user)
  }

  async keyPair(user: UserId): Promise<HeldKeyPair | undefined> {
    return this.#identity.keyPair(user)
  }

  async keyLog(user: UserId, after: number, limit: number): Promise<readonly KeyLogEntry[]> {
    return this.#identity.keyLog(user, after, limit)
  }

  async keyLogHead(user: UserId): Promise<ChainHead> {
    return this.#identity.keyLogHead(user)
  }

  async ref(kind: 'channel' | 'room', ref: string): Promise<string | undefined> {
    return this.#identity.ref(kind, ref)
  }

  async words(): Promise<readonly string[]> {
    return this.#identity.words()
  }

  async locate(
    room: RoomId,
    ids: readonly EventId[],
    reader?: UserId,
  ): Promise<ReadonlyMap<EventId, Omit<Placed, 'id'>>> {
    return this.#places.locate(room, ids, reader)
  }

  async covers(room: RoomId, sequence: number, right: Right): Promise<boolean | undefined> {
    return this.#places.covers(room, sequence, right)
  }

  async epochAt(room: RoomId, version: string): Promise<number | undefined> {
    return this.#places.epoch(room, version)
  }

  async hiddenStretches(room: RoomId, user: UserId): Promise<number> {
    return this.#hidden.count(room, user)
  }

  async expired(now: number, limit: number): Promise<readonly Expired[]> {
    return this.#places.expired(now, limit)
  }

  async nextExpiry(): Promise<number | null> {
    return this.#places.nextExpiry()
  }

  async roomsOfMessages(ids: readonly EventId[]): Promise<ReadonlyMap<EventId, RoomId>> {
    return this.#places.roomsOfMessages(ids)
  }

  async messagesIn(room: RoomId, query: MessagesQuery): Promise<readonly Placed[]> {
    return this.#places.messagesIn(room, query)
  }

  async sentBy(user: UserId, since: number, until: number, limit: number): Promise<readonly RoomEvent[]> {
    return this.#places.sentBy({ user, since, until, now: this.#now }, limit)
  }

  async acks(room: RoomId, user: UserId, sequences: readonly number[]): Promise<ReadonlyMap<number, AckStatus>> {
    return this.#receipts.acks(room, user, sequences)
  }

  async unacked(user: UserId, rooms: readonly RoomId[], limit: number): Promise<readonly RoomEvent[]> {
    return this.#receipts.unacked(user, rooms, limit, this.#now)
  }

  async cursor(room: RoomId, user: UserId): Promise<{ sequence: number; at: number } | undefined> {
    return this.#receipts.cursor(room, user)
  }

  async seenAt(user: UserId): Promise<number | null> {
    return this.#receipts.seenAt(user)
  }

  async dueOutgoing(to: string, now: number, limit: number): Promise<readonly Outgoing[]> {
    return this.#outgoing.due(to, now, limit)
  }

  async nextOutgoing(to: string): Promise<number | null> {
    return this.#outgoing.next(to)
  }

  async countOutgoing(): Promise<readonly { readonly to: string; readonly waiting: number; readonly dead: number }[]> {
    return this.#outgoing.count()
  }

  async deadOutgoing(after: string | null, limit: number): Promise<readonly Outgoing[]> {
    return this.#outgoing.dead(after, limit)
  }

  async outgoingOf(id: string): Promise<Outgoing | undefined> {
    return this.#outgoing.one(id)
  }

  async meta(key: string): Promise<string | undefined> {
    return this.#identity.meta(key)
  }

  async document(kind: string, key: string): Promise<Document | undefined> {
    return this.#documents.one(kind, key)
  }

  async documents(kind: string, query: DocumentsQuery): Promise<readonly Document[]> {
    return this.#documents.many(kind, query)
  }

  async countDocuments(kind: string, owner: string): Promise<number> {
    return this.#documents.count(kind, owner)
  }

  async dueDocuments(kind: string, now: number, limit: number): Promise<readonly Document[]> {
    return this.#documents.due(kind, now, limit)
  }

  newId(): string {
    return this.#ids.next(this.#options.clock.now())
  }

  get #now(): number {
    return this.#options.clock.now()
  }
}
