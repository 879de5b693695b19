// `users.delete`: the end of an account. Its memberships end with it; its id stays, so that what it signed stays verifiable.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { deleteUser } from '../users/ending.ts'
import { personFrom, WHO } from '../users/find.ts'

export const usersDelete = route({
  verb: 'POST',
  paths: ['/v1/users.delete'],
  input: z.looseObject({ ...WHO, confirmRelinquish: z.boolean().optional() }),
  permission: 'delete-user',
  async run({ gate, caller }, given) {
    const person = await personFrom(gate, given)
    if (person instanceof MeteorError) return person
    return (await deleteUser(gate, caller.account, person.account, given.confirmRelinquish === true)) ?? {}
  },
})
