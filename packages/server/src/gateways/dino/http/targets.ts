// How calls name rooms, and what they may see of them: what a superuser sees. A room that only its members see (private,
// direct, encrypted) may be moderated by its id, but is in no list, and nobody reads in it from here (L10).
import { dinoBase64 } from '@conclave/wire'
import type { Account } from '../../../room/facts.ts'
import { isHidden } from '../../../room/rights.ts'
import { echo } from '../activity.ts'
import type { Gate } from '../gate.ts'
import { type Found, roomOf } from '../rooms.ts'
import { DEFAULT_CHANNEL } from './default-channel.ts'
import { Fault } from './route.ts'

/** The embedding site, where something is asked for on behalf of a reader. */
export const SITE: Account = {
  id: '0' as Account['id'],
  version: 0,
  username: 'Admin',
  name: 'Admin',
  dinoName: '',
  active: true,
  roles: ['superuser'],
  sanctions: [],
  attributes: {},
  info: {},
  invisible: false,
  excluded: [],
}

export interface Named {
  readonly target?: string | undefined
  readonly room_id?: string | undefined
  readonly room_name?: string | undefined
}

export async function roomBy(gate: Gate, { target, room_id, room_name }: Named): Promise<Found | Fault> {
  const id = room_id ?? target
  if (id !== undefined && id !== '')
    return (await roomOf(gate.parts, id)) ?? new Fault(`no room exists with id: ${echo(id)}`)
  if (room_name === undefined || room_name === '') return new Fault('need either room_id or room_name')
  return roomByName(gate, room_name)
}

/** A name (base64) that several rooms have means the one that the site made. */
export async function roomByName({ parts }: Gate, encoded: string): Promise<Found | Fault> {
  const name = dinoBase64(encoded)
  if (name === undefined) return new Fault(`the room name is not base64: ${echo(encoded)}`)
  const named = (await parts.reading.named(name)).filter(room => !isHidden(room))
  const found = await Promise.all(named.map(room => parts.reading.room(room.id)))
  const rooms = found.filter(each => each !== undefined)
  const [main] = rooms.length > 1 ? rooms.filter(({ channel }) => channel.name === DEFAULT_CHANNEL) : rooms
  if (main) return main
  return new Fault(`${rooms.length === 0 ? 'no room exists' : 'several rooms exist'} with name: ${echo(encoded)}`)
}

/** Several rooms under the keys by which they were asked for; those that are not there, or not shown, are left out. */
export async function roomsBy(
  gate: Gate,
  {
    room_ids,
    room_names,
  }: { readonly room_ids?: readonly string[] | undefined; readonly room_names?: readonly string[] | undefined },
): Promise<ReadonlyMap<string, Found> | Fault> {
  if (!room_ids && !room_names) return new Fault('need either room_ids or room_names')
  const found = new Map<string, Found>()
  for (const id of room_ids ?? []) {
    const room = await roomOf(gate.parts, id)
    if (room && !isHidden(room.room)) found.set(id, room)
  }
  if (!room_ids)
    for (const name of room_names ?? []) {
      const room = await roomByName(gate, name)
      if (!(room instanceof Fault)) found.set(name, room)
    }
  return found
}

/** Base64 text as it is meant; blank where it is absent. */
export function textOf(encoded: string | undefined, what: string): string | Fault {
  if (encoded === undefined || encoded.trim() === '') return ''
  return dinoBase64(encoded) ?? new Fault(`${what} is not base64`)
}
