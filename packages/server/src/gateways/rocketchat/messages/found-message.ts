// The message that a client names, as far as it may read it: by the id that its sender's client chose, or by the server's.
import { type EventId, idOfUuid } from '@conclave/wire'
import type { Target } from '../../../room/commands/edit-message.ts'
import type { RoomEvent } from '../../../room/events.ts'
import type { Caller, Gate } from '../gate.ts'
import { type Found, typeOf } from '../names.ts'
import { mayView } from '../rooms/access.ts'
import { messageIdOf } from './encode-message.ts'

export type MessageBody = Extract<RoomEvent['body'], { type: 'message' }>

export interface FoundMessage extends Found {
  readonly event: RoomEvent
  readonly body: MessageBody
  readonly target: Target
  /** The caller takes part in the room without being a member. */
  readonly inside: boolean
}

/** undefined where there is none, it is deleted, or is not the caller's to read: which of these, nobody learns. */
export async function messageOf(gate: Gate, caller: Caller, id: string): Promise<FoundMessage | undefined> {
  const found = await readable(gate, caller, id)
  return found && mayView(gate, caller, found) ? found : undefined
}

/** The same where only this wire's permissions keep the caller from looking into the room. */
export async function readable(gate: Gate, caller: Caller, id: string): Promise<FoundMessage | undefined> {
  const { reading } = gate.parts
  const event = await eventOf(gate, caller, id)
  if (!event || event.erased || event.body.type !== 'message' || messageIdOf(event) !== id) return undefined
  const found = await reading.room(event.room)
  if (!found) return undefined
  const inside = await isInside(gate, caller, found)
  const { sequence, actor: sender, body } = event
  return { ...found, event, body, inside, target: { id: event.id, sequence, sender, whispered: body.to !== undefined } }
}

async function eventOf({ parts }: Gate, { account }: Caller, id: string): Promise<RoomEvent | undefined> {
  const eventId = idOfUuid(id) as EventId | undefined
  if (eventId === undefined) return parts.reading.messageNamed(account, id)
  const room = (await parts.reading.roomsOfMessages([eventId])).get(eventId)
  return room && parts.reading.event(account, room, eventId)
}

/** Whether somebody who is no member takes part in a room: with a session, on whatever wire, or because it is a public one
 * that they may enter and speak in from there, as this wire's clients do over REST. */
export async function isInside(gate: Gate, caller: Caller, found: Found): Promise<boolean> {
  const { account } = caller
  if (found.room.members.has(account.id)) return false
  if (typeOf(found.room) === 'c' && mayView(gate, caller, found)) return true
  return gate.parts.occupancy.inside(found.room.id, account.id)
}
