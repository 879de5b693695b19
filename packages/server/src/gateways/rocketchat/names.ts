// How this wire names things (design 3 "Ids", 6 "Where rooms lie"): room ids, kinds, slugs.
import { compareIds, groupIdOf, idOfUuid, isUserId, type RoomId, type UserId, uuidOf } from '@conclave/wire'
import type { Account, Channel } from '../../room/facts.ts'
import type { RoomState } from '../../room/state.ts'
import type { GatewayParts } from '../gateway.ts'

export interface Found {
  readonly room: RoomState
  readonly channel: Channel
}

/** True for the direct rooms of Dino and this wire, which are named after their two users. */
function isPair(room: RoomState): boolean {
  return room.pair !== null && room.suite !== 'xchat'
}

const rids = new WeakMap<RoomState, string>()

/** Room states are replaced, never changed: an id found once holds for all that have the room's id. It needs no escape in JSON. */
export function ridOf(room: RoomState): string {
  const known = rids.get(room)
  if (known !== undefined) return known
  const rid = isPair(room) && room.pair ? room.pair[0] + room.pair[1] : uuidOf(room.id)
  rids.set(room, rid)
  return rid
}

/** Two users in numeric order. */
export function pairOf(a: UserId, b: UserId): readonly [UserId, UserId] {
  return compareIds(a, b) <= 0 ? [a, b] : [b, a]
}

/** The id of the room that every server of this kind has from its beginning, as clients' programs write it. */
const FIRST_ROOM = 'GENERAL'

/** The same of most rooms that somebody is in: from memory. undefined: `roomOf` has to look for it. */
export function roomAtHand(parts: GatewayParts, rid: string): Found | undefined {
  const id = idOfUuid(rid)
  const found = id === undefined ? undefined : parts.reading.peek(id as RoomId)
  return found && ridOf(found.room) === rid ? found : undefined
}

/** The room that a client means; undefined for what it cannot know and for every foreign form. */
export async function roomOf(parts: GatewayParts, caller: Account, rid: string): Promise<Found | undefined> {
  const id = idOfUuid(rid)
  if (id !== undefined) {
    const found = await parts.reading.room(id as RoomId)
    return found && ridOf(found.room) === rid ? found : undefined
  }
  if (rid === FIRST_ROOM) {
    const room = (await parts.reading.named('general')).find(each => typeOf(each) === 'c')
    return room && parts.reading.room(room.id)
  }
  for (const other of others(rid, caller.id)) {
    const pair = pairOf(caller.id, other)
    if (pair[0] + pair[1] !== rid) continue
    const room = await parts.reading.direct(pair, 'direct')
    if (room && !room.removed) return parts.reading.room(room.id)
  }
  return undefined
}

/** Whether a text has the form of a room's id: a uuid, whether or not of this server's making, or two users' ids joined. */
export function isRidLike(text: string): boolean {
  return RID.test(text)
}
const RID = /^(?:[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|\d{2,38})$/i

/** Who the other user of a joined id can be: it begins or ends with the caller's. */
function* others(rid: string, caller: UserId): Iterable<UserId> {
  if (rid.length > 38) return
  if (rid.startsWith(caller)) yield* userIn(rid.slice(caller.length))
  if (rid.endsWith(caller)) yield* userIn(rid.slice(0, rid.length - caller.length))
}

function* userIn(text: string): Iterable<UserId> {
  if (isUserId(text)) yield text
}

export type RoomType = 'c' | 'p' | 'd'

/** An X room is a private group to its members, a pair of X too. */
export function typeOf(room: RoomState): RoomType {
  if (room.suite === 'xchat' || room.kind === 'private') return 'p'
  return room.kind === 'direct' ? 'd' : 'c'
}

/** As members read it: never ciphertext. Direct rooms are named by the other user instead. */
export function fullNameOf(room: RoomState): string {
  return room.name ?? groupIdOf(room.id)
}

/** What clients address the room by. A discussion's name may be another room's too, so that it goes by its id. */
export function shortNameOf(room: RoomState): string {
  return room.discussionOf ? groupIdOf(room.id) : slugOf(fullNameOf(room))
}

export function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\p{L}\p{N}_.-]+/gu, '-')
    .replace(/^-+|-+$/g, '')
  return slug === '' ? name : slug
}

export interface UserRef {
  readonly _id: string
  readonly username: string
  readonly name: string
}

/** Who stands for the server in messages. */
export const SERVER: UserRef = { _id: 'rocket.cat', username: 'rocket.cat', name: 'Conclave' }

export function userRefOf(account: Account | null | undefined): UserRef {
  return account ? { _id: account.id, username: account.username, name: account.name } : SERVER
}
