// `teams.list`, `listAll`, `info`, `members`, `listRooms`, `listRoomsOfUser`, `autocomplete`, `users.listTeams`: what there is.
import { z } from 'zod'
import { isHidden } from '../../../room/rights.ts'
import { hasRole } from '../../../room/state.ts'
import { accountOf } from '../encode.ts'
import { failure } from '../errors.ts'
import { COMPLETIONS, FILTER } from '../limits.ts'
import { fullNameOf, ridOf, shortNameOf, typeOf, userRefOf } from '../names.ts'
import { id } from '../params.ts'
import { mayKnow } from '../rooms/access.ts'
import { membersOf } from '../rooms/members.ts'
import { may } from '../rooms/room-acts.ts'
import { named, sorted } from '../rooms/rooms-list.ts'
import { TEAM_NAMED, teamNamed } from '../rooms/team-named.ts'
import {
  allTeams,
  isLastOwner,
  isMember,
  mayIn,
  maySeeTeam,
  noTeam,
  roomsOfTeam,
  teamDocument,
  teamRoles,
  teamRoomDocument,
  teamsOf,
  teamWithCounts,
  visibleTeams,
} from '../rooms/teams.ts'
import { type Route, route, unauthorized } from '../route.ts'
import { PAGED, pagedAnswer, pageOf } from './page.ts'

const filter = z.string().max(FILTER).optional()
const PRIVATE = failure('user-not-on-private-team')

/** A part of a list, each shown. */
async function shown<T>(
  name: string,
  items: readonly T[],
  page: { offset: number; count: number },
  show: (item: T) => Promise<object>,
): Promise<object> {
  const answer = pagedAnswer(name, items, page) as Record<string, T[]>
  return { ...answer, [name]: await Promise.all((answer[name] ?? []).map(show)) }
}

export const teamLists: readonly Route[] = [
  route({
    verb: 'GET',
    paths: ['/v1/teams.list'],
    input: z.looseObject(PAGED),
    async run({ gate, caller }, input) {
      const mine = sorted(await teamsOf(gate, caller.account.id), input.sort)
      return shown('teams', mine, pageOf(gate, input), room => teamWithCounts(gate, room))
    },
  }),
  route({
    verb: 'GET',
    paths: ['/v1/teams.listAll'],
    input: z.looseObject(PAGED),
    async run(call, input) {
      const { gate } = call
      if (!may(call, 'view-all-teams')) return unauthorized
      const all = sorted(await allTeams(gate), input.sort)
      return shown('teams', all, pageOf(gate, input), room => teamWithCounts(gate, room))
    },
  }),
  route({
    verb: 'GET',
    paths: ['/v1/teams.info'],
    input: z.looseObject(TEAM_NAMED),
    async run(call, input) {
      const { gate, caller } = call
      const found = await teamNamed(gate, input)
      if (!found) return failure('Team not found')
      if (!mayKnow(gate, caller, found) && !may(call, 'view-all-teams')) return unauthorized
      return { teamInfo: await teamDocument(gate, found.room) }
    },
  }),
  route({
    verb: 'GET',
    paths: ['/v1/teams.members'],
    input: z.looseObject({
      ...PAGED,
      ...TEAM_NAMED,
      status: z.array(z.string().max(FILTER)).max(8).optional(),
      username: filter,
      name: filter,
    }),
    async run(call, input) {
      const { gate } = call
      const found = await teamNamed(gate, input)
      if (!found) return noTeam
      const { room } = found
      const page = pageOf(gate, input)
      if (!isMember(room, call) && !mayIn(call, found, 'view-all-teams')) return pagedAnswer('members', [], page)
      const needles = [input.username?.toLowerCase() ?? '', input.name?.toLowerCase() ?? '']
      const all = (await membersOf(gate, room, { status: input.status })).filter(
        ({ account }) =>
          account.username.toLowerCase().includes(needles[0] as string) &&
          account.name.toLowerCase().includes(needles[1] as string),
      )
      const by = userRefOf(room.team?.by ? await accountOf(gate.parts, room.team.by) : null)
      const createdBy = { _id: by._id, username: by.username }
      const documents = all.map(({ account, status }) => ({
        user: { _id: account.id, username: account.username, name: account.name, status, settings: {} },
        roles: teamRoles(room, account.id),
        createdBy,
        createdAt: new Date(room.members.get(account.id)?.at ?? room.createdAt),
      }))
      return pagedAnswer('members', documents, page)
    },
  }),
  route({
    verb: 'GET',
    paths: ['/v1/teams.listRooms'],
    input: z.looseObject({ ...PAGED, ...TEAM_NAMED, filter, type: filter }),
    async run(call, input) {
      const { gate } = call
      const found = await teamNamed(gate, input)
      if (!found) return noTeam
      if (!maySeeTeam(call, found.room)) return PRIVATE
      const everything = mayIn(call, found, 'view-all-team-channels')
      const rooms = (await roomsOfTeam(gate, found.room)).filter(
        room =>
          (everything || !isHidden(room) || isMember(room, call)) &&
          (input.type !== 'autoJoin' || room.team?.isDefault === true),
      )
      const all = sorted(named(rooms, input.filter ?? ''), input.sort)
      return shown('rooms', all, pageOf(gate, input), room => teamRoomDocument(call, room))
    },
  }),
  route({
    verb: 'GET',
    paths: ['/v1/teams.listRoomsOfUser'],
    input: z.looseObject({ ...PAGED, ...TEAM_NAMED, userId: id, canUserDelete: z.string().max(FILTER).optional() }),
    async run(call, input) {
      const { gate, caller } = call
      const found = await teamNamed(gate, input)
      if (!found) return noTeam
      if (!maySeeTeam(call, found.room)) return PRIVATE
      if (input.userId !== caller.account.id && !mayIn(call, found, 'view-all-team-channels')) return unauthorized
      const user = await gate.parts.identity.users.find({ id: input.userId })
      if (!user) return failure('invalid-user')
      const rooms = (await roomsOfTeam(gate, found.room)).filter(
        room =>
          room.members.has(user.id) &&
          (input.canUserDelete !== 'true' ||
            gate.permissions.may(user, typeOf(room) === 'c' ? 'delete-c' : 'delete-p', room)),
      )
      const all = sorted(rooms, input.sort)
      return shown('rooms', all, pageOf(gate, input), async room => ({
        ...(await teamRoomDocument(call, room)),
        isLastOwner: hasRole(room, user.id, 'owner') && isLastOwner(room, user.id),
      }))
    },
  }),
  route({
    verb: 'GET',
    paths: ['/v1/teams.autocomplete'],
    input: z.looseObject({ name: z.string().max(FILTER) }),
    async run(call, input) {
      const fitting = sorted(named(await visibleTeams(call), input.name, 'starts')).slice(0, COMPLETIONS)
      const teams = fitting.map(room => ({
        _id: ridOf(room),
        teamId: ridOf(room),
        t: typeOf(room),
        name: shortNameOf(room),
        fname: fullNameOf(room),
      }))
      return { teams }
    },
  }),
  route({
    verb: 'GET',
    paths: ['/v1/users.listTeams'],
    input: z.looseObject({ userId: id }),
    async run(call, { userId }) {
      const { gate } = call
      const user = await gate.parts.identity.users.find({ id: userId })
      const all = user ? await teamsOf(gate, user.id) : []
      const seen = all.filter(room => maySeeTeam(call, room))
      const teams = seen.map(async room => ({
        ...(await teamDocument(gate, room)),
        isOwner: user !== undefined && hasRole(room, user.id, 'owner'),
      }))
      return { teams: await Promise.all(teams) }
    },
  }),
]
