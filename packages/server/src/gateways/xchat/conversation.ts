// Conversations as X names and shows them (x-chat.md 2, 3.3): a group is `g` and the room's id, a one-to-one is the
// pair of its users, however a client writes it. Rooms of other suites do not exist on this wire.
import type { RoomId, UserId } from '@conclave/wire'
import { compareIds, groupIdOf, pairIdOf, parseConversationId } from '@conclave/wire'
import { z } from 'zod'
import type { Rejection } from '../../room/rejection.ts'
import { checkMute, checkStanding } from '../../room/rights.ts'
import { conversationIdOf } from '../../room/signatures.ts'
import type { RoomState } from '../../room/state.ts'
import { hasRole, inviteOf, usersWith } from '../../room/state.ts'
import { encodeNotifications } from './encode.ts'
import type { About } from './errors.ts'
import { problemOf } from './errors.ts'
import { invalidField, notAuthorized, notFound, Refusal } from './problem.ts'
import type { XchatParts } from './route.ts'
import { names } from './schema.ts'
import type { Caller } from './session.ts'

/** A path id that is well-formed, and names somebody or something other than the caller alone. */
export type Address =
  | { readonly kind: 'group'; readonly room: RoomId; readonly id: string }
  | { readonly kind: 'pair'; readonly pair: readonly [UserId, UserId]; readonly other: UserId; readonly id: string }

const FORM = /^(?:g[0-9]{1,19}|[0-9]{1,19}|[0-9]{1,19}[-:][0-9]{1,19})$/

export function addressOf(text: string, caller: Caller): Address | Refusal {
  const parsed = parseConversationId(text)
  if (!parsed) {
    // The right form with a number that nothing here has: unknown, as any other number that nothing has.
    if (FORM.test(text)) return new Refusal(notFound('conversation', 'id', text))
    return new Refusal(invalidField('id', 'must be a user id, a pair of user ids or g and a group id'))
  }
  if (parsed.kind === 'group') return { kind: 'group', room: parsed.room, id: text }
  const me = caller.account.id
  const [a, b] = parsed.kind === 'pair' ? parsed.users : [me, parsed.user]
  if (a === b) return new Refusal(invalidField('id', 'a conversation with oneself does not exist'))
  if (a !== me && b !== me) {
    return new Refusal(notAuthorized('conversation', text, 'the caller is not one of the two'))
  }
  const pair: readonly [UserId, UserId] = compareIds(a, b) < 0 ? [a, b] : [b, a]
  return { kind: 'pair', pair, other: a === me ? b : a, id: pairIdOf(a, b, '-') }
}

/** The room at an address that the caller is a member of. */
export async function roomAt(address: Address, caller: Caller, parts: XchatParts): Promise<RoomState | Refusal> {
  const state = await find(address, parts)
  if (!state) return new Refusal(notFound('conversation', 'id', address.id))
  if (state.members.has(caller.account.id)) return state
  return new Refusal(problemOf({ rejected: 'member.required' }, about(parts, address.id, null)))
}

/** The same for a path id, where a room must be there. */
export async function roomOf(id: string, caller: Caller, parts: XchatParts): Promise<RoomState | Refusal> {
  const address = addressOf(id, caller)
  return address instanceof Refusal ? address : roomAt(address, caller, parts)
}

/** Why a member may not act here now, if so: banned, and where it is `to speak` also muted. */
export async function checkPresent(
  { id }: RoomState,
  { account }: Caller,
  { reading, clock }: XchatParts,
  why?: 'to speak',
): Promise<Rejection | null> {
  const found = await reading.room(id)
  if (!found) return { rejected: 'room.unknown' }
  const { room, channel } = found
  if (!room.members.has(account.id)) return { rejected: 'member.required' }
  const now = clock.now()
  return checkStanding(room, channel, account, now) ?? (why ? checkMute(room, channel, account, now) : null)
}

export async function find(address: Address, parts: XchatParts): Promise<RoomState | undefined> {
  if (address.kind === 'pair') return parts.reading.direct(address.pair, 'direct.xchat')
  const found = await parts.reading.room(address.room)
  return found?.room.suite === 'xchat' && found.room.kind !== 'direct' ? found.room : undefined
}

/** For problems about this conversation. */
export function about(
  parts: XchatParts,
  conversation: string | null,
  room: RoomState | null,
  members: About['members'] = 'user_ids',
): About {
  return { conversation, current: room?.epoch?.version ?? null, members, hideGroups: parts.config.xchat.hideGroups }
}

/** As REST resources have it: `a-b` or `g…`. */
export function resourceId(room: Pick<RoomState, 'id' | 'pair'>): string {
  return room.pair ? pairIdOf(room.pair[0], room.pair[1], '-') : groupIdOf(room.id)
}

const FIELDS = [
  'created_at',
  'group_avatar_url',
  'group_name',
  'id',
  'is_muted',
  'message_ttl_ms',
  'screen_capture_blocking_enabled',
  'screen_capture_detection_enabled',
  'type',
  'updated_at',
] as const
export const conversationFields = names(FIELDS)

const EXPANSIONS = ['admin_ids', 'member_ids', 'participant_ids'] as const
export const conversationExpansions = names(EXPANSIONS)

export const conversationShape = z.object({
  id: z.string(),
  type: z.enum(['direct', 'group']).optional(),
  participant_ids: z.array(z.string()),
  member_ids: z.array(z.string()),
  admin_ids: z.array(z.string()),
  group_name: z.string().optional(),
  group_avatar_url: z.string().optional(),
  /** The caller's own switch for notifications. */
  is_muted: z.boolean().optional(),
  /** Ours: what the caller signed of it last, as an event of X's is encoded; absent where they never did. */
  mute_event: z.string().optional(),
  message_ttl_ms: z.int().optional(),
  screen_capture_blocking_enabled: z.boolean().optional(),
  screen_capture_detection_enabled: z.boolean().optional(),
  created_at: z.iso.datetime().optional(),
  updated_at: z.iso.datetime().optional(),
  /** Ours: the members changed without a new key; nothing is taken until a member rotates (design 6). */
  rotation_required: z.literal(true).optional(),
  /** Ours: the link by which others may ask to be let in, for admins. */
  invite_url: z.string().optional(),
  invite_expires_at_msec: z.string().optional(),
})
export type Conversation = z.infer<typeof conversationShape>
/** Fields that no filter names. */
type Constant =
  | 'id'
  | 'participant_ids'
  | 'member_ids'
  | 'admin_ids'
  | 'mute_event'
  | 'rotation_required'
  | 'invite_url'
  | 'invite_expires_at_msec'

/** As its reader, who is a member, sees it. `fields` filters where it is given. The lists of people are always there:
 * clients read them without asking. */
export async function conversationOf(
  room: RoomState,
  reader: UserId,
  fields: readonly string[] | undefined,
  { reading, clock }: XchatParts,
): Promise<Conversation> {
  const said = await reading.notifications(room.id, reader)
  const invite = hasRole(room, reader, 'owner') ? inviteOf(room, clock.now()) : null
  const members = [...room.members.keys()]
  const shown: Omit<Conversation, Constant> = {
    type: room.pair ? 'direct' : 'group',
    ...(room.title === null ? {} : { group_name: room.title }),
    ...(room.avatar === null ? {} : { group_avatar_url: room.avatar }),
    is_muted: said?.muted ?? false,
    ...(room.ttlMs === null ? {} : { message_ttl_ms: room.ttlMs }),
    screen_capture_blocking_enabled: false,
    screen_capture_detection_enabled: false,
    created_at: new Date(room.createdAt).toISOString(),
    updated_at: new Date(room.updatedAt).toISOString(),
  }
  const kept: Partial<typeof shown> = fields
    ? Object.fromEntries(Object.entries(shown).filter(([name]) => fields.includes(name)))
    : shown
  return {
    id: resourceId(room),
    ...kept,
    participant_ids: room.pair ? [...room.pair] : members,
    member_ids: members,
    admin_ids: usersWith(room, 'owner'),
    ...(said && kept.is_muted !== undefined
      ? { mute_event: encodeNotifications(said, reader, conversationIdOf(room)) }
      : {}),
    ...(room.closed ? { rotation_required: true } : {}),
    ...(invite === null ? {} : { invite_url: invite.url }),
    ...(invite === null || invite.expiresAt === null ? {} : { invite_expires_at_msec: String(invite.expiresAt) }),
  }
}

/** Whom the expansions speak of, each once. */
export function expandedUsers(rooms: readonly RoomState[], expansions: readonly string[] | undefined): Set<UserId> {
  const users = new Set<UserId>()
  if (!expansions) return users
  const everybody = expansions.includes('member_ids') || expansions.includes('participant_ids')
  for (const room of rooms) {
    for (const user of everybody ? room.members.keys() : usersWith(room, 'owner')) users.add(user)
  }
  return users
}

/** The room's id in `g…`, as a body names it. */
export function groupRoom(text: string): RoomId | undefined {
  const parsed = parseConversationId(text)
  return parsed?.kind === 'group' ? parsed.room : undefined
}
