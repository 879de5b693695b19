// The direct room that `im.*` routes mean: by its id, or by the other's username.
import type { RoomState } from '../../../room/state.ts'
import { MeteorError } from '../errors.ts'
import { ID_TEXT } from '../limits.ts'
import { type Found, isRidLike, pairOf, roomOf, typeOf } from '../names.ts'
import { directRoom } from '../rooms/direct.ts'
import type { RestCall } from '../route.ts'

const none = new MeteorError(
  'error-room-not-found',
  'The required "roomId" param provided does not match any direct message',
)

/** What cannot be the id of a room. */
const invalid = new MeteorError('invalid-channel', 'The channel name provided is invalid')

/** Only one that the caller is in: of others' nobody learns. The one with a user is made where there is none yet, as
 * `im.create` makes it. */
export async function directNamed(
  call: Pick<RestCall, 'gate' | 'caller' | 'bytes'>,
  { roomId, username }: { readonly roomId?: unknown; readonly username?: unknown },
): Promise<Found | MeteorError> {
  const { gate, caller } = call
  const { account } = caller
  const [id, name] = [textOf(roomId), textOf(username)]
  if (id === undefined && name === undefined)
    return new MeteorError('error-room-param-not-provided', 'Query param "roomId" or "username" is required')
  if (id !== undefined && !isRidLike(id)) return invalid
  const found = id === undefined ? undefined : await roomOf(gate.parts, account, id)
  const direct = found ?? (name === undefined ? undefined : await byUsername(name))
  return direct && typeOf(direct.room) === 'd' && direct.room.members.has(account.id) ? direct : none

  async function byUsername(text: string): Promise<Found | undefined> {
    const { identity, reading } = gate.parts
    const other = await identity.users.find({ username: text })
    if (!other) return undefined
    const users = other.id === account.id ? [other.id] : pairOf(account.id, other.id)
    const room = (await reading.direct(users, 'direct')) ?? (await made(text))
    return room && reading.room(room.id)
  }

  async function made(text: string): Promise<RoomState | undefined> {
    const direct = await directRoom(call, [text])
    return direct instanceof MeteorError ? undefined : direct.room
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= ID_TEXT ? value : undefined
}
