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

export function world(users: number, meetings: readonly { wire: string; sockets: number }[]): object {
  const ids = Array.from({ length: users }, (_, i) => String(FIRST_USER + i))
  const room = (ref: string, members: string[]): Room => ({ ref, channel: 'bench', name: ref, kind: 'public', members })
  return {
    users: ids.map(id => ({ id, username: `user${id}`, name: `User ${id}`, tokens: [`tok${id}`] })),
    channels: [{ ref: 'bench', name: 'bench' }],
    rooms: [
      ...meetings.map(({ wire, sockets }) => room(meeting(wire, sockets), ids.slice(0, sockets))),
      ...Array.from({ length: Math.min(OWN_ROOMS, users) }, (_, i) => room(`own${i}`, [ids[i]!])),
    ],
  }
}
