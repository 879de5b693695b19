// The world that the whole server is measured with: one user per connection, one room per wire and size, and a room of
// its own for each of a thousand senders.

export const FIRST_USER = 100_001
/** Senders of the append rows at most. */
export const OWN_ROOMS = 1_000

interface Room {
  ref: string
  channel: string
  name: string
  kind: 'public'
  members: string[]
}

/** Name of the room in which `sockets` sockets of a wire meet. */
export function meeting(wire: string, sockets: number): string {
  return `${wire}-${sockets}`
}

export interface Extras {
  /** Rooms of one member each; as many as users, and at most OWN_ROOMS, where it is absent. */
  readonly own?: number
  /** The first user is in all of them. */
  readonly everywhere?: boolean
}

export function world(
  users: number,
  meetings: readonly { wire: string; sockets: number }[],
  { own = Math.min(OWN_ROOMS, users), everywhere = false }: Extras = {},
): object {
  const ids = Array.from({ length: users }, (_, i) => String(FIRST_USER + i))
  const room = (ref: string, members: string[]): Room => ({ ref, channel: 'bench', name: ref, kind: 'public', members })
  const owners = (i: number) => [...new Set(everywhere ? [ids[0]!, ids[i]!] : [ids[i % users]!])]
  return {
    users: ids.map(id => ({ id, username: `user${id}`, name: `User ${id}`, tokens: [`tok${id}`] })),
    channels: [{ ref: 'bench', name: 'bench' }],
    rooms: [
      ...meetings.map(({ wire, sockets }) => room(meeting(wire, sockets), ids.slice(0, sockets))),
      ...Array.from({ length: own }, (_, i) => room(`own${i}`, owners(i))),
    ],
  }
}
