// What a log-in brings of private rooms (the seed, `login`): the messages of others that its user has not acked, oldest
// first. In an encrypted room that is the envelope.
import type { Account } from '../../room/facts.ts'
import { checkHistory, checkStanding, isHidden, visitorOf } from '../../room/rights.ts'
import type { RoomState } from '../../room/state.ts'
import type { GatewayParts } from '../gateway.ts'
import { type PastMessage, pastMessages } from './history.ts'
import { UNACKED, UNACKED_CHARS } from './limits.ts'

type UnackedMessage = PastMessage & { readonly objectType: 'history' }

/** Empty where acks are not kept. */
export async function unackedFor(parts: GatewayParts, account: Account): Promise<readonly UnackedMessage[]> {
  const { reading, config } = parts
  if (!config.dino.deliveryGuarantee) return []
  const own = [...(await reading.roomsOf(account.id)), ...(await reading.rolesOf(account.id))]
  const readable: RoomState[] = []
  for (const room of own) if (isHidden(room) && (await mayRead(parts, room, account))) readable.push(room)
  if (readable.length === 0) return []
  const events = await reading.unacked(
    account.id,
    readable.map(({ id }) => id),
    UNACKED,
  )
  const shown = fitting(await pastMessages(parts, events))
  return shown.map(message => ({ ...message, objectType: 'history' }))
}

/** The statement that reads checks membership; bans and rules of the room are not known there. */
async function mayRead({ identity, engine, clock }: GatewayParts, room: RoomState, account: Account): Promise<boolean> {
  const channel = identity.channels.peek(room.channel) ?? (await identity.channels.load(room.channel))
  if (!channel) return false
  const now = clock.now()
  if (room.suite !== 'none') return checkStanding(room, channel, account, now) === null
  const visitor = visitorOf(engine.settings.acl, room, channel, account)
  return checkHistory(room, channel, account, visitor, now) === null
}

/** The newest that fit into one answer; the others come with the next log-in, when these are acked. */
function fitting(messages: readonly PastMessage[]): readonly PastMessage[] {
  let chars = 0
  let first = messages.length
  while (first > 0) {
    chars += messages[first - 1]?.content.length ?? 0
    if (chars > UNACKED_CHARS) break
    first -= 1
  }
  return messages.slice(first)
}
