// `teams.addMembers`, `updateMember`, `removeMember`, `leave`: who is in a team, which is who is in its main room.
import type { UserId } from '@conclave/wire'
import { z } from 'zod'
import type { RoomRole } from '../../../room/events.ts'
import type { Account } from '../../../room/facts.ts'
import { mayModerate } from '../../../room/rights.ts'
import type { RoomState } from '../../../room/state.ts'
import { failure, MeteorError } from '../errors.ts'
import { ID_TEXT, TEAM_ROOMS, USERS } from '../limits.ts'
import { type Found, ridOf } from '../names.ts'
import { id } from '../params.ts'
import { act } from '../rooms/room-acts.ts'
import { rolesIn } from '../rooms/subscription-document.ts'
import { TEAM_NAMED, teamNamed } from '../rooms/team-named.ts'
import { isLastOwner, lastOwner, mayIn, noTeam, roomsOfTeam } from '../rooms/teams.ts'
import { type RestCall, type Route, route, unauthorized } from '../route.ts'

const METHOD = 'teams'
const ROLES = z.array(z.string().max(ID_TEXT)).max(16).nullish()
const MEMBER = z.looseObject({ userId: id, roles: ROLES })
const ROOMS = z.array(z.string().max(ID_TEXT)).min(1).max(TEAM_ROOMS).nullish()
/** Roles of a main room; `member` is whoever is in it. */
const HELD = ['owner', 'moderator', 'leader'] as const

export const teamMembers: readonly Route[] = [
  route({
    verb: 'POST',
    paths: ['/v1/teams.addMembers'],
    input: z.looseObject({ ...TEAM_NAMED, members: z.array(MEMBER).min(1).max(USERS) }),
    async run(call, { members, ...named }) {
      const found = await teamNamed(call.gate, named)
      if (!found) return noTeam
      if (!mayIn(call, found, 'add-team-member', 'edit-team-member')) return unauthorized
      const users = new Set<UserId>()
      for (const { userId } of members) {
        const user = await call.gate.parts.identity.users.find({ id: userId })
        if (!user?.active) return failure('invalid-user')
        if (!found.room.members.has(user.id)) users.add(user.id)
      }
      const { account } = call.caller
      const command = { command: 'add-members', actor: account.id, users: [...users], signed: null } as const
      let room = users.size === 0 ? found.room : await act(call, found.room, command, METHOD)
      for (const { userId, roles } of members) {
        if (room instanceof MeteorError) return room
        if (roles) room = await grant(call, room, userId as UserId, roles, 'given')
      }
      return room instanceof MeteorError ? room : {}
    },
  }),
  route({
    verb: 'POST',
    paths: ['/v1/teams.updateMember'],
    input: z.looseObject({ ...TEAM_NAMED, member: MEMBER }),
    async run(call, { member, ...named }) {
      const found = await teamNamed(call.gate, named)
      if (!found) return noTeam
      if (!mayIn(call, found, 'edit-team-member')) return unauthorized
      const user = member.userId as UserId
      if (!found.room.members.has(user)) return failure('member-does-not-exist')
      const done = await grant(call, found.room, user, member.roles ?? [], 'all')
      return done instanceof MeteorError ? done : {}
    },
  }),
  route({
    verb: 'POST',
    paths: ['/v1/teams.removeMember'],
    input: z.looseObject({ ...TEAM_NAMED, userId: id, rooms: ROOMS }),
    async run(call, { userId, rooms, ...named }) {
      const found = await teamNamed(call.gate, named)
      if (!found) return noTeam
      if (!mayIn(call, found, 'edit-team-member')) return unauthorized
      const user = await call.gate.parts.identity.users.find({ id: userId })
      if (!user) return failure('invalid-user')
      return remove(call, found, user, rooms ?? [])
    },
  }),
  route({
    verb: 'POST',
    paths: ['/v1/teams.leave'],
    input: z.looseObject({ ...TEAM_NAMED, rooms: ROOMS }),
    async run(call, { rooms, ...named }) {
      const found = await teamNamed(call.gate, named)
      return found ? remove(call, found, call.caller.account, rooms ?? []) : noTeam
    },
  }),
]

/** `all`: what is not among the roles is taken away. */
async function grant(
  call: RestCall,
  room: RoomState,
  user: UserId,
  roles: readonly string[],
  which: 'given' | 'all',
): Promise<RoomState | MeteorError> {
  let now = room
  for (const role of HELD) {
    const granted = roles.includes(role)
    const held = rolesIn(now, user).includes(role)
    if (held === granted || (!granted && which === 'given')) continue
    if (!granted && role === 'owner' && isLastOwner(now, user)) return lastOwner
    const actor = call.caller.account.id
    const command = { command: 'change-role', actor, user, role: role as RoomRole, granted, ofMember: true } as const
    const done = await act(call, now, command, METHOD, { 'owner.last': lastOwner })
    if (done instanceof MeteorError) return done
    now = done
  }
  return now
}

/** Out of the team, and of those of its rooms that are named: all of it is asked before anything is done. */
async function remove(call: RestCall, main: Found, user: Account, named: readonly string[]): Promise<object> {
  if (!main.room.members.has(user.id)) return failure('member-does-not-exist')
  const wanted = new Set(named)
  const rooms =
    wanted.size === 0
      ? []
      : (await roomsOfTeam(call.gate, main.room)).filter(room => wanted.has(ridOf(room)) && room.members.has(user.id))
  const { account } = call.caller
  for (const room of [main.room, ...rooms]) {
    if (isLastOwner(room, user.id)) return lastOwner
    if (user.id !== account.id && !mayModerate(room, main.channel, account)) return unauthorized
  }
  const how = user.id === account.id ? 'left' : 'kicked'
  for (const room of [main.room, ...rooms]) {
    const users = [user.id]
    const command = { command: 'remove-members', actor: account.id, users, how, reason: '', keepOwner: true } as const
    const done = await act(call, room, command, METHOD, { 'owner.last': lastOwner })
    if (done instanceof MeteorError) return done
  }
  return {}
}
