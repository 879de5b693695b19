// The message that a client names, as far as it may read it: by the id that its sender's client chose, or by the server's.
import { type EventId, idOfUuid } from '@conclave/wire'
import type { Target } from '../../room/commands/edit-message.ts'
import type { RoomEvent } from '../../room/events.ts'
import { messageIdOf } from './encode-message.ts'
import type { Caller, Gate } from './gate.ts'
import type { Found } from './names.ts'

export type MessageBody = Extract<RoomEvent['body'], { type: 'message' }>

export interface FoundMessage extends Found {
  readonly event: RoomEvent
  readonly body: MessageBody
  readonly target: Target
  /** The caller takes part in the room without being a member. */
  readonly inside: boolean
}

/** undefined where there is none, it is deleted, or is not the caller's to read: which of these, nobody learns. */
export async function messageOf({ parts }: Gate, { account }: Caller, id: string): Promise<FoundMessage | undefined> {
  const { reading, occupancy } = parts
  const eventId = idOfUuid(id) as EventId | undefined
  const event = eventId === undefined ? await reading.messageNamed(account, id) : await byId(eventId)
  if (!event || event.erased || event.body.type !== 'message' || messageIdOf(event) !== id) return undefined
  const found = await reading.room(event.room)
  if (!found) return undefined
  const inside = !found.room.members.has(account.id) && (await occupancy.inside(found.room.id, account.id))
  const { sequence, actor: sender, body } = event
  return { ...found, event, body, inside, target: { id: event.id, sequence, sender, whispered: body.to !== undefined } }

  async function byId(eventId: EventId): Promise<RoomEvent | undefined> {
    const room = (await reading.roomsOfMessages([eventId])).get(eventId)
    return room && reading.event(account, room, eventId)
  }
}
