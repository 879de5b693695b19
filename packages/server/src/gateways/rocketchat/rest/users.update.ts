// `users.update`: what an administrator changes of somebody.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { fullDocument } from '../users/documents.ts'
import { setActive } from '../users/ending.ts'
import { personWithId } from '../users/find.ts'
import { USER_FIELDS, updateUser } from '../users/save.ts'

export const usersUpdate = route({
  verb: 'POST',
  paths: ['/v1/users.update'],
  input: z.looseObject({
    userId: z.string().max(256),
    confirmRelinquish: z.boolean().optional(),
    data: z.looseObject({ ...USER_FIELDS, active: z.boolean().optional() }),
  }),
  twoFactor: { remember: true },
  async run({ gate, caller }, { userId, data, confirmRelinquish }) {
    const target = await personWithId(gate, userId)
    if (!target) return new MeteorError('error-invalid-user', 'User not found')
    if (data.active !== undefined && !gate.permissions.may(caller.account, 'edit-other-user-active-status'))
      return new MeteorError('error-not-allowed', 'Not allowed', { method: 'setUserActiveStatus' })
    const changed = await updateUser(gate, caller, target, data)
    if (changed instanceof MeteorError) return changed
    if (data.active !== undefined) {
      const refused = await setActive(gate, caller.account, changed.account, data.active, confirmRelinquish === true)
      if (refused) return refused
    }
    return { user: await fullDocument(gate, (await gate.people.of(changed.account.id)) ?? changed) }
  },
})
