// Which rows follow from an event: the pure half of every store, so that all adapters project alike. The log is
// the truth; spans, roles, names and the head's columns can be folded from it again.
import type { ChannelId, EventId, RoomId, UserId } from '@conclave/wire'
import type { Content, EventBody, RoomEvent, RoomKind, RoomRole, Suite } from '../room/events.ts'

/** How an event is found by a page: `m` message, `x` message whose content is erased, `d` deletion, `c` control. */
export type EventClass = 'm' | 'x' | 'd' | 'c'

export function classOf(body: EventBody): EventClass {
  return body.type === 'message' ? 'm' : body.type === 'messages.deleted' ? 'd' : 'c'
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
    case 'room.removed':
      return [
        { row: 'spans.closed', to: sequence },
        { row: 'roles.dropped', user: null },
        ...(suite === 'xchat' ? [{ row: 'requests.closed', user: null } as const] : []),
      ]
    default:
      return NONE
  }
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
  if (body.type === 'messages.deleted') return
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

/** A message without its content: what it was sent under and to whom stays, so that whoever reads the log can still
 * place it. Its own end, if it had one, has no meaning any more. */
export function erase(body: EventBody): EventBody {
  if (body.type !== 'message') return body
  const { type, messageId, content, to } = body
  return { type, messageId, content: emptied(content), ...(to && { to }) }
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
