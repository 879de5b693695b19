// Reading: pages of a log by the right that the reader holds (L10), and the lists of channels and rooms that
// somebody may see. A right found here is checked again in the statement that reads.
import type { ChannelId, EventId, RoomId, UserId } from '@conclave/wire'
import { compareIds } from '@conclave/wire'
import type { ChainHead, Link } from '@conclave/wire/transparency/chain'
import type { Clock } from '../clock.ts'
import type { Identity } from '../identity/identity.ts'
import { ATTEMPTS, ENDED_MEMBERSHIPS, PAGE } from '../limits.ts'
import type { AclRules } from '../room/acl-rules.ts'
import { directKey } from '../room/decision.ts'
import type { EventBody, RoomEvent } from '../room/events.ts'
import type { Account, Channel } from '../room/facts.ts'
import type { Rejection } from '../room/rejection.ts'
import { isRejection } from '../room/rejection.ts'
import type { Origin } from '../room/rights.ts'
import { checkChannelAcls, checkHistory, checkList, checkStanding, isOpen, visitorOf } from '../room/rights.ts'
import type { RoomState } from '../room/state.ts'
import { shownLink } from '../store/chains.ts'
import type { BranchKind } from '../store/projection.ts'
import type {
  AckStatus,
  Counted,
  Document,
  DocumentsQuery,
  Head,
  MarkedPage,
  MarkedQuery,
  Membership,
  MembershipName,
  MessagesQuery,
  PageQuery,
  Placed,
  Right,
  SearchQuery,
  Store,
} from '../store/store.ts'
import { keyOf, NOTIFICATIONS, type Notifications, notificationsIn } from './notifications.ts'
import type { Rooms } from './rooms.ts'

export interface ReadingParts {
  readonly store: Store
  readonly identity: Identity
  readonly rooms: Rooms
  readonly clock: Clock
  readonly acl: AclRules
}

/** Events looked at when the newest of a kind is wanted: nearly always the first is it, and it may be large. */
const LOOK_BACK = 1
/** Where none of them is: control events, which are small. */
const LOOK_FURTHER = 64

type Message = Extract<EventBody, { type: 'message' }>

export type Page = Omit<PageQuery, 'room' | 'right'>

export interface PageRead {
  readonly events: readonly RoomEvent[]
  readonly room: RoomState
}

export class Reading {
  readonly #parts: ReadingParts

  constructor(parts: ReadingParts) {
    this.#parts = parts
  }

  /** A room with its channel, for checks on it. undefined where there is none, or none any more. */
  async room(room: RoomId): Promise<{ readonly room: RoomState; readonly channel: Channel } | undefined> {
    const { rooms, identity } = this.#parts
    const state = rooms.kept(room) ?? (await rooms.latest(room))
    if (!state || state.removed) return undefined
    const channel = identity.channels.peek(state.channel) ?? (await identity.channels.load(state.channel))
    return channel && { room: state, channel }
  }

  /** The same where both are in memory and no other node may know better; undefined elsewhere, which says nothing. */
  peek(room: RoomId): { readonly room: RoomState; readonly channel: Channel } | undefined {
    const { rooms, identity } = this.#parts
    const state = rooms.kept(room)
    const channel = state && !state.removed ? identity.channels.peek(state.channel) : undefined
    return channel && { room: state as RoomState, channel }
  }

  /** A page of a room's log, as far as the reader may see it. */
  async page(reader: Account, room: RoomId, page: Page, origin: Origin | null = null): Promise<PageRead | Rejection> {
    const limit = Math.min(page.limit, PAGE)
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const found = await this.room(room)
      if (!found) return { rejected: 'room.unknown' }
      const right = this.#right(reader, found.room, found.channel, origin)
      if (isRejection(right)) return right
      const events = await this.#parts.store.page({ ...page, limit, room, right })
      if (events) return { events, room: found.room }
      await this.#parts.rooms.refresh(room)
    }
    return { rejected: 'conflict', current: null }
  }

  /** Links of a room's chain after that number and where it ends; entries where the reader may see the event. */
  async chain(
    reader: Account,
    room: RoomId,
    after: number,
    limit: number,
  ): Promise<{ readonly head: ChainHead; readonly links: readonly Link[] } | Rejection> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const found = await this.room(room)
      if (!found) return { rejected: 'room.unknown' }
      const right = this.#right(reader, found.room, found.channel, null)
      if (isRejection(right)) return right
      const page = await this.#parts.store.chain(room, right, after, limit)
      if (page) return { head: page.head, links: page.links.map(shownLink) }
      await this.#parts.rooms.refresh(room)
    }
    return { rejected: 'conflict', current: null }
  }

  /** One event by its id; undefined where it is not there for this reader. */
  async event(reader: Account, room: RoomId, id: EventId): Promise<RoomEvent | undefined> {
    const found = await this.room(room)
    if (!found) return undefined
    const right = this.#right(reader, found.room, found.channel, null)
    return isRejection(right) ? undefined : this.#parts.store.event(room, id, right)
  }

  /** Whether the reader may see what came right after that event of the room: files, which stand in no log. */
  async covers(reader: Account, room: RoomId, sequence: number): Promise<boolean | Rejection> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const found = await this.room(room)
      if (!found) return { rejected: 'room.unknown' }
      const right = this.#right(reader, found.room, found.channel, null)
      if (isRejection(right)) return right
      const covered = await this.#parts.store.covers(room, sequence, right)
      if (covered !== undefined) return covered
      await this.#parts.rooms.refresh(room)
    }
    return { rejected: 'conflict', current: null }
  }

  /** Whether that message is there for the reader: files that go with it are theirs to read with it. null: for anybody. */
  async shows(reader: Account | null, room: RoomId, messageId: string): Promise<boolean> {
    const known = await this.#parts.store.messageKey(messageId)
    if (known?.room !== room) return false
    if (reader) return (await this.covers(reader, room, known.sequence - 1)) === true
    const found = await this.room(room)
    return found !== undefined && isOpen(found.room, found.channel)
  }

  /** How many messages with files the reader may see. */
  async countFiles(reader: Account, room: RoomId): Promise<number | Rejection> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const found = await this.room(room)
      if (!found) return { rejected: 'room.unknown' }
      const right = this.#right(reader, found.room, found.channel, null)
      if (isRejection(right)) return right
      const count = await this.#parts.store.countFiles(room, right)
      if (count !== undefined) return count
      await this.#parts.rooms.refresh(room)
    }
    return { rejected: 'conflict', current: null }
  }

  /** Encrypted, private and direct rooms: membership. Others: what the ACL grants, as of this control sequence. */
  #right(reader: Account, state: RoomState, channel: Channel, origin: Origin | null): Right | Rejection {
    if (state.suite !== 'none') {
      if (!state.members.has(reader.id)) return { rejected: 'member.required' }
      return checkStanding(state, channel, reader, this.#parts.clock.now()) ?? { by: 'member', user: reader.id }
    }
    const visitor = visitorOf(this.#parts.acl, state, channel, reader, reader.attributes, origin)
    return (
      checkHistory(state, channel, reader, visitor, this.#parts.clock.now()) ?? {
        by: 'grant',
        user: reader.id,
        control: state.control,
      }
    )
  }

  /** The event by which this user was put out of a room or left it, for them alone: what comes of it they see no more. */
  async ownRemoval(user: UserId, room: RoomId, sequence: number): Promise<RoomEvent | undefined> {
    const event = await this.#parts.store.eventAt(room, sequence)
    return event?.body.type === 'members.removed' && event.body.users.includes(user) ? event : undefined
  }

  /** The id of the newest event before that sequence which is of the wanted kind. An id alone, so whoever may ask. */
  async idBefore(room: RoomId, sequence: number, wanted: (event: RoomEvent) => boolean): Promise<EventId | null> {
    let before = sequence
    for (let limit = LOOK_BACK; ; limit = Math.min(limit * 4, LOOK_FURTHER)) {
      const query = { room, right: { by: 'server' }, select: 'all', order: 'newest', before, limit } as const
      const events = (await this.#parts.store.page(query)) ?? []
      const found = events.find(wanted)
      if (found) return found.id
      const oldest = events.at(-1)
      if (!oldest || events.length < limit) return null
      before = oldest.sequence
    }
  }

  /** The event that opened a version of the key of an X room; undefined where the reader may not see it. */
  async keyChange(reader: Account, room: RoomId, version: string): Promise<RoomEvent | Rejection | undefined> {
    const sequence = await this.#parts.store.epochAt(room, version)
    if (sequence === undefined) return undefined
    const bounds = { after: sequence - 1, before: sequence + 1, limit: 1 }
    const read = await this.page(reader, room, { select: 'control', order: 'newest', ...bounds })
    return isRejection(read) ? read : read.events[0]
  }

  /** A message as it stands now, whoever asks: for telling those who may read it. */
  async message(room: RoomId, sequence: number): Promise<RoomEvent | undefined> {
    const event = await this.#parts.store.eventAt(room, sequence)
    return event?.body.type === 'message' ? event : undefined
  }

  /** The newest message of a room that is wanted, among its newest, whoever asks: for telling those who may read it. */
  async newestMessage(room: RoomId, wanted: (body: Message) => boolean): Promise<RoomEvent | undefined> {
    const query = { room, right: { by: 'server' }, select: 'messages', order: 'newest', limit: LOOK_FURTHER } as const
    const events = (await this.#parts.store.page(query)) ?? []
    return events.find(({ body }) => body.type === 'message' && wanted(body))
  }

  /** A message by the id that its client chose; undefined where it is not there for this reader. */
  async messageNamed(reader: Account, key: string): Promise<RoomEvent | undefined> {
    const used = await this.#parts.store.messageKey(key)
    const event = used && (await this.#parts.store.eventAt(used.room, used.sequence))
    return event?.body.type === 'message' ? this.event(reader, event.room, event.id) : undefined
  }

  /** Messages by what was done to them, as far as the reader may see them. */
  async marked(reader: Account, query: Omit<MarkedQuery, 'right'>): Promise<MarkedPage | Rejection> {
    return this.#rightly(reader, query.room, right => this.#parts.store.marked({ ...query, right }))
  }

  /** Which of the messages the user has starred. */
  starred(room: RoomId, user: UserId, sequences: readonly number[]): Promise<ReadonlySet<number>> {
    return this.#parts.store.starred(room, user, sequences)
  }

  countStarred(room: RoomId, user: UserId): Promise<number> {
    return this.#parts.store.countStarred(room, user)
  }

  countPinned(room: RoomId): Promise<number> {
    return this.#parts.store.countPinned(room)
  }

  /** Plain messages that fit, newest first. See the store for the bounds. */
  async search(reader: Account, query: Omit<SearchQuery, 'right'>): Promise<readonly RoomEvent[] | Rejection> {
    return this.#rightly(reader, query.room, right => this.#parts.store.search({ ...query, right }))
  }

  /** By the right of the reader, found anew where it has moved meanwhile. */
  async #rightly<T>(
    reader: Account,
    room: RoomId,
    read: (right: Exclude<Right, { by: 'server' }>) => Promise<T | undefined>,
  ): Promise<T | Rejection> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const found = await this.room(room)
      if (!found) return { rejected: 'room.unknown' }
      const right = this.#right(reader, found.room, found.channel, null)
      if (isRejection(right)) return right
      const answer = right.by === 'server' ? undefined : await read(right)
      if (answer !== undefined) return answer
      await this.#parts.rooms.refresh(room)
    }
    return { rejected: 'conflict', current: null }
  }

  /** Those of the ids that are messages of this room: whoever asks, or as far as a member may see them. Places and
   * senders, no content. */
  locate(room: RoomId, ids: readonly EventId[], reader?: UserId): Promise<ReadonlyMap<EventId, Omit<Placed, 'id'>>> {
    return this.#parts.store.locate(room, ids, reader)
  }

  /** In how many stretches the messages of a room lie that a user has hidden from themselves. */
  hiddenStretches(room: RoomId, user: UserId): Promise<number> {
    return this.#parts.store.hiddenStretches(room, user)
  }

  /** In which rooms these messages are, whoever asks. */
  roomsOfMessages(ids: readonly EventId[]): Promise<ReadonlyMap<EventId, RoomId>> {
    return this.#parts.store.roomsOfMessages(ids)
  }

  /** Where the messages of a room stand, newest first, whoever asks. No content. */
  messagesIn(room: RoomId, query: MessagesQuery): Promise<readonly Placed[]> {
    return this.#parts.store.messagesIn(room, query)
  }

  /** What one user sent in all rooms, whispers too: for operators only. See the store for the bounds. */
  sentBy(user: UserId, since: number, until: number, limit: number): Promise<readonly RoomEvent[]> {
    return this.#parts.store.sentBy(user, since, until, limit)
  }

  /** How far a user has got with messages of a room; who may ask is the caller's matter. */
  acks(room: RoomId, user: UserId, sequences: readonly number[]): Promise<ReadonlyMap<number, AckStatus>> {
    return this.#parts.store.acks(room, user, sequences)
  }

  /** What has not reached this user yet. Bans and ACLs are the caller's matter. */
  unacked(user: UserId, rooms: readonly RoomId[], limit: number): Promise<readonly RoomEvent[]> {
    return this.#parts.store.unacked(user, rooms, limit)
  }

  cursor(room: RoomId, user: UserId): Promise<{ sequence: number; at: number } | undefined> {
    return this.#parts.store.cursor(room, user)
  }

  /** These users' memberships of rooms. Their own to ask, or of counters alone the server's. */
  memberships(names: readonly MembershipName[], counted: Counted): Promise<readonly Membership[]> {
    return this.#parts.store.memberships(names, counted)
  }

  /** The rooms out of which the user has gone since then, removed ones too. Their own to ask. */
  async endedMemberships(
    user: UserId,
    since: number,
  ): Promise<readonly { readonly room: RoomState; readonly at: number }[]> {
    const { store, rooms } = this.#parts
    const ended = await store.endedMemberships(user, since, ENDED_MEMBERSHIPS)
    const states = new Map((await rooms.loadAll(ended.map(({ room }) => room))).map(state => [state.id, state]))
    return ended.flatMap(({ room, at }) => {
      const state = states.get(room)
      return state ? [{ room: state, at }] : []
    })
  }

  /** The newest message of each of these rooms that the reader, a member, may see and that is no whisper. */
  async lastMessages(reader: Account, rooms: readonly RoomState[]): Promise<ReadonlyMap<RoomId, RoomEvent>> {
    const { identity, store } = this.#parts
    const readable: RoomId[] = []
    for (const room of rooms) {
      const channel = identity.channels.peek(room.channel) ?? (await identity.channels.load(room.channel))
      if (channel && !isRejection(this.#right(reader, room, channel, null))) readable.push(room.id)
    }
    const events = readable.length === 0 ? [] : await store.lastMessages(reader.id, readable)
    return new Map(events.map(event => [event.room, event]))
  }

  /** Last online, ms since 1970. */
  seenAt(user: UserId): Promise<number | null> {
    return this.#parts.store.seenAt(user)
  }

  /** Rooms of kind temporary that are not removed. */
  temporaryRooms(): Promise<readonly RoomId[]> {
    return this.#parts.store.temporaryRooms()
  }

  /** A small value that a gateway keeps beside the logs, by its key. */
  meta(key: string): Promise<string | undefined> {
    return this.#parts.store.meta(key)
  }

  /** A record that a gateway keeps beside the logs. */
  document(kind: string, key: string): Promise<Document | undefined> {
    return this.#parts.store.document(kind, key)
  }

  /** What a member said last of notifications of a room; undefined where they never did. Their own to ask. */
  async notifications(room: RoomId, user: UserId): Promise<Notifications | undefined> {
    const document = await this.#parts.store.document(NOTIFICATIONS, keyOf(room, user))
    return document && notificationsIn(document)
  }

  /** Of one kind, by key. */
  documents(kind: string, query: DocumentsQuery): Promise<readonly Document[]> {
    return this.#parts.store.documents(kind, query)
  }

  countDocuments(kind: string, owner: string): Promise<number> {
    return this.#parts.store.countDocuments(kind, owner)
  }

  /** Due at `now` (ms since 1970), those that have been due longest. */
  dueDocuments(kind: string, now: number, limit: number): Promise<readonly Document[]> {
    return this.#parts.store.dueDocuments(kind, now, limit)
  }

  /** The heads of the rooms of which the user is a member, without their states. */
  async headsOf(user: UserId): Promise<readonly Head[]> {
    return this.#parts.store.heads(await this.#parts.store.roomsOf(user))
  }

  /** The words that are not let through, as the operator wrote them. */
  words(): Promise<readonly string[]> {
    return this.#parts.store.words()
  }

  head(room: RoomId): Promise<Head | undefined> {
    return this.#parts.store.head(room)
  }

  heads(rooms: readonly RoomId[]): Promise<readonly Head[]> {
    return this.#parts.store.heads(rooms)
  }

  /** Every channel, whoever asks; filter with `mayListChannel`. */
  channels(): Promise<readonly Channel[]> {
    return this.#parts.store.channels()
  }

  mayListChannel(reader: Account, channel: Channel): Rejection | null {
    return checkChannelAcls(channel, 'list', visitorOf(this.#parts.acl, null, channel, reader))
  }

  /** Every room of a channel that is not removed. */
  async roomsIn(channel: ChannelId): Promise<readonly RoomState[]> {
    return this.states(await this.#parts.store.roomsIn(channel))
  }

  mayList(reader: Account, room: RoomState, channel: Channel): boolean {
    return checkList(room, channel, reader, visitorOf(this.#parts.acl, room, channel, reader)) === null
  }

  /** The rooms of which the user is a member, oldest first. */
  async roomsOf(user: UserId): Promise<readonly RoomState[]> {
    const rooms = await this.states(await this.#parts.store.roomsOf(user))
    return [...rooms].sort((a, b) => compareIds(a.id, b.id))
  }

  /** The rooms in which the user holds a role. */
  async rolesOf(user: UserId): Promise<readonly RoomState[]> {
    return this.states(await this.#parts.store.rolesOf(user))
  }

  async named(name: string): Promise<readonly RoomState[]> {
    // Discussions take names that others have, and are found by none.
    return (await this.states(await this.#parts.store.roomsNamed(name))).filter(room => room.discussionOf === null)
  }

  /** The rooms that hang on this one (projection.ts), the newest first. Who may know of each is the caller's matter. */
  async branches(
    parent: RoomId,
    kind: BranchKind,
    limit: number,
  ): Promise<readonly { readonly room: RoomState; readonly at: number }[]> {
    const branches = await this.#parts.store.branches(parent, kind, limit)
    const states = await this.states(branches.map(({ room }) => room))
    const byId = new Map(states.map(state => [state.id, state]))
    return branches.flatMap(({ room, at }) => {
      const state = byId.get(room)
      return state ? [{ room: state, at }] : []
    })
  }

  /** Since which event of its parent's log a room is a discussion of that. */
  discussionAt(parent: RoomId, discussion: RoomId): Promise<number | undefined> {
    return this.#parts.store.branchAt(parent, 'discussion', discussion)
  }

  /** What a room's log says of a discussion of it, whoever asks: for telling those who may read the log. */
  async discussionStart(room: RoomId, sequence: number): Promise<RoomEvent | undefined> {
    const event = await this.#parts.store.eventAt(room, sequence)
    return event?.body.type === 'discussion.started' ? event : undefined
  }

  countBranches(parent: RoomId, kind: BranchKind): Promise<number> {
    return this.#parts.store.countBranches(parent, kind)
  }

  /** The main rooms of teams, by id. Who may know of each is the caller's matter. */
  async teams(after: RoomId | null, limit: number): Promise<readonly RoomState[]> {
    return this.states(await this.#parts.store.teams(after, limit))
  }

  /** The direct room of exactly these users, if there is one. */
  async direct(users: readonly UserId[], space: 'direct' | 'direct.xchat'): Promise<RoomState | undefined> {
    const room = await this.#parts.store.claimed({ space, key: directKey(users) })
    return room && this.#parts.rooms.load(room)
  }

  /** The room whose invite has that key; whether it opens anything now is the caller's matter. */
  async invited(key: string): Promise<RoomState | undefined> {
    const room = await this.#parts.store.claimed({ space: 'invite', key })
    const state = room && (await this.#parts.rooms.load(room))
    return !state || state.invite?.key === key ? state : this.#parts.rooms.refresh(state.id)
  }

  /** A room as it stands now, of a state that may have been read before the last wait. */
  newest(room: RoomState): RoomState {
    return this.#parts.rooms.peek(room.id) ?? room
  }

  async states(rooms: readonly RoomId[]): Promise<readonly RoomState[]> {
    return (await this.#parts.rooms.loadAll(rooms)).filter(({ removed }) => !removed)
  }
}
