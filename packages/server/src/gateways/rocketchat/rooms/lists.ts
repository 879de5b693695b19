// The rooms and memberships of a user, whole or as far as they have changed since some time, and what is gone since then.
import type { Account } from '../../../room/facts.ts'
import type { RoomState } from '../../../room/state.ts'
import type { GatewayParts } from '../../gateway.ts'
import type { Document } from '../encode.ts'
import type { Gate } from '../gate.ts'
import { ROOMS_TOGETHER } from '../limits.ts'
import { ridOf } from '../names.ts'
import { changedAt, roomDocuments } from './room-document.ts'
import { subscriptionDocuments, subscriptionIdOf } from './subscription-document.ts'

export interface Changed {
  readonly update: readonly Document[]
  readonly remove: readonly Document[]
}

/** Those that the ACL `list` shows. `since`: only what has changed after it. */
export async function roomsFor(gate: Gate, account: Account, since: Date | null): Promise<Document[]> {
  const { parts } = gate
  const listed: RoomState[] = []
  for (const room of await parts.reading.roomsOf(account.id))
    if (await isListed(parts, account, room)) listed.push(room)
  const show = (rooms: readonly RoomState[]) => roomDocuments(parts, account, rooms)
  if (since === null) return inPortions(gate, listed, show)
  const heads = new Map((await parts.reading.heads(listed.map(({ id }) => id))).map(head => [head.room, head]))
  const changed = listed.filter(room => changedAt(room, heads.get(room.id)) > since.getTime())
  return inPortions(gate, changed, show)
}

/** Of some rooms at a time: between them others have their turn. */
async function inPortions(
  { pace }: Gate,
  rooms: readonly RoomState[],
  show: (rooms: readonly RoomState[]) => Promise<Document[]>,
): Promise<Document[]> {
  const documents: Document[] = []
  for (let at = 0; at < rooms.length; at += ROOMS_TOGETHER) {
    await pace.next('here')
    documents.push(...(await show(rooms.slice(at, at + ROOMS_TOGETHER))))
  }
  return documents
}

async function isListed({ identity, reading }: GatewayParts, account: Account, room: RoomState): Promise<boolean> {
  const channel = identity.channels.peek(room.channel) ?? (await identity.channels.load(room.channel))
  return channel !== undefined && reading.mayList(account, room, channel)
}

export async function subscriptionsFor(gate: Gate, account: Account, since: Date | null): Promise<Document[]> {
  const rooms = await gate.parts.reading.roomsOf(account.id)
  const documents = await inPortions(gate, rooms, portion => subscriptionDocuments(gate, account, portion))
  return since === null ? documents : documents.filter(({ _updatedAt }) => (_updatedAt as Date) > since)
}

/** Nobody learns of rooms in which they were not. */
export async function removedRooms({ parts }: Gate, account: Account, since: Date): Promise<Document[]> {
  const ended = await parts.reading.endedMemberships(account.id, since.getTime())
  return ended.map(({ room, at }) => ({ _id: ridOf(room), _deletedAt: new Date(at) }))
}

export async function removedSubscriptions({ parts }: Gate, account: Account, since: Date): Promise<Document[]> {
  const ended = await parts.reading.endedMemberships(account.id, since.getTime())
  return ended.map(({ room, at }) => ({ _id: subscriptionIdOf(room, account.id), _deletedAt: new Date(at) }))
}
