// What a subscription is owed of an event, decided anew at each delivery (L10): the user may still be told of it, the app
// may still read for the user, and the event means the type that was asked for.
import type { RoomId, UserId } from '@conclave/wire'
import type { RoomEvent } from '../../../room/events.ts'
import type { Account } from '../../../room/facts.ts'
import { isRejection } from '../../../room/rejection.ts'
import { checkStanding } from '../../../room/rights.ts'
import type { RoomState } from '../../../room/state.ts'
import type { GatewayParts } from '../../gateway.ts'
import type { Consents } from './consents.ts'
import { scopeOf } from './event-types.ts'
import type { Subscription } from './subscriptions.ts'
import { aboutUser } from './subscriptions.ts'

type Parts = Pick<GatewayParts, 'reading' | 'identity' | 'clock'> & { readonly consents: Consents }

/** Somebody who may be told now, for this subscription; wherever it happened. */
export async function listenerOf(subscription: Subscription, parts: Parts): Promise<Account | undefined> {
  const user = aboutUser(subscription)
  if (user === null) return undefined
  const { app } = subscription.owner
  if (app !== null && !(await parts.consents.holds(app, user, scopeOf(subscription.type)))) return undefined
  const { accounts } = parts.identity
  return accounts.peek(user) ?? (await accounts.load(user))
}

/** Whether an event that was just published may go to this member or former one: everything is in memory. */
export async function maySeeNow(
  account: Account,
  room: RoomState,
  ownRemoval: boolean,
  { identity, reading, clock }: Parts,
): Promise<boolean> {
  const channel = identity.channels.peek(room.channel) ?? (await identity.channels.load(room.channel))
  if (!channel) return false
  // After the last wait.
  const now = reading.newest(room)
  if (ownRemoval) return checkStanding(null, channel, account, clock.now()) === null
  return now.members.has(account.id) && checkStanding(now, channel, account, clock.now()) === null
}

/** An event of the log as this user may read it now, with its room. */
export async function readAs(
  account: Account,
  room: RoomId,
  sequence: number,
  { reading, identity, clock }: Parts,
): Promise<{ readonly event: RoomEvent; readonly room: RoomState } | undefined> {
  const page = { select: 'all', order: 'oldest', after: sequence - 1, before: sequence + 1, limit: 1 } as const
  const read = await reading.page(account, room, page)
  if (!isRejection(read) && read.events[0]) return { event: read.events[0], room: read.room }
  const event = await reading.ownRemoval(account.id, room, sequence)
  const found = event && (await reading.room(room))
  if (!event || !found) return undefined
  const channel = identity.channels.peek(found.room.channel) ?? found.channel
  return checkStanding(null, channel, account, clock.now()) ? undefined : { event, room: found.room }
}

export function isMember(room: RoomState, user: UserId): boolean {
  return room.members.has(user)
}
