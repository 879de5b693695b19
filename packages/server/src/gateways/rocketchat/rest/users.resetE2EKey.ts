// `users.resetE2EKey`: somebody starts anew without keys; without a name in the body the caller. For others it takes a
// permission, and without it nobody learns whether there is such a user.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { resetKeysOf } from '../keys/reset-keys.ts'
import { id } from '../params.ts'
import { route } from '../route.ts'
import { standsAbove } from '../users/find.ts'

const NAME = 'users.resetE2EKey'

export const usersResetE2eKey = route({
  verb: 'POST',
  paths: ['/v1/users.resetE2EKey'],
  input: z.looseObject({ userId: id.optional(), username: id.optional(), user: id.optional() }),
  twoFactor: { remember: false },
  async run({ gate, caller }, { userId, username, user }) {
    const name = username ?? user
    if (userId === undefined && name === undefined) return (await resetKeysOf(gate, caller.account.id, NAME)) ?? {}
    if (!gate.permissions.may(caller.account, 'edit-other-user-e2ee'))
      return new MeteorError('error-not-allowed', 'Not allowed', { method: NAME })
    const { users } = gate.parts.identity
    const found = await users.find(userId === undefined ? { username: name as string } : { id: userId })
    if (!found) return new MeteorError('error-invalid-user-id', 'Invalid user id', { method: NAME })
    if (standsAbove(found, caller.account)) return new MeteorError('error-not-allowed', 'Not allowed', { method: NAME })
    return (await resetKeysOf(gate, found.id, NAME)) ?? {}
  },
})
