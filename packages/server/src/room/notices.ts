// How many lines a control event is to Rocket.Chat's clients, who count them as messages of the room (rocketchat.md 4, msgs).
import type { EventBody, RoomChanges } from './events.ts'

const TOLD: readonly (keyof RoomChanges)[] = ['topic', 'description', 'announcement', 'kind', 'readOnly', 'archived']

export function noticesIn(body: EventBody): number {
  switch (body.type) {
    case 'members.added':
    case 'members.removed':
      return body.users.length
    case 'room.configured':
      return TOLD.filter(key => body.changes[key] !== undefined).length
    case 'sanction.set':
      return body.kick ? 0 : 1
    case 'roles.changed':
      return body.lost ? 0 : 1
    case 'room.renamed':
    case 'leader.changed':
    case 'sanction.lifted':
    case 'suite.switched':
      return 1
    default:
      return 0
  }
}
