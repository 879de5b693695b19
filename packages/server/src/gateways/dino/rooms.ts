// How requests name rooms and channels: by UUID, by plain name, or, for a talk between two, by the other's user id.

import { type ChannelId, compareIds, idOfUuid, isUserId, type RoomId, type UserId } from '@conclave/wire'
import { blankRoom } from '../../room/commands/create-room.ts'
import type { Account, Channel } from '../../room/facts.ts'
import type { Rejection } from '../../room/rejection.ts'
import { isRejection } from '../../room/rejection.ts'
import { belongs, isHidden, mayModerate, type Origin } from '../../room/rights.ts'
import type { RoomState } from '../../room/state.ts'
import type { GatewayParts } from '../gateway.ts'
import { echo } from './activity.ts'
import { CODE, type Refusal, refusal } from './errors.ts'

export interface Found {
  readonly room: RoomState
  readonly channel: Channel
}

export async function roomOf({ reading }: GatewayParts, id: string): Promise<Found | undefined> {
  const room = idOfUuid(id)
  return room === undefined ? undefined : reading.room(room as RoomId)
}

/** The same from memory, without a wait; undefined also for one that is not there. */
export function roomAtHand({ reading }: GatewayParts, id: string): Found | undefined {
  const room = idOfUuid(id)
  return room === undefined ? undefined : reading.peek(room as RoomId)
}

/** A room that the user may know of: a hidden one only if they belong to it. */
export async function roomKnownTo(parts: GatewayParts, id: string, account: Account): Promise<Found | undefined> {
  const found = await roomOf(parts, id)
  return found && (!isHidden(found.room) || belongs(found.room, account.id)) ? found : undefined
}

/** The same for whoever wants to rule it: operators and the channel's owners may without belonging to it. */
export async function roomRuledBy(parts: GatewayParts, id: string, account: Account): Promise<Found | undefined> {
  const found = await roomOf(parts, id)
  if (!found) return undefined
  const { room, channel } = found
  return !isHidden(room) || belongs(room, account.id) || mayModerate(room, channel, account) ? found : undefined
}

export async function channelOf({ identity }: GatewayParts, id: string): Promise<Channel | undefined> {
  const channel = idOfUuid(id)
  if (channel === undefined) return undefined
  return identity.channels.peek(channel) ?? identity.channels.load(channel)
}

/** One room of that plain name; of several the default room. Hidden rooms have no name for those outside. */
export async function roomNamed({ reading }: GatewayParts, name: string, account: Account): Promise<Found | Refusal> {
  const named = (await reading.named(name)).filter(room => !isHidden(room) || belongs(room, account.id))
  const main = named.length > 1 ? named.filter(room => room.isDefault) : named
  if (named.length > 1 && main.length !== 1)
    return refusal(CODE.MULTIPLE_ROOMS_WITH_NAME, `there are ${named.length} rooms with the name "${echo(name)}"`)
  const found = main[0] && (await reading.room(main[0].id))
  return found ?? refusal(CODE.NO_SUCH_ROOM, `room with name "${echo(name)}" does not exist`)
}

export function isRefusal(value: Found | Refusal): value is Refusal {
  return 'code' in value
}

/** The direct room of two users; undefined where they have none yet. */
export async function directRoom({ reading }: GatewayParts, a: UserId, b: UserId): Promise<Found | undefined> {
  const direct = await reading.direct(pairOf(a, b), 'direct')
  return direct && reading.room(direct.id)
}

/** The same, made where there is none. */
export async function openDirectRoom(
  parts: GatewayParts,
  from: Account,
  to: UserId,
  session: string,
): Promise<Found | Rejection> {
  const known = await directRoom(parts, from.id, to)
  if (known) return known
  const pair = pairOf(from.id, to)
  const done = await parts.engine.submit({
    room: parts.newId() as RoomId,
    channel: parts.roomsChannel,
    command: {
      command: 'create-room',
      actor: from.id,
      room: blankRoom({ suite: 'none', kind: 'direct', members: pair, pair }),
      claimName: false,
      slot: null,
      epoch: null,
    },
    session,
    bytes: 256,
  })
  // Both may begin at once: whoever came second talks in the room of the first.
  const room = isRejection(done) ? (done.rejected === 'room.taken' ? done.room : done) : done.room.id
  if (typeof room !== 'string') return room
  return (await parts.reading.room(room)) ?? { rejected: 'room.unknown' }
}

function pairOf(a: UserId, b: UserId): readonly [UserId, UserId] {
  return compareIds(a, b) <= 0 ? [a, b] : [b, a]
}

/** The user whom a private request names instead of a room. */
export function userNamed(id: string): UserId | undefined {
  return isUserId(id) ? id : undefined
}

/** Where a request says that it comes from (`actor.url`). */
export async function originOf({ occupancy }: GatewayParts, { room }: Found, account: Account): Promise<Origin> {
  const inside = room.members.has(account.id) || (await occupancy.inside(room.id, account.id))
  return { room: room.id, channel: room.channel as ChannelId, inside }
}
