// Which rows follow from an event: the pure half of every store, so that all adapters project alike. The log is
// the truth; spans, roles, names and the head's columns can be folded from it again.
import type { ChannelId, EventId, RoomId, UserId } from '@conclave/wire'
import { REACTIONS, THREAD_FOLLOWERS } from '../limits.ts'
import type {
  Content,
  Done,
  EventBody,
  RoomEvent,
  RoomKind,
  RoomRole,
  Suite,
  TeamPlace,
  ThreadRef,
} from '../room/events.ts'
import { isControl, isMessageChange } from '../room/events.ts'

/** How an event is found by a page: `m` message, `x` message whose content is erased, `d` deletion, `p` pin, which
 * histories show, `a` another thing that was done to a message, which the message itself shows; `c` control. */
export type EventClass = 'm' | 'x' | 'd' | 'p' | 'a' | 'c'

export function classOf(body: EventBody): EventClass {
  if (body.type === 'message') return 'm'
  if (body.type === 'messages.deleted') return 'd'
  if (body.type === 'message.pinned' && body.on) return 'p'
  return isMessageChange(body) ? 'a' : 'c'
}

/** As a store keeps it: the content of an edit stands with its message alone. */
export function keptBody(body: EventBody): EventBody {
  if (body.type !== 'message.edited') return body
  const { type, target, sequence } = body
  return { type, target, sequence, content: null }
}

/** Who besides its sender sees a message, as a text in which each id stands between commas; null: nothing is hidden. */
export function audienceOf(body: EventBody): string | null {
  return body.type === 'message' && body.to ? `,${body.to.join(',')},` : null
}

/** A name or user name as it is looked up and kept unique: without regard to case. */
export function foldName(name: string): string {
  return name.toLowerCase()
}

/** A room's head while a batch is written. A room that does not exist yet stands at sequence and control 0. */
export interface HeadDraft {
  readonly room: RoomId
  channel: ChannelId
  suite: Suite
  kind: RoomKind
  sequence: number
  control: number
  lastId: EventId
  /** ms since 1970 of the newest event: the next one's time is never before it. */
  lastAt: number
  lastMessageAt: number | null
  messages: number
  removed: boolean
  /** The plain name, folded; null where there is none or the room is removed. */
  name: string | null
}

/** How a room hangs on another: as a discussion of it, or as a room of the team whose main room it is (that one too). */
export type BranchKind = 'discussion' | 'team'

/** What changes beside the log and the head. */
export type Projected =
  /** Nothing where the user has an open span. `from`: first sequence that the span shows. */
  | { readonly row: 'span.opened'; readonly user: UserId; readonly from: number; readonly opened: number }
  /** `to`: last sequence that the span shows. */
  | { readonly row: 'span.closed'; readonly user: UserId; readonly to: number }
  | { readonly row: 'spans.closed'; readonly to: number }
  | { readonly row: 'role.granted'; readonly user: UserId; readonly role: RoomRole }
  | { readonly row: 'role.revoked'; readonly user: UserId; readonly role: RoomRole }
  /** All roles of one user, or of everybody. */
  | { readonly row: 'roles.dropped'; readonly user: UserId | null }
  /** Somebody asks to be let in. */
  | { readonly row: 'request.opened'; readonly user: UserId }
  /** One user's, if they have asked, or everybody's. */
  | { readonly row: 'requests.closed'; readonly user: UserId | null }
  /** Nothing where the room has an earlier one of that version. */
  | { readonly row: 'epoch.opened'; readonly version: string; readonly sequence: number }
  /** Nothing where that event is no message, or another one than named. */
  | { readonly row: 'message.erased'; readonly sequence: number; readonly id: EventId }
  /** The event does something to that message; nothing where it is none, or erased. */
  | { readonly row: 'message.changed'; readonly target: ThreadRef; readonly by: RoomEvent }
  | { readonly row: 'message.mentions'; readonly sequence: number; readonly users: readonly string[] }
  /** A room hangs on another one, from that event of this room's log on. */
  | {
      readonly row: 'branch.made'
      readonly kind: BranchKind
      readonly parent: RoomId
      readonly of: RoomId
      readonly at: number
    }
  /** This room hangs on no other in that way any more. */
  | { readonly row: 'branch.cut'; readonly kind: BranchKind }

const NONE: readonly Projected[] = []

/**
 * The rows that follow from an event. `suite` is the room's before it; `first` is the sequence of the first event
 * of the same append: a member who reads from the rotation reads from the event just before, if it is of that append.
 */
export function project(event: RoomEvent, suite: Suite, first: number): readonly Projected[] {
  const { body, sequence } = event
  switch (body.type) {
    case 'room.created': {
      const rows: Projected[] = []
      for (const user of body.members) rows.push({ row: 'span.opened', user, from: 0, opened: sequence })
      for (const user of body.owners) rows.push({ row: 'role.granted', user, role: 'owner' })
      for (const user of body.moderators) rows.push({ row: 'role.granted', user, role: 'moderator' })
      if (body.team) rows.push(inTeam(event, body.team))
      return rows
    }
    case 'members.added': {
      const from = body.reads === 'all' ? 0 : Math.max(sequence - 1, first)
      const rows = body.users.map((user): Projected => ({ row: 'span.opened', user, from, opened: sequence }))
      return suite === 'xchat' ? [...rows, ...closed(body.users)] : rows
    }
    case 'members.removed': {
      const rows: Projected[] = []
      for (const user of body.users) {
        rows.push({ row: 'span.closed', user, to: sequence })
        // As in room/apply.ts: roles of encrypted rooms go with membership, a plain room's owner may leave and stay it.
        if (suite !== 'none') rows.push({ row: 'roles.dropped', user })
      }
      return rows
    }
    case 'roles.changed':
      return [{ row: body.granted ? 'role.granted' : 'role.revoked', user: body.user, role: body.role }]
    case 'join.requested':
      return [{ row: 'request.opened', user: body.user }]
    case 'join.rejected':
      return closed(body.users)
    case 'sanction.set': {
      const { kind, user } = body.sanction
      return kind === 'ban' && suite === 'xchat' ? closed([user]) : NONE
    }
    case 'epoch.opened':
      return suite === 'xchat' ? [{ row: 'epoch.opened', version: body.version, sequence }] : NONE
    case 'messages.deleted':
      return body.targets.flatMap((id, index): readonly Projected[] => {
        const target = body.sequences[index]
        return target === undefined ? [] : [{ row: 'message.erased', sequence: target, id }]
      })
    case 'message': {
      const rows: Projected[] = []
      if (body.mentions) rows.push({ row: 'message.mentions', sequence, users: mentioned(body) })
      if (body.thread) rows.push({ row: 'message.changed', target: body.thread, by: event })
      return rows
    }
    case 'message.edited':
    case 'message.reacted':
    case 'message.pinned':
    case 'thread.followed':
      return [{ row: 'message.changed', target: { id: body.target, sequence: body.sequence }, by: event }]
    case 'discussion.started':
      return [{ row: 'branch.made', kind: 'discussion', parent: event.room, of: body.discussion, at: sequence }]
    case 'team.changed':
      return [{ row: 'branch.cut', kind: 'team' }, ...(body.team ? [inTeam(event, body.team)] : [])]
    case 'room.removed':
      return [
        // A removed discussion is one still: its parent's log tells of it.
        { row: 'branch.cut', kind: 'team' },
        { row: 'spans.closed', to: sequence },
        { row: 'roles.dropped', user: null },
        ...(suite === 'xchat' ? [{ row: 'requests.closed', user: null } as const] : []),
      ]
    default:
      return NONE
  }
}

function inTeam({ room, sequence }: RoomEvent, { main }: TeamPlace): Projected {
  return { row: 'branch.made', kind: 'team', parent: main, of: room, at: sequence }
}

function closed(users: readonly UserId[]): readonly Projected[] {
  return users.map(user => ({ row: 'requests.closed', user }))
}

/** Moves a head past an event. What was erased is counted where the rows are, for only they know. */
export function advance(head: HeadDraft, event: RoomEvent): void {
  const { body } = event
  head.sequence = event.sequence
  head.lastId = event.id
  head.lastAt = event.at
  if (body.type === 'message') {
    head.messages += 1
    head.lastMessageAt = event.at
    return
  }
  if (!isControl(body)) return
  head.control = event.sequence
  switch (body.type) {
    case 'room.created':
      head.channel = body.channel
      head.suite = body.suite
      head.kind = body.kind
      head.name = body.name === null ? null : foldName(body.name)
      break
    case 'room.renamed':
      head.name = foldName(body.name)
      break
    case 'room.configured':
      head.kind = body.changes.kind ?? head.kind
      break
    case 'suite.switched':
      head.suite = body.suite
      break
    case 'room.removed':
      head.removed = true
      head.name = null
      break
    default:
  }
}

/** The kind of the documents that files are (engine/media-records.ts); those of an erased message are due at once. */
export const MEDIUM = 'media.medium'

/** Files that go with a message. */
export function mediaOf(body: EventBody): readonly string[] {
  return (body.type === 'message' && body.media) || NO_MEDIA
}
const NO_MEDIA: readonly string[] = []
/** Stands for everybody among the users whom a message names. */
export const EVERYBODY = '-1'

/** Whom a message names, as a store finds it by them. */
export function mentioned({ mentions }: Extract<EventBody, { type: 'message' }>): readonly string[] {
  if (!mentions) return []
  const users = mentions.users.map(({ id }): string => id)
  return mentions.groups.length > 0 ? [...users, EVERYBODY] : users
}

/** A message of the log: what it holds and what was done to it. */
export interface Kept {
  readonly body: Extract<EventBody, { type: 'message' }>
  readonly done: Done | null
  readonly sender: UserId | null
}

/** The same after an event that does something to it. */
export function changed({ body, done, sender }: Kept, { body: change, at, actor, sequence }: RoomEvent): Kept {
  const before: Done = done ?? { at }
  switch (change.type) {
    case 'message.edited': {
      if (change.content === null) return { body, done, sender }
      const { mentions: _, ...rest } = body
      const mentions = change.mentions ? { mentions: change.mentions } : {}
      const edited = { ...before, at, edited: { at, by: actor } }
      return { body: { ...rest, content: change.content, ...mentions }, done: edited, sender }
    }
    case 'message.reacted': {
      const reactions = reacted(before.reactions ?? [], change)
      return { body, done: { ...before, at, reactions }, sender }
    }
    case 'message.pinned': {
      const { pinned: _, ...rest } = before
      return { body, done: { ...rest, at, ...(change.on ? { pinned: { at, by: actor } } : {}) }, sender }
    }
    case 'thread.followed': {
      const followers = followed(before.followers ?? [], [change.user], change.on)
      return { body, done: { ...before, at, followers }, sender }
    }
    case 'message': {
      // Whoever began it is told of replies from the first one on, until they say otherwise.
      const owner = before.thread || sender === null ? [] : [sender]
      const named = change.mentions?.users.map(({ id }) => id) ?? []
      const followers = followed(before.followers ?? [], [...owner, ...(actor === null ? [] : [actor]), ...named], true)
      const thread = { count: (before.thread?.count ?? 0) + 1, last: at, sequence }
      return { body, done: { ...before, at, thread, followers }, sender }
    }
    default:
      return { body, done, sender }
  }
}

/** The same after one of its replies was erased. */
export function withoutReply(done: Done): Done {
  return done.thread ? { ...done, thread: { ...done.thread, count: Math.max(0, done.thread.count - 1) } } : done
}

type Reactions = NonNullable<Done['reactions']>

function reacted(
  reactions: Reactions,
  { user, emoji, on }: Extract<EventBody, { type: 'message.reacted' }>,
): Reactions {
  const known = reactions.find(each => each.emoji === emoji)
  const total = reactions.reduce((sum, { users }) => sum + users.length, 0)
  if (!on) {
    return reactions
      .map(each => (each === known ? { emoji, users: each.users.filter(each => each !== user) } : each))
      .filter(({ users }) => users.length > 0)
  }
  if (known?.users.includes(user) || total >= REACTIONS) return reactions
  if (!known) return [...reactions, { emoji, users: [user] }]
  return reactions.map(each => (each === known ? { emoji, users: [...each.users, user] } : each))
}

function followed(followers: readonly UserId[], users: readonly UserId[], on: boolean): readonly UserId[] {
  if (!on) return followers.filter(user => !users.includes(user))
  return [...new Set([...followers, ...users])].slice(0, THREAD_FOLLOWERS)
}

/** A message without its content: what it was sent under and to whom stays, so that whoever reads the log can still
 * place it. Its own end, if it had one, has no meaning any more. */
export function erase(body: EventBody): EventBody {
  if (body.type !== 'message') return body
  const { type, messageId, content, to, thread } = body
  return { type, messageId, content: emptied(content), ...(to && { to }), ...(thread && { thread }) }
}

function emptied(content: Content): Content {
  switch (content.suite) {
    case 'none':
      return { suite: 'none', text: '' }
    case 'xchat': {
      const { suite, publicKeyVersion, signatureVersion, epoch } = content
      return { suite, createEvent: '', signature: '', publicKeyVersion, signatureVersion, epoch }
    }
    case 'rocketchat':
      return { suite: 'rocketchat', content: null, msg: '' }
  }
}
