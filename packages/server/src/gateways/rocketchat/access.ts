// Which rooms somebody may find and enter (design 6): what they may not see is not there for them.
import { checkJoin, visitorOf } from '../../room/rights.ts'
import type { Caller, Gate } from './gate.ts'
import { type Found, roomOf } from './names.ts'

/** Access to a room: what lets somebody in. */
export function mayEnter({ parts }: Gate, { account }: Caller, { room, channel }: Found): boolean {
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
