// The room that `rooms.*` routes mean, of whatever kind: by `roomId` or `roomName`.

import { MeteorError } from '../errors.ts'
import { ID_TEXT } from '../limits.ts'
import { type Found, fullNameOf, isRidLike, slugOf } from '../names.ts'
import { governed, governedNamed, known, knownNamed } from '../rooms/access.ts'
import type { RestCall } from '../route.ts'

interface Wanted<Shut> {
  /** What administrators do to rooms in which they are not. */
  readonly by?: 'office'
  readonly archived?: 'taken'
  /** What is said of an id that could be a room's and is none of the caller's: the same whether there is such a room. */
  readonly shut?: Shut
}

export async function roomNamed<Shut extends object = never>(
  { gate, caller }: RestCall,
  { roomId, roomName }: Readonly<Record<string, unknown>>,
  { by, archived, shut }: Wanted<Shut> = {},
): Promise<Found | MeteorError | Shut> {
  const [id, name] = [textOf(roomId), textOf(roomName)]
  if (id === undefined && name === undefined)
    return new MeteorError('error-roomid-param-not-provided', 'The parameter "roomId" or "roomName" is required')
  const [byId, byName] = by === 'office' ? [governed, governedNamed] : [known, knownNamed]
  const found = id === undefined ? await byName(gate, caller, name as string) : await byId(gate, caller, id)
  if (!found && shut && id !== undefined && isRidLike(id)) return shut
  if (!found) {
    return new MeteorError(
      'error-room-not-found',
      'The required "roomId" or "roomName" param provided does not match any channel',
    )
  }
  if (found.room.config.archived && archived !== 'taken')
    return new MeteorError('error-room-archived', `The channel, ${slugOf(fullNameOf(found.room))}, is archived`)
  return found
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= ID_TEXT ? value : undefined
}
