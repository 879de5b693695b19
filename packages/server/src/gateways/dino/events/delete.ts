// `delete`: one message, by its sender or by whoever moderates the room; or all messages of the room, by the latter
// alone. Everybody who gets the room's messages is told: of a message by the event in the log (pushes/deleted.ts), of a
// whole room, and of a message that nobody knows, from here.
import { type EventId, idOfUuid } from '@conclave/wire'
import { DELETED_TOGETHER } from '../../../limits.ts'
import type { DeleteMessages } from '../../../room/commands/delete-messages.ts'
import type { Rejection } from '../../../room/rejection.ts'
import { isRejection } from '../../../room/rejection.ts'
import { echo, type Part } from '../activity.ts'
import { idOf } from '../encode.ts'
import { deletedJson } from '../encode-rooms.ts'
import { CODE, refusal } from '../errors.ts'
import { type Answer, type Asked, DONE, refused, rejectionAnswer, stamp } from '../gate.ts'
import { DELETED_AT_ONCE } from '../limits.ts'
import { type Found, roomRuledBy } from '../rooms.ts'
import { tellListeners } from '../tell.ts'

export async function deleteMessages(asked: Asked): Promise<Answer> {
  const { gate, account, activity } = asked
  const { object, target } = activity
  if (object?.id === undefined) return refused(refusal(CODE.MISSING_OBJECT_ID, 'no object ID when deleting message'))
  if (target?.id === undefined) return refused(refusal(CODE.MISSING_TARGET_ID, 'no target ID when deleting message'))
  const found = await roomRuledBy(gate.parts, target.id, account)
  if (!found) return refused(refusal(CODE.NO_SUCH_ROOM, 'no such room'))
  const isWhole = meansRoom(object)
  if (isWhole && idOfUuid(object.id) !== found.room.id)
    return refused(refusal(CODE.VALIDATION_ERROR, 'object.id has to be the target room, to delete all of its messages'))
  const rejected = isWhole ? await empty(asked, found) : await deleteOne(asked, found, object.id)
  return rejected ? answerTo(asked, found, rejected) : DONE
}

/** The seed's `object_type`, or `objectType` as clients of the real server send it. */
function meansRoom({ objectType, fields }: Part): boolean {
  return objectType === 'room' || fields.object_type === 'room'
}

async function deleteOne(asked: Asked, found: Found, named: string): Promise<Rejection | null> {
  const { reading, config } = asked.gate.parts
  const id = idOfUuid(named) as EventId | undefined
  const place = id && (await reading.locate(found.room.id, [id])).get(id)
  const targets = id && place ? [{ id, ...place }] : []
  const rejected = await submit(asked, found, { targets, senderMay: config.dino.senderCanDelete })
  // Whoever may delete here is believed that it shall be gone, as the real server does.
  if (!rejected && targets.length === 0) tell(asked, found, { id: echo(named) })
  return rejected
}

/** From the newest message that is there now backwards; what comes meanwhile stays. */
async function empty(asked: Asked, found: Found): Promise<Rejection | null> {
  const { reading } = asked.gate.parts
  const room = found.room.id
  let before: number | undefined
  let rejected: Rejection | null = null
  for (let count = 0; count < DELETED_AT_ONCE; count += DELETED_TOGETHER) {
    const page = before === undefined ? {} : { before }
    const targets = await reading.messagesIn(room, { ...page, limit: DELETED_TOGETHER })
    // Also with nothing to delete: whether one may is answered all the same.
    rejected = await submit(asked, found, { targets, senderMay: false, whole: true })
    if (rejected && before === undefined) return rejected
    if (rejected || targets.length < DELETED_TOGETHER) break
    before = targets.at(-1)?.sequence
  }
  const { object_type } = asked.activity.object?.fields ?? {}
  const asSent = object_type === 'room' ? { object_type } : {}
  tell(asked, found, { id: idOf(room), ...asSent, objectType: 'room' })
  return rejected
}

type Deletion = Pick<DeleteMessages, 'targets' | 'senderMay' | 'whole'>

async function submit({ gate, live, account }: Asked, { room }: Found, deletion: Deletion): Promise<Rejection | null> {
  const done = await gate.parts.engine.submit({
    room: room.id,
    command: { command: 'delete-messages', actor: account.id, ...deletion },
    session: live.id,
    bytes: deletion.targets.length * BYTES_OF_TARGET,
  })
  return isRejection(done) ? done : null
}

/** An id, a sequence and a sender, roughly. */
const BYTES_OF_TARGET = 128

function tell({ gate, account }: Asked, { room }: Found, object: object): void {
  tellListeners(gate.parts.bus, room, 'gn_message_deleted', deletedJson(room, object, account, stamp(gate)))
}

function answerTo({ gate }: Asked, { room, channel }: Found, rejection: Rejection): Answer {
  if (rejection.rejected !== 'role.required') return rejectionAnswer(gate, rejection, room, channel)
  return refused(refusal(CODE.NOT_ALLOWED, `not allowed to remove message in room ${idOf(room.id)}`))
}
