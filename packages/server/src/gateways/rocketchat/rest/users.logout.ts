// `users.logout`: ends what this wire has given somebody to log in with, and their sessions on it.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { forbidden, route } from '../route.ts'
import { personWithId, standsAbove } from '../users/find.ts'
import { logOutEverywhere } from '../users/tokens.ts'

export const usersLogout = route({
  verb: 'POST',
  paths: ['/v1/users.logout'],
  input: z.looseObject({ userId: z.string().max(256).optional() }),
  async run({ gate, caller }, { userId }) {
    const isOwn = userId === undefined || userId === caller.account.id
    if (!isOwn && !gate.permissions.may(caller.account, 'logout-other-user')) return forbidden
    const target = isOwn ? await gate.people.about(caller.account) : await personWithId(gate, userId)
    if (!target) return new MeteorError('error-invalid-user-id', 'Invalid user id')
    if (standsAbove(target.account, caller.account)) return forbidden
    await logOutEverywhere(gate, target.account)
    return { message: `User ${target.account.id} has been logged out!` }
  },
})
