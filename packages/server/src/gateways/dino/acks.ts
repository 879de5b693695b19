// Acks of messages (dino.md section 4, received / read; the seed). In hidden rooms they are kept per message and receiver;
// in all others a `read` moves the user's cursor alone, and never past a message that is not read. Others who are inside
// are told what was acked, as the client named it.
import { type EventId, idOfUuid } from '@conclave/wire'
import type { Receipt } from '../../engine/receipts.ts'
import type { Account } from '../../room/facts.ts'
import { isRejection } from '../../room/rejection.ts'
import { belongs, checkStanding, isHidden } from '../../room/rights.ts'
import type { RoomState } from '../../room/state.ts'
import type { GatewayParts } from '../gateway.ts'
import { echo, type Part } from './activity.ts'
import { idOf } from './encode.ts'
import { CODE, type Refusal, refusal } from './errors.ts'
import { type Answer, type Asked, DONE, refused, rejectionAnswer, stamp } from './gate.ts'
import { NAMED_MESSAGES, READ_REACH } from './limits.ts'
import { userName } from './names.ts'
import { roomKnownTo } from './rooms.ts'
import { EVERYBODY, tellRoom } from './tell.ts'

/** What a client says of messages, and what others hear of it. */
const ACKS = {
  receive: { status: 1, event: 'gn_message_received' },
  read: { status: 2, event: 'gn_message_read' },
} as const

type AckVerb = keyof typeof ACKS

/** A message as a client names it; `id` undefined for a UUID that is none of this server's. */
export interface NamedMessage {
  readonly uuid: string
  readonly id: EventId | undefined
}

export const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Each once, in the order in which they are named. */
export function namedMessages(object: Part | undefined): readonly NamedMessage[] | Refusal {
  const named = new Map<string, NamedMessage>()
  for (const { id } of object?.attachments ?? []) {
    if (id === undefined || !UUID.test(id)) {
      const text = `"${echo(id)}" is not a valid uuid (activity.object.attachments.id)`
      return refusal(CODE.VALIDATION_ERROR, text)
    }
    const uuid = id.toLowerCase()
    named.set(uuid, { uuid, id: idOfUuid(uuid) as EventId | undefined })
  }
  if (named.size === 0) return refusal(CODE.MISSING_OBJECT_ATTACHMENTS, 'no attachments found on object')
  if (named.size <= NAMED_MESSAGES) return [...named.values()]
  const text = `max ${NAMED_MESSAGES} attachments allowed at one time, received ${named.size}`
  return refusal(CODE.TOO_MANY_ATTACHMENTS, text)
}

/** Those that this server made. */
export function idsOf(named: readonly NamedMessage[]): EventId[] {
  return named.flatMap(({ id }) => id ?? [])
}

export async function acknowledge(asked: Asked, verb: AckVerb): Promise<Answer> {
  const { gate, account, activity } = asked
  const { parts } = gate
  const { target, object } = activity
  if (target?.id === undefined) return refused(refusal(CODE.MISSING_TARGET_ID, 'no target.id on activity'))
  if (activity.verb !== verb) {
    const text = `expecting verb "${verb}" but was "${echo(activity.verb)}"`
    return refused(refusal(CODE.INVALID_VERB, text))
  }
  const named = namedMessages(object)
  if ('code' in named) return refused(named)
  const found = await roomKnownTo(parts, target.id, account)
  if (!found) return refused(refusal(CODE.NO_SUCH_ROOM, 'no such room'))
  const { room, channel } = found
  const barred = checkStanding(room, channel, account, parts.clock.now())
  if (barred) return rejectionAnswer(gate, barred, room, channel)
  if (!belongs(room, account.id) && !(await parts.occupancy.inside(room.id, account.id)))
    return rejectionAnswer(gate, { rejected: 'occupant.required', where: 'room' })
  const row = await receipt(asked, room, verb, named)
  if (row) await parts.receipts.write(row)
  await tell(asked, room, verb, named)
  return DONE
}

/** What is to be written; null for nothing. Messages that are not of this room are left out. */
async function receipt(
  { gate, account }: Asked,
  room: RoomState,
  verb: AckVerb,
  named: readonly NamedMessage[],
): Promise<Receipt | null> {
  const { reading, config, clock } = gate.parts
  const isKept = isHidden(room) && config.dino.deliveryGuarantee
  if (verb === 'receive' && !isKept) return null
  const places = await reading.locate(room.id, idsOf(named))
  const sequences = [...places.values()].map(({ sequence }) => sequence)
  if (sequences.length === 0) return null
  if (isKept) return { put: 'acks', room: room.id, user: account.id, status: ACKS[verb].status, sequences }
  const sequence = await readUpTo(gate.parts, account, room, new Set(sequences))
  return sequence === null ? null : { put: 'cursor', room: room.id, user: account.id, sequence, at: clock.now() }
}

/** How far the user's cursor may move when these messages are read: up to the first one of others that is not. */
async function readUpTo(
  { reading }: GatewayParts,
  account: Account,
  room: RoomState,
  read: ReadonlySet<number>,
): Promise<number | null> {
  const after = (await reading.cursor(room.id, account.id))?.sequence ?? 0
  const page = await reading.page(account, room.id, { select: 'messages', order: 'oldest', after, limit: READ_REACH })
  if (isRejection(page)) return null
  let upTo: number | null = null
  for (const { actor, sequence } of page.events) {
    if (actor !== account.id && !read.has(sequence)) break
    upTo = sequence
  }
  return upTo
}

/** To those inside but for the session that acks; of somebody who is invisible only operators hear. */
async function tell(
  { gate, live, account }: Asked,
  room: RoomState,
  verb: AckVerb,
  named: readonly NamedMessage[],
): Promise<void> {
  const { bus, presence } = gate.parts
  const isInvisible = (await presence.sessionsOf(account.id)).some(({ id, invisible }) => id === live.id && invisible)
  const json = JSON.stringify({
    verb,
    target: { id: idOf(room.id) },
    object: { attachments: named.map(({ uuid }) => ({ id: uuid })) },
    actor: { id: account.id, displayName: userName(account) },
    ...stamp(gate),
  })
  const to = isInvisible ? 'operators' : 'all'
  tellRoom(bus, room.id, ACKS[verb].event, json, { ...EVERYBODY, to, exceptSession: live.id })
}
