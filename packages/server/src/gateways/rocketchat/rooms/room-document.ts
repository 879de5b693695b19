// Rooms as their members see them (rocketchat.md section 4): one document, or those of many rooms with one read for all.
import type { Account } from '../../../room/facts.ts'
import type { RoomState } from '../../../room/state.ts'
import type { Head } from '../../../store/store.ts'
import type { GatewayParts } from '../../gateway.ts'
import { accountOf, type Document } from '../encode.ts'
import { queueOf } from '../keys/waiting.ts'
import { currentDocument, documentsFor } from '../messages/encode-message.ts'
import { fullNameOf, ridOf, shortNameOf, typeOf, userRefOf } from '../names.ts'
import { branchDocument } from './branches.ts'
import { isOneSided } from './direct.ts'

/** For its members, and what somebody sees of an open one. `lastMessage`: only for those who may read it. */
export async function roomDocument(parts: GatewayParts, room: RoomState, lastMessage?: Document): Promise<Document> {
  return documentOf(parts, room, await parts.reading.head(room.id), lastMessage, await queueOf(parts, room))
}

/** Rooms as the reader may know them: with their last messages where the reader may see them, and who waits for a key
 * where the reader is a member. */
export async function roomDocuments(
  parts: GatewayParts,
  reader: Account,
  rooms: readonly RoomState[],
): Promise<Document[]> {
  const heads = new Map((await parts.reading.heads(rooms.map(({ id }) => id))).map(head => [head.room, head]))
  const last = await parts.reading.lastMessages(reader, rooms)
  const documents: Document[] = []
  for (const room of rooms) {
    const event = last.get(room.id)
    const shown = event && (await currentDocument(parts, event, room))
    documents.push(await documentOf(parts, room, heads.get(room.id), shown, await waitingFor(parts, reader, room)))
  }
  return documents
}

/** The same of one, its last message with the reader's own star. */
export async function roomDocumentFor(parts: GatewayParts, reader: Account, room: RoomState): Promise<Document> {
  const head = await parts.reading.head(room.id)
  const last = (await parts.reading.lastMessages(reader, [room])).get(room.id)
  const [lastMessage] = last ? await documentsFor(parts, reader, room, [last]) : []
  return documentOf(parts, room, head, lastMessage, await waitingFor(parts, reader, room))
}

/** Of no matter to whoever is not a member. */
async function waitingFor(parts: GatewayParts, reader: Account, room: RoomState): ReturnType<typeof queueOf> {
  return room.members.has(reader.id) ? queueOf(parts, room) : []
}

/** ms since 1970 of the newest change that the room's document shows. */
export function changedAt(room: RoomState, head: Head | undefined): number {
  return Math.max(room.updatedAt, head?.lastAt ?? 0)
}

async function documentOf(
  parts: GatewayParts,
  room: RoomState,
  head: Head | undefined,
  lastMessage: Document | undefined,
  waiting: Awaited<ReturnType<typeof queueOf>>,
): Promise<Document> {
  const creator = room.createdBy === null ? undefined : await accountOf(parts, room.createdBy)
  const type = typeOf(room)
  return {
    _id: ridOf(room),
    t: type,
    ...(room.direct && type === 'd'
      ? await peopleOf(parts, room.direct)
      : { name: shortNameOf(room), fname: fullNameOf(room) }),
    msgs: (head?.messages ?? 0) + room.notices,
    usersCount: room.members.size,
    u: userRefOf(creator),
    ts: new Date(room.createdAt),
    ...(head && head.lastMessageAt !== null ? { lm: new Date(head.lastMessageAt) } : {}),
    _updatedAt: new Date(changedAt(room, head)),
    ...configOf(room),
    ...((await isOneSided(parts, room)) ? { ro: true } : {}),
    ...(await mutedIn(parts, room)),
    ...(await branchDocument(parts, room)),
    ...(room.suite !== 'none' || room.switched ? { encrypted: room.suite !== 'none' } : {}),
    ...(room.epoch ? { e2eKeyId: room.epoch.version } : {}),
    ...(waiting.length > 0 ? { usersWaitingForE2EKeys: waiting } : {}),
    ...(room.outdated && room.suite === 'rocketchat' ? { e2eKeyOutdated: true } : {}),
    ...(lastMessage ? { lastMessage } : {}),
  }
}

export async function peopleOf(parts: GatewayParts, users: NonNullable<RoomState['direct']>): Promise<Document> {
  const people = (await Promise.all(users.map(user => accountOf(parts, user)))).filter(one => one !== undefined)
  return { uids: [...users], usernames: inOrder(people).map(({ username }) => username) }
}

/** As lists of people in direct rooms are shown: by name. */
export function inOrder(people: readonly Account[]): Account[] {
  return people.toSorted((a, b) => (a.name || a.username).localeCompare(b.name || b.username))
}
/** What the room is set to. Of a code for joining only that there is one. */
function configOf({ config, topic, isDefault }: RoomState): Document {
  const { description, announcement, readOnly, reactWhenReadOnly, archived, broadcast, customFields } = config
  return {
    ro: readOnly,
    default: isDefault,
    sysMes: config.hiddenMessages.length > 0 ? config.hiddenMessages : true,
    ...(Object.keys(customFields).length > 0 ? { customFields } : {}),
    ...(topic === '' ? {} : { topic }),
    ...(description === '' ? {} : { description }),
    ...(announcement === '' ? {} : { announcement }),
    ...(reactWhenReadOnly ? { reactWhenReadOnly } : {}),
    ...(archived ? { archived } : {}),
    ...(broadcast ? { broadcast } : {}),
    ...(config.featured ? { featured: true } : {}),
    ...(config.favorite ? { favorite: true } : {}),
    ...(config.sidepanel.length > 0 ? { sidepanel: { items: config.sidepanel } } : {}),
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
