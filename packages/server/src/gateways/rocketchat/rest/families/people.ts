// `*.kick`, `*.leave`, and `channels.join`: who goes, and who comes by themselves.
import { z } from 'zod'
import { MeteorError } from '../../errors.ts'
import { JOIN_CODE } from '../../limits.ts'
import { join, kick, leave } from '../../rooms/room-acts.ts'
import type { Route } from '../../route.ts'
import { USER_NAMED, userNamed } from '../../users/named-user.ts'
import { shown } from './answer.ts'
import { familyRoutes } from './family.ts'

const families = ['channels', 'groups'] as const

export const people: Route[] = [
  ...familyRoutes({
    families,
    verb: 'POST',
    name: 'kick',
    input: z.looseObject(USER_NAMED),
    office: true,
    async run(call, input, found, family) {
      const user = await userNamed(call.gate, input)
      if (user instanceof MeteorError) return user
      const kicked = await kick(call, found, user, 'removeUserFromRoom')
      if (kicked instanceof MeteorError || family === 'groups') return kicked instanceof MeteorError ? kicked : {}
      return shown(call, kicked, family)
    },
  }),
  ...familyRoutes({
    families,
    verb: 'POST',
    name: 'leave',
    input: z.looseObject({}),
    async run(call, _, found, family) {
      const left = await leave(call, found, 'leaveRoom')
      if (left instanceof MeteorError || family === 'groups') return left instanceof MeteorError ? left : {}
      return shown(call, left, family)
    },
  }),
  ...familyRoutes({
    families: ['channels'],
    verb: 'POST',
    name: 'join',
    input: z.looseObject({ joinCode: z.string().max(JOIN_CODE).nullish() }),
    active: true,
    async run(call, { joinCode }, found, family) {
      return shown(call, await join(call, found, joinCode ?? undefined, 'joinRoom'), family)
    },
  }),
]
