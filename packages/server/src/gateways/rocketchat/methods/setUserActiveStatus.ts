// `setUserActiveStatus`: an account switched on or off.
import { z } from 'zod'
import { invalidUser, notAllowed } from '../errors.ts'
import { method } from '../method.ts'
import { id, list } from '../params.ts'
import { setActive } from '../users/ending.ts'
import { personWithId } from '../users/find.ts'

export const setUserActiveStatus = method({
  name: 'setUserActiveStatus',
  params: list(id, z.boolean(), z.boolean().nullish()),
  async run({ gate, caller }, [user, active, confirmed]) {
    if (!gate.permissions.may(caller.account, 'edit-other-user-active-status')) return notAllowed('setUserActiveStatus')
    const target = await personWithId(gate, user)
    if (!target) return invalidUser('setUserActiveStatus')
    return (await setActive(gate, caller.account, target.account, active, confirmed === true)) ?? true
  },
})
