// Which rooms somebody may find and enter (design 6): what they may not see is not there for them.

import type { Account } from '../../room/facts.ts'
import { checkJoin, visitorOf } from '../../room/rights.ts'
import type { Caller, Gate } from './gate.ts'
import { type Found, roomOf, typeOf } from './names.ts'

/** Access to a room: what lets somebody in. */
export function mayEnter({ parts }: Gate, { account }: Pick<Caller, 'account'>, { room, channel }: Found): boolean {
  return (
    checkJoin(
      room,
      channel,
      account,
      visitorOf(parts.engine.settings.acl, room, channel, account),
      parts.clock.now(),
    ) === null
  )
}

/** The room of that id, if the caller may enter it. */
export async function enterable(gate: Gate, caller: Caller, rid: string): Promise<Found | undefined> {
  const found = await roomOf(gate.parts, caller.account, rid)
  return found && mayEnter(gate, caller, found) ? found : undefined
}

/** The first room of that name that the caller may enter. */
export async function enterableNamed(gate: Gate, caller: Caller, name: string): Promise<Found | undefined> {
  for (const { id } of await gate.parts.reading.named(name)) {
    const found = await gate.parts.reading.room(id)
    if (found && mayEnter(gate, caller, found)) return found
  }
  return undefined
}

/** Whether an account may listen to a room now. Who is no member of a public room needs the right to look at such rooms;
 * to read what is written there, the right to preview them is enough. */
export function mayWatch(gate: Gate, account: Account, found: Found, what: 'messages' | 'events'): boolean {
  if (!mayEnter(gate, { account }, found)) return false
  if (typeOf(found.room) !== 'c' || found.room.members.has(account.id)) return true
  const { permissions } = gate
  return permissions.may(account, 'view-c-room') || (what === 'messages' && permissions.may(account, 'preview-c-room'))
}
