// `*.addOwner`, `*.removeModerator`, …, and who holds which role: `*.roles`, `*.moderators`.
import { z } from 'zod'
import { accountOf } from '../../encode.ts'
import { MeteorError } from '../../errors.ts'
import { userRefOf } from '../../names.ts'
import { type AnyRole, changeRole } from '../../rooms/room-acts.ts'
import { roleDocuments } from '../../rooms/subscription-document.ts'
import type { Route } from '../../route.ts'
import { USER_NAMED, userNamed } from '../../users/named-user.ts'
import { familyRoutes } from './family.ts'

const families = ['channels', 'groups'] as const
const ROLES: Readonly<Record<string, AnyRole>> = { Owner: 'owner', Moderator: 'moderator', Leader: 'leader' }

export const roles: Route[] = [
  ...Object.entries(ROLES).flatMap(([word, role]) => [
    ...changing(`add${word}`, role, true, `addRoom${word}`),
    ...changing(`remove${word}`, role, false, `removeRoom${word}`),
  ]),
  ...familyRoutes({
    families,
    verb: 'GET',
    name: 'roles',
    input: z.looseObject({}),
    active: true,
    run: async ({ gate }, _, { room }) => ({ roles: await roleDocuments(gate.parts, room) }),
  }),
  ...familyRoutes({
    families,
    verb: 'GET',
    name: 'moderators',
    input: z.looseObject({}),
    active: true,
    async run({ gate }, _, { room }) {
      const moderators: object[] = []
      for (const [user, held] of room.roles) {
        const account = held.includes('moderator') ? await accountOf(gate.parts, user) : undefined
        if (account && room.members.has(user)) moderators.push(userRefOf(account))
      }
      return { moderators }
    },
  }),
]

function changing(name: string, role: AnyRole, granted: boolean, method: string): Route[] {
  return familyRoutes({
    families,
    verb: 'POST',
    name,
    input: z.looseObject(USER_NAMED),
    active: true,
    office: true,
    async run(call, input, found) {
      const user = await userNamed(call.gate, input)
      if (user instanceof MeteorError) return user
      const changed = await changeRole(call, found, user, role, granted, method)
      return changed instanceof MeteorError ? changed : {}
    },
  })
}
