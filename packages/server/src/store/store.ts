// The Store port: one durable place for room logs, identities and unique names. Everything is written by
// `commit`, a batch of items in one transaction with one outcome per item (design 3). Adapters lie beside
// this file in folders with equal file names and pass the one contract suite (contract.ts).
import type { ChannelId, EventId, RoomId, UserId } from '@conclave/wire'
import type { ChainHead } from '@conclave/wire/transparency/chain'
import type { Claim, MessageKey } from '../room/decision.ts'
import type { EventBody, RoomEvent, RoomKind, Suite } from '../room/events.ts'
import type { Account, Channel, KeySet, PublicKey } from '../room/facts.ts'
import type { BranchKind } from './projection.ts'

/** A version that a decision was based on. The item is written only while it still holds. 0: no such row. */
export interface Guard {
  readonly of: 'account' | 'channel' | 'keys' | 'document'
  /** Of a document: `kind/key`. */
  readonly id: string
  readonly version: number
}

/** A small record that a gateway or a job keeps beside the logs (an upload, a subscription): JSON text under a key. */
export interface Document {
  /** What it is; without a slash. */
  readonly kind: string
  /** Unique within its kind. */
  readonly key: string
  /** Whose it is, for lists by owner; empty where nobody's. */
  readonly owner: string
  readonly body: string
  /** ms since 1970 when something is to be done with it; null never. */
  readonly dueAt: number | null
  /** Another one with every writing, never used again. */
  readonly version: number
}

export interface DocumentsQuery {
  readonly owner?: string
  /** Keys after this one. */
  readonly after?: string | null
  readonly limit: number
}

export type { Claim, MessageKey } from '../room/decision.ts'

/** Events to add to one room's log, all or none. */
export interface Append {
  readonly room: RoomId
  /** The control sequence that the decision saw; 0 for a room that does not exist yet. */
  readonly control: number
  /** ms since 1970, the events' time. A room's times never go back: where its last event is later, that time is taken. */
  readonly at: number
  readonly actor: UserId | null
  readonly bodies: readonly EventBody[]
  /** Taken after the releases; one that the room holds already is no conflict. */
  readonly claims: readonly Claim[]
  /** Claims that another room holds are left alone. */
  readonly releases: readonly Claim[]
  /** The first stands for the whole append when it is sent again; every one is used once and kept with the
   * sequence of the append's first event. */
  readonly messageKeys: readonly MessageKey[]
}

export interface Token {
  /** Hex SHA-256 of the token's text, which is stored nowhere. */
  readonly hash: string
  /** Short public name for lists and logs. */
  readonly id: string
  /** `refresh` opens nothing: it is only good for a new token of the same app and user. */
  readonly kind: 'user' | 'app' | 'service' | 'refresh'
  readonly user: UserId | null
  readonly app: string | null
  readonly scopes: readonly string[]
  /** Public id of the token that its user showed to get it, and with which it ends; null with a password. */
  readonly parent: string | null
  /** The wire or command that issued it. */
  readonly issuer: string
  readonly createdAt: number
  /** ms since 1970; null never. */
  readonly expiresAt: number | null
}

/** Rocket.Chat's key pair: public JWK text and the private one, wrapped by the user's own passphrase. */
export interface KeyPair {
  readonly publicKey: string
  readonly privateKey: string
}

export interface HeldKeyPair extends KeyPair {
  /** ms since 1970 when the user, who had none then, got a pair; later ones that took its place do not count. */
  readonly since: number
}

export interface App {
  readonly id: string
  readonly secret: string
  readonly owner: UserId
  readonly redirects: readonly string[]
}

/** One line of a user's append-only key log (L9). */
export interface KeyLogEntry {
  readonly user: UserId
  readonly number: number
  readonly at: number
  readonly kind: 'xchat.registered' | 'rocketchat.set' | 'rocketchat.reset'
  /** X: fingerprint; Rocket.Chat: hex SHA-256 of the public JWK text. */
  readonly fingerprint: string
  /** X: what was registered; null on Rocket.Chat, whose replaced keys are kept nowhere. */
  readonly key: PublicKey | null
  /** Of the log up to here (store/chains.ts); hex. */
  readonly hash: string
}

/** One link of a room's chain, which its control events are (store/chains.ts). */
export interface ChainLink {
  /** 1, 2, 3 … */
  readonly number: number
  /** Hex, as the hash. */
  readonly digest: string
  readonly hash: string
  /** null where the right does not cover the event. */
  readonly opened: { readonly salt: string; readonly event: RoomEvent } | null
}

/** Links of a chain, oldest first, and where it ends. */
export interface ChainPage {
  readonly head: ChainHead
  readonly links: readonly ChainLink[]
}

/** How far somebody has got with a message: 0 sent, 1 received, 2 read (dino.md section 4, `received / read`). */
export type AckStatus = 0 | 1 | 2

/** What somebody has read and received, and when they were here. Nothing of it is ever moved back. */
export type ReceiptRow =
  /** Read up to this sequence of the room's log. An earlier one than the cursor's is left alone. */
  | {
      readonly put: 'cursor'
      readonly room: RoomId
      readonly user: UserId
      readonly sequence: number
      readonly at: number
    }
  /**
   * Raises the status of these messages for one receiver. What is no message of somebody else that the user can see
   * is left out. After `read` the cursor moves on to just before the first message of others that is not read.
   */
  | {
      readonly put: 'acks'
      readonly room: RoomId
      readonly user: UserId
      readonly status: Exclude<AckStatus, 0>
      readonly sequences: readonly number[]
    }
  /** These messages are hidden from the user for ever, and from nobody else. What is no message of the room is left out. */
  | { readonly put: 'hidden'; readonly room: RoomId; readonly user: UserId; readonly sequences: readonly number[] }
  /** A message that the user wants to find again, or does not any more; `at` in ms since 1970. What is no message of the
   * room, or erased, is left out. */
  | {
      readonly put: 'star'
      readonly room: RoomId
      readonly user: UserId
      readonly sequence: number
      readonly on: boolean
      readonly at: number
    }
  | KeptRow
  /** Last online, ms since 1970. */
  | { readonly put: 'seen'; readonly user: UserId; readonly at: number }

/** What a member keeps of a room for themselves, which nobody else sees; nothing where they are no member. It goes with the
 * membership. */
export interface KeptRow {
  readonly put: 'kept'
  readonly room: RoomId
  readonly user: UserId
  /** ms since 1970. */
  readonly at: number
  /** Merged into what is there; a field that is null goes. */
  readonly fields?: Readonly<Record<string, unknown>>
  /** True: out of the user's list until somebody else writes, and what was written so far is no alert. */
  readonly hidden?: boolean
  /** Unread from that sequence on, whatever the cursor says; null: as it says. */
  readonly unreadFrom?: number | null
  /** Every reply so far is read. A thread's own place is `fields.threads`: the sequence up to which it is read, by that of the
   * message that began it. */
  readonly threadsRead?: true
}

/**
 * Erases those of the messages whose own time has ended at `at` (ms since 1970), as if they had been deleted; what is none,
 * or gone already, is left alone. It is no entry of the log: the message itself says when it ends.
 */
export interface ErasureRow {
  readonly erase: 'expired'
  readonly room: RoomId
  readonly sequences: readonly number[]
  readonly at: number
}

/** A message whose time has ended and that is not erased yet. */
export interface Expired {
  readonly room: RoomId
  readonly id: EventId
  readonly sequence: number
  readonly messageId: string | null
}

/** An external event that waits for delivery to the embedding site (dino.md section 13). */
export interface Outgoing {
  /** From `newId`: the receiver tells repeated deliveries by it. */
  readonly id: string
  /** The destination that it is for. Each waits for its own, so that a dead one holds up nobody else's. */
  readonly to: string
  /** ms since 1970, when it happened. */
  readonly at: number
  readonly verb: string
  /** JSON text, without content of messages. */
  readonly body: string
  /** Where in a log it stands; null for what is in none. */
  readonly room: RoomId | null
  readonly sequence: number | null
  /** Deliveries that were tried. */
  readonly attempts: number
  /** ms since 1970 of the next try; null: a dead letter, which is tried no more. */
  readonly dueAt: number | null
  /** Why the last try failed; empty before. */
  readonly error: string
}

export type OutgoingRow =
  /** `event`: index into the append's bodies, whose room and sequence are then written; null keeps those given. */
  | { readonly put: 'outgoing'; readonly outgoing: Outgoing; readonly event: number | null }
  /** Nothing where there is no such row. */
  | {
      readonly change: 'outgoing'
      readonly id: string
      readonly attempts: number
      readonly dueAt: number | null
      readonly error: string
    }
  | { readonly drop: 'outgoing'; readonly id: string }

export type DocumentRow =
  | { readonly put: 'document'; readonly document: Omit<Document, 'version'> }
  | { readonly drop: 'document'; readonly kind: string; readonly key: string }

/** A row to write beside a room's log. `account` and `channel` rows get the version that follows the guard's. */
export type Row = IdentityRow | ReceiptRow | OutgoingRow | DocumentRow | ErasureRow

export type IdentityRow =
  | {
      readonly put: 'account'
      readonly account: Omit<Account, 'version'>
      readonly email: string | null
      /** Kept from the first writing; later ones leave it. */
      readonly createdAt: number
    }
  | { readonly put: 'password'; readonly user: UserId; readonly hash: string | null }
  | { readonly put: 'token'; readonly token: Token }
  | { readonly drop: 'token'; readonly hash: string }
  | { readonly put: 'app'; readonly app: App }
  | { readonly put: 'channel'; readonly channel: Omit<Channel, 'version'> }
  /** Appended; a version that exists fails the item with `taken`. Bumps the keys guard. */
  | { readonly put: 'publicKey'; readonly user: UserId; readonly key: PublicKey }
  | {
      readonly put: 'keyPair'
      readonly user: UserId
      readonly pair: KeyPair | null
      readonly at: number
      readonly fingerprint: string
    }
  | { readonly put: 'ref'; readonly kind: 'channel' | 'room'; readonly ref: string; readonly id: string }
  | { readonly put: 'word'; readonly word: string }
  /** Whatever its case. */
  | { readonly drop: 'word'; readonly word: string }
  | { readonly put: 'meta'; readonly key: string; readonly value: string }

/** One unit of a batch: written whole or not at all, whatever becomes of the others. */
export interface Item {
  readonly guards: readonly Guard[]
  readonly append: Append | null
  readonly rows: readonly Row[]
}

export type Outcome =
  | { readonly outcome: 'committed'; readonly events: readonly RoomEvent[] }
  /** The room's control sequence is another than the one named; its value now. */
  | { readonly outcome: 'moved'; readonly control: number }
  | { readonly outcome: 'stale'; readonly guard: Guard }
  /** A claim is held by another room, or a unique row exists: a user name or e-mail address without regard to case, a
   * token's public id, a key's version. `by`: the room, or the user that holds it. */
  | { readonly outcome: 'taken'; readonly claim: Claim | null; readonly by: string | null }
  /** A message key was used: where, by whom, with what. `index` is its place in `messageKeys`. Sequence 0: by an
   * earlier key of the same append, which is not written either. */
  | {
      readonly outcome: 'exists'
      readonly index: number
      readonly room: RoomId
      readonly sequence: number
      readonly by: UserId
      readonly digest: string
    }

/** The store could not write or sync: nothing of the batch is there, and the store takes no more until reopened. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure'
}

/** The store cannot be opened as it is configured; the message is one sentence for the operator. */
export class StoreRefusal extends Error {
  override readonly name = 'StoreRefusal'
}

export interface Head {
  readonly room: RoomId
  readonly channel: ChannelId
  readonly suite: Suite
  readonly kind: RoomKind
  readonly sequence: number
  readonly control: number
  readonly lastId: EventId
  /** ms of the newest event. */
  readonly lastAt: number
  /** ms of the newest message, erased ones included; null before the first. */
  readonly lastMessageAt: number | null
  /** Messages that are not erased. */
  readonly messages: number
  readonly removed: boolean
}

/** By what right a page is read; checked in the statement that reads (L10). Whispers that are not the user's are never
 * among what is read, but for the server. A message whose time has ended is read as an erased one, whether or not it is
 * erased yet; so is, by a member, what they hid from themselves. */
export type Right =
  /** The user's spans of membership bound what is seen; undefined for who is no member now, or of a removed room. */
  | { readonly by: 'member'; readonly user: UserId }
  /** The room's ACLs grant it, as they stood at this control sequence; another one gives `undefined`. */
  | { readonly by: 'grant'; readonly user: UserId; readonly control: number }
  /** The server itself (export, checks). Never on behalf of a client. */
  | { readonly by: 'server' }

export interface PageQuery {
  readonly room: RoomId
  readonly right: Right
  /** `kept`: everything but erased messages and what the messages themselves show of what was done to them. `messages`,
   * `files` (messages with files) and `kept` walk over none of those, nor over hidden ones. */
  readonly select: 'messages' | 'files' | 'all' | 'control' | 'kept'
  /** Exclusive bounds. */
  readonly before?: number
  readonly after?: number
  /** ms since 1970, exclusive and inclusive bounds of the events' time. */
  readonly until?: number
  readonly since?: number
  readonly order: 'newest' | 'oldest'
  /** At most PAGE. */
  readonly limit: number
}

/** Messages of a room by what was done to them, or what they are: pinned and starred ones (the last pinned or starred first),
 * replies of a thread (oldest first), what began threads (the last replied to first; those that the user follows, or has
 * not read to the end), and those that name somebody (newest first). */
export interface MarkedQuery {
  readonly room: RoomId
  readonly right: Exclude<Right, { by: 'server' }>
  readonly of: 'pinned' | 'starred' | 'replies' | 'threads' | 'threads followed' | 'threads unread' | 'mentioning'
  /** The sequence of the message that began the thread; the user who is named. */
  readonly sought?: number | UserId
  /** Of replies: the newest first. */
  readonly newest?: true
  readonly offset: number
  /** At most PAGE. */
  readonly limit: number
}

export interface MarkedPage {
  readonly events: readonly RoomEvent[]
  /** How many there are in all. */
  readonly total: number
}

export interface SearchQuery {
  readonly room: RoomId
  readonly right: Exclude<Right, { by: 'server' }>
  readonly sender?: UserId
  /** Asked of each message of suite `none`, newest first. */
  readonly matches: (event: RoomEvent) => boolean
  /** At most PAGE. */
  readonly limit: number
}

/** Where a message stands and whose it is. */
export interface Placed {
  readonly id: EventId
  readonly sequence: number
  readonly sender: UserId | null
}

export interface MessagesQuery {
  readonly sender?: UserId
  /** Exclusive. */
  readonly before?: number
  /** At most PAGE. */
  readonly limit: number
}

export interface MembershipName {
  readonly user: UserId
  readonly room: RoomId
}

/** A membership as its user sees it. */
export interface Membership extends MembershipName {
  /** The event that let them in. */
  readonly opened: number
  /** The room's newest event that is counted. */
  readonly through: number
  /** ms since 1970 of the room's newest message; null before the first. */
  readonly lastMessageAt: number | null
  /** How far they have read; null before the first time. */
  readonly cursor: { readonly sequence: number; readonly at: number } | null
  /** What they keep (KeptRow). */
  readonly kept: Readonly<Record<string, unknown>>
  /** ms since 1970 of its last change, another one with each; 0 before the first. */
  readonly keptAt: number
  /** Where they want it to be unread from; `at` of that message. */
  readonly unreadFrom: { readonly sequence: number; readonly at: number } | null
  /** False: hidden, and nobody else has written since. */
  readonly open: boolean
  /** Others have written since they read it or hid it. */
  readonly alert: boolean
  /** Messages of others that are not read; 0 where they are not counted. */
  readonly unread: number
  /** Of those, those that name the user. */
  readonly userMentions: number
  /** Those that name everybody, and not the user too. */
  readonly groupMentions: number
  /** What began the threads that the user follows and in which others have replied since they read them; looked for among
   * the THREADS_SEEN with the newest replies. */
  readonly unreadThreads: readonly { readonly messageId: string | null; readonly id: EventId }[]
  /** ms since 1970 of the newest reply in a thread that the user follows; null without one. */
  readonly repliedAt: number | null
}

/** In which rooms unread messages are counted, and not only whether there are any. */
export type Counted = 'direct' | 'all'

/** A room that hangs on another (projection.ts). `at`: the sequence of the event that tells of it. */
export interface Branch {
  readonly room: RoomId
  readonly at: number
}

/** A membership that has ended. `at`: ms since 1970. */
export interface Ended {
  readonly room: RoomId
  readonly at: number
}

export interface Store {
  /**
   * One transaction, one sync. A message that is erased takes its files along: each document of kind `media.medium` of
   * the room that it names is due from then on. For each item, in this order: guards (`stale`), message keys (`exists`), the control
   * sequence (`moved`), claims and unique rows (`taken`). Rejects with StoreFailure when it could not be made durable,
   * with another error for a bug in an item; either way nothing of the batch is there.
   */
  commit(items: readonly Item[]): Promise<readonly Outcome[]>

  head(room: RoomId): Promise<Head | undefined>
  heads(rooms: readonly RoomId[]): Promise<readonly Head[]>
  /** Control events after a sequence, oldest first: what the room's state is folded from. */
  control(room: RoomId, after: number): Promise<readonly RoomEvent[]>
  /** All control events of each of these rooms, oldest first. */
  controls(rooms: readonly RoomId[]): Promise<ReadonlyMap<RoomId, readonly RoomEvent[]>>
  /** undefined when the right does not hold. */
  page(query: PageQuery): Promise<readonly RoomEvent[] | undefined>
  /** How many messages with files the right covers; undefined when it does not hold. */
  countFiles(room: RoomId, right: Right): Promise<number | undefined>
  /** Links after that number, at most `limit` and PAGE: all of them, and the events that the right covers. undefined when
   * it does not hold. */
  chain(room: RoomId, right: Right, after: number, limit: number): Promise<ChainPage | undefined>
  /** One event by its id, if the right covers it. */
  event(room: RoomId, id: EventId, right: Right): Promise<RoomEvent | undefined>
  eventAt(room: RoomId, sequence: number): Promise<RoomEvent | undefined>
  messageKey(key: string): Promise<{ room: RoomId; sequence: number; by: UserId; digest: string } | undefined>
  /** Those of the ids that are messages of this room, erased ones too. With a reader: those within their spans of
   * membership, hidden ones too; none for who is no member now. */
  locate(room: RoomId, ids: readonly EventId[], reader?: UserId): Promise<ReadonlyMap<EventId, Omit<Placed, 'id'>>>
  /** Whether the right covers what came right after that event of the log and stands in none; undefined when it does not
   * hold. A member who went with the event itself saw nothing after it. */
  covers(room: RoomId, sequence: number, right: Right): Promise<boolean | undefined>
  /** Where the key of that version was opened, in a room of suite `xchat`. */
  epochAt(room: RoomId, version: string): Promise<number | undefined>
  /** In how many stretches a user's hidden messages of a room lie. */
  hiddenStretches(room: RoomId, user: UserId): Promise<number>
  /** undefined when the right does not hold. */
  marked(query: MarkedQuery): Promise<MarkedPage | undefined>
  /** Which of the messages a user has starred. */
  starred(room: RoomId, user: UserId, sequences: readonly number[]): Promise<ReadonlySet<number>>
  countStarred(room: RoomId, user: UserId): Promise<number>
  countPinned(room: RoomId): Promise<number>
  /** Messages of suite `none` among the newest SEARCH_SCAN events, newest first; undefined when the right does not hold. */
  search(query: SearchQuery): Promise<readonly RoomEvent[] | undefined>
  /** Messages whose time has ended at `now` (ms since 1970) and that are not erased: those that ended first, by room and sequence where at once. */
  expired(now: number, limit: number): Promise<readonly Expired[]>
  /** ms since 1970 when the next message ends; null where none will. */
  nextExpiry(): Promise<number | null>
  /** In which rooms those of the ids are that are messages, erased ones too. */
  roomsOfMessages(ids: readonly EventId[]): Promise<ReadonlyMap<EventId, RoomId>>
  /** Messages of a room that are not erased, newest first. */
  messagesIn(room: RoomId, query: MessagesQuery): Promise<readonly Placed[]>
  /** Messages of one sender in all rooms that are not erased, `since` inclusive and `until` exclusive in ms since 1970,
   * by id, the oldest `limit` (at most PAGE). Walks the server's log of that time: for operators, not for clients. */
  sentBy(user: UserId, since: number, until: number, limit: number): Promise<readonly RoomEvent[]>

  /** How far the user has got with these messages. What they sent and what lies at or below their cursor is read; what is
   * no message, or none that they can see, is left out. */
  acks(room: RoomId, user: UserId, sequences: readonly number[]): Promise<ReadonlyMap<number, AckStatus>>
  /**
   * Messages of others above the user's cursor without an ack: the newest `limit` (at most PAGE) of all these rooms,
   * oldest first, looked for among the newest `limit` + 1,000 events of each. Hidden rooms are left out for who does not
   * belong to them; bans and ACLs are the caller's matter.
   */
  unacked(user: UserId, rooms: readonly RoomId[], limit: number): Promise<readonly RoomEvent[]>
  cursor(room: RoomId, user: UserId): Promise<{ sequence: number; at: number } | undefined>
  /** Last online, ms since 1970. */
  seenAt(user: UserId): Promise<number | null>
  /** Those of the memberships that there are now, in no order. Looked for among the newest UNREAD_REACH events of a room. */
  memberships(names: readonly MembershipName[], counted: Counted): Promise<readonly Membership[]>
  /** Rooms of which the user is no member any more, ended after `since` (ms since 1970): the newest `limit`. */
  endedMemberships(user: UserId, since: number, limit: number): Promise<readonly Ended[]>
  /** Of each of these rooms of which the user is a member the newest message that they see and that is no whisper. Bans and
   * ACLs are the caller's matter. */
  lastMessages(user: UserId, rooms: readonly RoomId[]): Promise<readonly RoomEvent[]>

  /** Due at `now` for one destination: the `limit` that have been due longest, by id. */
  dueOutgoing(to: string, now: number, limit: number): Promise<readonly Outgoing[]>
  /** ms since 1970 when the next one for that destination is due; null when nothing waits. */
  nextOutgoing(to: string): Promise<number | null>
  /** How many wait and how many are dead, for each destination that has any. */
  countOutgoing(): Promise<readonly { readonly to: string; readonly waiting: number; readonly dead: number }[]>
  /** Dead letters by id, after an id. */
  deadOutgoing(after: string | null, limit: number): Promise<readonly Outgoing[]>
  outgoingOf(id: string): Promise<Outgoing | undefined>

  /** Rooms of the channel that are not removed. */
  roomsIn(channel: ChannelId): Promise<readonly RoomId[]>
  /** Rooms of which the user is a member now. */
  roomsOf(user: UserId): Promise<readonly RoomId[]>
  /** Rooms in which the user holds a role. */
  rolesOf(user: UserId): Promise<readonly RoomId[]>
  /** Rooms that the user asks to be let into. */
  requestsOf(user: UserId): Promise<readonly RoomId[]>
  /** Rooms, not removed, that carry this plain name without regard to case, claimed or imported. */
  roomsNamed(name: string): Promise<readonly RoomId[]>
  claimed(claim: Claim): Promise<RoomId | undefined>
  /** What hangs on a room, the newest `limit` (at most PAGE) first. Of a team no rooms that have been removed. */
  branches(parent: RoomId, kind: BranchKind, limit: number): Promise<readonly Branch[]>
  /** Since which event a room hangs on another. */
  branchAt(parent: RoomId, kind: BranchKind, room: RoomId): Promise<number | undefined>
  /** How many there are of them. */
  countBranches(parent: RoomId, kind: BranchKind): Promise<number>
  /** The main rooms of teams, by id. */
  teams(after: RoomId | null, limit: number): Promise<readonly RoomId[]>
  /** Rooms of kind temporary that are not removed. */
  temporaryRooms(): Promise<readonly RoomId[]>
  /** Every room, removed ones included, by id. */
  allRooms(after: RoomId | null, limit: number): Promise<readonly RoomId[]>

  account(user: UserId): Promise<Account | undefined>
  /** Without regard to case. */
  accountNamed(username: string): Promise<Account | undefined>
  /** Without regard to case. */
  accountByEmail(email: string): Promise<Account | undefined>
  email(user: UserId): Promise<string | null>
  /** ms since 1970 of the account's first writing; null where there is none. */
  createdAt(user: UserId): Promise<number | null>
  /** By id. */
  accounts(after: UserId | null, limit: number): Promise<readonly Account[]>
  password(user: UserId): Promise<string | null>
  token(hash: string): Promise<Token | undefined>
  tokensOf(user: UserId): Promise<readonly Token[]>
  /** By hash, and after a hash. */
  tokens(after: string | null, limit: number): Promise<readonly Token[]>
  app(id: string): Promise<App | undefined>
  channel(id: ChannelId): Promise<Channel | undefined>
  channels(): Promise<readonly Channel[]>
  /** undefined for who never registered one. */
  keys(user: UserId): Promise<KeySet | undefined>
  keyPair(user: UserId): Promise<HeldKeyPair | undefined>
  keyLog(user: UserId, after: number, limit: number): Promise<readonly KeyLogEntry[]>
  /** Number 0 where nothing was ever registered. */
  keyLogHead(user: UserId): Promise<ChainHead>
  ref(kind: 'channel' | 'room', ref: string): Promise<string | undefined>
  words(): Promise<readonly string[]>
  meta(key: string): Promise<string | undefined>
  document(kind: string, key: string): Promise<Document | undefined>
  /** Of one kind, by key. */
  documents(kind: string, query: DocumentsQuery): Promise<readonly Document[]>
  /** How many of a kind an owner has. */
  countDocuments(kind: string, owner: string): Promise<number>
  /** Due at `now`: the `limit` that have been due longest. */
  dueDocuments(kind: string, now: number, limit: number): Promise<readonly Document[]>

  /** A new id from the same sequence as the events' ids: for rooms, channels and users. What is written under it
   * carries a guard of version 0 or control 0, for only ids in the log are sure not to come again after a restart. */
  newId(): string

  /** Closes what is open, opens anew and checks it; resolves only when the store may be written again. */
  reopen(): Promise<void>
  close(): Promise<void>
}

/** How everything outside the engine writes: into the engine's next transaction. */
export type Write = (item: Item) => Promise<Outcome>
