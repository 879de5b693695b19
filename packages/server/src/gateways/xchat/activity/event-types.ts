// X's event types (x-chat.md 3.15): all names are known, and those of chats are what happens on this server. What a room's
// event is to each user is said here and nowhere else.
import type { UserId } from '@conclave/wire'
import { decodeDetail } from '@conclave/wire/xchat/events'
import type { Scope } from '../../../identity/scopes.ts'
import type { EventBody, Signed } from '../../../room/events.ts'

export const CHAT_TYPES = [
  'chat.received',
  'chat.sent',
  'chat.conversation.join',
  'chat.conversation.member_added',
  'chat.conversation.member_removed',
  'chat.conversation.admin_added',
  'chat.conversation.admin_removed',
  'chat.update.group_name',
  // Ours: X has no name for it, and whoever lets people in has to hear of them.
  'chat.conversation.join_requested',
] as const
export type ChatType = (typeof CHAT_TYPES)[number]

/** Of which nothing ever happens here: nobody posts, follows or broadcasts, and rooms know no restrictions. */
const SILENT = [
  'profile.update.bio',
  'profile.update.profile_picture',
  'profile.update.banner_picture',
  'profile.update.screenname',
  'profile.update.geo',
  'profile.update.url',
  'profile.update.verified_badge',
  'profile.update.affiliate_badge',
  'profile.update.handle',
  'news.new',
  'follow.follow',
  'follow.unfollow',
  'spaces.start',
  'spaces.end',
  'broadcast.start',
  'broadcast.end',
  'broadcast.chat',
  'chat.update.restrictions',
  'dm.sent',
  'dm.received',
  'dm.indicate_typing',
  'dm.read',
  'post.create',
  'post.delete',
  'post.mention.create',
  'post.reply.create',
  'post.quote.create',
  'post.repost.create',
  'like.create',
  'mute.mute',
  'mute.unmute',
  'block.block',
  'block.unblock',
] as const

const NAMES: ReadonlySet<string> = new Set([...CHAT_TYPES, ...SILENT])
const ALIASES: Readonly<Record<string, string>> = { 'chat.conversation_join': 'chat.conversation.join' }

/** The name as answers have it; undefined for no name of X's. */
export function eventTypeOf(text: string): string | undefined {
  const name = Object.hasOwn(ALIASES, text) ? ALIASES[text] : text
  return name !== undefined && NAMES.has(name) ? name : undefined
}

/** What the user must have let an app read (x-chat.md 1.1). */
export function scopeOf(type: string): Scope {
  const [family] = type.split('.')
  if (family === 'chat' || family === 'dm') return 'dm.read'
  return family === 'like' || family === 'mute' || family === 'block' ? `${family}.read` : 'tweet.read'
}

export function isChatType(type: string): boolean {
  return type.startsWith('chat.')
}

/** What an event that this wire shows is to one user. `member`: of the room, once it has happened. */
export function typeFor(body: EventBody, actor: UserId | null, user: UserId, member: boolean): ChatType | null {
  switch (body.type) {
    case 'message':
      return member ? (actor === user ? 'chat.sent' : 'chat.received') : null
    case 'group.signed':
      return member && actor !== user ? 'chat.conversation.join' : null
    case 'members.added':
      if (body.users.includes(user)) return 'chat.conversation.join'
      return member ? 'chat.conversation.member_added' : null
    case 'members.removed':
      return member || isOwnRemoval(body, user) ? 'chat.conversation.member_removed' : null
    case 'roles.changed':
      if (!member || body.role !== 'owner') return null
      return body.granted ? 'chat.conversation.admin_added' : 'chat.conversation.admin_removed'
    case 'join.requested':
      return member ? 'chat.conversation.join_requested' : null
    case 'room.retitled':
      return member && body.title !== null && !isOfAvatar(body.signed) ? 'chat.update.group_name' : null
    default:
      return null
  }
}

/** Such an event holds both, the title and the avatar, whichever was changed. */
function isOfAvatar(signed: Signed | null): boolean {
  const detail = signed && decodeDetail(signed.detail)
  if (!detail?.ok || detail.value.value.kind !== 'groupChange') return false
  return detail.value.value.change.kind === 'avatar'
}

/** The one event of a room that somebody hears of who belongs to it no more. */
export function isOwnRemoval(body: EventBody, user: UserId): boolean {
  return body.type === 'members.removed' && body.users.includes(user)
}
