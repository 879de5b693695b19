// `request_admin`: asks for help in a room; whoever is inside the admin room of its channel is told (the seed). It is
// stored nowhere.
import { dinoBase64, encodeUtf8Base64 } from '@conclave/wire'
import { MESSAGE_TEXT } from '../../../limits.ts'
import { belongs } from '../../../room/rights.ts'
import type { RoomState } from '../../../room/state.ts'
import { type Activity, echo } from '../activity.ts'
import { adminRoomFor, isAdminOnline } from '../admin-rooms.ts'
import { PROVIDER } from '../encode.ts'
import { CODE, type Refusal, refusal } from '../errors.ts'
import { type Answer, type Asked, DONE, refused, stamp } from '../gate.ts'
import { userName } from '../names.ts'
import { detailsOf } from '../people.ts'
import { roomKnownTo } from '../rooms.ts'
import { placeOf } from '../sanctions.ts'
import { tellRoom } from '../tell.ts'
import { isLonger } from '../text-length.ts'

export async function requestAdmin(asked: Asked): Promise<Answer> {
  const { gate, account, activity } = asked
  const { bus, occupancy } = gate.parts
  if (activity.target?.id === undefined)
    return refused(refusal(CODE.MISSING_TARGET_ID, 'need target.id (id of room to request help for)'))
  const found = await roomKnownTo(gate.parts, activity.target.id, account)
  if (!found) return refused(refusal(CODE.NO_SUCH_ROOM, `no room with id "${echo(activity.target.id)}" exists`))
  const content = contentOf(activity)
  if (typeof content !== 'string') return refused(content)
  const { room } = found
  if (!belongs(room, account.id) && !(await occupancy.inside(room.id, account.id)))
    return refused(refusal(CODE.USER_NOT_IN_ROOM, 'user is not in the room that help is requested for'))
  const adminRoom = await adminRoomFor(gate, room.channel)
  if (!adminRoom) return refused(refusal(CODE.NO_ADMIN_ROOM_FOUND, 'no admin room found'))
  if (!(await isAdminOnline(gate))) return refused(refusal(CODE.NO_ADMIN_ONLINE, 'no admin is online'))
  tellRoom(bus, adminRoom.id, 'gn_admin_requested', requestedJson(asked, room, adminRoom, content))
  return DONE
}

/** Base64, as clients get it. */
function contentOf({ object }: Activity): string | Refusal {
  if (object?.content === undefined)
    return refusal(CODE.MISSING_OBJECT_CONTENT, 'need object.content (message to admins)')
  const text = dinoBase64(object.content)
  if (text === undefined) return refusal(CODE.NOT_BASE64, 'object.content is not base64 encoded')
  if (isLonger(text, MESSAGE_TEXT))
    return refusal(CODE.MSG_TOO_LONG, `the message is longer than ${MESSAGE_TEXT} characters`)
  return encodeUtf8Base64(text)
}

function requestedJson({ gate, account }: Asked, room: RoomState, adminRoom: RoomState, content: string): string {
  return JSON.stringify({
    actor: { id: account.id, displayName: userName(account), attachments: detailsOf(account) },
    verb: 'request',
    object: { content },
    generator: placeOf(room),
    target: placeOf(adminRoom),
    ...stamp(gate),
    provider: PROVIDER,
  })
}
