// What a search field offers while it is typed in: public rooms in which the searcher is not yet, and users.
import { isTeam } from '../../../room/state.ts'
import type { Document } from '../encode.ts'
import { MeteorError } from '../errors.ts'
import { SPOTLIGHT } from '../limits.ts'
import type { Call } from '../method.ts'
import { fullNameOf, ridOf, slugOf, typeOf } from '../names.ts'
import { completedUsers } from '../users/autocomplete.ts'
import { may } from './room-acts.ts'
import { named, publicRooms, sorted } from './rooms-list.ts'

export interface Searched {
  readonly text: string
  /** Usernames that are shown already. */
  readonly known: readonly string[]
  readonly users: boolean
  readonly rooms: boolean
}

export async function spotlight(call: Call, asked: Searched): Promise<{ users: Document[]; rooms: Document[] }> {
  const [first] = asked.text
  const text = first === '#' || first === '@' ? asked.text.slice(1) : asked.text
  return {
    users: asked.users && first !== '#' ? await usersLike(call, text, asked.known) : [],
    rooms: asked.rooms && first !== '@' ? await roomsLike(call, text) : [],
  }
}

async function usersLike({ gate, caller }: Call, term: string, known: readonly string[]): Promise<Document[]> {
  const found = await completedUsers(gate, caller.account, { term, exceptions: [...known] })
  if (found instanceof MeteorError) return []
  return found.slice(0, SPOTLIGHT).map(user => ({ ...user, outside: true }))
}

async function roomsLike(call: Call, text: string): Promise<Document[]> {
  const { gate, caller } = call
  if (!may(call, 'view-outside-room') || !may(call, 'view-c-room')) return []
  const rooms = (await publicRooms(gate, caller)).filter(({ members }) => !members.has(caller.account.id))
  return sorted(named(rooms, text))
    .slice(0, SPOTLIGHT)
    .map(room => {
      const fname = fullNameOf(room)
      const code = room.config.joinCode ? { joinCodeRequired: true } : {}
      const team = isTeam(room) ? { teamMain: true } : {}
      return { _id: ridOf(room), t: typeOf(room), name: slugOf(fname), fname, ...team, ...code }
    })
}
