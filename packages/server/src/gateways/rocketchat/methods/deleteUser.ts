// `deleteUser`: the end of an account.
import { z } from 'zod'
import { invalidUser, notAllowed } from '../errors.ts'
import { method } from '../method.ts'
import { id, list } from '../params.ts'
import { deleteUser as endUser } from '../users/ending.ts'
import { personWithId } from '../users/find.ts'

export const deleteUser = method({
  name: 'deleteUser',
  params: list(id, z.boolean().nullish()),
  async run({ gate, caller }, [user, confirmed]) {
    if (!gate.permissions.may(caller.account, 'delete-user')) return notAllowed('deleteUser')
    const target = await personWithId(gate, user)
    if (!target) return invalidUser('deleteUser')
    return (await endUser(gate, caller.account, target.account, confirmed === true)) ?? true
  },
})
