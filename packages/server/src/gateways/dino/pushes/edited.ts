// `gn_message_edited`: a message as it is now, to whoever gets the room's messages, whichever wire it was edited over; a
// whisper to those alone whom it is for. Real servers have no such push; clients that do not know it show the newest text
// when they load the history again.
import type { Delivery } from '../../../bus/bus.ts'
import { eventFrame, messageJson, published } from '../encode.ts'
import type { Feed } from '../feeds.ts'
import type { Gate } from '../gate.ts'

export function edited(gate: Gate, feed: Feed, delivery: Delivery, sequence: number): void {
  tell(gate, feed, delivery, sequence).catch(error =>
    gate.log.error({ wire: 'dino', err: error }, 'bug in telling of an edit'),
  )
}

async function tell(gate: Gate, feed: Feed, { room, channel, event: edit }: Delivery, sequence: number): Promise<void> {
  const { reading, identity } = gate.parts
  const event = await reading.message(room.id, sequence)
  // Deleted meanwhile, of which they hear by itself.
  if (!event || event.erased || event.body.type !== 'message') return
  const { actor, body } = event
  const sender = actor === null ? null : ((await identity.accounts.load(actor)) ?? null)
  const frame = (): Buffer => {
    const json = messageJson(event, { room, channel }, sender, gate.parts)
    return eventFrame('gn_message_edited', `${json.slice(0, -1)},"updated":${JSON.stringify(published(edit.at))}}`)
  }
  if (body.to === undefined) feed.toListeners(room, frame)
  else feed.toUsers(room, new Set(actor === null ? body.to : [actor, ...body.to]), frame)
}
