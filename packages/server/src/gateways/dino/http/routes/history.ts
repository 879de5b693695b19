// `GET /history`: what was written in a room, by a user, or by a user in a room, in a span of time; or a page of a room
// before a time.
import type { UserId } from '@conclave/wire'
import { z } from 'zod'
import type { RoomEvent } from '../../../../room/events.ts'
import { isRejection } from '../../../../room/rejection.ts'
import { isHidden } from '../../../../room/rights.ts'
import { refusalOf } from '../../errors.ts'
import type { Gate } from '../../gate.ts'
import type { Found } from '../../rooms.ts'
import { HISTORY_MESSAGES, LATEST_MESSAGES } from '../limits.ts'
import { pastMessage, pastMessages, type Span, spanOf, timeOf } from '../past.ts'
import { Fault, type Given, route } from '../route.ts'
import { oneRoom, short, userId } from '../shapes.ts'
import { roomBy, SITE } from '../targets.ts'

const limit = z.number().int().min(1).max(HISTORY_MESSAGES).optional()

export const history = route({
  method: 'GET',
  path: '/history',
  summary: 'Messages of a room, of a user, or both, in a span of time; newest first.',
  wrapped: false,
  body: z.object({
    ...oneRoom,
    user_id: userId.optional(),
    from_time: short.optional(),
    to_time: short.optional(),
    limit,
  }),
  answer: z.array(pastMessage),
  async run(gate, { user_id, room_id, room_name, from_time, to_time, limit }) {
    const now = gate.parts.clock.now()
    if (room_id === undefined && room_name === undefined) {
      if (user_id === undefined) return new Fault('need user_id, room_id or room_name')
      const span = spanOf(from_time, to_time, now)
      return span instanceof Fault ? span : sentBy(gate, user_id, span)
    }
    const found = await roomBy(gate, { room_id, room_name })
    if (found instanceof Fault) return found
    if (limit !== undefined) {
      const until = timeOf(to_time)
      return until instanceof Fault ? until : pageOf(gate, found, { since: 0, until: until ?? now + 1 }, limit)
    }
    const span = spanOf(from_time, to_time, now)
    if (span instanceof Fault) return span
    return pageOf(gate, found, span, HISTORY_MESSAGES, user_id)
  },
})

export const latestHistory = route({
  method: 'GET',
  path: '/latest-history',
  summary: 'The newest messages of a room, newest first.',
  wrapped: false,
  body: z.object({ ...oneRoom, limit }),
  answer: z.array(pastMessage),
  async run(gate, { room_id, room_name, limit = LATEST_MESSAGES }) {
    const found = await roomBy(gate, { room_id, room_name })
    if (found instanceof Fault) return found
    return pageOf(gate, found, { since: 0, until: gate.parts.clock.now() + 1 }, limit)
  },
})

export const fullHistory = route({
  method: 'POST',
  path: '/full-history',
  summary: 'Everything that a user has written in the rooms that are listed, newest first.',
  wrapped: false,
  body: z.object({ user_id: userId, from_time: short.optional(), to_time: short.optional() }),
  answer: z.array(pastMessage),
  async run(gate, { user_id, from_time, to_time }) {
    const now = gate.parts.clock.now()
    const span = from_time || to_time ? spanOf(from_time, to_time, now) : { since: 0, until: now + 1 }
    return span instanceof Fault ? span : sentBy(gate, user_id, span)
  },
})

async function pageOf(gate: Gate, found: Found, span: Span, limit: number, sender?: UserId): Promise<Given | Fault> {
  const { reading, clock } = gate.parts
  const { since, until } = span
  const page = { select: 'messages', order: 'newest', since, until, limit } as const
  const read = await reading.page(SITE, found.room.id, page)
  if (isRejection(read)) return new Fault(refusalOf(read, { now: clock.now(), ...found }).text)
  const events = sender === undefined ? read.events : read.events.filter(({ actor }) => actor === sender)
  return { data: await pastMessages(gate, events, () => found) }
}

async function sentBy(gate: Gate, user: UserId, { since, until }: Span): Promise<Given> {
  const { reading } = gate.parts
  const events = await reading.sentBy(user, since, until, HISTORY_MESSAGES)
  const rooms = new Map<RoomEvent['room'], Found>()
  for (const { room } of events) {
    if (rooms.has(room)) continue
    const found = await reading.room(room)
    if (found && !isHidden(found.room)) rooms.set(room, found)
  }
  // What was whispered is for those who heard it.
  const open = events.filter(({ body }) => body.type === 'message' && body.to === undefined).reverse()
  return { data: await pastMessages(gate, open, ({ room }) => rooms.get(room)) }
}
