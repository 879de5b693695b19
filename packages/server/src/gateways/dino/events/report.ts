// `report`: somebody's message is shown to the admins (the seed). In an encrypted room the reporter discloses what it says
// (L8): that goes to the admin room and to the embedding site, is marked as unproven, and is kept and logged nowhere.
import { dinoBase64, type EventId, encodeUtf8Base64, idOfUuid, type UserId } from '@conclave/wire'
import type { Report } from '../../../engine/reports.ts'
import { MESSAGE_TEXT, REASON } from '../../../limits.ts'
import type { Account } from '../../../room/facts.ts'
import { isHidden } from '../../../room/rights.ts'
import type { RoomState } from '../../../room/state.ts'
import { UUID } from '../acks.ts'
import { type Activity, echo } from '../activity.ts'
import { adminRoomFor } from '../admin-rooms.ts'
import { idOf, PROVIDER } from '../encode.ts'
import { CODE, type Refusal, refusal } from '../errors.ts'
import { tellReport } from '../external.ts'
import { type Answer, type Asked, DONE, type Gate, refused, stamp } from '../gate.ts'
import { userName } from '../names.ts'
import { userNamed } from '../rooms.ts'
import { placeOf } from '../sanctions.ts'
import { tellRoom } from '../tell.ts'
import { isLonger } from '../text-length.ts'

export async function reportMessage(asked: Asked): Promise<Answer> {
  const { gate, activity } = asked
  const named = namedBy(activity)
  if ('code' in named) return refused(named)
  const user = userNamed(named.user)
  const reported = user && (await gate.parts.identity.accounts.load(user))
  if (!reported) return refused(refusal(CODE.NO_SUCH_USER, 'no such user for target.id (id of user reported)'))
  const said = saidIn(activity)
  if ('code' in said) return refused(said)
  if (!UUID.test(named.message)) {
    const text = `"${echo(named.message)}" is not a valid uuid (object.id)`
    return refused(refusal(CODE.VALIDATION_ERROR, text))
  }
  const message = await messageOf(asked, named.message, reported.id)
  const report = reportOf(asked, reported, message, named.message.toLowerCase(), said)
  await tell(gate, report, message?.room)
  return DONE
}

/** The same of a report that came over another wire, where the server itself knows what the message says. */
export async function reportedElsewhere(gate: Gate, given: Report): Promise<void> {
  const { reporter, reported, message, room, content, reason } = given
  const text = content === '' ? null : content
  const report = reportOf({ gate, account: reporter }, reported, { room, text }, idOf(message.id), { content, reason })
  await tell(gate, report, room)
}

async function tell(gate: Gate, report: object, room: RoomState | undefined): Promise<void> {
  await tellReport(gate, report, room?.id ?? null)
  const adminRoom = await adminRoomFor(gate, room?.channel ?? gate.parts.roomsChannel)
  if (adminRoom) tellRoom(gate.parts.bus, adminRoom.id, 'gn_reported', JSON.stringify(report))
}

function namedBy({ object, target }: Activity): { readonly message: string; readonly user: string } | Refusal {
  if (object?.content === undefined)
    return refusal(CODE.MISSING_OBJECT_CONTENT, 'need object.content (reported message)')
  if (object.id === undefined) return refusal(CODE.MISSING_OBJECT_ID, 'need object.id (id of reported message)')
  if (target?.id === undefined) return refusal(CODE.MISSING_TARGET_ID, 'need target.id (id of user reported)')
  return { message: object.id, user: target.id }
}

/** As plain texts. */
interface Said {
  readonly content: string
  readonly reason: string
}

function saidIn({ object }: Activity): Said | Refusal {
  const content = dinoBase64(object?.content ?? '')
  if (content === undefined) return refusal(CODE.NOT_BASE64, 'object.content is not base64 encoded')
  const reason = object?.summary === undefined ? '' : dinoBase64(object.summary)
  if (reason === undefined) return refusal(CODE.NOT_BASE64, 'object.summary is not base64 encoded')
  for (const [text, most] of [
    [content, MESSAGE_TEXT],
    [reason, REASON],
  ] as const)
    if (isLonger(text, most)) return refusal(CODE.MSG_TOO_LONG, `what is reported is longer than ${most} characters`)
  return { content, reason }
}

interface Message {
  readonly room: RoomState
  /** What the server holds; null where it is encrypted, gone, or not shown to the reporter. */
  readonly text: string | null
}

/** A message of that user which the reporter may read, or has heard while inside. undefined for what the server knows
 * nothing of, as of a `whisper`, and for what is not the reporter's to know: both are reported alike. */
async function messageOf({ gate, account }: Asked, uuid: string, sender: UserId): Promise<Message | undefined> {
  const { reading, occupancy } = gate.parts
  const id = idOfUuid(uuid) as EventId | undefined
  const lies = id && (await reading.roomsOfMessages([id])).get(id)
  const found = lies && (await reading.room(lies))
  if (!id || !found) return undefined
  const { room } = found
  const event = await reading.event(account, room.id, id)
  if (event) {
    const { actor, body, erased } = event
    if (actor !== sender || body.type !== 'message') return undefined
    return { room, text: body.content.suite === 'none' && !erased ? body.content.text : null }
  }
  // Where a rule hides the history, whoever is inside has heard the message all the same.
  if (isHidden(room) || !(await occupancy.inside(room.id, account.id))) return undefined
  const placed = (await reading.locate(room.id, [id])).get(id)
  return placed?.sender === sender ? { room, text: null } : undefined
}

/** `proven`: the server holds these very words as those of that user. Else they are what the reporter says. */
function reportOf(
  { gate, account }: Pick<Asked, 'gate' | 'account'>,
  reported: Account,
  message: Message | undefined,
  id: string,
  { content, reason }: Said,
): object {
  return {
    actor: { id: account.id, displayName: userName(account) },
    verb: 'report',
    object: {
      id,
      content: encodeUtf8Base64(content),
      summary: encodeUtf8Base64(reason),
      objectType: message?.text === content ? 'proven' : 'unproven',
    },
    target: { id: reported.id, displayName: userName(reported) },
    ...(message ? { generator: placeOf(message.room) } : {}),
    ...stamp(gate),
    provider: PROVIDER,
  }
}
