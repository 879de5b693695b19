// `teams.create`, `update`, `delete`, `convertToChannel`: a team's beginning, change and end.

import type { UserId } from '@conclave/wire'
import { z } from 'zod'
import { failure, MeteorError } from '../errors.ts'
import { ID_TEXT, TEAM_ROOMS } from '../limits.ts'
import { typeOf } from '../names.ts'
import { id, name, usernames } from '../params.ts'
import { known, knownNamed } from '../rooms/access.ts'
import { createNamed } from '../rooms/create.ts'
import { act, erase, may } from '../rooms/room-acts.ts'
import { SIDEPANEL } from '../rooms/room-settings.ts'
import { TEAM_NAMED, teamNamed } from '../rooms/team-named.ts'
import { dissolve, mayIn, noTeam, placeInTeam, teamDocument } from '../rooms/teams.ts'
import { type RestCall, type Route, route, unauthorized } from '../route.ts'

const TYPE = z.union([z.literal(0), z.literal(1)])
const ROOMS = z.array(z.string().max(ID_TEXT)).max(TEAM_ROOMS).nullish()
const CREATED = z.looseObject({
  name,
  type: TYPE,
  members: usernames.nullish(),
  room: z.looseObject({ id: id.nullish(), extraData: z.looseObject({}).nullish() }).nullish(),
  owner: id.nullish(),
  sidepanel: SIDEPANEL.nullish(),
})

export const teams: readonly Route[] = [
  route({
    verb: 'POST',
    paths: ['/v1/teams.create'],
    input: CREATED,
    async run(call, input) {
      const { gate } = call
      if (!may(call, 'create-team')) return unauthorized
      const main = input.room?.id ? await convert(call, input.room.id) : await create(call, input)
      return main instanceof MeteorError ? main : { team: await teamDocument(gate, main) }
    },
  }),
  route({
    verb: 'POST',
    paths: ['/v1/teams.update'],
    input: z.looseObject({
      ...TEAM_NAMED,
      data: z.looseObject({ name: name.nullish(), type: TYPE.nullish(), updateRoom: z.boolean().nullish() }),
    }),
    async run(call, { data, ...named }) {
      const found = await teamNamed(call.gate, named)
      if (!found) return noTeam
      if (!mayIn(call, found, 'edit-team')) return unauthorized
      const kind = data.type === 0 ? 'public' : 'private'
      const changes = data.type === undefined || data.type === null ? {} : ({ kind } as const)
      const command = { command: 'configure-room', actor: call.caller.account.id, changes } as const
      const done = await act(call, found.room, data.name ? { ...command, name: data.name } : command, 'teams.update')
      return done instanceof MeteorError ? done : {}
    },
  }),
  route({
    verb: 'POST',
    paths: ['/v1/teams.delete'],
    input: z.looseObject({ ...TEAM_NAMED, roomsToRemove: ROOMS }),
    async run(call, { roomsToRemove, ...named }) {
      const found = await teamNamed(call.gate, named)
      if (!found) return noTeam
      if (!mayIn(call, found, 'delete-team')) return unauthorized
      const refused = await dissolve(call, found.room, roomsToRemove ?? [], 'teams.delete')
      if (refused) return refused
      const erased = await erase(call, found, 'eraseRoom')
      return erased instanceof MeteorError ? erased : {}
    },
  }),
  route({
    verb: 'POST',
    paths: ['/v1/teams.convertToChannel'],
    input: z.looseObject({ ...TEAM_NAMED, roomsToRemove: ROOMS }),
    async run(call, { roomsToRemove, ...named }) {
      const found = await teamNamed(call.gate, named)
      if (!found) return noTeam
      if (!mayIn(call, found, 'convert-team')) return unauthorized
      const refused = await dissolve(call, found.room, roomsToRemove ?? [], 'teams.convertToChannel')
      if (refused) return refused
      const done = await placeInTeam(call, found.room, null, 'teams.convertToChannel')
      return done instanceof MeteorError ? done : {}
    },
  }),
  ...(['channels', 'groups'] as const).map(family =>
    route({
      verb: 'POST',
      paths: [`/v1/${family}.convertToTeam`],
      input: z.looseObject({}),
      async run(call, input) {
        const [rid, called] = family === 'channels' ? ['channelId', 'channelName'] : ['roomId', 'roomName']
        const [byId, byName] = [textOf(input[rid]), textOf(input[called])]
        if (byId === undefined && byName === undefined)
          return failure(`The parameter "${rid}" or "${called}" is required`)
        if (byId !== undefined && byName !== undefined)
          return new MeteorError('invalid-params', 'must match exactly one schema in oneOf')
        const { gate, caller } = call
        if (!may(call, 'create-team')) return unauthorized
        const found = byId ? await known(gate, caller, byId) : await knownNamed(gate, caller, byName as string)
        if (!found || typeOf(found.room) !== (family === 'channels' ? 'c' : 'p'))
          return failure(family === 'channels' ? 'Channel not found' : 'Group not found')
        if (!may(call, 'edit-room', found.room)) return unauthorized
        const main = await convert(call, byId ?? (byName as string), found)
        return main instanceof MeteorError ? main : { team: await teamDocument(gate, main) }
      },
    }),
  ),
]

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= ID_TEXT ? value : undefined
}

/** An existing room becomes a team's main room, with everybody in it. */
async function convert(call: RestCall, rid: string, given?: Awaited<ReturnType<typeof known>>) {
  const found = given ?? (await known(call.gate, call.caller, rid))
  if (!found) return failure('invalid-room')
  const { room } = found
  if (room.team) return failure(room.team.main === room.id ? 'team-name-already-exists' : 'room-already-on-team')
  if (room.discussionOf) return failure('invalid-room')
  return placeInTeam(call, room, { main: room.id, isDefault: false }, 'teams.create')
}

async function create(
  call: RestCall,
  { name: wanted, type, members, room, owner, sidepanel }: z.output<typeof CREATED>,
) {
  const { gate, caller } = call
  if (await teamNamed(gate, { teamName: wanted })) return failure('team-name-already-exists')
  const maker = owner ? await userIn(call, owner) : caller.account.id
  if (!maker) return failure('invalid-user')
  const users = new Set<UserId>([maker])
  for (const member of members ?? []) {
    const user = await userIn(call, member)
    if (user) users.add(user)
  }
  const { encrypted, topic, description, broadcast, readOnly } = room?.extraData ?? {}
  const is = (value: unknown): boolean | null => (typeof value === 'boolean' ? value : null)
  const says = (value: unknown): string | null => (typeof value === 'string' ? value : null)
  const extraData = {
    encrypted: is(encrypted),
    broadcast: is(broadcast),
    topic: says(topic),
    description: says(description),
  }
  const asked = { name: wanted, readOnly: is(readOnly ?? room?.readOnly), extraData }
  const made = await createNamed(call, type === 0 ? 'public' : 'private', asked, 'teams.create', {
    members: [...users],
    owner: maker,
    isTeam: true,
    ...(sidepanel ? { config: { sidepanel: sidepanel.items } } : {}),
  })
  if (!(made instanceof MeteorError)) return made
  return failure(made.error === 'error-duplicate-channel-name' ? 'room-name-already-exists' : 'error-team-creation')
}

/** By name or by id, as clients say both. */
async function userIn({ gate }: RestCall, text: string): Promise<UserId | undefined> {
  const { users } = gate.parts.identity
  const account = (await users.find({ username: text })) ?? (await users.find({ id: text }))
  return account?.active ? account.id : undefined
}
