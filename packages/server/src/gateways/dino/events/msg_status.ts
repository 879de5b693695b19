// `msg_status`: how far a user has got with messages: 0 not acked, 1 received, 2 read (the seed). Only messages of private
// rooms to which both the asker and that user belong have a status, and only those that both can see; all others are
// left out as unknown ones are.
import type { EventId, RoomId, UserId } from '@conclave/wire'
import { belongs, checkStanding, isHidden } from '../../../room/rights.ts'
import type { AckStatus } from '../../../store/store.ts'
import { idsOf, namedMessages } from '../acks.ts'
import { echo } from '../activity.ts'
import { PROVIDER } from '../encode.ts'
import { CODE, refusal } from '../errors.ts'
import { type Answer, type Asked, refused, stamp } from '../gate.ts'
import { userNamed } from '../rooms.ts'

export async function msgStatus(asked: Asked): Promise<Answer> {
  const { gate, activity } = asked
  const { target, object } = activity
  if (!gate.parts.config.dino.deliveryGuarantee) {
    const text = 'delivery guarantee is not enabled, no status to return'
    return { refused: refusal(CODE.NOT_ENABLED, text), silent: true }
  }
  if (target?.id === undefined) return refused(refusal(CODE.MISSING_TARGET_ID, 'no target.id on activity'))
  const named = namedMessages(object)
  if ('code' in named) return refused(named)
  const user = userNamed(target.id)
  const known = user === undefined ? new Map<EventId, AckStatus>() : await statuses(asked, user, idsOf(named))
  const attachments = named.flatMap(({ uuid, id }) => {
    const content = id && known.get(id)
    return content === undefined ? [] : { id: uuid, content }
  })
  const data = { object: { objectType: 'statuses', attachments }, target: { id: echo(target.id) }, verb: 'check' }
  return { data: { ...data, ...stamp(gate), provider: PROVIDER } }
}

async function statuses(asked: Asked, user: UserId, ids: readonly EventId[]): Promise<ReadonlyMap<EventId, AckStatus>> {
  const { reading } = asked.gate.parts
  const known = new Map<EventId, AckStatus>()
  for (const [room, messages] of await byRoom(asked, ids)) {
    if (!(await mayAsk(asked, room, user))) continue
    const places = await reading.locate(room, messages)
    const sequences = [...places.values()].map(({ sequence }) => sequence)
    const own = await reading.acks(room, asked.account.id, sequences)
    const theirs = await reading.acks(room, user, sequences)
    for (const [id, { sequence }] of places) {
      const status = theirs.get(sequence)
      if (status !== undefined && own.has(sequence)) known.set(id, status)
    }
  }
  return known
}

async function byRoom({ gate }: Asked, ids: readonly EventId[]): Promise<ReadonlyMap<RoomId, readonly EventId[]>> {
  const messages = new Map<RoomId, EventId[]>()
  for (const [id, room] of await gate.parts.reading.roomsOfMessages(ids)) {
    const known = messages.get(room)
    if (known) known.push(id)
    else messages.set(room, [id])
  }
  return messages
}

async function mayAsk({ gate, account }: Asked, id: RoomId, user: UserId): Promise<boolean> {
  const { reading, clock } = gate.parts
  const found = await reading.room(id)
  if (!found || !isHidden(found.room)) return false
  const { room, channel } = found
  if (!belongs(room, account.id) || !belongs(room, user)) return false
  return checkStanding(room, channel, account, clock.now()) === null
}
