// `teams.addRooms`, `removeRoom`, `updateRoom`: which rooms are in a team.
import { z } from 'zod'
import { hasRole, isTeam } from '../../../room/state.ts'
import { failure, MeteorError } from '../errors.ts'
import { ID_TEXT, TEAM_ROOMS } from '../limits.ts'
import { type Found, roomOf } from '../names.ts'
import { id } from '../params.ts'
import { known } from '../rooms/access.ts'
import { roomDocument } from '../rooms/room-document.ts'
import { TEAM_NAMED, teamNamed } from '../rooms/team-named.ts'
import { mayIn, noTeam, placeInTeam, takeIn, teamRoomDocument } from '../rooms/teams.ts'
import { Envelope, type RestCall, type Route, route, unauthorized } from '../route.ts'

const notYours = new Envelope(403, { success: false, error: 'error-no-permission-team-channel' })

export const teamRooms: readonly Route[] = [
  route({
    verb: 'POST',
    paths: ['/v1/teams.addRooms'],
    input: z.looseObject({ ...TEAM_NAMED, rooms: z.array(z.string().max(ID_TEXT)).max(TEAM_ROOMS) }),
    async run(call, { rooms, ...named }) {
      const { gate, caller } = call
      const team = await teamNamed(gate, named)
      if (!team) return noTeam
      if (!mayIn(call, team, 'add-team-channel')) return notYours
      const all: Found[] = []
      // All of them are asked before any is touched.
      for (const rid of new Set(rooms)) {
        const found = await known(gate, caller, rid)
        if (!found) return failure('invalid-room')
        if (found.room.team) return failure('room-already-on-team')
        if (!hasRole(found.room, caller.account.id, 'owner')) return failure('error-no-owner-channel')
        all.push(found)
      }
      const documents: object[] = []
      for (const { room } of all) {
        const done = await placeInTeam(call, room, { main: team.room.id, isDefault: false }, 'teams.addRooms')
        if (done instanceof MeteorError) return done
        documents.push(await roomDocument(gate.parts, done))
      }
      return { rooms: documents }
    },
  }),
  route({
    verb: 'POST',
    paths: ['/v1/teams.removeRoom'],
    input: z.looseObject({ ...TEAM_NAMED, roomId: id }),
    async run(call, { roomId, ...named }) {
      const team = await teamNamed(call.gate, named)
      if (!team) return noTeam
      if (!mayIn(call, team, 'remove-team-channel')) return unauthorized
      const found = await roomIn(call, team, roomId)
      if (found instanceof MeteorError) return found
      const done = await placeInTeam(call, found.room, null, 'teams.removeRoom', team.room)
      return done instanceof MeteorError ? done : { room: await teamRoomDocument(call, done) }
    },
  }),
  route({
    verb: 'POST',
    paths: ['/v1/teams.updateRoom'],
    input: z.looseObject({ roomId: id, isDefault: z.boolean() }),
    async run(call, { roomId, isDefault }) {
      const { gate, caller } = call
      const named = await roomOf(gate.parts, caller.account, roomId)
      const team = named?.room.team && (await gate.parts.reading.room(named.room.team.main))
      if (!named || !team || !isTeam(team.room)) return failure('room-not-on-team')
      if (!mayIn(call, team, 'edit-team-channel')) return unauthorized
      const found = await roomIn(call, team, roomId)
      if (found instanceof MeteorError) return found
      const done = await placeInTeam(call, found.room, { main: team.room.id, isDefault }, 'teams.updateRoom', team.room)
      if (done instanceof MeteorError) return done
      if (isDefault) {
        const others = [...team.room.members.keys()].filter(user => user !== done.createdBy)
        await takeIn(gate.parts, done, others.slice(0, Math.max(0, gate.settings.get('API_User_Limit'))))
      }
      return { room: await teamRoomDocument(call, gate.parts.reading.newest(done)) }
    },
  }),
]

/** A room of the team that the caller sees, or whoever sees all of its rooms. */
async function roomIn(call: RestCall, team: Found, rid: string): Promise<Found | MeteorError> {
  const { gate, caller } = call
  const found = mayIn(call, team, 'view-all-team-channels')
    ? await roomOf(gate.parts, caller.account, rid)
    : await known(gate, caller, rid)
  const inTeam = found?.room.team?.main === team.room.id && found.room.id !== team.room.id
  if (!found) return failure('invalid-room')
  return inTeam ? found : failure('room-not-on-that-team')
}
