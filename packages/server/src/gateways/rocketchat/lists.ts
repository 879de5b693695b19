// The rooms and memberships of a user, whole or as far as they have changed since some time, and what is gone since then.
import type { Account } from '../../room/facts.ts'
import type { RoomState } from '../../room/state.ts'
import type { GatewayParts } from '../gateway.ts'
import type { Document } from './encode.ts'
import type { Gate } from './gate.ts'
import { ridOf } from './names.ts'
import { changedAt, roomDocuments } from './room-document.ts'
import { subscriptionDocuments, subscriptionIdOf } from './subscription-document.ts'

export interface Changed {
  readonly update: readonly Document[]
  readonly remove: readonly Document[]
}

/** Those that the ACL `list` shows. `since`: only what has changed after it. */
export async function roomsFor({ parts }: Gate, account: Account, since: Date | null): Promise<Document[]> {
  const listed: RoomState[] = []
  for (const room of await parts.reading.roomsOf(account.id))
    if (await isListed(parts, account, room)) listed.push(room)
  if (since === null) return roomDocuments(parts, account, listed)
  const heads = new Map((await parts.reading.heads(listed.map(({ id }) => id))).map(head => [head.room, head]))
  const changed = listed.filter(room => changedAt(room, heads.get(room.id)) > since.getTime())
  return roomDocuments(parts, account, changed)
}

async function isListed({ identity, reading }: GatewayParts, account: Account, room: RoomState): Promise<boolean> {
  const channel = identity.channels.peek(room.channel) ?? (await identity.channels.load(room.channel))
  return channel !== undefined && reading.mayList(account, room, channel)
}

export async function subscriptionsFor(gate: Gate, account: Account, since: Date | null): Promise<Document[]> {
  const documents = await subscriptionDocuments(gate, account, await gate.parts.reading.roomsOf(account.id))
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
