// Lists of rooms: those that somebody may see, sorted and searched as clients ask for it.
import { isAdmin } from '../../../room/facts.ts'
import { isHidden } from '../../../room/rights.ts'
import type { RoomState } from '../../../room/state.ts'
import type { Caller, Gate } from '../gate.ts'
import { fullNameOf, type RoomType, slugOf, typeOf } from '../names.ts'
import { mayGovern, mayKnow } from './access.ts'
import { compare } from './members.ts'

/** Every room that is open to all, as far as the caller may see it. */
export async function publicRooms(gate: Gate, caller: Caller): Promise<RoomState[]> {
  const { reading } = gate.parts
  const rooms: RoomState[] = []
  for (const channel of await reading.channels()) {
    for (const room of await reading.roomsIn(channel.id)) {
      const open = !isHidden(room) && !room.isAdmin && mayKnow(gate, caller, { room, channel })
      if (open && reading.mayList(caller.account, room, channel)) rooms.push(room)
    }
  }
  return rooms
}

/** Those of which the caller is a member. */
export async function ownRooms({ parts }: Gate, { account }: Caller, type?: RoomType): Promise<RoomState[]> {
  const rooms: RoomState[] = []
  for (const room of await parts.reading.roomsOf(account.id)) {
    if (type && typeOf(room) !== type) continue
    const found = await parts.reading.room(room.id)
    if (found && parts.reading.mayList(account, found.room, found.channel)) rooms.push(found.room)
  }
  return rooms
}

/** Every room that there is, but X's, for administrators: what they are, nothing of what is said in them. */
export async function governedRooms({ parts: { reading } }: Gate, caller: Caller): Promise<RoomState[]> {
  if (!isAdmin(caller.account)) return []
  const rooms: RoomState[] = []
  for (const channel of await reading.channels())
    for (const room of await reading.roomsIn(channel.id)) if (mayGovern(caller, { room, channel })) rooms.push(room)
  return rooms
}

export function named(
  rooms: readonly RoomState[],
  needle: string,
  how: 'contains' | 'starts' = 'contains',
): RoomState[] {
  const wanted = needle.trim().toLowerCase()
  const fits = (text: string): boolean => (how === 'contains' ? text.includes(wanted) : text.startsWith(wanted))
  if (wanted === '') return [...rooms]
  return rooms.filter(room => {
    const name = fullNameOf(room)
    return fits(name.toLowerCase()) || fits(slugOf(name).toLowerCase())
  })
}

const KEYS = {
  name: (room: RoomState): string | number => slugOf(fullNameOf(room)).toLowerCase(),
  fname: room => fullNameOf(room).toLowerCase(),
  ts: room => room.createdAt,
  createdAt: room => room.createdAt,
  usersCount: room => room.members.size,
  t: room => typeOf(room),
  default: room => (room.isDefault ? 1 : 0),
  featured: room => (room.config.featured ? 1 : 0),
} satisfies Record<string, (room: RoomState) => string | number>

/** `sort`: the text of a JSON object as `{"name":1}`; what cannot be read or is not known sorts by name. */
export function sorted(rooms: readonly RoomState[], sort?: string): RoomState[] {
  const [key, direction] = sortOf(sort)
  const of = Object.hasOwn(KEYS, key) ? KEYS[key as keyof typeof KEYS] : KEYS.name
  return [...rooms].sort((a, b) => {
    const [left, right] = [of(a), of(b)]
    return direction * (typeof left === 'number' ? left - (right as number) : compare(left, right as string))
  })
}

export function sortOf(sort: string | undefined): [string, 1 | -1] {
  try {
    const [first] = Object.entries(JSON.parse(sort ?? '{"name":1}') as object)
    return first ? [first[0], first[1] === -1 ? -1 : 1] : ['name', 1]
  } catch {
    return ['name', 1]
  }
}
