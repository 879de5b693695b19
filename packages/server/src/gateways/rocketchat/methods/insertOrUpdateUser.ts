// `insertOrUpdateUser`: a user made or changed by an administrator.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { method } from '../method.ts'
import { id, list } from '../params.ts'
import { personWithId } from '../users/find.ts'
import { createUser, USER_FIELDS, updateUser } from '../users/save.ts'

export const insertOrUpdateUser = method({
  name: 'insertOrUpdateUser',
  params: list(z.looseObject({ ...USER_FIELDS, _id: id.optional() })),
  twoFactor: { remember: true },
  async run({ gate, caller }, [given]) {
    if (given._id === undefined) {
      const made = await createUser(gate, caller, given)
      return made instanceof MeteorError ? made : made.account.id
    }
    const target = await personWithId(gate, given._id)
    if (!target) return new MeteorError('error-invalid-user', 'Invalid user', { method: 'insertOrUpdateUser' })
    const changed = await updateUser(gate, caller, target, given)
    return changed instanceof MeteorError ? changed : true
  },
})
