// `getRoomById`, `getRoomNameById`, `getRoomByTypeAndName`, `canAccessRoom`: a room that the caller may enter. What they may
// not enter and what there is not look the same.
import { z } from 'zod'
import { invalidRoom, MeteorError, notAllowed } from '../errors.ts'
import type { Caller, Gate } from '../gate.ts'
import { method } from '../method.ts'
import { type Found, fullNameOf, isRidLike, pairOf, roomOf, slugOf, typeOf } from '../names.ts'
import { id, list } from '../params.ts'
import { enterable, enterableNamed, mayEnter } from '../rooms/access.ts'
import { roomDocument, roomDocumentFor } from '../rooms/room-document.ts'

export const getRoomById = method({
  name: 'getRoomById',
  params: list(id),
  async run({ gate, caller }, [rid]) {
    const found = await enterable(gate, caller, rid)
    return found ? shown(gate, caller, found) : notAllowed('getRoomById')
  },
})

/** With the last message for members alone. */
function shown(gate: Gate, { account }: Caller, { room }: Found): Promise<object> {
  return room.members.has(account.id) ? roomDocumentFor(gate.parts, account, room) : roomDocument(gate.parts, room)
}

export const getRoomNameById = method({
  name: 'getRoomNameById',
  params: list(id),
  async run({ gate, caller }, [rid]) {
    const found = await enterable(gate, caller, rid)
    if (!found) return notAllowed('getRoomNameById')
    const { room } = found
    const isMember = room.members.has(caller.account.id)
    if (!isMember && (typeOf(room) !== 'c' || !gate.permissions.may(caller.account, 'view-c-room')))
      return notAllowed('getRoomNameById')
    return typeOf(room) === 'd' ? undefined : slugOf(fullNameOf(room))
  },
})

const NAMED = 'getRoomByTypeAndName'

export const getRoomByTypeAndName = method({
  name: NAMED,
  params: list(z.unknown(), z.unknown()),
  async run({ gate, caller }, [type, name]) {
    const [kind, named] = [z.string().safeParse(type), id.safeParse(name)]
    if (!kind.success || !named.success) return invalidRoom(NAMED)
    const found = (await enterable(gate, caller, named.data)) ?? (await byName(gate, caller, kind.data, named.data))
    if (found && typeOf(found.room) === type) return shown(gate, caller, found)
    // Of an id that could be a direct room's nobody else learns whether it is.
    const mayBe = type === 'd' && isRidLike(named.data)
    return mayBe ? new MeteorError('error-no-permission', 'No permission', { method: NAMED }) : invalidRoom(NAMED)
  },
})

/** A direct room by the other's username. */
async function byName(gate: Gate, caller: Caller, type: string, name: string): Promise<Found | undefined> {
  if (type !== 'd') return enterableNamed(gate, caller, name)
  const { identity, reading } = gate.parts
  const other = await identity.users.find({ username: name })
  if (!other) return undefined
  const users = other.id === caller.account.id ? [other.id] : pairOf(caller.account.id, other.id)
  const room = await reading.direct(users, 'direct')
  return room && reading.room(room.id)
}

export const canAccessRoom = method({
  name: 'canAccessRoom',
  params: z
    .tuple([id, id.nullish()])
    .rest(z.unknown())
    .or(z.tuple([id])),
  async run({ gate, caller }, [rid, user]) {
    const { account } = caller
    // Of others it would tell who is in which room.
    if (user && user !== account.id)
      return new MeteorError('error-invalid-user', 'Invalid user', { method: 'canAccessRoom' })
    const found = await roomOf(gate.parts, account, rid)
    if (!found || !mayEnter(gate, caller, found)) return false
    return { ...(await roomDocument(gate.parts, found.room)), username: account.username }
  },
})
