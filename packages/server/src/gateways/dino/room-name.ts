// Names that clients give to rooms, in create and rename_room, in the order of the real server's checks: base64 of a text
// that is not blank, is no name of the server's own, holds no word that is not let through, and is neither too short nor
// too long.

import type { RoomId } from '@conclave/wire'
import { dinoBase64 } from '@conclave/wire'
import { CODE, type Refusal, refusal } from './errors.ts'
import type { Gate } from './gate.ts'

/** Names that stand for the server; they bind clients, not the world. */
const RESERVED = new Set(['admin', 'admins'])
/** What cannot be seen, and so does not make a name another one. */
const UNSEEN = /[\p{White_Space}\p{Cf}]/gu

/** The name as a text. `displayName`: as it was sent, base64. */
export async function givenName({ words }: Gate, displayName: string | undefined): Promise<string | Refusal> {
  if (displayName === undefined) return refusal(CODE.MISSING_TARGET_DISPLAY_NAME, 'got blank room name, can not create')
  const name = dinoBase64(displayName)
  if (name === undefined) return refusal(CODE.NOT_BASE64, 'invalid room name, not base64 encoded')
  if (name.trim() === '') return refusal(CODE.MISSING_TARGET_DISPLAY_NAME, 'got blank room name, can not create')
  const seen = name.normalize('NFKC').replace(UNSEEN, '').toLowerCase()
  if (RESERVED.has(seen) || (await words.within(name)))
    return refusal(CODE.ROOM_NAME_RESTRICTED, 'restricted room name')
  return name
}

/** Whether another room has it, claimed or imported. */
export async function checkFree({ parts }: Gate, name: string, but?: RoomId): Promise<Refusal | null> {
  const taken = (await parts.reading.named(name)).some(room => room.id !== but)
  return taken ? refusal(CODE.ROOM_ALREADY_EXISTS, 'a room with that name already exists') : null
}

/** In characters as people count them, nearly: code points, whatever their bytes. */
export function checkLength({ parts }: Gate, name: string): Refusal | null {
  const { min, max } = parts.config.dino.limitLength
  const { length } = [...name]
  if (length < min) return refusal(CODE.ROOM_NAME_TOO_SHORT, `a room name has at least ${min} characters`)
  return length > max ? refusal(CODE.ROOM_NAME_TOO_LONG, `a room name has at most ${max} characters`) : null
}
