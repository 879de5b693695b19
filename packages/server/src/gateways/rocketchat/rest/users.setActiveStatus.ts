// `users.setActiveStatus`: an account switched on or off.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { route } from '../route.ts'
import { setActive } from '../users/ending.ts'
import { personWithId } from '../users/find.ts'

export const usersSetActiveStatus = route({
  verb: 'POST',
  paths: ['/v1/users.setActiveStatus'],
  input: z.looseObject({
    userId: z.string().max(256),
    activeStatus: z.boolean(),
    confirmRelinquish: z.boolean().optional(),
  }),
  permission: { any: ['edit-other-user-active-status', 'manage-moderation-actions'] },
  async run({ gate, caller }, { userId, activeStatus, confirmRelinquish }) {
    const target = await personWithId(gate, userId)
    if (!target) return new MeteorError('error-invalid-user', 'User not found')
    const refused = await setActive(gate, caller.account, target.account, activeStatus, confirmRelinquish === true)
    return refused ?? { user: { _id: target.account.id, active: activeStatus } }
  },
})
