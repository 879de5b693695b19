// The direct room that `im.*` routes mean: by its id, or by the other's username.
import { idOfUuid } from '@conclave/wire'
import { MeteorError } from '../errors.ts'
import { ID_TEXT } from '../limits.ts'
import { type Found, pairOf, roomOf, typeOf } from '../names.ts'
import type { RestCall } from '../route.ts'

const none = new MeteorError(
  'error-room-not-found',
  'The required "roomId" param provided does not match any direct message',
)

/** What cannot be the id of a room. */
const invalid = new MeteorError('invalid-channel', 'The channel name provided is invalid')

/** Only one that the caller is in: of others' nobody learns. */
export async function directNamed(
  { gate, caller: { account } }: Pick<RestCall, 'gate' | 'caller'>,
  { roomId, username }: { readonly roomId?: unknown; readonly username?: unknown },
): Promise<Found | MeteorError> {
  const [id, name] = [textOf(roomId), textOf(username)]
  if (id === undefined && name === undefined)
    return new MeteorError('error-room-param-not-provided', 'Query param "roomId" or "username" is required')
  if (id !== undefined && idOfUuid(id) === undefined && !/^\d+$/.test(id)) return invalid
  const found = id === undefined ? undefined : await roomOf(gate.parts, account, id)
  const direct = found ?? (name === undefined ? undefined : await byUsername(name))
  return direct && typeOf(direct.room) === 'd' && direct.room.members.has(account.id) ? direct : none

  async function byUsername(text: string): Promise<Found | undefined> {
    const { identity, reading } = gate.parts
    const other = await identity.users.find({ username: text })
    if (!other) return undefined
    const users = other.id === account.id ? [other.id] : pairOf(account.id, other.id)
    const room = await reading.direct(users, 'direct')
    return room && reading.room(room.id)
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= ID_TEXT ? value : undefined
}
