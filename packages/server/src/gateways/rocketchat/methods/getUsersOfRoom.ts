// `getUsersOfRoom`: [rid, whether those who are not there count too, { limit, skip }, what names contain].
import { z } from 'zod'
import { invalidRoom, notAllowed } from '../errors.ts'
import { FILTER, PAGE_MOST } from '../limits.ts'
import { method } from '../method.ts'
import { id, list } from '../params.ts'
import { known } from '../rooms/access.ts'
import { memberDocument, membersOf } from '../rooms/members.ts'
import { may } from '../rooms/room-acts.ts'

const NAME = 'getUsersOfRoom'
const THERE = ['online', 'away', 'busy']
const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).nullish()

export const getUsersOfRoom = method({
  name: NAME,
  params: list(
    id.or(z.literal('')).nullish(),
    z.boolean().nullish(),
    z.object({ limit: count, skip: count }).nullish(),
    z.string().max(FILTER).nullish(),
  ),
  async run(call, [rid, all, bounds, filter]) {
    const { gate, caller } = call
    if (!rid) return invalidRoom(NAME)
    const found = await known(gate, caller, rid)
    if (!found) return notAllowed(NAME)
    const { room } = found
    if (room.config.broadcast && !may(call, 'view-broadcast-member-list', room)) return notAllowed(NAME)
    const listed = await membersOf(gate, room, { filter: filter ?? '', status: all ? undefined : THERE })
    const from = bounds?.skip ?? 0
    const part = listed.slice(from, from + Math.min(bounds?.limit || PAGE_MOST, PAGE_MOST))
    return { total: room.members.size, records: part.map(memberDocument) }
  },
})
