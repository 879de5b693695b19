// `*.invite`: others come in, named one by one or several at once.
import { z } from 'zod'
import { MeteorError } from '../../errors.ts'
import { add } from '../../rooms/room-acts.ts'
import { failure } from '../../route.ts'
import { USERS_NAMED, usersIn } from '../../users/named-user.ts'
import { shown } from './answer.ts'
import { familyRoutes } from './family.ts'

export const invite = familyRoutes({
  families: ['channels', 'groups'],
  verb: 'POST',
  name: 'invite',
  input: z.looseObject(USERS_NAMED),
  active: true,
  office: true,
  async run(call, input, found, family) {
    const users = await usersIn(call.gate, input)
    if (users instanceof MeteorError) return users
    if (users.length === 0) {
      return family === 'channels'
        ? failure('invalid-user-invite-list')
        : new MeteorError('error-empty-invite-list', 'Cannot invite if no valid users are provided')
    }
    const ids = users.map(({ id }) => id)
    return shown(call, await add(call, found, ids, 'addUsersToRoom'), family)
  },
})
