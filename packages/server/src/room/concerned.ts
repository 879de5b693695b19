// Whom a committed event concerns besides those who watch its room: users whom it names, whoever shows lists of rooms, and
// whoever hears all plain rooms that are not private.
import type { UserId } from '@conclave/wire'
import type { EventBody } from './events.ts'
import { isHidden } from './rights.ts'
import type { RoomState } from './state.ts'

/** What changes the lists of rooms that clients show. */
export function isListed(body: EventBody): boolean {
  const { type } = body
  if (type === 'room.configured') return body.changes.kind !== undefined
  return type === 'room.created' || type === 'room.renamed' || type === 'room.removed'
}

/** The users whom an event names. A subscriber of `user:` and `room:` sees such an event twice, first as theirs. */
export function concerned(body: EventBody): readonly UserId[] {
  switch (body.type) {
    case 'room.created':
      return [...new Set([...body.members, ...body.owners, ...body.moderators])]
    case 'members.added':
    case 'members.removed':
      return body.users
    case 'wrap.saved':
    case 'roles.changed':
    case 'leader.changed':
    case 'sanction.lifted':
      return [body.user]
    case 'sanction.set':
      return [body.sanction.user]
    default:
      return []
  }
}

/** A message to everybody in a plain room that is not private. */
export function isPublic(body: EventBody, room: RoomState): boolean {
  return body.type === 'message' && !body.to && room.suite === 'none' && !isHidden(room)
}
