// From events and states to the documents of this wire (rocketchat.md section 4). No document holds another user's key,
// a private key or a password: a subscription shows the keys of its own user alone, and only where its caller says so.
import { createHash } from 'node:crypto'
import { type UserId, uuidOf } from '@conclave/wire'
import type { OldKey, RoomChanges, RoomEvent } from '../../room/events.ts'
import type { Account } from '../../room/facts.ts'
import type { RoomState } from '../../room/state.ts'
import type { GatewayParts } from '../gateway.ts'
import { fullNameOf, ridOf, slugOf, typeOf, type UserRef, userRefOf } from './names.ts'
import { queueOf } from './waiting.ts'

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
      const [own, others] = body.type === 'members.added' ? ['uj', 'au'] : ['ul', 'ru']
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
    case 'suite.switched':
      say(body.suite === 'none' ? 'room_e2e_disabled' : 'room_e2e_enabled', by.username, by)
      break
    default:
  }
  return shown
}

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
  const { content } = message.body
  const author = userRefOf(message.actor === null ? null : await accountOf(parts, message.actor))
  const isPlain = content.suite === 'none'
  const shown = {
    ...(isPlain ? { text: content.text, attachments: content.extra?.rocketchat?.attachments ?? [] } : { text: '' }),
    author_name: author.username,
    author_icon: `/avatar/${encodeURIComponent(author.username)}`,
    ts: new Date(message.at),
  }
  say(isPlain ? 'message_pinned' : 'message_pinned_e2e', { attachments: [shown] })
}

export async function accountOf(parts: GatewayParts, user: UserId): Promise<Account | undefined> {
  return parts.identity.accounts.peek(user) ?? (await parts.identity.accounts.load(user))
}

/** A room as its members see it. `lastMessage`: only for those who may read it. */
export async function roomDocument(parts: GatewayParts, room: RoomState, lastMessage?: Document): Promise<Document> {
  const [head, creator, waiting] = await Promise.all([
    parts.reading.head(room.id),
    room.createdBy === null ? undefined : accountOf(parts, room.createdBy),
    queueOf(parts, room),
  ])
  const type = typeOf(room)
  const members = type === 'd' ? await Promise.all([...room.members.keys()].map(user => accountOf(parts, user))) : []
  const people = members.filter(account => account !== undefined)
  const name = fullNameOf(room)
  return {
    _id: ridOf(room),
    t: type,
    ...(type === 'd'
      ? { uids: people.map(({ id }) => id), usernames: people.map(({ username }) => username) }
      : { name: slugOf(name), fname: name }),
    msgs: head?.messages ?? 0,
    usersCount: room.members.size,
    u: userRefOf(creator),
    ts: new Date(room.createdAt),
    lm: new Date(head?.lastMessageAt ?? room.createdAt),
    _updatedAt: new Date(Math.max(room.updatedAt, head?.lastMessageAt ?? 0)),
    ...configOf(room),
    ...(await mutedIn(parts, room)),
    ...(type === 'c' ? {} : { encrypted: room.suite !== 'none' }),
    ...(room.epoch ? { e2eKeyId: room.epoch.version } : {}),
    ...(waiting.length > 0 ? { usersWaitingForE2EKeys: waiting } : {}),
    ...(room.outdated && room.suite === 'rocketchat' ? { e2eKeyOutdated: true } : {}),
    ...(lastMessage ? { lastMessage } : {}),
  }
}

/** What the room is set to. Of a code for joining only that there is one. */
function configOf({ config, topic, isDefault }: RoomState): Document {
  const { description, announcement, readOnly, reactWhenReadOnly, archived, broadcast, customFields } = config
  return {
    ro: readOnly,
    default: isDefault,
    sysMes: config.hiddenMessages.length > 0 ? config.hiddenMessages : true,
    customFields,
    ...(topic === '' ? {} : { topic }),
    ...(description === '' ? {} : { description }),
    ...(announcement === '' ? {} : { announcement }),
    ...(reactWhenReadOnly ? { reactWhenReadOnly } : {}),
    ...(archived ? { archived } : {}),
    ...(broadcast ? { broadcast } : {}),
    ...(config.featured ? { featured: true } : {}),
    ...(config.favorite ? { favorite: true } : {}),
    ...(config.joinCode ? { joinCodeRequired: true } : {}),
  }
}

async function mutedIn(parts: GatewayParts, room: RoomState): Promise<Document> {
  const now = parts.clock.now()
  const muted: string[] = []
  for (const { kind, user, until } of room.sanctions) {
    if (kind !== 'mute' || (until !== null && until <= now)) continue
    const account = await accountOf(parts, user)
    if (account) muted.push(account.username)
  }
  const unmuted: string[] = []
  for (const user of room.voiced) {
    const account = await accountOf(parts, user)
    if (account) unmuted.push(account.username)
  }
  return { ...(muted.length > 0 ? { muted } : {}), ...(unmuted.length > 0 ? { unmuted } : {}) }
}

/** `own`: the keys of its user, for that user alone. `saved`: another's, with only the key that the caller just saved. */
export type Shown = { readonly keys: 'own' } | { readonly keys: 'saved'; readonly key: string }

/** A user's membership of a room. Counters are fresh ones: this wire counts no unread messages yet. */
export async function subscriptionDocument(
  parts: GatewayParts,
  room: RoomState,
  account: Account,
  shown: Shown,
): Promise<Document> {
  const since = new Date(room.members.get(account.id)?.at ?? room.createdAt)
  const names = await namesFor(parts, room, account.id)
  const held = room.keys.get(account.id)
  const said = room.suite === 'xchat' ? await parts.reading.notifications(room.id, account.id) : undefined
  const keys: Document =
    shown.keys === 'saved'
      ? { E2EKey: shown.key }
      : {
          ...(held?.accepted ? { E2EKey: held.accepted } : {}),
          ...(held?.suggested ? { E2ESuggestedKey: held.suggested } : {}),
          ...(held && held.old.length > 0 ? { oldRoomKeys: held.old.map(oldKeyDocument) } : {}),
          ...(held && held.suggestedOld.length > 0
            ? { suggestedOldRoomKeys: held.suggestedOld.map(oldKeyDocument) }
            : {}),
        }
  return {
    _id: subscriptionIdOf(room, account.id),
    open: true,
    alert: false,
    unread: 0,
    userMentions: 0,
    groupMentions: 0,
    ts: since,
    rid: ridOf(room),
    ...names,
    customFields: {},
    t: typeOf(room),
    u: userRefOf(account),
    ls: since,
    _updatedAt: new Date(room.updatedAt),
    roles: rolesIn(room, account.id),
    ...(room.config.archived ? { archived: true } : {}),
    ...(room.config.readOnly ? { ro: true } : {}),
    ...(room.suite === 'none' ? {} : { encrypted: true }),
    ...(said ? { disableNotifications: said.muted } : {}),
    ...keys,
  }
}

function oldKeyDocument({ keyId, at, key }: OldKey): Document {
  return { e2eKeyId: keyId, ts: new Date(at), E2EKey: key }
}

async function namesFor(parts: GatewayParts, room: RoomState, user: UserId): Promise<{ name: string; fname: string }> {
  if (typeOf(room) !== 'd' || !room.pair) {
    const fname = fullNameOf(room)
    return { name: slugOf(fname), fname }
  }
  const other = await accountOf(parts, room.pair[0] === user ? room.pair[1] : room.pair[0])
  return { name: other?.username ?? '', fname: other?.name ?? '' }
}

/** Each member who holds a role, with all of them. */
export async function roleDocuments(parts: GatewayParts, room: RoomState): Promise<Document[]> {
  const holders = new Set([...room.roles.keys(), ...room.leaders])
  const documents: Document[] = []
  for (const user of holders) {
    const account = room.members.has(user) ? await accountOf(parts, user) : undefined
    if (!account) continue
    const roles = rolesIn(room, user)
    documents.push({ _id: subscriptionIdOf(room, user), rid: ridOf(room), u: userRefOf(account), roles })
  }
  return documents
}

/** A user's roles in the room, as this wire names them. */
export function rolesIn(room: RoomState, user: UserId): string[] {
  return [...(room.roles.get(user) ?? []), ...(room.leaders.has(user) ? ['leader'] : [])]
}

/** Opaque, the same on every node: 17 characters, as ids of the real server. */
export function subscriptionIdOf(room: RoomState, user: UserId): string {
  return createHash('sha256').update(`${room.id}:${user}`, 'utf8').digest('base64url').slice(0, 17)
}

/** The roles that somebody has everywhere; those of a room stand in its state. */
export function globalRolesOf(account: Account): string[] {
  const admin = account.roles.includes('admin') || account.roles.includes('superuser')
  return [...(account.wireRoles ?? ['user']), ...(admin ? ['admin'] : [])]
}
