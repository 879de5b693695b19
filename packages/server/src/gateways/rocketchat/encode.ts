// From events and states to the documents of this wire (rocketchat.md section 4). No document holds another user's key,
// a private key or a password: a subscription shows the keys of its own user alone, and only where its caller says so.
import { type UserId, uuidOf } from '@conclave/wire'
import type { RoomChanges, RoomEvent } from '../../room/events.ts'
import type { Account } from '../../room/facts.ts'
import { isTeam, type RoomState } from '../../room/state.ts'
import type { GatewayParts } from '../gateway.ts'
import { fullNameOf, ridOf, type UserRef, userRefOf } from './names.ts'

export type Document = Readonly<Record<string, unknown>>

/** System messages (t: au, uj, ru, ul, r, room_e2e_enabled, …), one for each user and each setting that an event names;
 * none of the types that the room does not show. */
export async function systemMessages(
  parts: GatewayParts,
  event: RoomEvent,
  room: RoomState,
  actor: Account | null,
): Promise<Document[]> {
  const { body } = event
  const at = new Date(event.at)
  const shown: Document[] = []
  let said = 0
  const say = (t: string, msg: string, u: UserRef, more: Document = {}): void => {
    const id = said === 0 ? uuidOf(event.id) : `${uuidOf(event.id)}-${said}`
    said += 1
    if (room.config.hiddenMessages.includes(t)) return
    shown.push({ ...more, _id: id, rid: ridOf(room), t, msg, ts: at, u, groupable: false, _updatedAt: at })
  }
  const sayOf = async (user: UserId, t: string, more?: Document): Promise<void> => {
    const named = await accountOf(parts, user)
    if (named) say(t, named.username, by, more)
  }
  const by = userRefOf(actor)
  switch (body.type) {
    case 'members.added':
    case 'members.removed': {
      const [own, others] = MEMBERS_SAID[isTeam(room) ? 'team' : 'room'][body.type]
      for (const user of body.users) {
        const named = await accountOf(parts, user)
        if (!named) continue
        if (user === event.actor || event.actor === null) say(own as string, named.username, userRefOf(named))
        else say(others as string, named.username, by)
      }
      break
    }
    case 'message.pinned':
      if (body.on) await sayPinned(parts, event, body.sequence, (t, more) => say(t, '', by, more))
      break
    case 'room.renamed':
      say('r', body.name, by)
      break
    case 'room.configured':
      for (const [t, msg] of configuredMessages(body.changes)) say(t, msg ?? by.username, by)
      break
    case 'roles.changed':
    case 'leader.changed': {
      if (body.type === 'roles.changed' && body.lost) break
      const role = body.type === 'leader.changed' ? 'leader' : body.role
      await sayOf(body.user, body.granted ? 'subscription-role-added' : 'subscription-role-removed', { role })
      break
    }
    case 'sanction.set':
      if (!body.kick) await sayOf(body.sanction.user, body.sanction.kind === 'mute' ? 'user-muted' : 'user-banned')
      break
    case 'sanction.lifted':
      await sayOf(body.user, body.kind === 'mute' ? 'user-unmuted' : 'user-unbanned')
      break
    case 'team.changed':
      // Of the main room: of another one its document says it.
      if (body.team?.main === room.id) say('user-converted-to-team', fullNameOf(room), by)
      break
    case 'discussion.started':
      say('discussion-created', body.name, by, await aboutDiscussion(parts, event, body))
      break
    case 'suite.switched':
      say(body.suite === 'none' ? 'room_e2e_disabled' : 'room_e2e_enabled', by.username, by)
      break
    default:
  }
  return shown
}

/** Who comes or goes by themselves, and by somebody else. */
const MEMBERS_SAID = {
  room: { 'members.added': ['uj', 'au'], 'members.removed': ['ul', 'ru'] },
  team: { 'members.added': ['ujt', 'added-user-to-team'], 'members.removed': ['ult', 'removed-user-from-team'] },
} as const

/** A type and its text for each setting that has one; null: the name of whoever set it. */
function configuredMessages(changes: RoomChanges): [string, string | null][] {
  const { topic, description, announcement, kind, readOnly, archived } = changes
  const told: [string, string | null][] = []
  if (topic !== undefined) told.push(['room_changed_topic', topic])
  if (description !== undefined) told.push(['room_changed_description', description])
  if (announcement !== undefined) told.push(['room_changed_announcement', announcement])
  if (kind !== undefined) told.push(['room_changed_privacy', kind])
  if (readOnly !== undefined) told.push([readOnly ? 'room-set-read-only' : 'room-removed-read-only', null])
  if (archived !== undefined) told.push([archived ? 'room-archived' : 'room-unarchived', null])
  return told
}

/** What was pinned stands in the message that says so, while it is there and everybody may read it. */
async function sayPinned(
  parts: GatewayParts,
  { room, sequence }: RoomEvent,
  pinned: number,
  say: (t: string, more: Document) => void,
): Promise<void> {
  const message = await parts.reading.message(room, pinned)
  if (!message || message.erased || message.body.type !== 'message' || pinned > sequence) return
  const isPlain = message.body.content.suite === 'none'
  say(isPlain ? 'message_pinned' : 'message_pinned_e2e', { attachments: [await quoteOf(parts, message)] })
}

/** A message as another one shows it: of an encrypted one only whose it is. */
export async function quoteOf(parts: GatewayParts, message: RoomEvent): Promise<Document> {
  if (message.body.type !== 'message') throw new Error('not a message')
  const { content } = message.body
  const author = userRefOf(message.actor === null ? null : await accountOf(parts, message.actor))
  return {
    ...(content.suite === 'none'
      ? { text: content.text, attachments: content.extra?.rocketchat?.attachments ?? [] }
      : { text: '' }),
    author_name: author.username,
    author_icon: `/avatar/${encodeURIComponent(author.username)}`,
    ts: new Date(message.at),
  }
}

/** The discussion, as long as it is there, and what is going on in it; and the message that it is about, while it is there. */
async function aboutDiscussion(
  parts: GatewayParts,
  { room, sequence }: RoomEvent,
  { discussion, message }: Extract<RoomEvent['body'], { type: 'discussion.started' }>,
): Promise<Document> {
  const [found, head, about] = await Promise.all([
    parts.reading.room(discussion),
    parts.reading.head(discussion),
    message && message.sequence < sequence ? parts.reading.message(room, message.sequence) : undefined,
  ])
  const { messages: dcount = 0, lastMessageAt = null } = head ?? {}
  const dlm = lastMessageAt === null ? {} : { dlm: new Date(lastMessageAt) }
  return {
    ...(found ? { drid: ridOf(found.room), dcount, ...dlm } : {}),
    ...(about && !about.erased ? { attachments: [await quoteOf(parts, about)] } : {}),
  }
}

export async function accountOf(parts: GatewayParts, user: UserId): Promise<Account | undefined> {
  return parts.identity.accounts.peek(user) ?? (await parts.identity.accounts.load(user))
}

/** The roles that somebody has everywhere; those of a room stand in its state. */
export function globalRolesOf(account: Account): string[] {
  const admin = account.roles.includes('admin') || account.roles.includes('superuser')
  return [...(account.wireRoles ?? (admin ? [] : ['user'])), ...(admin ? ['admin'] : [])]
}
