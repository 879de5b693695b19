// Memberships as their users see them (rocketchat.md section 4): one document, or those of many rooms with one read for all.
import { createHash } from 'node:crypto'
import type { UserId } from '@conclave/wire'
import { uuidOf } from '@conclave/wire'
import { NOTIFICATIONS, notificationsIn } from '../../../engine/notifications.ts'
import { PAGE } from '../../../limits.ts'
import type { OldKey } from '../../../room/events.ts'
import type { Account } from '../../../room/facts.ts'
import type { RoomState } from '../../../room/state.ts'
import type { Counted, Membership } from '../../../store/store.ts'
import type { GatewayParts } from '../../gateway.ts'
import { accountOf, type Document } from '../encode.ts'
import type { Gate } from '../gate.ts'
import { fullNameOf, ridOf, shortNameOf, typeOf, type UserRef, userRefOf } from '../names.ts'
import { branchDocument } from './branches.ts'
import { inOrder } from './room-document.ts'

/** `own`: the keys of its user, for that user alone. `saved`: another's, with fresh counters, nothing of what they keep, and
 * only the key that the caller just saved. */
export type Shown = { readonly keys: 'own' } | { readonly keys: 'saved'; readonly key: string }

/** Of whoever is no member now it is as of a new one. */
export async function subscriptionDocument(
  gate: Gate,
  room: RoomState,
  account: Account,
  shown: Shown = { keys: 'own' },
): Promise<Document> {
  const named = [{ user: account.id, room: room.id }]
  const [found] = shown.keys === 'own' ? await gate.parts.reading.memberships(named, counted(gate)) : []
  return documentOf(gate, room, account, found, shown)
}

/** Those of rooms of which the user is a member. */
export async function subscriptionDocuments(
  gate: Gate,
  account: Account,
  rooms: readonly RoomState[],
): Promise<Document[]> {
  const { reading } = gate.parts
  const named = rooms.map(({ id }) => ({ user: account.id, room: id }))
  const found = new Map((await reading.memberships(named, counted(gate))).map(one => [one.room, one]))
  const quiet = rooms.some(({ suite }) => suite === 'xchat') ? await quietRooms(gate, account.id) : null
  const documents: Document[] = []
  for (const room of rooms)
    documents.push(await documentOf(gate, room, account, found.get(room.id), { keys: 'own' }, quiet))
  return documents
}

/** A membership that is at hand. */
export function documentOfMembership(
  gate: Gate,
  room: RoomState,
  account: Account,
  membership: Membership,
): Promise<Document> {
  return documentOf(gate, room, account, membership, { keys: 'own' })
}

/** In which rooms messages are counted: in the others only those that name somebody. */
export function counted({ settings }: Pick<Gate, 'settings'>): Counted {
  return settings.get('Unread_Count') === 'all_messages' ? 'all' : 'direct'
}

/** What the settings make of unread messages and mentions. */
export function unreadIn({ settings }: Pick<Gate, 'settings'>, room: RoomState, found: Membership): number {
  const { unread, userMentions, groupMentions } = found
  const rule = typeOf(room) === 'd' ? settings.get('Unread_Count_DM') : settings.get('Unread_Count')
  const number =
    rule === 'all_messages'
      ? unread
      : rule === 'user_mentions_only'
        ? userMentions
        : rule === 'group_mentions_only'
          ? groupMentions
          : userMentions + groupMentions
  return found.unreadFrom ? Math.max(1, number) : number
}

/** A direct room appears to who has not begun it once something is said in it. */
export function isOpen(room: RoomState, { user, open, keptAt, lastMessageAt }: Membership): boolean {
  const silent = room.pair !== null && room.createdBy !== user && keptAt === 0 && lastMessageAt === null
  return open && !silent
}

async function documentOf(
  gate: Gate,
  room: RoomState,
  account: Account,
  found: Membership | undefined,
  shown: Shown,
  quiet: ReadonlyMap<string, boolean> | null = null,
): Promise<Document> {
  const since = room.members.get(account.id)?.at ?? room.createdAt
  return {
    _id: subscriptionIdOf(room, account.id),
    ...(found ? countersOf(gate, room, found) : FRESH),
    ts: new Date(since),
    rid: ridOf(room),
    ...(await namesFor(gate, room, account)),
    customFields: room.config.customFields,
    t: typeOf(room),
    u: userRefOf(account),
    ls: new Date(found?.unreadFrom ? found.unreadFrom.at - 1 : Math.max(found?.cursor?.at ?? 0, since)),
    ...(found && found.repliedAt !== null ? { lr: new Date(found.repliedAt) } : {}),
    _updatedAt: new Date(
      Math.max(room.updatedAt, found?.lastMessageAt ?? 0, found?.cursor?.at ?? 0, found?.keptAt ?? 0),
    ),
    roles: rolesIn(room, account.id),
    ...(room.config.archived ? { archived: true } : {}),
    ...(room.config.readOnly ? { ro: true } : {}),
    ...blockedIn(room, account),
    ...(room.suite === 'none' ? {} : { encrypted: true }),
    ...(await branchDocument(gate.parts, room)),
    ...(shown.keys === 'own' ? await preferencesOf(gate, room, account, found, quiet) : {}),
    ...keysOf(room, account.id, shown),
  }
}

/** Both sides are told: who blocks, and who is blocked. */
function blockedIn({ blockers }: RoomState, { id }: Account): Document {
  if (blockers.size === 0) return {}
  const others = blockers.size - (blockers.has(id) ? 1 : 0)
  return { ...(blockers.has(id) ? { blocker: true } : {}), ...(others > 0 ? { blocked: true } : {}) }
}

const FRESH = { open: true, alert: false, unread: 0, userMentions: 0, groupMentions: 0 } as const

function countersOf(gate: Gate, room: RoomState, found: Membership): Document {
  const threads = found.unreadThreads.map(({ messageId, id }) => messageId ?? uuidOf(id))
  return {
    open: isOpen(room, found),
    alert: found.alert || threads.length > 0,
    unread: unreadIn(gate, room, found),
    userMentions: found.userMentions,
    groupMentions: found.groupMentions,
    ...(threads.length > 0 ? { tunread: threads } : {}),
  }
}

/** What the user keeps of the room, and what they prefer everywhere where they say nothing of this one. */
async function preferencesOf(
  gate: Gate,
  room: RoomState,
  account: Account,
  found: Membership | undefined,
  quiet: ReadonlyMap<string, boolean> | null,
): Promise<Document> {
  const { ignored, threads: _threads, ...kept } = found?.kept ?? {}
  const ignoredUsers = Object.keys(ignored ?? {})
  return {
    ...(await preferredBy(gate, account)),
    ...(room.suite === 'xchat' ? await quietIn(gate, room, account.id, quiet) : {}),
    ...kept,
    ...(ignoredUsers.length > 0 ? { ignored: ignoredUsers } : {}),
  }
}

const EVERYWHERE = [
  ['desktopNotifications', 'desktopNotifications', 'desktopPrefOrigin'],
  ['pushNotifications', 'mobilePushNotifications', 'mobilePrefOrigin'],
  ['emailNotificationMode', 'emailNotifications', 'emailPrefOrigin'],
] as const

async function preferredBy({ people }: Gate, account: Account): Promise<Document> {
  const { preferences } = (await people.about(account)).profile
  const preferred: Record<string, unknown> = {}
  for (const [preference, field, origin] of EVERYWHERE) {
    const value = preferences[preference]
    if (typeof value !== 'string' || value === 'default') continue
    preferred[field] = value
    preferred[origin] = 'user'
  }
  return preferred
}

async function quietIn(
  { parts }: Gate,
  room: RoomState,
  user: UserId,
  quiet: ReadonlyMap<string, boolean> | null,
): Promise<Document> {
  const muted = quiet ? quiet.get(`${user}.${room.id}`) : (await parts.reading.notifications(room.id, user))?.muted
  return muted === undefined ? {} : { disableNotifications: muted }
}

/** What a user of X has said of all of their conversations, in one list. */
async function quietRooms({ parts }: Gate, user: UserId): Promise<ReadonlyMap<string, boolean>> {
  const said = await parts.reading.documents(NOTIFICATIONS, { owner: user, limit: PAGE })
  return new Map(said.map(document => [document.key, notificationsIn(document).muted]))
}

function keysOf(room: RoomState, user: UserId, shown: Shown): Document {
  if (shown.keys === 'saved') return { E2EKey: shown.key }
  const held = room.keys.get(user)
  return {
    ...(held?.accepted ? { E2EKey: held.accepted } : {}),
    ...(held?.suggested ? { E2ESuggestedKey: held.suggested } : {}),
    ...(held && held.old.length > 0 ? { oldRoomKeys: held.old.map(oldKeyDocument) } : {}),
    ...(held && held.suggestedOld.length > 0 ? { suggestedOldRoomKeys: held.suggestedOld.map(oldKeyDocument) } : {}),
  }
}

function oldKeyDocument({ keyId, at, key }: OldKey): Document {
  return { e2eKeyId: keyId, ts: new Date(at), E2EKey: key }
}

/** A direct room is named by the others in it, and by oneself where one is alone. */
async function namesFor(gate: Gate, room: RoomState, { id }: Account): Promise<{ name: string; fname: string }> {
  if (typeOf(room) !== 'd' || !room.direct) {
    const fname = fullNameOf(room)
    return { name: shortNameOf(room), fname }
  }
  const others = room.direct.length === 1 ? room.direct : room.direct.filter(user => user !== id)
  const people = inOrder(
    (await Promise.all(others.map(user => accountOf(gate.parts, user)))).filter(one => one !== undefined),
  )
  return {
    name: people.map(({ username }) => username).join(','),
    fname: people.map(({ name, username }) => name || username).join(', '),
  }
}

/** Each member who holds a role, with all of them. */
export async function roleDocuments(parts: GatewayParts, room: RoomState): Promise<Document[]> {
  const holders = new Set([...room.roles.keys(), ...room.leaders])
  const documents: (Document & { readonly u: UserRef })[] = []
  for (const user of holders) {
    const account = room.members.has(user) ? await accountOf(parts, user) : undefined
    if (!account) continue
    const roles = rolesIn(room, user)
    documents.push({ _id: subscriptionIdOf(room, user), rid: ridOf(room), u: userRefOf(account), roles })
  }
  return documents.sort((a, b) => (a.u.username < b.u.username ? -1 : 1))
}

/** A user's roles in the room, as this wire names them. */
export function rolesIn(room: RoomState, user: UserId): string[] {
  return [...(room.roles.get(user) ?? []), ...(room.leaders.has(user) ? ['leader'] : [])]
}

/** Opaque, the same on every node: 17 characters, as ids of the real server. */
export function subscriptionIdOf(room: RoomState, user: UserId): string {
  return createHash('sha256').update(`${room.id}:${user}`, 'utf8').digest('base64url').slice(0, 17)
}
