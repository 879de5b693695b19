// `unreadMessages`: a room is unread again, from a message on or from its last one.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { messageOf } from '../messages/found-message.ts'
import { type Call, method } from '../method.ts'
import { id } from '../params.ts'
import { markUnread, membershipIn, ownMembership } from '../rooms/membership-acts.ts'

const NAME = 'unreadMessages'
const ABOUT = { method: NAME, action: 'Unread_messages' }
const message = z.looseObject({ _id: id })

export const unreadMessages = method({
  name: NAME,
  params: z
    .tuple([message.nullish(), id.nullish()])
    .rest(z.unknown())
    .or(z.tuple([message])),
  run: (call, [first, rid]) => unread(call, { first: first?._id, rid: rid ?? undefined }),
})

/** `first`: the message from which on; else the last one of a room. */
export async function unread(
  { gate, caller }: Pick<Call, 'gate' | 'caller'>,
  { first, rid }: { readonly first: string | undefined; readonly rid: string | undefined },
): Promise<undefined | MeteorError> {
  if (rid !== undefined) {
    const own = await ownMembership(gate, caller, rid)
    const last = own && (await gate.parts.reading.lastMessages(caller.account, [own.room])).get(own.room.id)
    if (!last) return new MeteorError('error-no-message-for-unread', 'There are no messages to mark unread', ABOUT)
    await markUnread(gate, own, last.sequence)
    return undefined
  }
  const found = first === undefined ? undefined : await messageOf(gate, caller, first)
  if (!found || found.event.actor === caller.account.id)
    return new MeteorError('error-action-not-allowed', 'Not allowed', ABOUT)
  const own = await membershipIn(gate, caller, found)
  if (!own) return new MeteorError('error-subscription-not-found', 'Subscription not found', ABOUT)
  const { cursor, opened, unreadFrom } = own.membership
  const isUnread = found.event.sequence > Math.max(cursor?.sequence ?? 0, opened)
  if (!isUnread || unreadFrom) await markUnread(gate, own, found.event.sequence)
  return undefined
}
