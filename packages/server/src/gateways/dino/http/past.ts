// A message of the past as the HTTP API shows it (dino.md section 12): names and bodies in base64.
import { z } from 'zod'
import type { RoomEvent } from '../../../room/events.ts'
import type { Account } from '../../../room/facts.ts'
import type { GatewayParts } from '../../gateway.ts'
import { idOf, published } from '../encode.ts'
import { contentOf } from '../envelope.ts'
import type { Gate } from '../gate.ts'
import { channelName, roomName, userName } from '../names.ts'
import { accountsOf } from '../people.ts'
import type { Found } from '../rooms.ts'
import { HISTORY_END, HISTORY_SPAN } from './limits.ts'
import { Fault } from './route.ts'

export const pastMessage = z.object({
  message_id: z.string(),
  from_user_id: z.string(),
  from_user_name: z.string(),
  target_id: z.string(),
  target_name: z.string(),
  body: z.string(),
  domain: z.enum(['room', 'private']),
  channel_id: z.string(),
  channel_name: z.string(),
  timestamp: z.string(),
  deleted: z.boolean(),
})

export type PastMessage = z.infer<typeof pastMessage>

/** `where`: the room of each event; an event without one is left out. */
export async function pastMessages(
  { parts }: Gate,
  events: readonly RoomEvent[],
  where: (event: RoomEvent) => Found | undefined,
): Promise<PastMessage[]> {
  const senders = await accountsOf(
    parts,
    events.flatMap(({ actor }) => actor ?? []),
  )
  return events.flatMap(event => {
    const found = where(event)
    return found ? shown(parts, event, found, event.actor === null ? undefined : senders.get(event.actor)) : []
  })
}

function shown(
  site: GatewayParts,
  event: RoomEvent,
  { room, channel }: Found,
  sender: Account | undefined,
): PastMessage | [] {
  const { body, erased = false } = event
  if (body.type !== 'message') return []
  return {
    message_id: idOf(event.id),
    from_user_id: event.actor ?? '0',
    from_user_name: sender ? userName(sender) : '',
    target_id: idOf(room.id),
    target_name: roomName(room),
    body: erased ? '' : contentOf(body.content, body.messageId, site),
    domain: 'room',
    channel_id: idOf(channel.id),
    channel_name: channelName(channel),
    timestamp: published(event.at),
    deleted: erased,
  }
}

/** ms since 1970: `since` inclusive, `until` exclusive. */
export interface Span {
  readonly since: number
  readonly until: number
}

/** The last week where neither end is named, an hour where one is (dino.md section 12). */
export function spanOf(from: string | undefined, to: string | undefined, now: number): Span | Fault {
  const since = timeOf(from)
  const until = timeOf(to)
  if (since instanceof Fault) return since
  if (until instanceof Fault) return until
  if (since === null && until === null) return { since: now - HISTORY_SPAN, until: now + 1 }
  if (since === null) return { since: (until as number) - HISTORY_END, until: until as number }
  if (until === null) return { since, until: since + HISTORY_END }
  return since < until ? { since, until } : new Fault('to_time must be after from_time')
}

/** RFC 3339; null where nothing is named. */
export function timeOf(text: string | undefined): number | null | Fault {
  if (text === undefined || text === '') return null
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? new Fault('a time must look like 2016-12-26T08:39:54Z') : at
}
