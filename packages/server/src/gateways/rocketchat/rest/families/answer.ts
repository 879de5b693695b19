// What the routes of a family show: their room under the family's own name.
import type { RoomState } from '../../../../room/state.ts'
import { MeteorError } from '../../errors.ts'
import type { Acted } from '../../rooms/room-acts.ts'
import { roomDocumentFor, roomDocuments } from '../../rooms/room-document.ts'
import type { RestCall } from '../../route.ts'
import type { Family } from './family.ts'

export const ONE = { channels: 'channel', groups: 'group', im: 'room' } as const
export const MANY = { channels: 'channels', groups: 'groups', im: 'ims' } as const
/** As refusals call it. */
export const WORD = { channels: 'channel', groups: 'private group', im: 'direct message' } as const

/** `said`: what the request says of the room and its document does not. */
export async function shown(
  { gate, caller }: RestCall,
  acted: Acted,
  family: Family,
  said: object = {},
): Promise<object | MeteorError> {
  return acted instanceof MeteorError
    ? acted
    : { [ONE[family]]: { ...said, ...(await roomDocumentFor(gate.parts, caller.account, acted)) } }
}

export function listed({ gate, caller }: RestCall, rooms: readonly RoomState[]): Promise<object[]> {
  return roomDocuments(gate.parts, caller.account, rooms)
}
